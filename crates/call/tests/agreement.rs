//! Whatever the network and the people do, both sides end in agreement.

mod sim;

use std::time::Duration;

use holdfast_call::EndReason;
use holdfast_protocol::HangUpReason;
use proptest::prelude::*;
use sim::{ANN, Act, Attack, BOB, Network, Sim};

/// How many schedules of each property are tried: 10,000 in all, or as many as the environment
/// variable `SCHEDULES` says (the nightly run: 100,000).
fn schedules() -> u32 {
    let asked = std::env::var("SCHEDULES").ok().and_then(|n| n.parse().ok());
    asked.unwrap_or(10_000_u32).div_ceil(4)
}

fn network() -> impl Strategy<Value = Network> {
    let relays = prop_oneof![
        1 => Just([false; 2]),
        1 => any::<[bool; 2]>(),
    ];
    let networks = prop_oneof![
        2 => Just([false; 2]),
        1 => any::<[bool; 2]>(),
    ];
    let chances = (
        0..3000u64,
        0..40u64,
        0..30u64,
        any::<u64>(),
        any::<bool>(),
        relays,
        networks,
        any::<bool>(),
    );
    chances.prop_map(
        |(delay, doubled, lost, seed, persons, relays, networks, contacts)| Network {
            delay,
            doubled,
            lost,
            seed,
            persons,
            relays,
            networks,
            contacts,
        },
    )
}

/// Faults of networks, servers, pages and devices. Shorter than what ends a call.
fn fault() -> impl Strategy<Value = Act> {
    prop_oneof![
        2 => Just(Act::PathFails),
        2 => Just(Act::BlackHole),
        1 => Just(Act::PathStutters),
        3 => (0..20_000u64).prop_map(Act::DirectBlocked),
        1 => (0..20_000u64).prop_map(Act::RelayDown),
        1 => (0..20_000u64).prop_map(Act::OtherBlocked),
        1 => Just(Act::AddTrack),
        3 => Just(Act::Say),
        3 => (0..15_000u64).prop_map(Act::Move),
        2 => (0..15_000u64).prop_map(Act::MoveUnseen),
        2 => (0..30_000u64).prop_map(Act::Outage),
        2 => (0..10_000u64).prop_map(Act::LinkBreaks),
        2 => (0..10_000u64).prop_map(Act::ServerRestarts),
        2 => (0..8_000u64).prop_map(Act::Reload),
        2 => (0..8_000u64).prop_map(Act::Crash),
        1 => (0..30_000u64).prop_map(Act::Sleep),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => Just(Act::Dial),
        6 => Just(Act::Accept),
        1 => Just(Act::Decline),
        2 => Just(Act::HangUp),
        1 => Just(Act::RefuseMedia),
        8 => fault(),
    ]
}

/// What somebody else at the server does, and the ground of it: sessions that end.
fn attack() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0..1000usize).prop_map(Attack::Replay),
        2 => Just(Attack::TakeName),
        2 => Just(Attack::NextLeg),
        1 => Just(Attack::SameLeg),
        1 => Just(Attack::Answer),
        2 => (0..3u32).prop_map(Attack::KeepLeg),
        2 => Just(Attack::Standby),
        2 => (0..3u32).prop_map(Attack::TakeOver),
        2 => Just(Attack::Rejoin),
        1 => Just(Attack::Away),
        2 => Just(Attack::Here),
        1 => Just(Attack::Candidate),
        1 => Just(Attack::HangUp),
        1 => Just(Attack::UnknownCall),
        1 => Just(Attack::PlainOffer),
        1 => Just(Attack::PlainHangUp),
        1 => Just(Attack::Call),
        1 => Just(Attack::Flood),
    ]
    .prop_map(Act::Attack)
}

fn hostile() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => attack(),
        1 => (0..10_000u64).prop_map(Act::SessionEnds),
        2 => fault(),
    ]
}

