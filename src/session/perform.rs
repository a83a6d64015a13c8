//! Commands of the call, performed.

use std::rc::Rc;

use gloo_timers::callback::Timeout;
use holdfast_call::{Carries, Command, EndReason, Ended, Event, LegEvent, LegId, Purpose};
use holdfast_protocol::{ChannelMessage, ClientMessage, HangUpReason, StandbyPath};

use super::{
    contacts, ice_servers, input::Input, leg_news::tracks_changed, legs::Leg, log::log,
    notice::Notice, state::Session,
};
use crate::{
    platform::DomError,
    rtc::{Configuration, Peer, Pinned},
    wire::encode,
};

/// How long a restart waits for the ICE servers as they are now, ms; then it takes those it knows.
const SERVERS_LIMIT: u32 = 300;

/// Performs a command.
pub(super) fn perform(session: &mut Session, command: Command) {
    match command {
        Command::AcquireMedia => acquire(session),
        Command::ReleaseMedia => {
            session.capture.release();
            session.shared.stop(Vec::new());
            say_why_no_path(session);
        }
        Command::OpenLeg {
            leg,
            offers,
            purpose,
        } => {
            if let Err(error) = open_leg(session, leg, offers, purpose) {
                let refused = LegEvent::DescriptionRefused(error.to_string());
                session.notify(Notice::Configuration(error));
                session.feed(Event::Leg(leg, refused));
            }
        }
        Command::CloseLeg(leg) => {
            session.legs.close(leg);
            session.picture.closed(&mut session.legs, &session.screen);
        }
        Command::PlayLeg(leg) => play_leg(session, leg),
        Command::UseLeg(leg) => use_leg(session, leg),
        Command::Carry(leg, carries) => carry(session, leg, carries),
        Command::Watch(legs) => session.legs.watch(legs),
        Command::SetLocalDescription(leg) => describe(session, leg),
        Command::SetRemoteDescription(leg, description) => {
            session.legs.set_remote_description(leg, &description);
        }
        Command::AddIceCandidate {
            leg,
            candidate,
            may_be_refused,
        } => {
            let legs = &mut session.legs;
            legs.add_ice_candidate(leg, &candidate, may_be_refused);
        }
        Command::KeepContact(key) => contacts::keep(&session.call.view().peer, &key),
        Command::RestartIce(leg) => restart(session, leg),
        Command::ReadStats(leg) => session.legs.read_stats(leg, session.picture.shown()),
        Command::ProbeLink => {
            session.legs.send(&encode(&ChannelMessage::Ping));
            session.signaling.probe();
        }
        Command::Send(signal) => {
            session.legs.send(&encode(&signal));
            session.signaling.send(ClientMessage::Signal(signal));
        }
        Command::SendByServer(signal) => session.signaling.send(ClientMessage::Signal(signal)),
        Command::SendDirect(message) => session.legs.send(&encode(&message)),
        Command::ShowText { from, text } => {
            let me = session.signaling.name().to_owned();
            session.chat(from, text, Some(me));
        }
        Command::Notify(notice) => session.notify(Notice::Call(notice)),
        Command::Log(line) => log(&line),
    }
}

/// The ICE servers have come, or it has taken too long for the leg that waits for them.
pub(super) fn take_servers(
    session: &mut Session,
    leg: Option<LegId>,
    fresh: Option<Configuration>,
) {
    if let Some(fresh) = fresh {
        session.config.rtc.take_ice_servers(&fresh);
    }
    let Some(leg) = leg.and_then(|leg| session.legs.by_id(leg)) else {
        return;
    };
    // Once for each time it is asked for: at the answer, or without it.
    if leg.restart.take().is_none() {
        return;
    }
    let changed = leg.peer.set_ice_servers(&session.config.rtc.ice_servers());
    leg.peer.restart_ice();
    if let Err(error) = changed {
        session.notify(Notice::Configuration(error));
    }
}

