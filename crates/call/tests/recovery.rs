//! The recovery policy, rule by rule, on two calls with a simulated network.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a test looks at what it is about"
)]

mod sim;

use holdfast_call::{
    AWAY_LIMIT, CallState, Carries, Command, ConnectionState, EndReason, Endpoint, Event,
    IceConnectionState, Interruption, LegEvent, Limits, Policy, Secret,
};
use std::time::Duration;

use holdfast_clock::Instant;
use holdfast_protocol::{CallId, ChannelMessage, HangUpReason, Signal, SignalBody, Tag};
use sim::{ANN, Act, BOB, Side, Sim};

fn count(sim: &Sim, side: Side, name: &str) -> usize {
    let commands = sim.ends[side].commands.iter();
    commands.filter(|command| **command == name).count()
}

fn traffic(received: u64) -> LegEvent {
    LegEvent::Traffic {
        received,
        relayed: false,
        astray: false,
    }
}

/// The number of the leg that the call lives on, with both sides at rest on it.
fn leg(sim: &Sim) -> Option<u32> {
    sim.assert_agreement();
    assert!(sim.connected());
    assert_eq!(sim.ends[ANN].used, sim.ends[BOB].used);
    sim.ends[ANN].used
}

fn trouble(sim: &Sim, side: Side) -> Option<Interruption> {
    sim.ends[side].endpoint.view().interruption
}

#[test]
fn where_nobody_speaks_silence_of_400_ms_is_doubt_and_a_blip_is_not() {
    let mut sim = Sim::talking();
    sim.nobody_speaks = true;
    sim.act(ANN, Act::Outage(300), 5000);
    assert_eq!(
        count(&sim, ANN, "ProbeLink") + count(&sim, BOB, "ProbeLink"),
        0
    );
    sim.act(ANN, Act::Outage(5000), 250);
    assert_eq!(count(&sim, BOB, "ProbeLink"), 0);
    sim.run(450);
    assert_eq!(count(&sim, BOB, "ProbeLink"), 1);
    assert_eq!(count(&sim, BOB, "RestartIce"), 1);
}

#[test]
fn silence_of_a_leg_that_was_heard_is_doubt_sooner() {
    let mut sim = Sim::talking();
    sim.act(ANN, Act::Outage(200), 5000);
    sim.act(ANN, Act::Outage(5000), 240);
    let probes = |sim: &Sim| [ANN, BOB].map(|side| count(sim, side, "ProbeLink"));
    assert_eq!(probes(&sim), [0, 0]);
    sim.run(30);
    assert_eq!(probes(&sim), [0, 1]);
    assert_eq!(count(&sim, BOB, "RestartIce"), 1);
    sim.run(150);
    assert_eq!(probes(&sim), [1, 1]);
}

#[test]
fn where_packets_have_just_paused_silence_has_to_be_longer() {
    let mut sim = Sim::talking();
    sim.nobody_speaks = true;
    sim.act(ANN, Act::Outage(300), 400);
    sim.nobody_speaks = false;
    sim.act(ANN, Act::Outage(5000), 290);
    assert_eq!(count(&sim, BOB, "ProbeLink"), 0);
    sim.run(300);
    assert_eq!(count(&sim, BOB, "ProbeLink"), 1);
}

#[test]
fn while_nothing_gets_through_no_pictures_are_sent() {
    let carried = |sim: &Sim| [ANN, BOB].map(|side| sim.ends[side].legs[0].carries);
    let mut sim = Sim::talking();
    sim.act(ANN, Act::DirectBlocked(8000), 600);
    assert_eq!(carried(&sim), [Carries::All; 2]);
    sim.run(400);
    assert_eq!(carried(&sim), [Carries::Sound; 2]);
    sim.run(6900);
    assert_eq!(carried(&sim), [Carries::Sound; 2]);
    sim.run(400);
    assert_eq!(carried(&sim), [Carries::All; 2]);
    // A path that may have been left goes on until it is known to be dead.
    sim.handle(ANN, Event::NetworkMoved);
    sim.run(100);
    assert_eq!(carried(&sim), [Carries::All; 2]);
}

