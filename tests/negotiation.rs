//! Two calls on the browser's own connections: perfect negotiation, glare and restarts.

mod common;

use std::{cell::RefCell, collections::VecDeque, rc::Rc};

use common::{plain, ufrag, until, until_or};
use holdfast::{
    media::{SourcePreference, acquire},
    rtc::{Certificate, Configuration, Peer, PeerEvent},
};
use holdfast_call::{
    CallState, Command, ConnectionState, Endpoint, Event, IceConnectionState, LegEvent, Limits,
    Policy, Secret,
};
use holdfast_clock::Instant;
use holdfast_protocol::{CallId, Kind};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{MediaStream, MediaStreamTrack, RtcPeerConnectionState, RtcSignalingState};

wasm_bindgen_test_configure!(run_in_browser);

/// Two people in one page; messages go from one call straight into the other.
#[derive(Clone)]
struct Pair(Rc<[Side; 2]>);

/// Camera and microphone, both, either or none: every mix that a person can send.
async fn mixes() -> Vec<MediaStream> {
    let mut mixes = vec![MediaStream::new().expect("an empty stream")];
    for (video, audio) in [(true, false), (false, true), (true, true)] {
        let choice = |on: bool| SourcePreference {
            off: !on,
            ..SourcePreference::default()
        };
        let stream = acquire(&choice(video), &choice(audio)).await;
        mixes.push(stream.expect("fake devices"));
    }
    mixes
}

async fn both() -> MediaStream {
    let stream = acquire(&SourcePreference::default(), &SourcePreference::default()).await;
    stream.expect("fake devices")
}

struct Side {
    call: RefCell<Endpoint>,
    peer: RefCell<Option<Peer>>,
    events: RefCell<VecDeque<Event>>,
    offers: RefCell<u32>,
    media: MediaStream,
    /// With a certificate for all connections, as a page has it.
    configuration: Configuration,
}

impl Pair {
    /// `names` decides who is polite: the earlier in the alphabet.
    async fn new(names: [&str; 2], media: [&MediaStream; 2]) -> Self {
        let certificate = Certificate::load().await.expect("one can be made");
        let mut configuration = plain();
        configuration.set_certificate(&certificate);
        let side = |(name, media): (&str, &MediaStream)| {
            // These are about one connection; races are for e2e.
            let limits = Limits {
                policy: Policy::RestartOnMove,
                ..Limits::default()
            };
            let mut call = Endpoint::new(limits, Secret::new([1; 16]));
            let (name, person) = (name.into(), None);
            call.handle(Event::Named { name, person }, Instant::START);
            Side {
                call: RefCell::new(call),
                peer: RefCell::default(),
                events: RefCell::default(),
                offers: RefCell::default(),
                media: media.clone(),
                configuration: configuration.clone(),
            }
        };
        let [one, other] = media;
        Self(Rc::new([side((names[0], one)), side((names[1], other))]))
    }

    fn handle(&self, side: usize, event: Event) {
        self.0[side].events.borrow_mut().push_back(event);
        // From a task of its own, so that no event is handled within another.
        let pair = self.clone();
        spawn_local(async move { pair.work(side) });
    }

    fn work(&self, side: usize) {
        let here = &self.0[side];
        loop {
            let Some(event) = here.events.borrow_mut().pop_front() else {
                return;
            };
            here.call.borrow_mut().handle(event, Instant::START);
            loop {
                let Some(command) = here.call.borrow_mut().poll_command() else {
                    break;
                };
                self.obey(side, command);
            }
        }
    }

    fn obey(&self, side: usize, command: Command) {
        let here = &self.0[side];
        match command {
            Command::AcquireMedia => self.handle(side, Event::MediaReady),
            Command::OpenLeg { offers, .. } => {
                let pair = self.clone();
                let peer = Peer::new(&here.configuration, false, move |event| {
                    pair.peer_event(side, event);
                });
                let peer = peer.expect("a browser with WebRTC");
                for kind in ["audio", "video"] {
                    let tracks = here
                        .media
                        .get_tracks()
                        .into_iter()
                        .map(JsCast::unchecked_into);
                    let mut tracks = tracks.filter(|track: &MediaStreamTrack| track.kind() == kind);
                    match tracks.next() {
                        Some(track) => drop(peer.add_track(&track, &here.media)),
                        None if offers => peer.receive_only(kind),
                        None => {}
                    }
                }
                if offers {
                    peer.open_channel(|_| {});
                }
                here.peer.replace(Some(peer));
            }
            Command::CloseLeg(_) => drop(here.peer.take()),
            Command::SetLocalDescription(_) => {
                let setting = self.with_peer(side, |peer| peer.set_local_description());
                self.operate(side, async {
                    setting
                        .await
                        .map(LegEvent::LocalDescriptionSet)
                        .expect("set")
                });
            }
            Command::SetRemoteDescription(_, description) => {
                let setting =
                    self.with_peer(side, |peer| peer.set_remote_description(&description, None));
                self.operate(side, async {
                    setting.await.expect("set");
                    LegEvent::RemoteDescriptionSet
                });
            }
            Command::AddIceCandidate {
                candidate,
                may_be_refused,
                ..
            } => {
                let adding = self.with_peer(side, |peer| peer.add_ice_candidate(&candidate));
                spawn_local(async move {
                    let added = adding.await;
                    assert!(may_be_refused || added.is_ok(), "{added:?}");
                });
            }
            Command::RestartIce(_) => self.with_peer(side, Peer::restart_ice),
            Command::Send(signal) | Command::SendByServer(signal) => {
                *here.offers.borrow_mut() += u32::from(signal.kind() == Kind::VideoOffer);
                self.handle(1 - side, Event::Received(signal));
            }
            Command::Log(line) => panic!("{line}"),
            Command::ProbeLink => self.handle(side, Event::LinkUp { anew: false }),
            Command::ReleaseMedia
            | Command::PlayLeg(_)
            | Command::UseLeg(_)
            | Command::Carry(..)
            | Command::Watch(_)
            | Command::ReadStats(_)
            | Command::SendDirect(_)
            | Command::ShowText { .. }
            | Command::KeepContact(_)
            | Command::Notify(_) => {}
        }
    }

