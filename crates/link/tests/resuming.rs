//! A session outlives its connections.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a test looks at what it is about"
)]

mod sim;

use holdfast_link::{Event, LinkStatus, News};
use holdfast_protocol::ClientMessage;
use sim::{Act, Sim, introduction};

fn resumes(sim: &Sim) -> Vec<(Option<u32>, Option<u32>)> {
    let resumes = sim.transmitted.iter().filter_map(|(_, said)| match said {
        ClientMessage::Resume {
            acked, presence, ..
        } => Some((*acked, *presence)),
        _ => None,
    });
    resumes.collect()
}

#[test]
fn what_was_said_while_the_link_was_down_arrives_once_and_in_order() {
    let mut sim = Sim::joined();
    sim.act(Act::ClientSays, 100);
    sim.act(Act::Move(3000), 500);
    for _ in 0..3 {
        sim.act(Act::ClientSays, 10);
        sim.act(Act::ServerSays, 10);
    }
    sim.run(10_000);
    assert_eq!(sim.link.status(), LinkStatus::Up);
    assert_eq!(sim.times_up_anew(), 0);
    assert_eq!(sim.all_server_heard(), [&[0, 1, 2, 3]]);
    assert_eq!(sim.client_heard, [0, 1, 2]);
}

#[test]
fn what_is_said_between_resume_and_resumed_comes_once() {
    let mut sim = Sim::joined();
    sim.act(Act::Cut, 0);
    // The server says `id` after 20 ms, and `resumed` after 40.
    for at in [5, 15, 25, 35, 45] {
        sim.schedule(at, Act::ClientSays);
    }
    sim.run(5000);
    assert_eq!(sim.all_server_heard(), [&[0, 1, 2, 3, 4]]);
}

#[test]
fn the_server_is_told_what_has_come_and_which_presence_is_known() {
    let mut sim = Sim::joined();
    for _ in 0..5 {
        sim.act(Act::ServerSays, 10);
    }
    sim.run(100);
    sim.act(Act::Cut, 1000);
    assert_eq!(resumes(&sim), [(Some(5), Some(0))]);
    assert_eq!(sim.client_heard, [0, 1, 2, 3, 4]);
}

#[test]
fn every_sixteenth_message_is_acknowledged() {
    let mut sim = Sim::joined();
    for _ in 0..40 {
        sim.act(Act::ServerSays, 10);
    }
    sim.run(100);
    let acks: Vec<_> = sim
        .transmitted
        .iter()
        .filter_map(|(_, said)| match said {
            ClientMessage::Ack { acked } => Some(*acked),
            _ => None,
        })
        .collect();
    assert_eq!(acks, [16, 32]);
}

#[test]
fn a_server_that_has_restarted_is_told_who_we_are_and_what_it_has_not_received() {
    let mut sim = Sim::joined();
    sim.act(Act::ServerRestarts(2000), 100);
    sim.act(Act::ClientSays, 100);
    sim.run(10_000);
    assert_eq!(sim.link.status(), LinkStatus::Up);
    assert_eq!(sim.times_up_anew(), 1, "and says that it is a new session");
    assert_eq!(sim.all_server_heard().last(), Some(&&vec![0]));
}

#[test]
fn what_is_said_before_we_are_in_is_kept_until_we_are() {
    let mut sim = Sim::new(true, 10);
    sim.handle(Event::Join(introduction()));
    for at in [0, 15, 25, 35] {
        sim.schedule(at, Act::ClientSays);
    }
    sim.run(1000);
    assert_eq!(sim.all_server_heard(), [&[0, 1, 2, 3]]);
}

#[test]
fn a_page_that_was_loaded_anew_comes_back_into_its_session_without_counts() {
    let mut sim = Sim::joined();
    sim.act(Act::ServerSays, 100);
    let session = sim.link.session().map(str::to_owned);
    sim.act(Act::GoSilent, 0);
    sim.link = holdfast_link::Link::new(holdfast_link::Medium::Network, 8);
    sim.handle(Event::Restore {
        introduction: introduction(),
        session,
    });
    sim.act(Act::ClientSays, 1000);
    assert_eq!(sim.link.status(), LinkStatus::Up);
    assert_eq!(resumes(&sim), [(None, None)]);
    assert_eq!(sim.times_up_anew(), 0, "the server knows the session");
    assert_eq!(sim.all_server_heard(), [&[0]]);
    sim.act(Act::ServerSays, 100);
    sim.act(Act::Cut, 1000);
    assert_eq!(resumes(&sim).last(), Some(&(Some(1), None)));
}

#[test]
fn a_session_that_nobody_has_any_more_begins_anew() {
    let mut sim = Sim::joined();
    sim.act(Act::Move(95_000), 94_000);
    sim.act(Act::ClientSays, 0);
    sim.run(10_000);
    assert_eq!(sim.link.status(), LinkStatus::Up);
    assert_eq!(sim.times_up_anew(), 1);
    assert_eq!(sim.all_server_heard().last(), Some(&&vec![0]));
}

#[test]
fn a_break_in_the_middle_of_coming_back_does_no_harm() {
    for at in 0..60 {
        let mut sim = Sim::joined();
        sim.act(Act::ClientSays, 0);
        sim.schedule(0, Act::Cut);
        sim.schedule(at, Act::Cut);
        sim.schedule(at + 1, Act::ClientSays);
        sim.schedule(at + 2, Act::ServerSays);
        sim.run(10_000);
        assert_eq!(sim.link.status(), LinkStatus::Up, "{at}");
        assert_eq!(sim.all_server_heard(), [&[0, 1]], "{at}");
        assert_eq!(sim.client_heard, [0], "{at}");
    }
}

#[test]
fn what_is_said_before_we_are_in_keeps_its_order_though_the_connection_breaks() {
    for at in 0..60 {
        let mut sim = Sim::new(true, 10);
        sim.handle(Event::Join(introduction()));
        for said in [0, 15, 30, 45] {
            sim.schedule(said, Act::ClientSays);
        }
        sim.schedule(at, Act::Cut);
        sim.run(5000);
        assert_eq!(sim.all_server_heard().last(), Some(&&vec![0, 1, 2, 3]));
        assert_eq!(sim.times_up_anew(), 0, "{at}");
    }
}

#[test]
fn a_connection_that_dies_before_we_are_in_is_replaced() {
    for at in 0..50 {
        let mut sim = Sim::new(true, 10);
        sim.handle(Event::Join(introduction()));
        sim.run(at);
        sim.act(Act::GoSilent, 20_000);
        assert_eq!(sim.link.status(), LinkStatus::Up, "{at}");
    }
}

#[test]
fn whoever_uses_the_link_is_told_when_it_is_lost_and_when_it_is_back() {
    let mut sim = Sim::joined();
    sim.news.clear();
    sim.act(Act::Cut, 1000);
    let news: Vec<&News> = sim.news.iter().map(|(_, news)| news).collect();
    assert_eq!(news, [&News::Lost, &News::Up { anew: false }]);
}

#[test]
fn no_more_than_256_messages_wait_for_a_server() {
    let mut sim = Sim::joined();
    sim.act(Act::Move(10_000), 10);
    for _ in 0..300 {
        sim.act(Act::ClientSays, 1);
    }
    sim.run(20_000);
    let heard = sim.all_server_heard();
    assert_eq!(heard, [&(0..256).collect::<Vec<u32>>()]);
}