#[test]
fn a_fresh_leg_sends_pictures_whatever_has_become_of_the_old_one() {
    let mut sim = Sim::talking();
    sim.schedule(0, ANN, Act::Move(1500));
    for _ in 0..4000 {
        sim.run(1);
        let legs = sim.ends.iter().flat_map(|end| &end.legs);
        let mut fresh = legs.filter(|leg| leg.leg_id() > 0);
        assert!(fresh.all(|leg| leg.carries == Carries::All));
    }
    assert_eq!(leg(&sim), Some(1));
}

#[test]
fn a_microphone_that_goes_is_no_doubt_while_pictures_come() {
    let mut sim = Sim::talking();
    sim.run(2000);
    let standby_heard = false;
    sim.handle(ANN, Event::Leg(0, LegEvent::Unheard { standby_heard }));
    sim.run(3000);
    assert_eq!(count(&sim, ANN, "ProbeLink"), 0);
    // What was heard then is forgotten when a packet comes.
    sim.nobody_speaks = true;
    sim.act(BOB, Act::Outage(300), 3000);
    assert_eq!(count(&sim, ANN, "ProbeLink"), 0);
}

#[test]
fn a_move_while_the_first_path_is_found_is_not_forgotten() {
    let slow = sim::Network {
        delay: 60,
        ..sim::Network::PERFECT
    };
    for after in (400..800).step_by(2) {
        let mut sim = Sim::new(slow);
        sim.act(ANN, Act::Dial, 1000);
        sim.act(BOB, Act::Accept, after);
        sim.handle(ANN, Event::NetworkMoved);
        sim.run(4000);
        // The path that was found may be none any more, or have come through after the move.
        let sought = count(&sim, ANN, "RestartIce") + count(&sim, ANN, "OpenLeg") - 1;
        assert!(sought > 0, "after {after} ms");
        leg(&sim).expect("a leg");
    }
}

#[test]
fn a_move_is_doubt_at_once_however_well_it_goes() {
    let mut sim = Sim::talking();
    sim.handle(ANN, Event::NetworkMoved);
    assert_eq!(count(&sim, ANN, "ProbeLink"), 1);
    sim.run(2000);
    assert_eq!(count(&sim, ANN, "RestartIce"), 1);
    // Ann's network was not to be seen to have stayed the same: the fresh leg is the call's.
    assert_eq!(leg(&sim), Some(1));
}

#[test]
fn a_fresh_leg_wins_where_a_restart_gathers_on_what_is_gone() {
    for act in [Act::Move(1000), Act::MoveUnseen(1000)] {
        for side in [ANN, BOB] {
            let mut sim = Sim::talking();
            sim.act(side, act, 2500);
            assert_eq!(leg(&sim), Some(1), "{act:?}");
            let view = sim.ends[side].endpoint.view();
            let gap = view.back_after.expect("it was interrupted");
            assert!(gap < Duration::from_millis(1700), "{gap:?} with {act:?}");
            // After a while nobody wants to be told any more.
            sim.run(4000);
            assert_eq!(sim.ends[side].endpoint.view().back_after, None);
        }
    }
}

#[test]
fn both_moving_at_once_need_one_leg() {
    let mut sim = Sim::talking();
    sim.schedule(0, ANN, Act::Move(1000));
    sim.schedule(0, BOB, Act::Move(1000));
    sim.run(4000);
    assert_eq!(leg(&sim), Some(1));
}

#[test]
fn a_path_that_heals_calls_the_search_off() {
    let mut sim = Sim::talking();
    sim.act(ANN, Act::Outage(1500), 6500);
    assert_eq!(leg(&sim), Some(0));
    let attempts = sim.ends[ANN].races.len() + sim.ends[BOB].races.len();
    sim.run(60_000);
    assert_eq!(leg(&sim), Some(0));
    assert_eq!(
        sim.ends[ANN].races.len() + sim.ends[BOB].races.len(),
        attempts
    );
}

#[test]
fn after_a_long_outage_a_fresh_leg_that_is_under_way_goes_on() {
    let mut sim = Sim::talking();
    sim.act(ANN, Act::Outage(3000), 8000);
    assert_eq!(leg(&sim), Some(1));
    let races = sim.ends[ANN].races.len() + sim.ends[BOB].races.len();
    assert!(races > 0, "a race made it");
}

