//! A server that counts is asked now and then whether it is there.

mod sim;

use holdfast_link::{Event, LinkStatus};
use holdfast_protocol::ClientMessage;
use sim::{Act, Sim, introduction};

fn pings(sim: &Sim) -> usize {
    let is_ping = |(_, said): &&(u32, ClientMessage)| *said == ClientMessage::Ping;
    sim.transmitted.iter().filter(is_ping).count()
}

#[test]
fn a_quiet_server_is_asked_every_five_seconds() {
    let mut sim = Sim::joined();
    sim.run(60_000);
    assert_eq!(pings(&sim), 12);
    assert_eq!(sim.link.status(), LinkStatus::Up);
}

#[test]
fn two_questions_without_a_word_and_another_connection_is_made() {
    let mut sim = Sim::joined();
    sim.act(Act::GoSilent, 14_000);
    assert_eq!(sim.dials.len(), 1);
    sim.run(2000);
    assert_eq!(sim.dials.len(), 2);
    assert_eq!(sim.link.status(), LinkStatus::Up);
}

#[test]
fn any_word_counts_as_an_answer() {
    let mut sim = Sim::joined();
    for second in 1..60 {
        sim.schedule(second * 1000, Act::ServerSays);
    }
    sim.run(60_000);
    assert_eq!(sim.dials.len(), 1);
}

#[test]
fn the_samples_server_is_not_asked() {
    let mut sim = Sim::new(false, 10);
    sim.handle(Event::Join(introduction()));
    sim.run(60_000);
    assert_eq!(pings(&sim), 0);
    assert_eq!(sim.link.status(), LinkStatus::Up);
}

#[test]
fn nobody_is_asked_while_the_link_is_down() {
    let mut sim = Sim::joined();
    sim.act(Act::ServerRestarts(40_000), 1000);
    let before = pings(&sim);
    sim.run(30_000);
    assert_eq!(pings(&sim), before);
}
