//! What the browser says, as the call understands it.

use holdfast_call::{ConnectionState, Event, IceConnectionState, LegEvent};
use holdfast_protocol::Message;
use leptos::prelude::Set;
use web_sys::{RtcIceConnectionState, RtcPeerConnectionState};

use super::{Input, Session, log, send};
use crate::{
    json::{decode, encode},
    rtc::{FirstFrame, MediaError, PeerEvent},
    words,
};

impl Session {
    pub(super) fn peer_event(&mut self, serial: u32, event: PeerEvent) {
        let Some(leg) = self.legs.by_serial(serial) else {
            return;
        };
        let id = leg.id;
        let event = match event {
            PeerEvent::NegotiationNeeded => LegEvent::NegotiationNeeded,
            PeerEvent::Candidate(candidate) => LegEvent::Candidate(candidate),
            PeerEvent::IceConnection(state) => LegEvent::IceConnection(ice_state(state)),
            PeerEvent::Connection(state) => {
                let state = connection_state(state);
                let ours = self.call.reaches(&self.call.view().peer);
                if state == ConnectionState::Connected && ours && leg.lacks_channel {
                    leg.lacks_channel = false;
                    let inputs = self.inputs.clone();
                    leg.peer
                        .open_channel(move |event| send(&inputs, Input::Peer(serial, event)));
                }
                let is_racer = id > 0 && !self.legs.is_seen(serial);
                if state == ConnectionState::Connected && is_racer {
                    self.await_first_frame(serial);
                }
                LegEvent::Connection(state)
            }
            PeerEvent::Track(stream) => {
                leg.stream = Some(stream);
                return self.legs.tracks_changed(serial, &self.seen);
            }
            PeerEvent::TrackRemoved(stream) => {
                if leg.stream.as_ref() != Some(&stream) {
                    return;
                }
                self.legs.tracks_changed(serial, &self.seen);
                if stream.get_tracks().length() > 0 {
                    return;
                }
                LegEvent::RemoteTracksGone
            }
            PeerEvent::ChannelOpen => LegEvent::ChannelOpen,
            PeerEvent::Said(text) => return self.said(serial, &text),
            PeerEvent::State => {
                let state = leg.peer.state();
                if self.legs.is_seen(serial) {
                    self.seen.peer_state.set(state);
                }
                return;
            }
        };
        self.tell(Event::Leg(id, event));
    }

    /// What the other side says over a leg: as good as through the server, and theirs beyond doubt.
    fn said(&mut self, serial: u32, text: &str) {
        match decode(text) {
            Ok(Message::Signal(mut signal)) => {
                signal.name = Some(self.call.view().peer);
                self.tell(Event::Received(signal));
            }
            Ok(Message::Ping) => {
                if let Some(leg) = self.legs.by_serial(serial) {
                    leg.peer.say(&encode(&Message::Heard { heard: 0 }));
                }
            }
            Ok(Message::Heard { .. }) => self.tell(Event::PeerAnswers),
            Ok(_) | Err(_) => log("something else came over a leg"),
        }
    }

    /// A fresh leg is connected: its sound is played at once, its picture once there is one.
    fn await_first_frame(&mut self, serial: u32) {
        self.legs.hear(serial, &self.seen);
        let inputs = self.inputs.clone();
        let carries = move || send(&inputs, Input::Operation(serial, LegEvent::Carries));
        if let Some(leg) = self.legs.by_serial(serial)
            && leg.first_frame.is_none()
        {
            let first = leg.stream.as_ref();
            leg.first_frame = first.and_then(|stream| FirstFrame::of(stream, carries.clone()));
            if leg.first_frame.is_none() {
                // Nothing comes in: there is nothing to wait for.
                carries();
            }
        }
    }

    pub(super) fn media(&mut self, outcome: Result<Option<MediaError>, MediaError>) {
        match outcome {
            Ok(problem) => {
                self.warn(problem.as_ref().map(words::media_error));
                self.look_for_devices();
                self.tell(Event::MediaReady);
            }
            Err(_) => self.tell(Event::MediaRefused),
        }
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