#[test]
fn a_leg_that_says_connected_again_proves_nothing() {
    let mut sim = Sim::talking();
    sim.act(ANN, Act::Outage(5000), 1500);
    assert!(trouble(&sim, BOB).is_some());
    let event = LegEvent::Connection(ConnectionState::Connected);
    sim.handle(BOB, Event::Leg(0, event));
    assert!(trouble(&sim, BOB).is_some());
    sim.run(5000);
    assert_eq!(trouble(&sim, BOB), None);
}

#[test]
fn attempts_come_ever_more_slowly() {
    let mut sim = Sim::talking();
    sim.act(ANN, Act::Outage(115_000), 1000);
    sim.run(60_000);
    // Bob's link is good. What waits for its first answer is not replaced for ten seconds.
    let races = &sim.ends[BOB].races;
    assert!((2..=7).contains(&races.len()), "{races:?}");
    assert!((6..=14).contains(&count(&sim, BOB, "ProbeLink")));
}

#[test]
fn a_network_that_moves_all_the_time_is_followed_every_500_ms_at_most() {
    let mut sim = Sim::talking();
    for n in 0..100 {
        sim.schedule(n * 50, ANN, Act::Move(0));
    }
    sim.run(5000);
    assert!(sim.ends[ANN].races.len() <= 11, "{:?}", sim.ends[ANN].races);
    sim.run(10_000);
    leg(&sim);
}

#[test]
fn without_signaling_nothing_is_tried_and_the_first_answer_starts_it() {
    let mut sim = Sim::talking();
    sim.schedule(0, ANN, Act::LinkBreaks(5000));
    sim.schedule(0, BOB, Act::LinkBreaks(5000));
    sim.act(ANN, Act::MoveUnseen(1000), 4900);
    for side in [ANN, BOB] {
        assert_eq!(count(&sim, side, "RestartIce"), 0);
        assert!(sim.ends[side].races.is_empty());
    }
    sim.run(1000);
    leg(&sim);
}

#[test]
fn a_call_that_does_not_connect_within_4_s_is_in_doubt() {
    let mut sim = Sim::talking();
    sim.act(ANN, Act::HangUp, 500);
    sim.act(ANN, Act::Dial, 1000);
    // Ann's address goes as Bob accepts: what she has offered leads nowhere.
    sim.schedule(0, BOB, Act::Accept);
    sim.schedule(1, ANN, Act::MoveUnseen(200));
    sim.run(3500);
    assert!(!sim.connected());
    let restarts = [ANN, BOB].map(|side| count(&sim, side, "RestartIce"));
    sim.run(3500);
    leg(&sim);
    assert!([ANN, BOB].map(|side| count(&sim, side, "RestartIce")) > restarts);
}

#[test]
fn a_move_while_it_rings_is_remembered() {
    let mut sim = Sim::talking();
    sim.act(ANN, Act::HangUp, 500);
    sim.act(ANN, Act::Dial, 1000);
    sim.act(ANN, Act::Move(500), 3000);
    let before = sim.ends[ANN].races.len();
    sim.act(BOB, Act::Accept, 2500);
    assert!(sim.connected());
    // As soon as there was an answer, whichever leg then came first.
    assert!(sim.ends[ANN].races.len() > before);
}

#[test]
fn what_a_server_took_down_with_it_is_said_again() {
    let mut sim = Sim::talking();
    sim.act(ANN, Act::AddTrack, 1);
    // The offer is on its way.
    sim.schedule(0, ANN, Act::ServerRestarts(2000));
    sim.run(6000);
    assert_eq!(leg(&sim), Some(0));
    let sections = [ANN, BOB].map(|side| sim.pc(side).map(|pc| pc.settled_sections()));
    assert_eq!(sections, [Some(3), Some(3)]);
}

