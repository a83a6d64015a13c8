//! The events of a connection.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use gloo_events::EventListener;
use holdfast_protocol::Candidate;
use wasm_bindgen::JsCast;
use web_sys::{
    Event, MediaStream, RtcDataChannelEvent, RtcIceConnectionState, RtcIceGatheringState,
    RtcPeerConnectionIceEvent, RtcPeerConnectionState, RtcTrackEvent,
};

use super::{
    channel::{ChannelEvent, Channels},
    peer_connection::PeerConnection,
};
use crate::platform::JsObject;

/// News from the browser.
#[derive(Debug, Clone)]
pub enum PeerEvent {
    /// `negotiationneeded`
    NegotiationNeeded,
    /// `icecandidate`, but for the last one, which is null.
    Candidate(Candidate),
    /// Gathering is over, and has brought no candidate.
    NoCandidates,
    /// `icecandidateerror`.
    ServerError {
        /// Its URL.
        url: String,
        /// It has refused: the password is wrong, or it allows no more.
        refused: bool,
    },
    /// `iceconnectionstatechange`
    IceConnection(RtcIceConnectionState),
    /// `connectionstatechange`
    Connection(RtcPeerConnectionState),
    /// `track`: the stream it belongs to.
    Track(MediaStream),
    /// `removetrack`: the stream it belonged to.
    TrackRemoved(MediaStream),
    /// A data channel is open.
    ChannelOpen,
    /// Text came over one.
    ChannelMessage(String),
    /// One of the states that [`Peer::state`](super::Peer::state) tells has changed.
    State,
}

/// The receiver of events.
pub(super) type Emit = Rc<dyn Fn(PeerEvent)>;

/// Listeners on a connection and on the streams that come over it.
#[derive(Debug)]
pub(super) struct Listeners {
    own: Vec<EventListener>,
    streams: Rc<RefCell<Vec<EventListener>>>,
}

impl Listeners {
    pub(super) fn new(connection: &PeerConnection, channels: &Channels, emit: &Emit) -> Self {
        let streams = Rc::default();
        let has_candidates = Rc::new(Cell::new(false));
        Self {
            own: vec![
                on_negotiation_needed(connection, emit.clone()),
                on_candidate(connection, Rc::clone(&has_candidates), emit.clone()),
                on_server_error(connection, emit.clone()),
                on_track(connection, Rc::clone(&streams), emit.clone()),
                on_ice_connection_state(connection, emit.clone()),
                on_connection_state(connection, emit.clone()),
                on_data_channel(connection, channels.clone(), emit.clone()),
                on_state(connection, "signalingstatechange", emit.clone()),
                on_gathering_state(connection, has_candidates, emit.clone()),
            ],
            streams,
        }
    }

    /// Listens no more.
    pub(super) fn clear(&mut self) {
        self.own.clear();
        self.streams.borrow_mut().clear();
    }
}

/// Listeners on a channel, for the same receiver.
pub(super) fn channel_news(emit: Emit) -> Rc<dyn Fn(ChannelEvent)> {
    Rc::new(move |event| {
        emit(match event {
            ChannelEvent::Open => PeerEvent::ChannelOpen,
            ChannelEvent::Message(text) => PeerEvent::ChannelMessage(text),
        });
    })
}

fn on(
    connection: &PeerConnection,
    name: &'static str,
    listener: Box<dyn Fn(&Event)>,
) -> EventListener {
    EventListener::new(connection, name, move |event| listener(event))
}

fn on_negotiation_needed(connection: &PeerConnection, emit: Emit) -> EventListener {
    let listener = move |_: &Event| emit(PeerEvent::NegotiationNeeded);
    on(connection, "negotiationneeded", Box::new(listener))
}

fn on_candidate(
    connection: &PeerConnection,
    has_candidates: Rc<Cell<bool>>,
    emit: Emit,
) -> EventListener {
    let listener = move |event: &Event| {
        let event: &RtcPeerConnectionIceEvent = event.unchecked_ref();
        if let Some(candidate) = event.candidate() {
            has_candidates.set(true);
            let candidate = Candidate::read(&JsObject(candidate.to_json().into()));
            emit(PeerEvent::Candidate(candidate));
        }
    };
    on(connection, "icecandidate", Box::new(listener))
}

fn on_gathering_state(
    connection: &PeerConnection,
    has_candidates: Rc<Cell<bool>>,
    emit: Emit,
) -> EventListener {
    let of = connection.clone();
    let listener = move |_: &Event| {
        let is_over = of.ice_gathering_state() == RtcIceGatheringState::Complete;
        if is_over && !has_candidates.get() {
            emit(PeerEvent::NoCandidates);
        }
        emit(PeerEvent::State);
    };
    on(connection, "icegatheringstatechange", Box::new(listener))
}

fn on_server_error(connection: &PeerConnection, emit: Emit) -> EventListener {
    let listener = move |event: &Event| {
        let event = JsObject(event.into());
        emit(PeerEvent::ServerError {
            url: event.string("url").unwrap_or_default(),
            // 701 is the browser's own: it was not reached (WebRTC 1.0, 4.8.3).
            refused: event.number("errorCode") != Some(701.0),
        });
    };
    on(connection, "icecandidateerror", Box::new(listener))
}

fn on_track(
    connection: &PeerConnection,
    streams: Rc<RefCell<Vec<EventListener>>>,
    emit: Emit,
) -> EventListener {
    let listener = move |event: &Event| {
        let event: &RtcTrackEvent = event.unchecked_ref();
        let stream = event.streams().get(0);
        if stream.is_undefined() {
            return;
        }
        let stream: MediaStream = stream.unchecked_into();
        let known = |listener: &EventListener| listener.target() == stream.as_ref();
        if !streams.borrow().iter().any(known) {
            // `stream.clone()` would be the browser's own: another stream, with other tracks.
            let (removed, of) = (emit.clone(), Clone::clone(&stream));
            let listener = EventListener::new(&stream, "removetrack", move |_| {
                removed(PeerEvent::TrackRemoved(Clone::clone(&of)));
            });
            streams.borrow_mut().push(listener);
        }
        emit(PeerEvent::Track(stream));
    };
    on(connection, "track", Box::new(listener))
}

fn on_ice_connection_state(connection: &PeerConnection, emit: Emit) -> EventListener {
    let of = connection.clone();
    let listener = move |_: &Event| {
        emit(PeerEvent::IceConnection(of.ice_connection_state()));
        emit(PeerEvent::State);
    };
    on(connection, "iceconnectionstatechange", Box::new(listener))
}

fn on_connection_state(connection: &PeerConnection, emit: Emit) -> EventListener {
    let of = connection.clone();
    let listener = move |_: &Event| {
        emit(PeerEvent::Connection(of.connection_state()));
        emit(PeerEvent::State);
    };
    on(connection, "connectionstatechange", Box::new(listener))
}

fn on_data_channel(connection: &PeerConnection, channels: Channels, emit: Emit) -> EventListener {
    let listener = move |event: &Event| {
        let event: &RtcDataChannelEvent = event.unchecked_ref();
        channels.add(event.channel(), channel_news(emit.clone()));
    };
    on(connection, "datachannel", Box::new(listener))
}

fn on_state(connection: &PeerConnection, name: &'static str, emit: Emit) -> EventListener {
    on(connection, name, Box::new(move |_| emit(PeerEvent::State)))
}