    fn operate(&self, side: usize, operation: impl Future<Output = LegEvent> + 'static) {
        let pair = self.clone();
        spawn_local(async move { pair.handle(side, Event::Leg(0, operation.await)) });
    }

    fn peer_event(&self, side: usize, event: PeerEvent) {
        let event = match event {
            PeerEvent::NegotiationNeeded => LegEvent::NegotiationNeeded,
            PeerEvent::Candidate(candidate) => LegEvent::Candidate(candidate),
            PeerEvent::Connection(RtcPeerConnectionState::Connected) => {
                LegEvent::Connection(ConnectionState::Connected)
            }
            PeerEvent::Connection(_)
            | PeerEvent::NoCandidates
            | PeerEvent::ServerError { .. }
            | PeerEvent::IceConnection(_)
            | PeerEvent::Track(_)
            | PeerEvent::TrackRemoved(_)
            | PeerEvent::ChannelOpen
            | PeerEvent::ChannelMessage(_)
            | PeerEvent::State => return,
        };
        self.handle(side, Event::Leg(0, event));
    }

    fn with_peer<T>(&self, side: usize, act: impl FnOnce(&Peer) -> T) -> T {
        act(self.0[side].peer.borrow().as_ref().expect("an open leg"))
    }

    fn dial(&self, side: usize, peer: &str) {
        let id = CallId {
            page: side.to_string(),
            nth: 0,
        };
        self.handle(
            side,
            Event::Dial {
                peer: peer.into(),
                id,
                key: None,
            },
        );
    }

    async fn connected(&self) {
        let states = || {
            let states = self.0.iter().map(|side| {
                let peer = side.peer.borrow().as_ref().map(Peer::state);
                format!("{:?} {peer:?} ", side.call.borrow().view())
            });
            states.collect()
        };
        until_or(states, || {
            self.0.iter().all(|side| {
                matches!(side.call.borrow().view().state, CallState::Connected { .. })
                    && side.peer.borrow().as_ref().is_some_and(|peer| {
                        peer.connection().signaling_state() == RtcSignalingState::Stable
                    })
            })
        })
        .await;
    }

    fn ufrags(&self) -> [String; 2] {
        [0, 1].map(|side| {
            self.with_peer(side, |peer| {
                let local = peer.connection().local_description();
                ufrag(&local.expect("negotiated").sdp())
            })
        })
    }

    /// A transceiver that is left open goes on sending.
    fn close(&self) {
        for side in self.0.iter() {
            side.peer.take();
        }
    }

    fn path_fails(&self, side: usize) {
        let failed = LegEvent::IceConnection(IceConnectionState::Failed);
        self.handle(side, Event::Leg(0, failed));
    }

    async fn restarted(&self, before: &[String; 2]) {
        until("both have new credentials", || {
            self.0.iter().all(|side| side.peer.borrow().is_some())
                && self
                    .ufrags()
                    .iter()
                    .zip(before)
                    .all(|(now, before)| now != before)
        })
        .await;
    }
}

const NAMES: [[&str; 2]; 2] = [["Ann", "Bob"], ["Bob", "Ann"]];

#[wasm_bindgen_test]
async fn a_call_connects_on_the_browsers_own_connections() {
    let media = both().await;
    let pair = Pair::new(["Ann", "Bob"], [&media; 2]).await;
    pair.dial(0, "Bob");
    until("it rings", || {
        pair.0[1].call.borrow().view().state == CallState::Ringing
    })
    .await;
    pair.handle(1, Event::Accept);
    pair.connected().await;
    let offers = [0, 1].map(|side| *pair.0[side].offers.borrow());
    assert_eq!(offers, [1, 0], "one exchange is enough");
    pair.close();
}

#[wasm_bindgen_test]
async fn p40_glare_resolves_with_the_roles_either_way_whatever_each_sends() {
    let mixes = mixes().await;
    let pairs = mixes
        .iter()
        .flat_map(|one| mixes.iter().map(move |other| [one, other]));
    for (media, names) in pairs.flat_map(|pair| NAMES.map(|names| (pair, names))) {
        let pair = Pair::new(names, media).await;
        pair.dial(0, names[1]);
        pair.dial(1, names[0]);
        pair.connected().await;
        let ids = [0, 1].map(|side| pair.0[side].call.borrow().id().cloned());
        assert_eq!(ids[0], ids[1]);
        pair.close();
    }
}

#[wasm_bindgen_test]
async fn r34_restarts_work_with_perfect_negotiation_and_glare_with_the_roles_either_way() {
    let media = both().await;
    for names in NAMES {
        for failing in [&[0][..], &[1], &[0, 1]] {
            let pair = Pair::new(names, [&media; 2]).await;
            pair.dial(0, names[1]);
            pair.dial(1, names[0]);
            pair.connected().await;
            let before = pair.ufrags();
            for side in failing {
                pair.path_fails(*side);
            }
            pair.restarted(&before).await;
            until("negotiation is at rest", || {
                [0, 1].iter().all(|side| {
                    pair.with_peer(*side, |peer| {
                        peer.connection().signaling_state() == RtcSignalingState::Stable
                    })
                })
            })
            .await;
            pair.close();
        }
    }
}
