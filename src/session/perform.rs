//! What the call commands, done.

use std::pin::Pin;

use gloo_timers::callback::Timeout;
use holdfast_call::{Command, Event, LegEvent, LegId};
use holdfast_protocol::Message;
use web_sys::RtcConfiguration;

use super::{Input, Inputs, LinkStatus, Session, legs::Leg, log, send};
use crate::{
    config::Config,
    json::encode,
    rtc::{DomError, Peer},
    task, words,
};

/// How long a restart waits for the ICE servers as they are now, ms; then it takes those it knows.
const SERVERS_LIMIT: u32 = 300;

impl Session {
    pub(super) fn obey(&mut self, command: Command) {
        match command {
            Command::AcquireMedia => self.local.acquire(),
            Command::ReleaseMedia => self.local.release(),
            Command::OpenLeg { leg, offers } => {
                if let Err(error) = self.open_leg(leg, offers) {
                    self.warn(Some(words::configuration_error(&error)));
                    let refused = LegEvent::DescriptionRefused(error.to_string());
                    self.tell(Event::Leg(leg, refused));
                }
            }
            Command::CloseLeg(leg) => self.legs.close(leg, &self.seen),
            Command::UseLeg(leg) => self.legs.see(leg, &self.seen),
            Command::SetLocalDescription(leg) => {
                if let Some(leg) = self.legs.by_id(leg) {
                    let setting = leg.peer.set_local_description();
                    let done = async { setting.await.map(LegEvent::LocalDescriptionSet) };
                    operate(&self.inputs, leg.serial, done);
                }
            }
            Command::SetRemoteDescription(leg, description) => {
                if let Some(leg) = self.legs.by_id(leg) {
                    let setting = leg.peer.set_remote_description(&description);
                    let done = async { setting.await.map(|()| LegEvent::RemoteDescriptionSet) };
                    operate(&self.inputs, leg.serial, done);
                }
            }
            Command::AddIceCandidate(leg, candidate) => {
                if let Some(leg) = self.legs.by_id(leg) {
                    let adding = leg.peer.add_ice_candidate(&candidate);
                    let done = async {
                        Ok(match adding.await {
                            Ok(()) => LegEvent::CandidateAdded,
                            Err(error) => LegEvent::CandidateRefused(error.to_string()),
                        })
                    };
                    operate(&self.inputs, leg.serial, done);
                }
            }
            Command::RestartIce(leg) => self.refresh_servers(leg),
            Command::ReadStats(leg) => {
                if let Some(leg) = self.legs.by_id(leg) {
                    let reading = leg.peer.received();
                    let done = async { Ok(LegEvent::Received(reading.await.unwrap_or_default())) };
                    operate(&self.inputs, leg.serial, done);
                }
            }
            Command::ProbeLink => {
                self.legs.say(&encode(&Message::Ping));
                if self.link.status() == LinkStatus::Carried {
                    self.tell(Event::NoServer);
                } else if self.link.probe() {
                    self.tell(Event::LinkUp { anew: false });
                }
            }
            Command::Send(signal) => {
                let message = Message::Signal(signal);
                self.legs.say(&encode(&message));
                self.link.send(message);
            }
            Command::Hear { from, text } => {
                let me = self.link.name().to_owned();
                self.chat(from, text, Some(me));
            }
            Command::Notify(notice) => self.warn(Some(words::notice(&notice))),
            Command::Log(line) => log(&line),
        }
    }

    fn open_leg(&mut self, id: LegId, offers: bool) -> Result<(), DomError> {
        let serial = self.legs.next_serial();
        let inputs = self.inputs.clone();
        let emit = move |event| send(&inputs, Input::Peer(serial, event));
        let peer = Peer::new(&self.config.rtc, id > 0, emit)?;
        let senders = self.local.attach(&peer, offers);
        // The sample's client shows no picture after an offer that has a data channel in it: in a
        // call whose other end is not known yet, it comes later.
        let known = id > 0 || self.link.status() == LinkStatus::Carried;
        if offers && known {
            let inputs = self.inputs.clone();
            peer.open_channel(move |event| send(&inputs, Input::Peer(serial, event)));
        }
        self.legs.push(Leg {
            id,
            serial,
            peer,
            senders,
            stream: None,
            first_frame: None,
            restart: None,
            lacks_channel: offers && !known,
        });
        Ok(())
    }

    /// Asks for the ICE servers as they are now: credentials may have run out.
    fn refresh_servers(&mut self, leg: LegId) {
        let Some(restarting) = self.legs.by_id(leg) else {
            return;
        };
        let inputs = self.inputs.clone();
        restarting.restart = Some(Timeout::new(SERVERS_LIMIT, move || {
            send(&inputs, Input::Servers(Some(leg), None));
        }));
        ask_for_servers(&self.inputs, Some(leg));
    }

    /// The configuration has come, or it has taken too long for the leg that waits for it.
    pub(super) fn take_servers(&mut self, leg: Option<LegId>, fresh: Option<RtcConfiguration>) {
        if let Some(fresh) = fresh {
            self.config.take_servers(&fresh);
        }
        let Some(leg) = leg.and_then(|leg| self.legs.by_id(leg)) else {
            return;
        };
        // Once for each time it is asked for: at the answer, or without it.
        if leg.restart.take().is_none() {
            return;
        }
        let changed = leg.peer.set_ice_servers(&self.config.ice_servers());
        leg.peer.restart_ice();
        self.warn(changed.err().as_ref().map(words::configuration_error));
    }
}

/// Loads the configuration, for that leg or those to come.
pub(super) fn ask_for_servers(inputs: &Inputs, leg: Option<LegId>) {
    let inputs = inputs.clone();
    task::spawn(async move {
        let servers = Config::load().await.ok().map(|config| config.rtc);
        send(&inputs, Input::Servers(leg, servers));
    });
}

/// Waits for an operation of a peer connection, and feeds its outcome back.
fn operate(
    inputs: &Inputs,
    serial: u32,
    operation: impl Future<Output = Result<LegEvent, DomError>> + 'static,
) {
    // Boxed, so that what follows is compiled once and not for each operation.
    let operation: Pin<Box<dyn Future<Output = _>>> = Box::pin(operation);
    let inputs = inputs.clone();
    task::spawn(async move {
        let event = operation.await;
        let event = event.unwrap_or_else(|error| LegEvent::DescriptionRefused(error.to_string()));
        send(&inputs, Input::Operation(serial, event));
    });
}