#[test]
fn a_page_that_is_loaded_anew_comes_back_and_the_other_side_sees_no_end() {
    for act in [Act::Reload(1500), Act::Crash(1500)] {
        for side in [ANN, BOB] {
            let mut sim = Sim::talking();
            let id = sim.ends[ANN].endpoint.id().cloned();
            sim.act(side, act, 1400);
            let expected = match act {
                Act::Reload(_) => Interruption::TheirPage,
                _ => Interruption::TheirNetwork,
            };
            assert_eq!(trouble(&sim, 1 - side), Some(expected));
            sim.run(200);
            assert_eq!(trouble(&sim, side), Some(Interruption::OurPage));
            sim.run(2500);
            assert!(leg(&sim) >= Some(1));
            assert_eq!(sim.ends[side].endpoint.id().cloned(), id);
            assert_eq!(sim.ends[1 - side].endpoint.view().ended, None);
        }
    }
}

#[test]
fn both_pages_loaded_anew_at_once_find_each_other() {
    let mut sim = Sim::talking();
    sim.schedule(0, ANN, Act::Reload(1000));
    sim.schedule(0, BOB, Act::Reload(1000));
    sim.run(8000);
    assert!(leg(&sim) >= Some(1));
}

#[test]
fn a_page_that_closes_for_good_is_waited_for_20_s() {
    let mut sim = Sim::talking();
    sim.act(ANN, Act::Reload(600_000), 0);
    let limit = u64::try_from(AWAY_LIMIT.as_millis()).expect("short");
    sim.run(limit - 100);
    assert!(matches!(sim.stage(BOB), CallState::Interrupted { .. }));
    sim.run(200);
    let ended = sim.ends[BOB]
        .endpoint
        .view()
        .ended
        .map(|ended| ended.reason);
    assert_eq!(ended, Some(EndReason::Left));
}

#[test]
fn a_call_that_only_rings_is_over_with_its_page() {
    let mut sim = Sim::talking();
    sim.act(ANN, Act::HangUp, 500);
    sim.act(ANN, Act::Dial, 1000);
    sim.act(ANN, Act::Reload(1000), 200);
    assert_eq!(sim.stage(BOB), CallState::Idle);
}

#[test]
fn a_device_that_sleeps_loses_no_call_and_looks_at_once_when_it_wakes() {
    let mut sim = Sim::talking();
    sim.act(ANN, Act::Sleep(100_000), 100_500);
    assert!(count(&sim, ANN, "ProbeLink") >= 1);
    sim.run(4000);
    leg(&sim);
}

#[test]
fn people_are_told_whose_network_it_is() {
    let mut sim = Sim::talking();
    sim.act(ANN, Act::Move(5000), 2000);
    assert_eq!(trouble(&sim, ANN), Some(Interruption::OurNetwork));
    assert_eq!(trouble(&sim, BOB), Some(Interruption::TheirNetwork));
    sim.run(6000);
    assert_eq!(trouble(&sim, ANN), None);
}

#[test]
fn a_hang_up_in_the_middle_of_a_race_closes_everything() {
    let mut sim = Sim::talking();
    sim.act(ANN, Act::MoveUnseen(500), 0);
    while sim.ends[ANN].legs.len() < 2 {
        sim.run(1);
    }
    sim.act(ANN, Act::HangUp, 3000);
    sim.assert_agreement();
    assert_eq!(sim.stage(ANN), CallState::Idle);
}

/// A call with a client of the sample, connected.
fn with_the_sample(policy: Policy) -> Endpoint {
    let mut call = Endpoint::new(
        Limits {
            policy,
            ..Limits::default()
        },
        Secret::new([1; 16]),
    );
    let now = Instant::START;
    call.handle(
        Event::Named {
            name: "Ann".into(),
            person: None,
        },
        now,
    );
    let id = CallId {
        page: "page".into(),
        nth: 0,
    };
    let peer = "Bob".to_owned();
    call.handle(
        Event::Dial {
            peer,
            id,
            key: None,
        },
        now,
    );
    call.handle(Event::MediaReady, now);
    call.handle(Event::Leg(0, LegEvent::NegotiationNeeded), now);
    let set = holdfast_protocol::Description {
        kind: holdfast_protocol::SdpType::Offer,
        sdp: String::new(),
    };
    call.handle(Event::Leg(0, LegEvent::LocalDescriptionSet(set)), now);
    let answer = Signal {
        name: Some("Bob".into()),
        target: None,
        from: None,
        to: None,
        body: SignalBody::Answer(String::new()),
        tag: None,
    };
    call.handle(Event::Received(answer), now);
    call.handle(Event::Leg(0, LegEvent::RemoteDescriptionSet), now);
    let connected = LegEvent::Connection(ConnectionState::Connected);
    call.handle(Event::Leg(0, connected), now);
    while call.poll_command().is_some() {}
    call
}

