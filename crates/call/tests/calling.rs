//! Calling, ringing, accepting, refusing, ending.

mod sim;

use holdfast_call::{
    ANSWER_LIMIT, CallState, ConnectionState, EndReason, Event, IceConnectionState, LegEvent,
    NO_PATH_LIMIT, Notice, TRACKS_LIMIT,
};
use holdfast_protocol::{
    CallId, ChannelMessage, HangUpReason, MediaState, Signal, SignalBody, Tag,
};
use sim::{ANN, Act, BOB, EVES, Network, Side, Sim};

fn ended(sim: &Sim, side: Side) -> Option<EndReason> {
    sim.ends[side]
        .endpoint
        .view()
        .ended
        .map(|ended| ended.reason)
}

fn there(reason: HangUpReason) -> Option<EndReason> {
    Some(EndReason::There(reason))
}

fn plain(name: &str, body: SignalBody) -> Event {
    Event::Received(Signal {
        name: Some(name.into()),
        target: None,
        from: None,
        to: None,
        body,
        tag: None,
    })
}

fn in_call(name: &str, page: &str, nth: u32, seq: u32, body: SignalBody) -> Event {
    Event::Received(signal_in_call(name, page, nth, seq, body))
}

fn signal_in_call(name: &str, page: &str, nth: u32, seq: u32, body: SignalBody) -> Signal {
    let call = CallId {
        page: page.into(),
        nth,
    };
    let tag = Some(Tag {
        call,
        leg: 0,
        seq,
        acked: 0,
        epoch: 0,
        peer_epoch: 0,
        proof: None,
    });
    Signal {
        name: Some(name.into()),
        target: Some("Ann".into()),
        from: None,
        to: None,
        body,
        tag,
    }
}

fn offer() -> SignalBody {
    SignalBody::Offer("x1 2".into())
}

#[test]
fn s23_the_callee_is_asked_and_may_accept() {
    let mut sim = Sim::new(Network::PERFECT);
    sim.act(ANN, Act::Dial, 1000);
    assert_eq!(sim.stage(ANN), CallState::Calling { ringing: true });
    assert_eq!(sim.stage(BOB), CallState::Ringing);
    let before = &sim.ends[BOB].commands;
    assert_eq!(
        before,
        &["Send ringing"],
        "nothing is turned on before the person accepts"
    );
    sim.act(BOB, Act::Accept, 2000);
    assert!(sim.connected());
}

#[test]
fn s23_the_callee_may_decline() {
    let mut sim = Sim::new(Network::PERFECT);
    sim.act(ANN, Act::Dial, 1000);
    sim.act(BOB, Act::Decline, 1000);
    sim.assert_agreement();
    assert_eq!(ended(&sim, ANN), there(HangUpReason::Declined));
    assert_eq!(ended(&sim, BOB), Some(EndReason::Here));
}

#[test]
fn a_caller_may_cancel() {
    let mut sim = Sim::new(Network::PERFECT);
    sim.act(ANN, Act::Dial, 1000);
    sim.act(ANN, Act::HangUp, 1000);
    sim.assert_agreement();
    assert_eq!(ended(&sim, BOB), there(HangUpReason::Cancelled));
}

#[test]
fn a_call_cancelled_before_its_offer_was_made_is_never_heard_of() {
    let mut sim = Sim::new(Network::PERFECT);
    sim.act(ANN, Act::Dial, 0);
    sim.act(ANN, Act::HangUp, 1000);
    sim.assert_agreement();
    assert!(sim.ends[ANN].sent.is_empty());
}

#[test]
fn nobody_answering_ends_a_call_on_both_sides_after_45_seconds() {
    let mut sim = Sim::new(Network::PERFECT);
    sim.act(ANN, Act::Dial, 1000);
    sim.run(u64::try_from(ANSWER_LIMIT.as_millis()).expect("short") - 2000);
    assert_eq!(sim.stage(BOB), CallState::Ringing);
    sim.run(2000);
    sim.assert_agreement();
    assert_eq!(ended(&sim, ANN), Some(EndReason::NoAnswer));
    assert_eq!(ended(&sim, BOB), there(HangUpReason::NoAnswer));
}

