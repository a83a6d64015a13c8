//! Whatever the network and the server do, nothing is lost, doubled or put in another order.

mod sim;

use holdfast_link::{Event, LinkStatus};
use proptest::prelude::*;
use sim::{Act, Sim, introduction};

/// How many schedules of each property are tried: 10,000 in all, or as many as the environment
/// variable `SCHEDULES` says.
fn schedules() -> u32 {
    let asked = std::env::var("SCHEDULES").ok().and_then(|n| n.parse().ok());
    asked.unwrap_or(10_000_u32).div_ceil(3)
}

fn says() -> impl Strategy<Value = Act> {
    prop_oneof![Just(Act::ClientSays), Just(Act::ServerSays)]
}

/// Faults of the network: shorter than what ends a session.
fn fault() -> impl Strategy<Value = Act> {
    prop_oneof![
        2 => Just(Act::Cut),
        2 => Just(Act::GoSilent),
        3 => (0..8_000u64).prop_map(Act::Move),
        2 => (0..8_000u64).prop_map(Act::Outage),
        1 => (0..4_000u64).prop_map(Act::ServerHangs),
        1 => (0..8_000u64).prop_map(Act::HostGone),
        2 => Just(Act::Probe),
    ]
}

fn schedule(act: impl Strategy<Value = Act>) -> impl Strategy<Value = Vec<(u64, Act)>> {
    prop::collection::vec((0..30_000u64, act), 1..60)
}

fn play(counts: bool, delay: u64, schedule: &[(u64, Act)]) -> Sim {
    let mut sim = Sim::new(counts, delay);
    sim.handle(Event::Join(introduction()));
    for (at, act) in schedule {
        sim.schedule(*at, *act);
    }
    // The last fault is over after 38 s, the last attempt after it 9 s later.
    sim.run(90_000);
    assert_eq!(sim.link.status(), LinkStatus::Up, "comes to rest");
    let (dials, probes) = (sim.dials.len(), sim.probes.len());
    assert!(dials < 40 + 10 * schedule.len(), "{dials} connections");
    assert!(probes < 40 + 40 * schedule.len(), "{probes} probes");
    sim
}

fn is_rising(numbers: &[u32]) -> bool {
    numbers.windows(2).all(|pair| pair[0] < pair[1])
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(schedules()) })]

    #[test]
    fn in_one_session_everything_arrives_once_and_in_order_both_ways(
        delay in 0..300u64,
        schedule in schedule(prop_oneof![3 => says(), 1 => fault()]),
    ) {
        let sim = play(true, delay, &schedule);
        prop_assert_eq!(sim.times_up_anew(), 0, "one session");
        let said: Vec<u32> = (0..sim.client_said).collect();
        prop_assert_eq!(sim.all_server_heard(), [&said]);
        let said: Vec<u32> = (0..sim.server_said).collect();
        prop_assert_eq!(&sim.client_heard, &said);
    }

    #[test]
    fn over_restarts_of_the_server_nothing_that_the_client_said_is_lost(
        delay in 0..300u64,
        schedule in schedule(prop_oneof![
            6 => says(),
            2 => fault(),
            1 => (0..8_000u64).prop_map(Act::ServerRestarts),
        ]),
    ) {
        let sim = play(true, delay, &schedule);
        let sessions = sim.all_server_heard();
        // A new session may be told again what the old one had received and not acknowledged.
        for heard in &sessions {
            prop_assert!(is_rising(heard), "{:?}", sessions);
        }
        let mut all: Vec<u32> = sessions.into_iter().flatten().copied().collect();
        all.sort_unstable();
        all.dedup();
        // What a server had taken and acknowledged before it ended, it had heard.
        prop_assert_eq!(all, (0..sim.client_said).collect::<Vec<u32>>());
        prop_assert!(is_rising(&sim.client_heard), "{:?}", sim.client_heard);
        let lost = sim.client_heard.len() < sim.server_said as usize;
        prop_assert!(!lost || sim.times_up_anew() > 0, "lost without a word");
    }

    #[test]
    fn a_client_of_the_samples_server_comes_back_as_well(
        delay in 0..300u64,
        schedule in schedule(fault()),
    ) {
        play(false, delay, &schedule);
    }
}
