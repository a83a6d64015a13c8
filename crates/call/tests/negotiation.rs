//! Perfect negotiation and restarts, within a call.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a test looks at what it is about"
)]

mod sim;

use holdfast_call::{
    Command, ConnectionState, Endpoint, Event, IceConnectionState, LegEvent, Limits, Secret,
};
use holdfast_clock::Instant;
use holdfast_protocol::{CallId, Candidate, Description, SdpType, Signal, SignalBody, Tag};
use sim::{ANN, Act, BOB, Network, Side, Sim};

fn ufrag(sim: &Sim, side: Side) -> String {
    let pc = sim.pc(side).expect("in a call");
    pc.settled().expect("negotiated").0.to_owned()
}

/// A caller right before the browser's first word, with what it has commanded since.
struct Caller {
    endpoint: Endpoint,
    said: u32,
}

impl Caller {
    /// `me` is polite towards Bob when it comes before him in the alphabet.
    fn new(me: &str) -> Self {
        let mut endpoint = Endpoint::new(Limits::default(), Secret::new([1; 16]));
        endpoint.handle(
            Event::Named {
                name: me.into(),
                person: None,
            },
            Instant::START,
        );
        let id = CallId {
            page: "page".into(),
            nth: 0,
        };
        let peer = "Bob".to_owned();
        endpoint.handle(
            Event::Dial {
                peer,
                id,
                key: None,
            },
            Instant::START,
        );
        endpoint.handle(Event::MediaReady, Instant::START);
        while endpoint.poll_command().is_some() {}
        Self { endpoint, said: 0 }
    }

    fn leg(&mut self, event: LegEvent) -> Vec<String> {
        self.endpoint.handle(Event::Leg(0, event), Instant::START);
        self.drain()
    }

    fn link_up(&mut self) -> Vec<String> {
        self.endpoint
            .handle(Event::LinkUp { anew: false }, Instant::START);
        self.drain()
    }

    fn hear(&mut self, body: SignalBody) -> Vec<String> {
        let tag = Tag {
            call: CallId {
                page: "page".into(),
                nth: 0,
            },
            leg: 0,
            seq: self.said,
            acked: 0,
            epoch: 0,
            peer_epoch: 0,
            proof: None,
        };
        self.said += 1;
        let signal = Signal {
            name: Some("Bob".into()),
            target: None,
            from: None,
            to: None,
            body,
            tag: Some(tag),
        };
        self.endpoint
            .handle(Event::Received(signal), Instant::START);
        self.drain()
    }

    fn drain(&mut self) -> Vec<String> {
        let commands = std::iter::from_fn(|| self.endpoint.poll_command());
        let named = commands.map(|command| match command {
            Command::Send(signal) | Command::SendByServer(signal) => {
                format!("send {}", signal.kind().as_str())
            }
            Command::SetLocalDescription(_) => "set local".into(),
            Command::SetRemoteDescription(_, set) => format!("set remote {}", set.sdp),
            Command::AddIceCandidate {
                candidate,
                may_be_refused,
                ..
            } => match may_be_refused {
                false => format!("add {}", candidate.candidate),
                true => format!("try {}", candidate.candidate),
            },
            other => format!("{other:?}"),
        });
        named.collect()
    }
}

fn local(kind: SdpType) -> LegEvent {
    LegEvent::LocalDescriptionSet(Description {
        kind,
        sdp: "ours".into(),
    })
}

fn candidate(name: &str) -> Candidate {
    Candidate {
        candidate: name.into(),
        sdp_mid: None,
        sdp_m_line_index: None,
        username_fragment: None,
    }
}

const NOTHING: [&str; 0] = [];

#[test]
fn s12_offers_come_from_negotiationneeded_alone() {
    let mut caller = Caller::new("Ann");
    assert_eq!(caller.leg(LegEvent::NegotiationNeeded), ["set local"]);
    // One need, one offer; a restart by itself offers nothing before the browser asks.
    caller.leg(local(SdpType::Offer));
    caller.hear(SignalBody::Answer("theirs".into()));
    caller.leg(LegEvent::RemoteDescriptionSet);
    caller.leg(LegEvent::IceConnection(IceConnectionState::Failed));
    assert_eq!(caller.link_up()[0], "RestartIce(0)");
}

#[test]
fn s13_a_description_is_sent_only_after_it_is_set() {
    let mut caller = Caller::new("Ann");
    caller.leg(LegEvent::NegotiationNeeded);
    assert_eq!(caller.leg(local(SdpType::Offer)), ["send video-offer"]);
    caller.hear(SignalBody::Answer("theirs".into()));
    caller.leg(LegEvent::RemoteDescriptionSet);
    let remote = SignalBody::Offer("theirs".into());
    assert_eq!(caller.hear(remote), ["set remote theirs"]);
    assert_eq!(caller.leg(LegEvent::RemoteDescriptionSet), ["set local"]);
    assert_eq!(caller.leg(local(SdpType::Answer)), ["send video-answer"]);
}