#[test]
fn a_ring_that_the_caller_forgot_stops_after_45_seconds() {
    let mut sim = Sim::new(Network::PERFECT);
    sim.handle(ANN, plain("Bob", offer()));
    assert_eq!(sim.stage(ANN), CallState::Ringing);
    sim.run(46_000);
    assert_eq!(ended(&sim, ANN), Some(EndReason::Missed));
}

#[test]
fn s07_a_second_call_while_in_one_is_refused_with_a_reason() {
    let mut sim = Sim::talking();
    sim.act(ANN, Act::Dial, 10);
    let with = "Bob".to_owned();
    assert_eq!(sim.ends[ANN].notices, [Notice::AlreadyInCall { with }]);
    assert!(sim.connected());
}

#[test]
fn s07_a_caller_from_outside_hears_busy() {
    for tag in [true, false] {
        let mut sim = Sim::talking();
        let event = match tag {
            true => in_call("Zoe", "zoe", 0, 0, offer()),
            false => plain("Zoe", offer()),
        };
        // The simulation has two people; what is said to a third is looked at before it is sent.
        let end = &mut sim.ends[ANN];
        end.endpoint.handle(event, sim.now);
        let said = format!("{:?}", end.endpoint.poll_command());
        assert!(
            said.contains("HangUp(Busy)") && said.contains("Zoe"),
            "{said}"
        );
        let told = format!("{:?}", end.endpoint.poll_command());
        assert!(told.contains("CalledMeanwhile"), "{told}");
        assert!(sim.connected());
    }
}

#[test]
fn s08_calling_yourself_is_refused_with_a_reason() {
    let mut sim = Sim::new(Network::PERFECT);
    let id = CallId {
        page: "ann".into(),
        nth: 0,
    };
    let peer = "Ann".to_owned();
    sim.handle(
        ANN,
        Event::Dial {
            peer,
            id,
            key: None,
        },
    );
    assert_eq!(sim.ends[ANN].notices, [Notice::CannotCallYourself]);
    assert_eq!(sim.stage(ANN), CallState::Idle);
}

#[test]
fn s11_refusing_camera_and_microphone_cancels_quietly_and_cleans_up() {
    for refusing in [ANN, BOB] {
        let mut sim = Sim::new(Network::PERFECT);
        sim.act(refusing, Act::RefuseMedia, 0);
        sim.act(ANN, Act::Dial, 1000);
        sim.act(BOB, Act::Accept, 1000);
        sim.assert_agreement();
        assert_eq!(ended(&sim, refusing), Some(EndReason::MediaRefused));
        assert!(sim.ends[refusing].notices.is_empty());
    }
}

#[test]
fn s17_remote_tracks_all_gone_end_the_call() {
    let mut sim = Sim::talking();
    sim.handle(ANN, Event::Leg(0, LegEvent::RemoteTracksGone));
    sim.run(TRACKS_LIMIT.as_millis() as u64 + 1000);
    sim.assert_agreement();
    assert_eq!(ended(&sim, ANN), Some(EndReason::TracksGone));
}

#[test]
fn a_client_that_removes_all_its_tracks_and_adds_others_is_still_in_the_call() {
    let mut sim = Sim::talking();
    sim.handle(ANN, Event::Leg(0, LegEvent::RemoteTracksGone));
    sim.run(1000);
    sim.handle(ANN, Event::Leg(0, LegEvent::RemoteTrack));
    sim.run(10_000);
    assert!(sim.connected());
}

#[test]
fn s18_hanging_up_closes_here_and_tells_the_other_side_then_the_next_call_works() {
    for (caller, callee) in [(ANN, BOB), (BOB, ANN)] {
        let mut sim = Sim::talking();
        sim.act(caller, Act::HangUp, 1000);
        sim.assert_agreement();
        assert_eq!(ended(&sim, callee), there(HangUpReason::HungUp));
        assert_eq!(sim.sent(caller, "hang-up"), 1);
        assert_eq!(sim.sent(callee, "hang-up"), 0);
        sim.act(caller, Act::Dial, 1000);
        sim.act(callee, Act::Accept, 2000);
        assert!(sim.connected());
    }
}

#[test]
fn s19_ending_closes_the_leg_and_releases_media() {
    let mut sim = Sim::talking();
    sim.act(ANN, Act::HangUp, 1000);
    for end in &sim.ends {
        let last_two = end.commands.len() - 2;
        assert_eq!(end.commands[last_two..], ["CloseLeg", "ReleaseMedia"]);
    }
}