/// No more attempts than one for each thing that happened, and some for each minute of trouble.
fn no_storm(sim: &Sim, happened: usize) {
    for end in &sim.ends {
        for (n, first) in end.races.iter().enumerate() {
            let minute = *first + Duration::from_secs(60);
            let within = end.races[n..].iter().take_while(|at| **at < minute).count();
            assert!(within <= 12 + 3 * happened, "{within} attempts in a minute");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(schedules()))]

    #[test]
    fn both_sides_end_in_agreement(
        network in network(),
        script in prop::collection::vec((0..60_000u64, 0..2usize, act()), 1..14),
    ) {
        let mut sim = Sim::new(network);
        let happened = script.len();
        for (after, side, act) in script {
            sim.schedule(after, side, act);
        }
        sim.run_out();
        sim.assert_agreement();
        no_storm(&sim, happened);
        for end in &sim.ends {
            if let Some(ended) = end.endpoint.view().ended {
                let wrong = matches!(
                    ended.reason,
                    EndReason::Failed(_) | EndReason::NoPath
                );
                prop_assert!(!wrong, "{ended:?}");
            }
        }
    }

    #[test]
    fn p40_both_clicking_at_once_results_in_one_call(
        network in network(),
        apart in 0..3000u64,
        failures in prop::collection::vec((20_000..60_000u64, 0..2usize), 0..4),
    ) {
        let mut sim = Sim::new(network);
        sim.schedule(0, ANN, Act::Dial);
        sim.schedule(apart, BOB, Act::Dial);
        sim.schedule(15_000, ANN, Act::Accept);
        sim.schedule(15_000, BOB, Act::Accept);
        for (after, side) in failures {
            sim.schedule(after, side, Act::PathFails);
        }
        sim.run_out();
        sim.assert_agreement();
        sim.assert_nothing_amiss();
        prop_assert!(sim.connected(), "{:?} {:?}", sim.stage(ANN), sim.stage(BOB));
    }

    #[test]
    fn a_call_outlives_whatever_leaves_both_reachable(
        network in network(),
        script in prop::collection::vec((15_000..60_000u64, 0..2usize, fault()), 1..10),
    ) {
        let mut sim = Sim::new(network);
        sim.schedule(0, ANN, Act::Dial);
        sim.schedule(5_000, BOB, Act::Accept);
        sim.schedule(8_000, BOB, Act::Accept);
        sim.run(14_000);
        prop_assume!(sim.connected());
        let id = sim.ends[ANN].endpoint.id().cloned();
        let happened = script.len();
        let is_new_page = |act: &Act| matches!(act, Act::Reload(_) | Act::Crash(_));
        let new_pages = script.iter().any(|(_, _, act)| is_new_page(act));
        let reloads = script.iter().any(|(_, _, act)| matches!(act, Act::Reload(_)));
        for (after, side, act) in script {
            sim.schedule(after, side, act);
        }
        sim.run_out();
        sim.assert_agreement();
        // A page that says it closes, and then is cut off besides, may be away for over 20 s.
        if sim.left && reloads {
            return Ok(());
        }
        prop_assert!(sim.connected(), "{:?} {:?}", sim.ends[ANN].endpoint.view(), sim.ends[BOB].endpoint.view());
        prop_assert_eq!(sim.ends[ANN].endpoint.id().cloned(), id);
        no_storm(&sim, happened);
        // What was written has come, but for what a page had not read when it went.
        for (side, end) in sim.ends.iter().enumerate() {
            let written = sim.ends[1 - side].written as usize;
            prop_assert!(new_pages || end.read.len() == written, "{side} reads {:?} of {written}", end.read);
        }
    }

    #[test]
    fn somebody_else_gets_nothing_of_a_call_and_cannot_end_it(
        network in network(),
        script in prop::collection::vec((15_000..60_000u64, 0..2usize, hostile()), 1..16),
    ) {
        // Where names are all that there is, whoever has one is sent what is meant for it.
        let network = Network { persons: true, ..network };
        let mut sim = Sim::new(network);
        sim.schedule(0, ANN, Act::Dial);
        sim.schedule(5_000, BOB, Act::Accept);
        sim.schedule(8_000, BOB, Act::Accept);
        sim.run(14_000);
        prop_assume!(sim.connected());
        let id = sim.ends[ANN].endpoint.id().cloned();
        let reloads = script.iter().any(|(_, _, act)| matches!(act, Act::Reload(_)));
        for (after, side, act) in script {
            sim.schedule(after, side, act);
        }
        sim.run_out();
        sim.assert_agreement();
        sim.assert_eve_has_nothing();
        if sim.left && reloads {
            return Ok(());
        }
        prop_assert!(sim.connected(), "{:?} {:?}", sim.ends[ANN].endpoint.view(), sim.ends[BOB].endpoint.view());
        prop_assert_eq!(sim.ends[ANN].endpoint.id().cloned(), id);
    }
}

/// Ann's page has told Bob what its messages are proved with, and is loaded anew before his secret has come.
#[test]
fn a_page_that_was_not_told_in_time_is_known_after_a_reload() {
    let mut sim = Sim::new(Network {
        delay: 2667,
        doubled: 0,
        lost: 0,
        seed: 17_646_961_242_460_168_758,
        persons: false,
        relays: [false; 2],
        networks: [false; 2],
        contacts: false,
    });
    sim.schedule(1721, BOB, Act::Dial);
    sim.schedule(45_489, ANN, Act::Dial);
    sim.schedule(47_848, ANN, Act::Crash(0));
    sim.run_out();
    sim.assert_agreement();
    assert!(sim.connected(), "{:?} {:?}", sim.stage(ANN), sim.stage(BOB));
}

/// Bob has lost Ann's session, and asks where she is before she has been told what he proves it with.
#[test]
fn whoever_has_told_its_secret_is_found_before_it_has_the_other_ones() {
    let mut sim = Sim::new(Network {
        delay: 1037,
        doubled: 7,
        lost: 0,
        seed: 145_926_779_387_822_736,
        persons: false,
        relays: [false; 2],
        networks: [false; 2],
        contacts: false,
    });
    sim.schedule(0, BOB, Act::Dial);
    sim.schedule(32_076, BOB, Act::MoveUnseen(4076));
    sim.schedule(33_963, ANN, Act::Dial);
    sim.schedule(39_679, ANN, Act::Reload(528));
    sim.run_out();
    sim.assert_agreement();
    assert!(sim.connected(), "{:?} {:?}", sim.stage(ANN), sim.stage(BOB));
}