/// Asks for camera and microphone; what was found while it rang is seen from now on.
fn acquire(session: &mut Session) {
    session.check_certificate();
    session.capture.acquire();
    if let Some(leg) = session.legs.by_id(0) {
        let serial = leg.serial;
        tracks_changed(session, serial);
    }
}

fn describe(session: &mut Session, leg: LegId) {
    if session.capture.stream().is_none() {
        session.legs.send_later(leg);
    }
    session.legs.set_local_description(leg);
}

fn carry(session: &mut Session, leg: LegId, carries: Carries) {
    if session.legs.carry(leg, carries) {
        session.capture.fill(session.legs.sending());
    }
}

/// A call for which no path was ever found is over: an ICE server may be the reason.
fn say_why_no_path(session: &mut Session) {
    let error = session.relay_error.take();
    let no_path = [EndReason::NoPath, EndReason::There(HangUpReason::NoPath)];
    let is_why = |ended: &Ended| ended.lasted.is_none() && no_path.contains(&ended.reason);
    let ended = session.call.view().ended;
    if let Some(error) = error.filter(|_| ended.as_ref().is_some_and(is_why)) {
        session.notify(error);
    }
}

fn open_leg(
    session: &mut Session,
    id: LegId,
    offers: bool,
    purpose: Purpose,
) -> Result<(), DomError> {
    let (serial, emit) = session.legs.next();
    let is_pinned = !offers && purpose == Purpose::Standby(StandbyPath::OtherNetwork);
    let pinned = is_pinned.then(|| Pinned::off(session.legs.address(session.picture.shown())));
    let is_fresh = id > 0 && (purpose == Purpose::Call || is_pinned);
    let is_relayed = offers && purpose == Purpose::Standby(StandbyPath::Relay);
    let relayed = is_relayed.then(|| session.config.rtc.relayed());
    let configuration = relayed.as_ref().unwrap_or(&session.config.rtc);
    let peer = Peer::new(configuration, is_fresh, emit.clone())?;
    let mut senders = session.capture.attach(&peer, offers);
    session.shared.attach(&peer, &mut senders);
    // The sample's client shows no picture after an offer that has a data channel in it: in a
    // call whose other end is not known yet, it comes later.
    let is_ours = id > 0 || session.signaling.route().only_peer().is_some();
    if offers && is_ours {
        peer.open_channel(emit);
    }
    session.legs.push(Leg {
        id,
        purpose,
        start: None,
        carries: match purpose {
            Purpose::Call => Carries::All,
            Purpose::Standby(_) => Carries::Sound,
        },
        pinned,
        address: Rc::default(),
        serial,
        peer,
        senders,
        streams: Vec::new(),
        decoded: None,
        restart: None,
        lacks_channel: offers && !is_ours,
    });
    Ok(())
}

/// That leg's sound is the call's, and its picture once there is one.
fn play_leg(session: &mut Session, leg: LegId) {
    if let Some(leg) = session.legs.by_id(leg) {
        let serial = leg.serial;
        session
            .picture
            .select_audio(serial, &session.legs, &session.screen);
        session.legs.await_first_frame(serial);
    }
}

/// That leg's sound and picture are the call's.
fn use_leg(session: &mut Session, leg: LegId) {
    if let Some(leg) = session.legs.by_id(leg) {
        leg.decoded = None;
        let serial = leg.serial;
        session
            .picture
            .select_video(serial, &session.legs, &session.screen);
    }
}

/// Restarts ICE with the servers as they are now: credentials may have run out.
fn restart(session: &mut Session, leg: LegId) {
    let inputs = session.inputs.clone();
    let Some(restarting) = session.legs.by_id(leg) else {
        return;
    };
    restarting.restart = Some(Timeout::new(SERVERS_LIMIT, move || {
        inputs.send(Input::IceServers(Some(leg), None));
    }));
    ice_servers::fetch(&session.inputs, Some(leg));
}