#[test]
fn both_hanging_up_at_once_is_one_end() {
    let mut sim = Sim::talking();
    sim.schedule(0, ANN, Act::HangUp);
    sim.schedule(0, BOB, Act::HangUp);
    sim.run_out();
    sim.assert_agreement();
}

#[test]
fn s20_disconnected_never_ends_a_call() {
    let mut sim = Sim::talking();
    // Ann's network is gone for as long as a call can wait, less a second.
    let limit = u64::try_from(NO_PATH_LIMIT.as_millis()).expect("short");
    sim.schedule(0, ANN, Act::Outage(limit - 1000));
    sim.run(10);
    for event in [
        LegEvent::IceConnection(IceConnectionState::Disconnected),
        LegEvent::Connection(ConnectionState::Disconnected),
    ] {
        sim.handle(ANN, Event::Leg(0, event));
    }
    sim.run(limit - 2000);
    assert!(matches!(sim.stage(ANN), CallState::Interrupted { .. }));
    sim.run(20_000);
    assert!(sim.connected());
    sim.assert_agreement();
}

#[test]
fn a_call_without_a_path_for_two_minutes_ends_and_says_so() {
    let mut sim = Sim::talking();
    let limit = u64::try_from(NO_PATH_LIMIT.as_millis()).expect("short");
    sim.schedule(0, ANN, Act::Outage(limit + 20_000));
    sim.run(limit - 1000);
    assert!(matches!(sim.stage(ANN), CallState::Interrupted { .. }));
    sim.run(5000);
    assert_eq!(ended(&sim, ANN), Some(EndReason::NoPath));
    assert_eq!(ended(&sim, BOB), Some(EndReason::NoPath));
}

#[test]
fn l24_a_call_has_a_token_that_both_sides_share() {
    let sim = Sim::talking();
    assert!(sim.ends[ANN].endpoint.id().is_some());
    assert_eq!(sim.ends[ANN].endpoint.id(), sim.ends[BOB].endpoint.id());
}

#[test]
fn l25_control_network_and_media_information_all_travel_by_signaling() {
    let mut sim = Sim::talking();
    sim.act(ANN, Act::HangUp, 1000);
    let said = sim
        .ends
        .iter()
        .flat_map(|end| &end.sent)
        .map(|signal| signal.kind().as_str());
    let kinds: std::collections::BTreeSet<_> = said.collect();
    let control = ["accepted", "hang-up", "ringing"];
    let network = ["new-ice-candidate"];
    let media = ["video-answer", "video-offer"];
    let all = control.into_iter().chain(network).chain(media).collect();
    assert_eq!(kinds, all);
}

#[test]
fn a_hang_up_of_somebody_else_means_nothing() {
    let mut sim = Sim::talking();
    let hang_up = || SignalBody::HangUp(HangUpReason::HungUp);
    sim.handle(ANN, plain("Zoe", hang_up()));
    sim.handle(ANN, in_call("Bob", "bob", 7, 0, hang_up()));
    sim.run(1000);
    assert!(sim.connected());
    // Bob's page knows tokens: whoever says it without one only has his name.
    sim.handle(ANN, plain("Bob", hang_up()));
    assert!(sim.connected());
    // Whoever knows the token too cannot prove it.
    let bob = signal_in_call("Bob", "ann", 0, 99, hang_up());
    sim.handle(ANN, Event::Received(bob.clone()));
    assert!(sim.connected());
    // Over the call itself, it is his.
    let bob = ChannelMessage::Signal(bob);
    sim.handle(ANN, Event::ReceivedDirect(bob));
    assert_eq!(sim.stage(ANN), CallState::Idle);
}

#[test]
fn the_caller_stops_counting_when_the_callee_has_said_yes() {
    let mut sim = Sim::new(Network::PERFECT);
    sim.act(ANN, Act::Dial, 44_000);
    sim.act(BOB, Act::Accept, 0);
    let answering = CallState::Answering { here: false };
    assert_eq!(sim.stage(ANN), answering, "before any answer");
}

#[test]
fn calling_who_calls_is_a_yes() {
    let mut sim = Sim::new(Network::PERFECT);
    sim.act(ANN, Act::Dial, 1000);
    sim.act(BOB, Act::Dial, 2000);
    assert!(sim.connected());
    assert_eq!(sim.sent(BOB, "video-offer"), 0);
}

