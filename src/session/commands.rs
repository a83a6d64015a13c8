//! What the call commands, done.

use std::pin::Pin;

use holdfast_call::{Command, Event, LegEvent};
use holdfast_protocol::Message;
use leptos::prelude::Set;

use super::{Input, Session, log, send};
use crate::{
    rtc::{DomError, Peer},
    task, words,
};

impl Session {
    pub(super) fn obey(&mut self, command: Command) {
        match command {
            Command::AcquireMedia => self.local.acquire(),
            Command::ReleaseMedia => self.local.release(),
            Command::OpenLeg { leg, offers } => {
                if let Err(error) = self.open_leg(offers) {
                    self.warn(Some(words::configuration_error(&error)));
                    let refused = LegEvent::DescriptionRefused(error.to_string());
                    self.tell(Event::Leg(leg, refused));
                }
            }
            Command::CloseLeg(_) => {
                self.peer = None;
                self.peer_generation += 1;
                self.seen.remote.set(None);
                self.seen.remote_has_video.set(false);
            }
            Command::SetLocalDescription(_) => {
                if let Some(peer) = &self.peer {
                    let setting = peer.set_local_description();
                    self.operate(async { setting.await.map(LegEvent::LocalDescriptionSet) });
                }
            }
            Command::SetRemoteDescription(_, description) => {
                if let Some(peer) = &self.peer {
                    let setting = peer.set_remote_description(&description);
                    self.operate(async { setting.await.map(|()| LegEvent::RemoteDescriptionSet) });
                }
            }
            Command::AddIceCandidate(_, candidate) => {
                if let Some(peer) = &self.peer {
                    let adding = peer.add_ice_candidate(&candidate);
                    self.operate(async {
                        Ok(match adding.await {
                            Ok(()) => LegEvent::CandidateAdded,
                            Err(error) => LegEvent::CandidateRefused(error.to_string()),
                        })
                    });
                }
            }
            Command::RestartIce(_) => self.restart_ice(),
            Command::Send(signal) => self.link.send(Message::Signal(signal)),
            Command::Notify(notice) => self.warn(Some(words::notice(&notice))),
            Command::Log(line) => log(&line),
        }
    }

    fn open_leg(&mut self, offers: bool) -> Result<(), DomError> {
        let (inputs, generation) = (self.inputs.clone(), self.peer_generation);
        let emit = move |event| send(&inputs, Input::Peer(generation, event));
        let peer = Peer::new(&self.config.rtc, emit)?;
        self.local.attach(&peer, offers);
        self.peer = Some(peer);
        Ok(())
    }

    fn restart_ice(&mut self) {
        let Some(peer) = &self.peer else { return };
        let changed = peer.set_ice_servers(&self.config.ice_servers());
        peer.restart_ice();
        self.warn(changed.err().as_ref().map(words::configuration_error));
    }

    /// Waits for an operation of the peer connection, and feeds its outcome back.
    fn operate(&self, operation: impl Future<Output = Result<LegEvent, DomError>> + 'static) {
        // Boxed, so that what follows is compiled once and not for each operation.
        let operation: Pin<Box<dyn Future<Output = _>>> = Box::pin(operation);
        let (inputs, generation) = (self.inputs.clone(), self.peer_generation);
        task::spawn(async move {
            let event = operation.await;
            let event =
                event.unwrap_or_else(|error| LegEvent::DescriptionRefused(error.to_string()));
            send(&inputs, Input::Operation(generation, event));
        });
    }
}