/// Ann, in a call that one of ours has accepted, without a connection yet.
fn accepted_by_ours() -> Endpoint {
    let mut endpoint = Endpoint::new(Limits::default(), Secret::new([1; 16]));
    let now = Instant::START;
    endpoint.handle(
        Event::Named {
            name: "Ann".into(),
            person: None,
        },
        now,
    );
    let id = CallId {
        page: "page".into(),
        nth: 0,
    };
    let (call, peer) = (id.clone(), "Bob".to_owned());
    endpoint.handle(
        Event::Dial {
            peer,
            id,
            key: None,
        },
        now,
    );
    endpoint.handle(Event::MediaReady, now);
    endpoint.handle(Event::Leg(0, LegEvent::NegotiationNeeded), now);
    let set = holdfast_protocol::Description {
        kind: holdfast_protocol::SdpType::Offer,
        sdp: String::new(),
    };
    endpoint.handle(Event::Leg(0, LegEvent::LocalDescriptionSet(set)), now);
    let answer = Signal {
        name: Some("Bob".into()),
        target: None,
        from: None,
        to: None,
        body: SignalBody::Answer(String::new()),
        tag: Some(Tag {
            call,
            leg: 0,
            seq: 0,
            acked: 0,
            epoch: 0,
            peer_epoch: 0,
            proof: None,
        }),
    };
    endpoint.handle(Event::Received(answer), now);
    endpoint.handle(Event::Leg(0, LegEvent::RemoteDescriptionSet), now);
    drain(&mut endpoint);
    endpoint
}

#[test]
fn a_call_that_is_not_connected_after_four_seconds_is_in_doubt() {
    let mut call = accepted_by_ours();
    call.handle_timeout(Instant::START + Duration::from_millis(3900));
    assert_eq!(drain(&mut call), []);
    call.handle_timeout(Instant::START + Duration::from_millis(4000));
    assert_eq!(drain(&mut call), [Command::ProbeLink]);
}

#[test]
fn a_fresh_leg_that_waits_for_its_answer_has_ten_seconds_unless_the_network_moves() {
    let mut call = accepted_by_ours();
    let connected = LegEvent::Connection(ConnectionState::Connected);
    let mut now = Instant::START;
    call.handle(Event::Leg(0, connected), now);
    drain(&mut call);
    // When each fresh leg is made, by a server that answers at once and another side that never does.
    let mut made = Vec::new();
    let mut run = |call: &mut Endpoint, until: u64| {
        while now < Instant::START + Duration::from_millis(until) {
            now += Duration::from_millis(100);
            call.handle_timeout(now);
            call.handle(Event::Leg(0, traffic(0)), now);
            for command in drain(call) {
                if command == Command::ProbeLink {
                    call.handle(Event::LinkUp { anew: false }, now);
                }
            }
            for command in drain(call) {
                if matches!(command, Command::OpenLeg { .. }) {
                    made.push(now.since(Instant::START).as_millis());
                }
            }
        }
        made.clone()
    };
    let by_silence = run(&mut call, 10_000);
    assert_eq!(by_silence.len(), 1, "{by_silence:?}");
    let later = run(&mut call, 20_000);
    assert_eq!(later.len(), 2, "{later:?}");
    assert!(later[1] - later[0] >= 10_000, "{later:?}");
    call.handle(
        Event::NetworkMoved,
        Instant::START + Duration::from_millis(20_000),
    );
    assert_eq!(run(&mut call, 20_600).len(), 3, "at once after a move");
}

fn drain(call: &mut Endpoint) -> Vec<Command> {
    std::iter::from_fn(|| call.poll_command()).collect()
}

#[test]
fn towards_a_client_of_the_sample_there_is_a_restart_alone() {
    let mut call = with_the_sample(Policy::Race);
    call.handle(Event::NetworkMoved, Instant::START);
    assert_eq!(drain(&mut call), [Command::ProbeLink]);
    call.handle(Event::LinkUp { anew: false }, Instant::START);
    assert_eq!(drain(&mut call), [Command::RestartIce(0)]);
    // It has no page to come back to either.
    assert_eq!(call.record(), None);
}

