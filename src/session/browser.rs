//! What the browser says, as the call understands it.

use holdfast_call::{ConnectionState, Event, IceConnectionState, LegEvent};
use leptos::prelude::{GetUntracked, Set};
use web_sys::{MediaStream, RtcIceConnectionState, RtcPeerConnectionState};

use super::{FIRST_LEG, Session};
use crate::{
    rtc::{MediaError, Peer, PeerEvent},
    words,
};

impl Session {
    pub(super) fn peer_event(&mut self, event: PeerEvent) {
        let event = match event {
            PeerEvent::NegotiationNeeded => LegEvent::NegotiationNeeded,
            PeerEvent::Candidate(candidate) => LegEvent::Candidate(candidate),
            PeerEvent::IceConnection(state) => LegEvent::IceConnection(ice_state(state)),
            PeerEvent::Connection(state) => LegEvent::Connection(connection_state(state)),
            PeerEvent::Track(stream) => {
                self.seen.remote_has_video.set(has_video(&stream));
                if self.seen.remote.get_untracked().as_ref() != Some(&stream) {
                    self.seen.remote.set(Some(stream));
                }
                return;
            }
            PeerEvent::TrackRemoved(stream) => {
                if self.seen.remote.get_untracked().as_ref() != Some(&stream) {
                    return;
                }
                self.seen.remote_has_video.set(has_video(&stream));
                if stream.get_tracks().length() > 0 {
                    return;
                }
                LegEvent::RemoteTracksGone
            }
            PeerEvent::State => {
                let state = self.peer.as_ref().map(Peer::state);
                return self.seen.peer_state.set(state.unwrap_or_default());
            }
        };
        self.tell(Event::Leg(FIRST_LEG, event));
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

fn has_video(stream: &MediaStream) -> bool {
    stream.get_video_tracks().length() > 0
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