#[test]
fn s14_every_candidate_is_sent_at_once_also_after_media_flows() {
    let mut sim = Sim::talking();
    let sent = sim.sent(ANN, "new-ice-candidate");
    let late = LegEvent::Candidate(candidate("late"));
    sim.handle(ANN, Event::Leg(0, late));
    assert_eq!(sim.sent(ANN, "new-ice-candidate"), sent + 1);
}

#[test]
fn s15_remote_candidates_are_applied_after_the_remote_description_in_order() {
    let mut caller = Caller::new("Ann");
    caller.leg(LegEvent::NegotiationNeeded);
    caller.leg(local(SdpType::Offer));
    for name in ["one", "two"] {
        assert_eq!(caller.hear(SignalBody::Candidate(candidate(name))), NOTHING);
    }
    // The browser does one after the other; nothing waits for that.
    let answer = SignalBody::Answer("theirs".into());
    let set = ["set remote theirs", "add one", "add two"];
    assert_eq!(caller.hear(answer), set);
    let three = SignalBody::Candidate(candidate("three"));
    assert_eq!(caller.hear(three), ["add three"]);
    assert_eq!(caller.leg(LegEvent::RemoteDescriptionSet), NOTHING);
}

#[test]
fn p39_the_polite_side_yields_and_the_impolite_ignores() {
    let glare = |me: &str| {
        let mut caller = Caller::new(me);
        caller.leg(LegEvent::NegotiationNeeded);
        caller.leg(local(SdpType::Offer));
        caller.hear(SignalBody::Offer("theirs".into()))
    };
    let anew = [
        "CloseLeg(0)",
        "OpenLeg { leg: 0, offers: false, purpose: Call }",
        "set remote theirs",
    ];
    assert_eq!(glare("Ann"), anew);
    assert_eq!(glare("Zoe"), NOTHING);

    let later_glare = |me: &str| {
        let mut caller = Caller::new(me);
        caller.leg(LegEvent::NegotiationNeeded);
        caller.leg(local(SdpType::Offer));
        caller.hear(SignalBody::Answer("theirs".into()));
        caller.leg(LegEvent::RemoteDescriptionSet);
        caller.leg(LegEvent::NegotiationNeeded);
        caller.leg(local(SdpType::Offer));
        caller.hear(SignalBody::Offer("theirs".into()))
    };
    assert_eq!(
        later_glare("Ann"),
        ["set remote theirs"],
        "the browser rolls back"
    );
    assert_eq!(later_glare("Zoe"), NOTHING);
}

#[test]
fn p39_an_offer_that_meets_one_in_the_making_waits_for_it() {
    let mut caller = Caller::new("Ann");
    caller.leg(LegEvent::NegotiationNeeded);
    assert_eq!(caller.hear(SignalBody::Offer("theirs".into())), NOTHING);
    let out = caller.leg(local(SdpType::Offer));
    assert_eq!(out[0], "send video-offer");
    assert_eq!(out[out.len() - 1], "set remote theirs");
}

#[test]
fn p39_candidate_errors_are_forgiven_only_while_an_offer_is_ignored() {
    let mut caller = Caller::new("Zoe");
    caller.leg(LegEvent::NegotiationNeeded);
    caller.leg(local(SdpType::Offer));
    caller.hear(SignalBody::Answer("theirs".into()));
    caller.leg(LegEvent::RemoteDescriptionSet);
    caller.leg(LegEvent::NegotiationNeeded);
    caller.leg(local(SdpType::Offer));

    assert_eq!(caller.hear(SignalBody::Offer("ignored".into())), NOTHING);
    let ignored = SignalBody::Candidate(candidate("of the ignored"));
    assert_eq!(caller.hear(ignored), ["try of the ignored"]);

    caller.hear(SignalBody::Answer("theirs".into()));
    caller.leg(LegEvent::RemoteDescriptionSet);
    let missed = SignalBody::Candidate(candidate("of the answer"));
    assert_eq!(caller.hear(missed), ["add of the answer"]);
}

#[test]
fn an_answer_that_nobody_asked_for_is_dropped() {
    let mut caller = Caller::new("Ann");
    assert_eq!(caller.hear(SignalBody::Answer("unasked".into())), NOTHING);
}

#[test]
fn a_second_need_during_an_offer_waits_for_the_answer() {
    let mut caller = Caller::new("Ann");
    caller.leg(LegEvent::NegotiationNeeded);
    caller.leg(local(SdpType::Offer));
    assert_eq!(caller.leg(LegEvent::NegotiationNeeded), NOTHING);
    caller.hear(SignalBody::Answer("theirs".into()));
    assert_eq!(caller.leg(LegEvent::RemoteDescriptionSet), ["set local"]);
}

