//! Whatever the network and the people do, both sides end in agreement.

mod sim;

use holdfast_call::EndReason;
use proptest::prelude::*;
use sim::{ANN, Act, BOB, Network, Sim};

/// Two properties of 25,000 schedules each.
const SCHEDULES: u32 = 25_000;

fn network() -> impl Strategy<Value = Network> {
    (0..3000u64, 0..40u64, 0..30u64, any::<u64>()).prop_map(|(delay, doubled, lost, seed)| {
        Network {
            delay,
            doubled,
            lost,
            seed,
        }
    })
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => Just(Act::Dial),
        6 => Just(Act::Accept),
        1 => Just(Act::Decline),
        2 => Just(Act::HangUp),
        3 => Just(Act::PathFails),
        1 => Just(Act::PathStutters),
        2 => Just(Act::AddTrack),
        1 => Just(Act::RefuseMedia),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(SCHEDULES))]

    #[test]
    fn both_sides_end_in_agreement(
        network in network(),
        script in prop::collection::vec((0..90_000u64, 0..2usize, act()), 1..14),
    ) {
        let mut sim = Sim::new(network);
        for (after, side, act) in script {
            sim.schedule(after, side, act);
        }
        sim.run_out();
        sim.assert_agreement();
        for end in &sim.ends {
            if let Some(ended) = end.call.view().ended {
                let wrong = matches!(ended.reason, EndReason::Failed(_) | EndReason::NoPath);
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
        prop_assert!(sim.connected(), "{:?} {:?}", sim.stage(ANN), sim.stage(BOB));
    }
}
