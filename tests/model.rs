//! The model that the property tests stand on, held against the browser: the same moves on both,
//! and the same states, restarts and refusals.

mod common;

use common::{End, ufrag};
use gloo_timers::future::TimeoutFuture;
use holdfast_jsep::{Description as ModelDescription, PeerConnection, SignalingState};
use holdfast_protocol::{Candidate, Description};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::RtcSignalingState;

wasm_bindgen_test_configure!(run_in_browser);

/// An act on a connection; `usize` says on which of the two.
#[derive(Debug, Clone, Copy)]
enum Move {
    AddTrack(usize),
    Restart(usize),
    /// `setLocalDescription()`; what it sets is on its way to the other side.
    Local(usize),
    /// `setRemoteDescription()` with what is on its way here.
    Remote(usize),
    /// `addIceCandidate()` with the other side's latest ufrag.
    Candidate(usize),
}

/// Both of a thing: the browser's and the model's.
struct Two {
    real: End,
    model: PeerConnection,
    /// On its way here.
    coming: Option<(Description, ModelDescription)>,
    ufrags: (String, String),
}

impl Two {
    fn new(label: &str) -> Self {
        Self {
            real: End::new(),
            model: PeerConnection::new(label),
            coming: None,
            ufrags: Default::default(),
        }
    }
}

fn state(real: RtcSignalingState) -> Option<SignalingState> {
    match real {
        RtcSignalingState::Stable => Some(SignalingState::Stable),
        RtcSignalingState::HaveLocalOffer => Some(SignalingState::HaveLocalOffer),
        RtcSignalingState::HaveRemoteOffer => Some(SignalingState::HaveRemoteOffer),
        RtcSignalingState::HaveLocalPranswer
        | RtcSignalingState::HaveRemotePranswer
        | RtcSignalingState::Closed
        | _ => None,
    }
}

/// Plays moves on both, and compares after each.
async fn play(moves: &[Move]) {
    let mut ends = [Two::new("a"), Two::new("b")];
    for (n, step) in moves.iter().enumerate() {
        let at = |what: &str| format!("{what} after move {n}, {step:?}, of {moves:?}");
        match *step {
            Move::AddTrack(side) => {
                ends[side].real.peer.receive_only("audio");
                ends[side].model.add_track();
            }
            Move::Restart(side) => {
                ends[side].real.peer.restart_ice();
                ends[side].model.restart_ice();
            }
            Move::Local(side) => {
                let end = &mut ends[side];
                let real = end.real.local().await;
                let model = end.model.set_local_description().expect("the browser did");
                let ufrags = (ufrag(&real.sdp), model.ufrag.clone());
                let renewed = (ufrags.0 != end.ufrags.0, ufrags.1 != end.ufrags.1);
                assert_eq!(renewed.0, renewed.1, "{}", at("new credentials"));
                end.ufrags = ufrags;
                ends[1 - side].coming = Some((real, model));
            }
            Move::Remote(side) => {
                let end = &mut ends[side];
                let (real, model) = end.coming.take().expect("a description on its way");
                let real = end.real.peer.set_remote_description(&real, None).await;
                let model = end.model.set_remote_description(model);
                assert_eq!(
                    real.is_ok(),
                    model.is_ok(),
                    "{}: {real:?} {model:?}",
                    at("taken")
                );
            }
            Move::Candidate(side) => {
                let (real, model) = ends[1 - side].ufrags.clone();
                let end = &mut ends[side];
                let candidate = Candidate {
                    candidate: "candidate:1 1 udp 2113937151 192.0.2.1 50000 typ host".into(),
                    sdp_mid: Some("0".into()),
                    sdp_m_line_index: Some(0),
                    username_fragment: Some(real),
                };
                let real = end.real.peer.add_ice_candidate(&candidate).await;
                let model = end.model.add_ice_candidate(&model);
                assert_eq!(
                    real.is_ok(),
                    model.is_ok(),
                    "{}: {real:?} {model:?}",
                    at("taken")
                );
            }
        }
        // Long enough for the browser to fire, if it will.
        TimeoutFuture::new(30).await;
        for end in &mut ends {
            let real = state(end.real.signaling());
            assert_eq!(real, Some(end.model.signaling_state()), "{}", at("state"));
            let fired = (end.real.needs() > 0, end.model.fires_negotiation_needed());
            assert_eq!(fired.0, fired.1, "{}", at("negotiationneeded"));
        }
    }
}

/// An exchange from one side to the other.
const fn exchange(from: usize) -> [Move; 4] {
    use Move::{Local, Remote};
    [Local(from), Remote(1 - from), Local(1 - from), Remote(from)]
}

#[wasm_bindgen_test]
async fn the_model_agrees_on_a_first_exchange_and_candidates() {
    let [offer, take, answer, finish] = exchange(0);
    let early = Move::Candidate(1);
    let moves = [
        Move::AddTrack(0),
        offer,
        early,
        take,
        Move::Candidate(1),
        answer,
        finish,
    ];
    play(&moves).await;
    play(&[&moves[..], &[Move::Candidate(0), Move::Candidate(1)]].concat()).await;
}

#[wasm_bindgen_test]
async fn the_model_agrees_on_restarts_from_either_side() {
    for side in [0, 1] {
        let [offer, take, answer, finish] = exchange(side);
        let begin = [&[Move::AddTrack(0)], &exchange(0)[..]].concat();
        let restart = [
            Move::Restart(side),
            offer,
            take,
            answer,
            finish,
            offer,
            take,
            answer,
            finish,
        ];
        play(&[&begin[..], &restart].concat()).await;
        // A restart that the other side's offer does not satisfy, and one that it does.
        let other = exchange(1 - side);
        play(&[&begin[..], &[Move::Restart(side)], &other].concat()).await;
        let both = [Move::Restart(side), Move::Restart(1 - side)];
        play(&[&begin[..], &both, &other, &exchange(side)].concat()).await;
    }
}

#[wasm_bindgen_test]
async fn the_model_agrees_on_glare() {
    use Move::{AddTrack, Local, Remote, Restart};
    for polite in [0, 1] {
        let begin = [&[AddTrack(0)], &exchange(0)[..]].concat();
        // Both offer; the polite side's is rolled back by the other's.
        let mut glare = vec![Restart(polite), Local(polite), Local(1 - polite)];
        glare.extend([Remote(polite), Local(polite), Remote(1 - polite)]);
        play(&[&begin[..], &glare].concat()).await;
        play(&[&begin[..], &glare, &exchange(polite)].concat()).await;
        let restart_too = [&begin[..], &[Restart(1 - polite)], &glare].concat();
        play(&restart_too).await;
    }
}

#[wasm_bindgen_test]
async fn the_model_agrees_on_tracks_added_in_a_call() {
    use Move::AddTrack;
    let begin = [&[AddTrack(0)], &exchange(0)[..]].concat();
    let from_each = [
        &begin[..],
        &[AddTrack(0)],
        &exchange(0),
        &[AddTrack(1)],
        &exchange(1),
    ];
    play(&from_each.concat()).await;
}
