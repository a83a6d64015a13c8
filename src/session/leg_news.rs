//! A leg's news from the browser, as the call understands it.

use holdfast_call::{CallState, ConnectionState, Event, IceConnectionState, LegEvent};
use web_sys::{MediaStream, RtcIceConnectionState, RtcPeerConnectionState};

use super::{legs::LegNews, log::log, notice::Notice, state::Session};
use crate::{rtc::PeerEvent, wire::decode_channel};

/// Takes in news of the connection with that number.
pub(super) fn leg_news(session: &mut Session, serial: u32, news: LegNews) {
    let Some(leg) = session.legs.by_serial(serial) else {
        return;
    };
    let id = leg.id;
    let event = match news {
        LegNews::Done(event) => {
            if event == LegEvent::MediaFlowing {
                leg.decoded = None;
            } else if let LegEvent::LocalDescriptionSet(_) = event {
                session.legs.described(serial);
            }
            Some(event)
        }
        LegNews::Peer(event) => peer_event(session, serial, event),
    };
    if let Some(event) = event {
        session.feed(Event::Leg(id, event));
    }
}

/// The meaning of that for the call, if it has one.
fn peer_event(session: &mut Session, serial: u32, event: PeerEvent) -> Option<LegEvent> {
    Some(match event {
        PeerEvent::NegotiationNeeded => LegEvent::NegotiationNeeded,
        PeerEvent::Candidate(mut candidate) => {
            // The call's own leg may go where it likes.
            if !session.picture.shows(serial)
                && let Some(pinned) = &mut session.legs.by_serial(serial)?.pinned
            {
                candidate.candidate = pinned.tells(&candidate.candidate)?;
            }
            LegEvent::Candidate(candidate)
        }
        PeerEvent::NoCandidates => {
            // Of a server whose port is closed Chromium 156 says nothing.
            if session.relay_error.is_none() {
                let url = session.config.rtc.server_urls();
                let refused = false;
                session.relay_error = Some(Notice::Relay { url, refused });
            }
            let is_online = web_sys::window().is_some_and(|window| window.navigator().on_line());
            return is_online.then_some(LegEvent::NoCandidates);
        }
        PeerEvent::ServerError { url, refused } => {
            // A refusal says more than silence, which is usual of a server over IPv6.
            if refused || session.relay_error.is_none() {
                session.relay_error = Some(Notice::Relay { url, refused });
            }
            return None;
        }
        PeerEvent::IceConnection(state) => LegEvent::IceConnection(ice_state(state)),
        PeerEvent::Connection(state) => {
            let state = connection_state(state);
            if state == ConnectionState::Connected {
                connected(session, serial);
            }
            LegEvent::Connection(state)
        }
        PeerEvent::Track(stream) => {
            let streams = &mut session.legs.by_serial(serial)?.streams;
            streams.retain(|known| known.id() != stream.id());
            streams.push(stream);
            tracks_changed(session, serial);
            LegEvent::RemoteTrack
        }
        PeerEvent::TrackRemoved(stream) => return track_removed(session, serial, &stream),
        PeerEvent::ChannelOpen => LegEvent::ChannelOpen,
        PeerEvent::ChannelMessage(text) => {
            on_channel_message(session, &text);
            return None;
        }
        PeerEvent::State => {
            let state = session.legs.by_serial(serial)?.peer.state();
            if session.picture.shows(serial) {
                session.screen.peer_state(state);
            }
            return None;
        }
    })
}

/// The browser says that a leg is connected.
fn connected(session: &mut Session, serial: u32) {
    if session.call.peer_is_ours() {
        session.legs.open_channel(serial);
    }
    session.legs.read_certificate(serial);
}

/// Tracks of that connection have come or gone. Nothing of the other side is seen or heard before both want the call;
/// nor of one whose page has yet to say what it sends.
pub(super) fn tracks_changed(session: &mut Session, serial: u32) {
    let state = session.call.view().state;
    if matches!(state, CallState::Ringing | CallState::Calling { .. }) {
        return;
    }
    session
        .picture
        .tracks_changed(serial, &session.legs, &session.screen);
}

fn track_removed(session: &mut Session, serial: u32, stream: &MediaStream) -> Option<LegEvent> {
    let leg = session.legs.by_serial(serial)?;
    let is_last = stream.get_tracks().length() == 0;
    if is_last {
        leg.streams.retain(|known| known != stream);
    }
    let is_none = leg.streams.is_empty();
    tracks_changed(session, serial);
    (is_last && is_none).then_some(LegEvent::RemoteTracksGone)
}

/// A message from the other side over a leg: theirs beyond doubt.
fn on_channel_message(session: &mut Session, text: &str) {
    match decode_channel(text) {
        Some(message) => session.feed(Event::ReceivedDirect(message)),
        None => log("something else came over a leg"),
    }
}

fn ice_state(state: RtcIceConnectionState) -> IceConnectionState {
    match state {
        RtcIceConnectionState::Connected | RtcIceConnectionState::Completed => {
            IceConnectionState::Connected
        }
        RtcIceConnectionState::Disconnected => IceConnectionState::Disconnected,
        RtcIceConnectionState::Failed => IceConnectionState::Failed,
        RtcIceConnectionState::Closed => IceConnectionState::Closed,
        RtcIceConnectionState::New | RtcIceConnectionState::Checking | _ => {
            IceConnectionState::Checking
        }
    }
}

fn connection_state(state: RtcPeerConnectionState) -> ConnectionState {
    match state {
        RtcPeerConnectionState::Connected => ConnectionState::Connected,
        RtcPeerConnectionState::Disconnected => ConnectionState::Disconnected,
        RtcPeerConnectionState::Failed => ConnectionState::Failed,
        RtcPeerConnectionState::Closed => ConnectionState::Closed,
        RtcPeerConnectionState::New | RtcPeerConnectionState::Connecting | _ => {
            ConnectionState::Connecting
        }
    }
}