/// Ann accepts, and is loaded anew, in a call whose caller has closed the page; the server that was told so
/// has started anew.
#[test]
fn whoever_is_gone_for_good_has_left() {
    let mut sim = Sim::new(Network {
        seed: 17_970,
        ..Network::PERFECT
    });
    sim.schedule(0, BOB, Act::Dial);
    sim.schedule(0, ANN, Act::Sleep(26_157));
    sim.schedule(499, ANN, Act::ServerRestarts(0));
    sim.schedule(499, BOB, Act::Reload(0));
    sim.schedule(4737, ANN, Act::Dial);
    sim.schedule(5295, ANN, Act::Move(4128));
    sim.schedule(30_285, ANN, Act::Reload(0));
    sim.run_out();
    sim.assert_agreement();
    let ended = sim.ends[ANN].endpoint.view().ended.expect("a call");
    assert_eq!(ended.reason, EndReason::Left);
}

/// Bob declines while the server starts anew, which forgets it.
#[test]
fn whoever_calls_on_is_told_that_the_call_is_over() {
    let mut sim = Sim::new(Network {
        delay: 1306,
        doubled: 0,
        lost: 25,
        seed: 11_571_399_870_488_801_034,
        persons: false,
        relays: [false; 2],
        networks: [false; 2],
        contacts: false,
    });
    sim.schedule(0, BOB, Act::RefuseMedia);
    for at in [27_377, 27_811, 27_991, 57_064] {
        sim.schedule(at, BOB, Act::Dial);
    }
    sim.schedule(51_176, ANN, Act::Dial);
    sim.schedule(57_355, ANN, Act::ServerRestarts(60));
    sim.run_out();
    sim.assert_agreement();
    let ended = sim.ends[ANN].endpoint.view().ended.expect("a call");
    assert_eq!(ended.reason, EndReason::There(HangUpReason::UnknownCall));
}

/// Ann declines while her network moves, and her page is loaded anew before that was sent.
#[test]
fn whoever_waits_for_an_answer_learns_that_the_page_has_forgotten_the_call() {
    let mut sim = Sim::new(Network {
        delay: 0,
        doubled: 0,
        lost: 0,
        seed: 0,
        persons: false,
        relays: [false; 2],
        networks: [false; 2],
        contacts: false,
    });
    sim.schedule(0, ANN, Act::RefuseMedia);
    sim.schedule(0, BOB, Act::Dial);
    sim.schedule(19_165, ANN, Act::Sleep(8173));
    sim.schedule(22_995, ANN, Act::Dial);
    sim.schedule(22_995, ANN, Act::Move(4250));
    sim.schedule(31_588, ANN, Act::Reload(0));
    sim.run_out();
    sim.assert_agreement();
    let ended = sim.ends[BOB].endpoint.view().ended.expect("a call");
    assert_eq!(ended.reason, EndReason::There(HangUpReason::UnknownCall));
}

/// Ann's offer, sent again in a call that Bob has ended meanwhile, comes when he calls her anew.
#[test]
fn an_offer_of_a_call_that_is_over_is_no_call_at_the_same_moment() {
    let mut sim = Sim::new(Network {
        delay: 208,
        doubled: 0,
        lost: 3,
        seed: 11_228_270_205_766_963_542,
        persons: false,
        relays: [false; 2],
        networks: [false; 2],
        contacts: false,
    });
    sim.schedule(18_247, BOB, Act::Dial);
    sim.schedule(18_408, ANN, Act::Dial);
    sim.schedule(19_100, BOB, Act::HangUp);
    sim.schedule(20_837, BOB, Act::Dial);
    sim.schedule(24_000, ANN, Act::Accept);
    sim.run_out();
    sim.assert_agreement();
    assert!(sim.connected(), "{:?} {:?}", sim.stage(ANN), sim.stage(BOB));
}

/// Ann's page goes while it rings at Bob's, where a path was found already; she calls him again. What Bob says to
/// the page that went is not heard by the one that came.
#[test]
fn a_yes_to_a_page_that_went_is_none_to_the_next() {
    let mut sim = Sim::new(Network {
        delay: 9,
        seed: 109_885_458_708_373_546,
        contacts: true,
        ..Network::PERFECT
    });
    sim.schedule(0, ANN, Act::Dial);
    sim.schedule(277, ANN, Act::Crash(0));
    sim.schedule(26_227, ANN, Act::Dial);
    sim.schedule(26_391, ANN, Act::LinkBreaks(8205));
    sim.schedule(30_791, BOB, Act::Dial);
    sim.run_out();
    sim.assert_agreement();
    let ended = sim.ends[ANN].endpoint.view().ended.expect("a call");
    assert_eq!(ended.reason, EndReason::NoAnswer);
}