#[test]
fn an_offer_satisfies_a_need_from_before_it() {
    let mut caller = Caller::new("Ann");
    caller.leg(LegEvent::NegotiationNeeded);
    caller.leg(local(SdpType::Offer));
    caller.hear(SignalBody::Answer("theirs".into()));
    caller.leg(LegEvent::RemoteDescriptionSet);
    caller.leg(LegEvent::NegotiationNeeded);
    // A need during an offer, and then their offer, to which ours yields.
    assert_eq!(caller.leg(LegEvent::NegotiationNeeded), NOTHING);
    caller.leg(local(SdpType::Offer));
    caller.leg(LegEvent::NegotiationNeeded);
    caller.hear(SignalBody::Offer("theirs".into()));
    caller.leg(LegEvent::RemoteDescriptionSet);
    // The browser asks again if the need is still there.
    assert_eq!(caller.leg(local(SdpType::Answer)), ["send video-answer"]);
}

#[test]
fn a_second_offer_after_the_answer_is_accepted() {
    let mut caller = Caller::new("Zoe");
    caller.leg(LegEvent::NegotiationNeeded);
    caller.leg(local(SdpType::Offer));
    caller.hear(SignalBody::Answer("theirs".into()));
    caller.leg(LegEvent::RemoteDescriptionSet);
    let second = SignalBody::Offer("second".into());
    assert_eq!(caller.hear(second), ["set remote second"]);
}

#[test]
fn s22_a_track_added_in_a_call_is_negotiated_by_either_side() {
    for side in [ANN, BOB] {
        let mut sim = Sim::talking();
        sim.act(side, Act::AddTrack, 2000);
        sim.assert_agreement();
        let sections = [ANN, BOB].map(|side| sim.pc(side).map(|pc| pc.settled_sections()));
        assert_eq!(sections, [Some(3), Some(3)]);
    }
}

#[test]
fn r31_ice_failed_leads_to_a_restart_an_offer_and_fresh_credentials() {
    let mut sim = Sim::talking();
    let before = (ufrag(&sim, ANN), ufrag(&sim, BOB));
    let offers = sim.sent(ANN, "video-offer");
    sim.act(ANN, Act::PathFails, 2000);
    assert!(sim.connected());
    // One for the restart, one for the leg that races it.
    assert_eq!(sim.sent(ANN, "video-offer"), offers + 2);
    // L29, L30: both sides have fresh credentials, though only one restarted.
    assert_ne!(ufrag(&sim, ANN), before.0);
    assert_ne!(ufrag(&sim, BOB), before.1);
    let restarts = |side: Side| {
        let commands = sim.ends[side].commands.iter();
        commands.filter(|command| **command == "RestartIce").count()
    };
    assert_eq!((restarts(ANN), restarts(BOB)), (1, 0));
}

#[test]
fn r31_either_state_that_says_failed_restarts_once() {
    for failed in [
        LegEvent::IceConnection(IceConnectionState::Failed),
        LegEvent::Connection(ConnectionState::Failed),
    ] {
        let mut caller = Caller::new("Ann");
        caller.leg(LegEvent::NegotiationNeeded);
        caller.leg(local(SdpType::Offer));
        caller.hear(SignalBody::Answer("theirs".into()));
        caller.leg(LegEvent::RemoteDescriptionSet);
        caller.leg(LegEvent::Connection(ConnectionState::Connected));
        // The server is asked first: whoever cannot reach it can agree on nothing.
        assert_eq!(caller.leg(failed.clone()), ["ProbeLink", "Watch(None)"]);
        assert_eq!(caller.leg(failed.clone()), NOTHING);
        let restarts = caller.link_up();
        assert_eq!(restarts[0], "RestartIce(0)");
        assert_eq!(caller.leg(failed), NOTHING);
        assert_eq!(caller.link_up(), NOTHING);
    }
}

#[test]
fn r32_either_side_may_restart_and_both_at_once_still_end_well() {
    for sides in [&[ANN][..], &[BOB], &[ANN, BOB]] {
        let mut sim = Sim::talking();
        for side in sides {
            sim.schedule(0, *side, Act::PathFails);
        }
        sim.run(5000);
        assert!(sim.connected(), "{sides:?}");
        sim.assert_agreement();
    }
}

#[test]
fn r33_a_restart_survives_a_concurrent_offer() {
    let slow = Network {
        delay: 500,
        ..Network::PERFECT
    };
    for seed in 1..100 {
        let mut sim = Sim::new(Network { seed, ..slow });
        sim.act(ANN, Act::Dial, 5000);
        sim.act(BOB, Act::Accept, 10_000);
        let before = ufrag(&sim, ANN);
        sim.schedule(0, BOB, Act::AddTrack);
        sim.schedule(seed, ANN, Act::PathFails);
        sim.run_out();
        sim.assert_agreement();
        assert!(sim.connected());
        assert_ne!(ufrag(&sim, ANN), before);
    }
}