#[test]
fn a_call_that_nobody_answered_is_told_to_each_side_as_it_was() {
    let mut sim = Sim::new(Network::PERFECT);
    sim.act(ANN, Act::Dial, 50_000);
    let outgoing = |side: Side| {
        sim.ends[side]
            .endpoint
            .view()
            .ended
            .map(|ended| ended.outgoing)
    };
    assert_eq!([outgoing(ANN), outgoing(BOB)], [Some(true), Some(false)]);
}

#[test]
fn declining_a_client_of_the_sample_tells_it() {
    let mut sim = Sim::new(Network::PERFECT);
    sim.handle(ANN, plain("Bob", offer()));
    sim.act(ANN, Act::Decline, 0);
    assert_eq!(sim.sent(ANN, "hang-up"), 1);
    assert_eq!(
        sim.ends[ANN].sent[0].tag, None,
        "no word of tokens to who knows none"
    );
}

#[test]
fn a_call_anew_from_the_same_person_takes_the_place_of_one_that_came_to_nothing() {
    let mut sim = Sim::new(Network::PERFECT);
    sim.handle(ANN, in_call("Bob", "bob", 0, 0, offer()));
    sim.handle(ANN, Event::Accept);
    assert_eq!(sim.stage(ANN), CallState::Answering { here: true });
    sim.handle(ANN, in_call("Bob", "bob-reloaded", 0, 0, offer()));
    assert_eq!(sim.stage(ANN), CallState::Ringing);
    assert!(sim.pc(ANN).is_none());
}

#[test]
fn an_offer_that_belongs_to_no_call_ends_none_that_carries_media() {
    for anew in [
        in_call("Bob", "bob-reloaded", 0, 0, offer()),
        plain("Bob", offer()),
    ] {
        let mut sim = Sim::talking();
        sim.handle(ANN, anew);
        assert!(sim.connected());
        let peer = "Bob".to_owned();
        assert_eq!(sim.ends[ANN].notices, [Notice::CalledMeanwhile { peer }]);
    }
}

#[test]
fn an_older_call_that_arrives_late_does_not_ring() {
    let mut sim = Sim::new(Network::PERFECT);
    sim.handle(ANN, in_call("Bob", "bob", 1, 0, offer()));
    sim.handle(ANN, in_call("Bob", "bob", 0, 0, offer()));
    let cancelled = SignalBody::HangUp(HangUpReason::Cancelled);
    sim.handle(ANN, in_call("Bob", "bob", 0, 1, cancelled));
    assert_eq!(sim.stage(ANN), CallState::Ringing);
}

#[test]
fn a_renegotiation_of_a_call_that_is_over_is_told_so_and_does_not_ring() {
    let mut sim = Sim::new(Network::PERFECT);
    sim.handle(ANN, in_call("Bob", "bob", 0, 9, offer()));
    sim.run(11_000);
    assert_eq!(sim.stage(ANN), CallState::Idle);
    let unknown = SignalBody::HangUp(HangUpReason::UnknownCall);
    assert_eq!(
        sim.ends[ANN].sent.last().map(|signal| signal.body.clone()),
        Some(unknown)
    );
}

#[test]
fn when_both_called_and_one_gives_up_nothing_rings_on() {
    let slow = Network {
        delay: 2000,
        ..Network::PERFECT
    };
    for seed in 1..200 {
        let mut sim = Sim::new(Network { seed, ..slow });
        sim.schedule(0, ANN, Act::Dial);
        sim.schedule(0, BOB, Act::Dial);
        sim.schedule(seed * 12, ANN, Act::HangUp);
        sim.run(12_000);
        let stages = [sim.stage(ANN), sim.stage(BOB)];
        // Ann either gave up before she heard of Bob's call, which then rings on its own, or after.
        let rings = stages == [CallState::Ringing, CallState::Calling { ringing: true }];
        assert!(
            rings || stages == [CallState::Idle, CallState::Idle],
            "{stages:?}"
        );
    }
}

#[test]
fn camera_and_microphone_that_come_too_late_answer_no_other_call() {
    let mut sim = Sim::new(Network::PERFECT);
    sim.handle(ANN, plain("Bob", offer()));
    sim.handle(ANN, Event::MediaReady);
    assert!(sim.pc(ANN).is_none());
    assert_eq!(sim.stage(ANN), CallState::Ringing);
}

