//! Whether anything can be reached is asked until it can.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a test looks at what it is about"
)]

mod sim;

use holdfast_link::{Event, LinkStatus, News};
use sim::{Act, Sim};

#[test]
fn after_a_move_a_way_is_looked_for_often_at_first() {
    let mut sim = Sim::joined();
    let start = sim.now;
    sim.act(Act::Move(60_000), 20_000);
    let within = |from: u64, to: u64| {
        let millis = |at: &&_| (from..to).contains(&(at_millis(at, start)));
        sim.probes.iter().filter(millis).count()
    };
    assert_eq!(within(0, 300), 6, "every 50 ms");
    assert_eq!(within(300, 2400), 14, "every 150 ms");
    // An attempt to connect is made with every sixteenth; when that hangs, it begins again.
    assert!(within(2400, 20_000) < 120, "{}", within(2400, 20_000));
}

fn at_millis(at: &holdfast_clock::Instant, start: holdfast_clock::Instant) -> u64 {
    u64::try_from(at.since(start).as_millis()).expect("short")
}

#[test]
fn a_connection_is_made_as_soon_as_there_is_a_way() {
    let mut sim = Sim::joined();
    sim.act(Act::Move(1000), 1000);
    assert_ne!(sim.link.status(), LinkStatus::Off);
    let back = sim.now;
    sim.run(500);
    let up = sim.news.iter().rev().find_map(|(at, news)| match news {
        News::Up { .. } => Some(at.since(back)),
        _ => None,
    });
    // The event, and four times through the network.
    assert!(up.is_some_and(|up| up.as_millis() <= 60), "{up:?}");
}

#[test]
fn the_search_ends_with_the_first_answer() {
    let mut sim = Sim::joined();
    sim.act(Act::Move(500), 3000);
    let probes = sim.probes.len();
    sim.run(3000);
    assert_eq!(sim.probes.len(), probes);
}

#[test]
fn a_page_whose_host_is_gone_still_finds_its_server() {
    let mut sim = Sim::joined();
    sim.act(Act::HostGone(60_000), 0);
    sim.act(Act::Move(3000), 0);
    // The attempt on the event fails as well: the route is not there yet.
    sim.run(20_000);
    assert_eq!(sim.link.status(), LinkStatus::Up);
}

#[test]
fn without_any_event_a_dead_connection_is_replaced_when_the_call_asks() {
    let mut sim = Sim::joined();
    sim.act(Act::GoSilent, 100);
    assert_eq!(sim.link.status(), LinkStatus::Up, "nobody knows yet");
    let asked = sim.now;
    sim.act(Act::Probe, 500);
    let up = sim.news.iter().rev().find_map(|(at, news)| match news {
        News::Up { anew } => Some((at.since(asked), *anew)),
        _ => None,
    });
    let (after, anew) = up.expect("up again");
    assert!(after.as_millis() <= 100, "{after:?}");
    assert!(!anew, "in the same session");
}

#[test]
fn a_search_begins_again_with_each_move_and_not_with_each_question() {
    let mut sim = Sim::joined();
    sim.act(Act::Move(30_000), 5000);
    for _ in 0..10 {
        sim.act(Act::Probe, 20);
    }
    let asked = sim.probes.split_off(0);
    sim.handle(Event::NetworkMoved { online: false });
    sim.run(200);
    assert!(asked.len() < sim.probes.len() + 30, "{}", asked.len());
    assert_eq!(sim.probes.len(), 5, "every 50 ms again");
}
