//! Two real peer connections in one page, and what to wait for.

#![allow(dead_code, reason = "each test file uses its part")]

use std::{cell::RefCell, rc::Rc};

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use gloo_timers::future::TimeoutFuture;
use holdfast::rtc::{Configuration, Peer, PeerEvent};
use holdfast_protocol::{Candidate, Description};
use wasm_bindgen::JsCast;
use web_sys::RtcSignalingState;

/// How long anything may take, in steps of 10 ms.
const STEPS: u32 = 1000;

/// One end.
pub(crate) struct End {
    pub(crate) peer: Peer,
    seen: Rc<RefCell<Seen>>,
}

#[derive(Default)]
struct Seen {
    negotiation_needed: u32,
    candidates: Vec<Candidate>,
}

/// A configuration without anything in it.
pub(crate) fn plain() -> Configuration {
    Configuration::default()
}

impl End {
    pub(crate) fn new() -> Self {
        let seen = Rc::new(RefCell::new(Seen::default()));
        let noted = seen.clone();
        let peer = Peer::new(&plain(), false, move |event| {
            let mut seen = noted.borrow_mut();
            match event {
                PeerEvent::NegotiationNeeded => seen.negotiation_needed += 1,
                PeerEvent::Candidate(candidate) => seen.candidates.push(candidate),
                PeerEvent::NoCandidates
                | PeerEvent::ServerError { .. }
                | PeerEvent::IceConnection(_)
                | PeerEvent::Connection(_)
                | PeerEvent::Track(_)
                | PeerEvent::TrackRemoved(_)
                | PeerEvent::ChannelOpen
                | PeerEvent::ChannelMessage(_)
                | PeerEvent::State => {}
            }
        });
        let peer = peer.expect("a browser with WebRTC");
        Self { peer, seen }
    }

    /// How often `negotiationneeded` has fired since last asked.
    pub(crate) fn needs(&self) -> u32 {
        std::mem::take(&mut self.seen.borrow_mut().negotiation_needed)
    }

    /// Waits until `negotiationneeded` fires.
    pub(crate) async fn fires(&self) {
        until("negotiationneeded", || self.needs() > 0).await;
    }

    /// Gives the browser time enough to fire, and sees that it does not. The specification's own
    /// tests wait in the same way: for what must not happen there is nothing else to wait for.
    pub(crate) async fn does_not_fire(&self) {
        TimeoutFuture::new(100).await;
        assert_eq!(self.needs(), 0, "negotiationneeded fired");
    }

    pub(crate) async fn local(&self) -> Description {
        let set = self.peer.set_local_description().await;
        set.expect("setLocalDescription resolves")
    }

    pub(crate) async fn remote(&self, description: &Description) {
        let set = self.peer.set_remote_description(description, None).await;
        set.expect("setRemoteDescription resolves");
    }

    pub(crate) fn signaling(&self) -> RtcSignalingState {
        self.peer.connection().signaling_state()
    }

    /// The ufrag of the local description, pending or current.
    pub(crate) fn ufrag(&self) -> String {
        let description = self.peer.connection().local_description();
        ufrag(&description.expect("a local description").sdp())
    }

    async fn take_candidates_of(&self, other: &Self) {
        let candidates = std::mem::take(&mut other.seen.borrow_mut().candidates);
        for candidate in candidates {
            // Candidates of a description that has been replaced are of no use any more.
            let _ = self.peer.add_ice_candidate(&candidate).await;
        }
    }
}

/// Offer and answer.
pub(crate) async fn negotiate(offerer: &End, answerer: &End) {
    let offer = offerer.local().await;
    answerer.remote(&offer).await;
    let answer = answerer.local().await;
    offerer.remote(&answer).await;
    offerer.needs();
    answerer.needs();
}

/// Two ends that have negotiated one audio section.
pub(crate) async fn negotiated() -> (End, End) {
    let (one, other) = (End::new(), End::new());
    one.peer.receive_only("audio");
    one.fires().await;
    negotiate(&one, &other).await;
    (one, other)
}

/// Carries candidates both ways until both are connected.
pub(crate) async fn connect(one: &End, other: &End) {
    for _ in 0..STEPS {
        one.take_candidates_of(other).await;
        other.take_candidates_of(one).await;
        if [one, other]
            .iter()
            .all(|end| end.peer.state().connection == "connected")
        {
            return;
        }
        TimeoutFuture::new(10).await;
    }
    panic!(
        "not connected: {:?} {:?}",
        one.peer.state(),
        other.peer.state()
    );
}

/// Waits until something holds.
pub(crate) async fn until(what: &str, holds: impl FnMut() -> bool) {
    until_or(|| what.to_owned(), holds).await;
}

/// The same, with a closer look when it does not.
pub(crate) async fn until_or(what: impl Fn() -> String, mut holds: impl FnMut() -> bool) {
    for _ in 0..STEPS {
        if holds() {
            return;
        }
        TimeoutFuture::new(10).await;
    }
    panic!("waited in vain: {}", what());
}

/// The ICE user name fragment in a description.
pub(crate) fn ufrag(sdp: &str) -> String {
    let line = sdp
        .lines()
        .find_map(|line| line.strip_prefix("a=ice-ufrag:"));
    line.expect("an ICE ufrag").to_owned()
}

/// A channel, for what a callback brings.
pub(crate) fn channel<T>() -> (UnboundedSender<T>, UnboundedReceiver<T>) {
    unbounded()
}

/// A property of a browser's object.
pub(crate) fn property(object: &wasm_bindgen::JsValue, name: &str) -> wasm_bindgen::JsValue {
    js_sys::Reflect::get(object, &name.into()).expect("an object")
}

/// The DTLS transports of a connection's senders.
pub(crate) fn transports(end: &End) -> Vec<wasm_bindgen::JsValue> {
    let senders = end.peer.connection().get_senders().into_iter();
    let transports = senders.map(|sender| property(sender.unchecked_ref(), "transport"));
    transports.collect()
}