#[test]
fn a_name_that_nobody_has_ends_the_attempt_but_never_a_call() {
    let mut sim = Sim::new(Network::PERFECT);
    sim.act(ANN, Act::Dial, 1000);
    let peer = || "Bob".to_owned();
    sim.handle(ANN, Event::Unreachable { peer: peer() });
    assert_eq!(ended(&sim, ANN), Some(EndReason::Unreachable));

    let mut sim = Sim::talking();
    sim.handle(ANN, Event::Unreachable { peer: peer() });
    assert!(sim.connected());
    assert!(sim.ends[ANN].endpoint.view().peer_link_lost);
    sim.handle(
        ANN,
        Event::PeerLink {
            peer: peer(),
            person: None,
            up: true,
        },
    );
    sim.run(1000);
    assert!(!sim.ends[ANN].endpoint.view().peer_link_lost);
}

#[test]
fn a_description_with_another_certificate_is_nobodys_in_the_call() {
    let mut sim = Sim::talking();
    // Whichever number is the next.
    for seq in 0..20 {
        let offer = SignalBody::Offer(format!("x9 2\n{EVES}"));
        let mut offer = signal_in_call("Bob", "ann", 0, seq, offer);
        if let Some(tag) = &mut offer.tag {
            tag.leg = 1;
        }
        // Even over the call's own channel.
        sim.handle(ANN, Event::ReceivedDirect(ChannelMessage::Signal(offer)));
    }
    assert_eq!(sim.ends[ANN].legs.len(), 1, "no leg is opened for it");
    let refused = "leg 1: a description with another certificate".to_owned();
    assert!(sim.ends[ANN].logged.contains(&refused));
}

#[test]
fn a_caller_whom_nobody_answers_has_to_wait_longer_each_time() {
    let mut sim = Sim::new(Network::PERFECT);
    let mut nth = 0;
    let mut rings = |sim: &mut Sim, name: &str| {
        nth += 1;
        sim.handle(ANN, in_call(name, &format!("{name}{nth}"), 0, 0, offer()));
        let rings = sim.stage(ANN) == CallState::Ringing;
        if rings {
            sim.handle(ANN, Event::Decline);
        }
        rings
    };
    // The first may have been a mistake.
    assert!(rings(&mut sim, "Eve"));
    assert!(rings(&mut sim, "Eve"));
    for wait in [10_000, 60_000, 300_000, 1_800_000, 1_800_000] {
        assert!(!rings(&mut sim, "Eve"));
        sim.run(wait - 1000);
        assert!(!rings(&mut sim, "Eve"), "before {wait} ms");
        assert!(rings(&mut sim, "Zoe") || wait > 10_000, "others do not");
        sim.run(1000);
        assert!(rings(&mut sim, "Eve"), "after {wait} ms");
    }
    // Whoever is called back is welcome.
    let id = CallId {
        page: "ann".into(),
        nth: 9,
    };
    let peer = "Eve".to_owned();
    sim.handle(
        ANN,
        Event::Dial {
            peer,
            id,
            key: None,
        },
    );
    sim.handle(ANN, Event::HangUp);
    assert!(rings(&mut sim, "Eve"));
}

#[test]
fn where_no_relay_works_and_nothing_else_may_be_used_the_call_says_so_soon() {
    let no_way = |works: bool| {
        let mut sim = Sim::new(Network::PERFECT);
        sim.no_path = true;
        sim.act(ANN, Act::Dial, 1000);
        // It may ring for as long as usual.
        sim.run(20_000);
        assert_eq!(sim.stage(ANN), CallState::Calling { ringing: true });
        sim.act(BOB, Act::Accept, 1000);
        sim.run(2000);
        assert_eq!(sim.stage(ANN), CallState::Connecting);
        // A relay may have a new password by now.
        sim.no_path = !works;
        sim.run(8000);
        sim
    };
    let sim = no_way(false);
    let ended = sim.ends[ANN].endpoint.view().ended.expect("it is over");
    assert_eq!((ended.reason, ended.lasted), (EndReason::NoPath, None));
    let told = sim.ends[BOB].endpoint.view().ended.expect("it is over");
    assert_eq!(told.reason, EndReason::There(HangUpReason::NoPath));
    assert!(no_way(true).connected());
}