#[test]
fn the_policies_to_compare_with_do_what_they_are_named_after() {
    let ice = |state| Event::Leg(0, LegEvent::IceConnection(state));
    let mut sample = with_the_sample(Policy::Sample);
    sample.handle(ice(IceConnectionState::Disconnected), Instant::START);
    assert_eq!(sample.view().state, CallState::Idle);
    let mut textbook = with_the_sample(Policy::Textbook);
    textbook.handle(Event::NetworkMoved, Instant::START);
    textbook.handle(ice(IceConnectionState::Disconnected), Instant::START);
    assert_eq!(drain(&mut textbook), []);
    textbook.handle(ice(IceConnectionState::Failed), Instant::START);
    assert_eq!(drain(&mut textbook), [Command::RestartIce(0)]);
    let mut restart = with_the_sample(Policy::RestartOnMove);
    restart.handle(Event::NetworkMoved, Instant::START);
    assert_eq!(drain(&mut restart), [Command::ProbeLink]);
}

#[test]
fn somebody_heard_of_now_and_then_is_not_doubted_between() {
    let mut call = with_the_sample(Policy::Race);
    let mut now = Instant::START;
    let mut bytes = 0;
    // A packet every 2 s, as from somebody who only watches.
    for tick in 0..400_u64 {
        now += Duration::from_millis(100);
        bytes += u64::from(tick % 20 == 0);
        call.handle_timeout(now);
        call.handle(Event::Leg(0, traffic(bytes)), now);
        if tick == 60 {
            // The first pauses are not known to be usual.
            call.handle(Event::LinkUp { anew: false }, now);
            drain(&mut call);
        }
    }
    let commands = drain(&mut call);
    assert!(!commands.contains(&Command::ProbeLink), "{commands:?}");
}

#[test]
fn a_lost_message_is_given_up_after_10_s_though_the_server_answers_all_the_time() {
    let mut sim = Sim::talking();
    let mut after_the_lost_one = sim.ends[BOB].sent.last().cloned().expect("Bob has spoken");
    if let Some(tag) = &mut after_the_lost_one.tag {
        tag.seq += 2;
    }
    assert!(matches!(after_the_lost_one.body, SignalBody::Candidate(_)));
    let added = count(&sim, ANN, "AddIceCandidate");
    let after_the_lost_one = ChannelMessage::Signal(after_the_lost_one);
    sim.handle(ANN, Event::ReceivedDirect(after_the_lost_one));
    for _ in 0..5 {
        sim.run(2500);
        sim.handle(ANN, Event::LinkUp { anew: false });
    }
    assert_eq!(count(&sim, ANN, "AddIceCandidate"), added + 1);
}

#[test]
fn a_hang_up_always_wins() {
    let mut sim = Sim::talking();
    sim.act(ANN, Act::Move(3000), 100);
    sim.act(BOB, Act::HangUp, 6000);
    sim.assert_agreement();
    let ended = sim.ends[ANN]
        .endpoint
        .view()
        .ended
        .map(|ended| ended.reason);
    assert_eq!(ended, Some(EndReason::There(HangUpReason::HungUp)));
}

#[test]
fn where_both_hear_nothing_one_makes_the_fresh_leg() {
    let mut sim = Sim::talking();
    sim.act(ANN, Act::BlackHole, 3000);
    assert!(sim.connected(), "over the fresh leg, or after the restart");
    assert_eq!(sim.ends[ANN].races.len() + sim.ends[BOB].races.len(), 1);
}

#[test]
fn the_other_sides_fresh_leg_has_its_turn() {
    let mut sim = Sim::talking();
    sim.handle(ANN, Event::NetworkMoved);
    // It has come, and does not carry yet.
    while count(&sim, BOB, "OpenLeg") < 2 {
        sim.run(1);
    }
    sim.handle(BOB, Event::NetworkMoved);
    sim.run(3000);
    assert_eq!(leg(&sim), Some(1));
    assert!(sim.ends[BOB].races.is_empty());
}