/// Ann and Bob talk, and Bob's browser is killed: Ann waits for him.
fn interrupted() -> Sim {
    let mut sim = Sim::talking();
    sim.act(BOB, Act::Crash(3_600_000), 10_000);
    assert!(matches!(sim.stage(ANN), CallState::Interrupted { .. }));
    sim
}

#[test]
fn whoever_calls_during_an_interruption_rings_beside_the_call() {
    let mut sim = interrupted();
    sim.handle(ANN, in_call("Bob", "bob-afresh", 0, 0, offer()));
    let view = sim.ends[ANN].endpoint.view();
    assert!(matches!(view.state, CallState::Interrupted { .. }));
    assert_eq!(view.waiting.as_deref(), Some("Bob"));
    sim.handle(ANN, Event::Accept);
    assert_eq!(sim.stage(ANN), CallState::Answering { here: true });
    assert_eq!(sim.ends[ANN].endpoint.view().waiting, None);
    // The page that may be there still is told, and then the one that calls.
    let bodies = sim.ends[ANN].sent.iter().rev().map(|signal| &signal.body);
    let [accepted, hung_up] = [0, 1].map(|nth| bodies.clone().nth(nth));
    assert_eq!(accepted, Some(&SignalBody::Accepted));
    let over = SignalBody::HangUp(HangUpReason::HungUp);
    assert_eq!(hung_up, Some(&over));
}

#[test]
fn calling_who_calls_during_an_interruption_is_a_yes_too() {
    let mut sim = interrupted();
    sim.handle(ANN, in_call("Bob", "bob-afresh", 0, 0, offer()));
    sim.act(ANN, Act::Dial, 0);
    assert_eq!(sim.stage(ANN), CallState::Answering { here: true });
}

#[test]
fn a_call_that_waits_may_be_declined_or_cancelled_and_the_other_waits_on() {
    let mut sim = interrupted();
    sim.handle(ANN, in_call("Carl", "carl", 0, 0, offer()));
    sim.handle(ANN, Event::Decline);
    let declined = SignalBody::HangUp(HangUpReason::Declined);
    let said = sim.ends[ANN].sent.last().map(|signal| &signal.body);
    assert_eq!(said, Some(&declined));
    sim.handle(ANN, in_call("Carl", "carl", 1, 0, offer()));
    let cancelled = SignalBody::HangUp(HangUpReason::Cancelled);
    sim.handle(ANN, in_call("Carl", "carl", 1, 1, cancelled));
    let view = sim.ends[ANN].endpoint.view();
    assert_eq!(view.waiting, None);
    assert!(matches!(view.state, CallState::Interrupted { .. }));
    let peer = "Carl".to_owned();
    assert_eq!(sim.ends[ANN].notices, [Notice::CalledMeanwhile { peer }]);
}

#[test]
fn a_call_that_waits_rings_on_when_the_other_is_given_up_and_how_that_ended_is_known() {
    let mut sim = interrupted();
    sim.run(90_000);
    sim.handle(ANN, in_call("Carl", "carl", 0, 0, offer()));
    sim.run(30_000);
    let view = sim.ends[ANN].endpoint.view();
    assert_eq!((view.state, &*view.peer), (CallState::Ringing, "Carl"));
    assert_eq!(view.ended.map(|ended| ended.peer).as_deref(), Some("Bob"));
}

#[test]
fn a_call_that_comes_back_tells_who_waits_that_it_is_busy() {
    let mut sim = Sim::talking();
    sim.act(BOB, Act::Outage(20_000), 15_000);
    sim.handle(ANN, in_call("Carl", "carl", 0, 0, offer()));
    assert!(sim.ends[ANN].endpoint.view().waiting.is_some());
    sim.run(20_000);
    assert!(sim.connected());
    assert_eq!(sim.ends[ANN].endpoint.view().waiting, None);
    let busy = SignalBody::HangUp(HangUpReason::Busy);
    let to_carl = |signal: &&Signal| signal.target.as_deref() == Some("Carl");
    let said = sim.ends[ANN].sent.iter().rfind(to_carl);
    assert_eq!(said.map(|signal| &signal.body), Some(&busy));
}

#[test]
fn a_call_that_waits_rings_on_when_the_other_is_over() {
    let mut sim = interrupted();
    sim.handle(ANN, in_call("Carl", "carl", 0, 0, offer()));
    sim.handle(ANN, Event::HangUp);
    assert_eq!(sim.stage(ANN), CallState::Ringing);
    assert_eq!(sim.ends[ANN].endpoint.view().peer, "Carl");
}

#[test]
fn a_ring_is_over_soon_after_its_caller_is_gone() {
    let away = |peer: &str| Event::PeerAway { peer: peer.into() };
    let listed = Event::PeerLink {
        peer: "Bob".into(),
        person: None,
        up: true,
    };
    let mut sim = Sim::new(Network::PERFECT);
    sim.handle(ANN, in_call("Bob", "bob", 0, 0, offer()));
    sim.handle(ANN, away("Bob"));
    sim.run(9_000);
    // Back on another network.
    sim.handle(ANN, listed);
    sim.run(9_000);
    assert_eq!(sim.stage(ANN), CallState::Ringing);
    sim.handle(ANN, away("Bob"));
    sim.run(9_000);
    // Said again, it does not begin anew.
    sim.handle(ANN, away("Bob"));
    sim.run(1_500);
    assert_eq!(sim.stage(ANN), CallState::Idle);
    assert_eq!(ended(&sim, ANN), Some(EndReason::Missed));
}

#[test]
fn whoever_is_blocked_rings_no_more_and_is_told_nothing() {
    let block = |peer: &str, blocked| Event::Block {
        peer: peer.into(),
        blocked,
    };
    let call = |name: &str, nth| {
        let mut signal = signal_in_call(name, "bob", nth, 0, offer());
        signal.from = Some("Bob's".into());
        Event::Received(signal)
    };
    let mut sim = Sim::new(Network::PERFECT);
    sim.handle(ANN, call("Bob", 0));
    sim.handle(ANN, block("Bob", true));
    assert_eq!(sim.stage(ANN), CallState::Idle);
    let said = sim.ends[ANN].sent.len();
    // Not under another name either.
    for (nth, name) in [(1, "Bob"), (2, "Robert")] {
        sim.handle(ANN, call(name, nth));
        assert_eq!(sim.stage(ANN), CallState::Idle);
    }
    assert_eq!(sim.ends[ANN].sent.len(), said);
    sim.handle(ANN, in_call("Carl", "carl", 0, 0, offer()));
    assert_eq!(sim.stage(ANN), CallState::Ringing);
    sim.handle(ANN, Event::Decline);
    sim.handle(ANN, block("Bob", false));
    sim.handle(ANN, call("Bob", 3));
    assert_eq!(sim.stage(ANN), CallState::Ringing);
}

#[test]
fn each_side_is_told_what_the_other_sends_also_over_a_leg_that_comes_later() {
    let media = |camera, microphone| MediaState {
        camera,
        microphone,
        screen: None,
        limit: None,
    };
    let mut sim = Sim::talking();
    let told = |sim: &Sim| sim.ends[BOB].endpoint.view().peer_media;
    assert_eq!(told(&sim), Some(MediaState::default()));
    sim.handle(ANN, Event::LocalMedia(media(true, true)));
    sim.handle(ANN, Event::LocalMedia(media(false, true)));
    sim.run(100);
    assert_eq!(told(&sim), Some(media(false, true)));
    // What is said while nothing comes through is said again over what does.
    sim.act(ANN, Act::BlackHole, 0);
    sim.handle(ANN, Event::LocalMedia(media(false, false)));
    sim.run(30_000);
    assert!(sim.connected());
    assert_eq!(told(&sim), Some(media(false, false)));
}

#[test]
fn no_limit_runs_while_somebody_reads_what_the_browser_asks() {
    let mut sim = Sim::new(Network::PERFECT);
    sim.act(BOB, Act::AllowSlowly(600_000), 0);
    sim.act(ANN, Act::Dial, 1000);
    sim.act(BOB, Act::Accept, 590_000);
    assert_eq!(sim.stage(ANN), CallState::Answering { here: false });
    assert_eq!(sim.stage(BOB), CallState::Answering { here: true });
    sim.run(15_000);
    assert!(sim.connected());
    // But for somebody who is gone.
    let mut sim = Sim::new(Network::PERFECT);
    sim.act(BOB, Act::AllowSlowly(600_000), 0);
    sim.act(ANN, Act::Dial, 1000);
    sim.act(BOB, Act::Accept, 1000);
    sim.handle(ANN, Event::PeerAway { peer: "Bob".into() });
    sim.run(11_000);
    assert_eq!(ended(&sim, ANN), Some(EndReason::Left));
}