#[test]
fn disconnected_is_doubt_at_once() {
    let mut sim = Sim::talking();
    let event = LegEvent::IceConnection(IceConnectionState::Disconnected);
    sim.handle(ANN, Event::Leg(0, event));
    assert_eq!(count(&sim, ANN, "ProbeLink"), 1);
    assert!(trouble(&sim, ANN).is_some());
}

#[test]
fn failed_does_not_wait_for_the_next_attempt() {
    let mut sim = Sim::talking();
    sim.act(ANN, Act::Outage(110_000), 40_000);
    let asked = count(&sim, BOB, "ProbeLink");
    while count(&sim, BOB, "ProbeLink") == asked {
        sim.run(100);
    }
    // The next attempt is 8 s away, at least.
    sim.run(3000);
    assert_eq!(count(&sim, BOB, "ProbeLink"), asked + 1);
    let event = LegEvent::Connection(ConnectionState::Failed);
    sim.handle(BOB, Event::Leg(0, event));
    assert_eq!(count(&sim, BOB, "ProbeLink"), asked + 2);
}

#[test]
fn a_device_that_sleeps_does_not_sleep_its_call_away() {
    let mut sim = Sim::talking();
    sim.act(BOB, Act::Outage(170_000), 5000);
    sim.act(ANN, Act::Sleep(130_000), 131_000);
    assert!(matches!(sim.stage(ANN), CallState::Interrupted { .. }));
}

#[test]
fn what_was_not_heard_is_said_again_over_a_channel_that_opens() {
    let mut sim = Sim::talking();
    sim.act(ANN, Act::ServerRestarts(60_000), 100);
    sim.act(ANN, Act::BlackHole, 0);
    sim.act(ANN, Act::Say, 100);
    let said = |sim: &Sim| {
        let is_chat = |message: &&ChannelMessage| matches!(message, ChannelMessage::Text { .. });
        sim.ends[ANN].direct.iter().filter(is_chat).count()
    };
    let before = said(&sim);
    sim.handle(ANN, Event::Leg(0, LegEvent::ChannelOpen));
    assert_eq!(said(&sim), before + 1);
}

#[test]
fn what_is_written_while_the_other_page_is_loaded_anew_arrives() {
    let mut sim = Sim::talking();
    sim.schedule(0, BOB, Act::Reload(2000));
    sim.schedule(1000, ANN, Act::Say);
    sim.run(10_000);
    assert_eq!(sim.ends[BOB].read, [1]);
}

#[test]
fn a_page_that_was_loaded_anew_is_made_an_offer_at_once() {
    let mut sim = Sim::talking();
    sim.act(ANN, Act::Reload(50), 300);
    assert_eq!(count(&sim, BOB, "OpenLeg"), 2, "before silence can tell");
}

#[test]
fn r34_what_is_written_in_a_call_arrives_once_and_in_order_through_anything() {
    let mut sim = Sim::talking();
    sim.act(ANN, Act::Say, 0);
    sim.act(ANN, Act::Move(1000), 100);
    sim.act(ANN, Act::Say, 100);
    sim.act(BOB, Act::Say, 2000);
    sim.act(BOB, Act::ServerRestarts(5000), 100);
    sim.act(ANN, Act::Say, 10_000);
    assert_eq!(sim.ends[BOB].read, [1, 2, 3]);
    assert_eq!(sim.ends[ANN].read, [1]);
}

#[test]
fn without_a_server_the_path_that_is_left_carries_the_restart() {
    let mut sim = Sim::talking();
    sim.act(ANN, Act::ServerRestarts(60_000), 7000);
    let before = leg(&sim);
    sim.handle(ANN, Event::NetworkMoved);
    sim.run(2000);
    assert_eq!(before, Some(0));
    assert_eq!(
        leg(&sim),
        Some(1),
        "a fresh leg, long before the server is back"
    );
    // What still carries is not put at risk.
    assert_eq!(
        count(&sim, ANN, "RestartIce") + count(&sim, BOB, "RestartIce"),
        0
    );
    sim.act(BOB, Act::HangUp, 100);
    assert_eq!(
        sim.stage(ANN),
        CallState::Idle,
        "a hang-up takes that way too"
    );
}
