//! Connections are made, kept, and made anew.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a test looks at what it is about"
)]

mod sim;

use std::time::Duration;

use holdfast_clock::Instant;
use holdfast_link::{Command, Event, Link, LinkStatus, Medium, News, Output};
use holdfast_protocol::{ClientMessage, ConnectionId, ErrorCode, ServerMessage};
use sim::{Act, Sim, introduction};

fn seconds(instants: &[Instant], since: Instant) -> Vec<f64> {
    let rounded = |at: &Instant| (at.since(since).as_secs_f64() * 10.0).round() / 10.0;
    instants.iter().map(rounded).collect()
}

#[test]
fn a_server_that_is_down_is_tried_ever_more_slowly() {
    let mut sim = Sim::joined();
    let start = sim.now;
    sim.dials.clear();
    sim.act(Act::ServerRestarts(60_000), 30_000);
    let dials = seconds(&sim.dials, start);
    let gaps: Vec<f64> = dials.windows(2).map(|pair| pair[1] - pair[0]).collect();
    // A quarter more at most, and the time that a refusal takes.
    for (gap, least) in gaps.iter().zip([0.3, 1.2, 2.7, 4.8, 7.0]) {
        assert!((least..least * 1.25 + 0.11).contains(gap), "{gaps:?}");
    }
    assert!(dials.len() <= 7, "{dials:?}");
    assert_eq!(sim.link.status(), LinkStatus::Down);
    sim.run(40_000);
    assert_eq!(sim.link.status(), LinkStatus::Up);
}

#[test]
fn the_first_attempt_after_a_break_is_made_at_once() {
    let mut sim = Sim::joined();
    let start = sim.now;
    sim.dials.clear();
    sim.act(Act::Cut, 200);
    assert_eq!(sim.dials, [start]);
    assert_eq!(sim.link.status(), LinkStatus::Up);
}

#[test]
fn an_attempt_that_hangs_is_given_up_after_three_seconds() {
    let mut sim = Sim::new(true, 10);
    sim.act(Act::ServerHangs(3500), 0);
    sim.handle(Event::Join(introduction()));
    sim.run(2990);
    assert_eq!(sim.dials.len(), 1);
    assert_eq!(sim.link.status(), LinkStatus::Connecting);
    sim.run(3100);
    assert!(sim.dials.len() > 1, "tried again");
}

#[test]
fn the_first_connection_to_open_wins_and_the_old_one_is_closed() {
    let mut sim = Sim::joined();
    assert_eq!(sim.open.len(), 1);
    // The old connection lives on: the network only may have moved.
    sim.handle(Event::NetworkMoved { online: true });
    sim.run(500);
    assert_eq!(sim.open.len(), 1, "{:?}", sim.open);
    assert_eq!(sim.link.status(), LinkStatus::Up);
}

#[test]
fn a_connection_that_answers_is_kept_and_the_attempt_beside_it_given_up() {
    let mut sim = Sim::joined();
    let before = sim.open.clone();
    sim.dials.clear();
    // Answers faster than a new connection is made.
    sim.handle(Event::NetworkMoved { online: true });
    sim.run(2000);
    assert_eq!(sim.open, before);
}

#[test]
fn what_a_connection_that_was_given_up_says_means_nothing() {
    let mut sim = Sim::joined();
    let old = *sim.open.first().expect("open");
    sim.act(Act::Move(100), 5000);
    assert_eq!(sim.link.status(), LinkStatus::Up);
    let news = sim.news.len();
    sim.handle(Event::Closed(old));
    sim.handle(Event::Received(
        old,
        ServerMessage::PeerGone {
            name: "Bob".into(),
            person: None,
        },
    ));
    sim.handle(Event::Unreadable(old));
    assert_eq!(sim.news.len(), news);
    assert_eq!(sim.link.status(), LinkStatus::Up);
}

#[test]
fn two_clients_do_not_come_back_at_the_same_moment() {
    let times = |seed| {
        let mut link = Link::new(Medium::Network, seed);
        let mut now = Instant::START;
        link.handle(Event::Join(introduction()), now);
        let mut times = Vec::new();
        for socket in 1..6 {
            link.handle(Event::Closed(socket), now);
            now = link.poll_timeout().expect("tried again");
            link.handle_timeout(now);
            times.push(now);
        }
        times
    };
    assert_ne!(times(1), times(2));
}

#[test]
fn a_page_that_leaves_says_goodbye_and_one_that_stays_after_all_comes_back() {
    let mut sim = Sim::joined();
    sim.handle(Event::Leave);
    assert!(sim.open.is_empty());
    sim.run(1900);
    assert!(sim.open.is_empty());
    sim.run(1000);
    assert_eq!(sim.link.status(), LinkStatus::Up);
}

#[test]
fn a_link_that_is_reset_is_as_before_anybody_joined() {
    let mut sim = Sim::joined();
    sim.handle(Event::Reset);
    assert_eq!(sim.link.status(), LinkStatus::Off);
    assert_eq!(sim.link.session(), None);
    assert_eq!(sim.link.poll_timeout(), None);
    assert!(sim.open.is_empty());
    assert_eq!(sim.news.last().map(|(_, news)| news), Some(&News::Lost));
    sim.handle(Event::Join(introduction()));
    sim.run(100);
    assert_eq!(sim.link.status(), LinkStatus::Up);
    assert_eq!(sim.times_up_anew(), 0, "there is no session before");
}

#[test]
fn the_samples_socket_is_not_trusted_after_a_move() {
    let mut sim = Sim::new(false, 10);
    sim.handle(Event::Join(introduction()));
    sim.run(100);
    assert_eq!(sim.link.status(), LinkStatus::Up);
    let old = *sim.open.first().expect("open");
    sim.handle(Event::NetworkMoved { online: true });
    assert_eq!(sim.link.status(), LinkStatus::Connecting);
    sim.run(500);
    assert_eq!(sim.link.status(), LinkStatus::Up);
    assert!(!sim.open.contains(&old));
}

#[test]
fn a_new_name_is_told_at_once_and_the_given_one_kept_for_the_next_connection() {
    let mut sim = Sim::joined();
    let names = |sim: &Sim| -> Vec<String> {
        let names = sim.transmitted.iter().filter_map(|(_, said)| match said {
            ClientMessage::Username { name, .. } => Some(name.clone()),
            _ => None,
        });
        names.collect()
    };
    let renamed = holdfast_link::Introduction {
        name: "Anna".into(),
        ..introduction()
    };
    sim.handle(Event::Join(renamed));
    sim.run(100);
    assert_eq!(names(&sim), ["Ann", "Anna"]);
    let socket = *sim.open.first().expect("open");
    let (id, name) = (None, "Anna2".into());
    sim.handle(Event::Received(
        socket,
        ServerMessage::RejectUsername { id, name },
    ));
    sim.act(Act::ServerRestarts(0), 5000);
    assert_eq!(names(&sim), ["Ann", "Anna", "Anna2"]);
}

#[test]
fn what_stays_on_this_machine_is_neither_timed_nor_probed() {
    let mut link = Link::new(Medium::Local, 7);
    link.handle(Event::Join(introduction()), Instant::START);
    assert_eq!(
        link.poll_output(),
        Some(Output::Command(Command::Connect(1)))
    );
    assert_eq!(link.poll_timeout(), None);
    let id = ConnectionId::Text("tab".into());
    let hello = ServerMessage::Id {
        id,
        acked: None,
        person: None,
    };
    link.handle(Event::Received(1, hello), Instant::START);
    let users = vec!["Ann".into()];
    let list = ServerMessage::UserList { users };
    link.handle(Event::Received(1, list), Instant::START);
    assert_eq!(link.status(), LinkStatus::Up);
    while link.poll_output().is_some() {}
    link.handle(Event::NetworkMoved { online: false }, Instant::START);
    assert_eq!(link.poll_output(), None);
    link.handle(Event::Probe, Instant::START);
    let up = News::Up { anew: false };
    assert_eq!(link.poll_output(), Some(Output::News(up)));
}

#[test]
fn where_people_carry_messages_there_is_no_server_to_ask() {
    let mut link = Link::new(Medium::Manual, 7);
    link.handle(Event::Join(introduction()), Instant::START);
    while link.poll_output().is_some() {}
    link.handle(Event::Probe, Instant::START);
    assert_eq!(link.poll_output(), Some(Output::News(News::NoServer)));
    link.handle(Event::Leave, Instant::START);
    assert_eq!(link.poll_timeout(), None, "nobody to come back to");
}

#[test]
fn a_server_that_is_asked_and_answers_in_time_brings_the_backoff_to_its_beginning() {
    let mut sim = Sim::joined();
    sim.act(Act::ServerRestarts(5000), 20_000);
    assert_eq!(sim.link.status(), LinkStatus::Up);
    let start = sim.now;
    sim.dials.clear();
    sim.act(Act::Cut, 100);
    assert_eq!(sim.dials, [start], "at once again");
    assert!(Duration::from_millis(100) >= sim.now.since(start));
}

#[test]
fn a_server_that_refuses_us_is_not_asked_again_and_again() {
    let mut link = Link::new(Medium::Network, 7);
    link.handle(Event::Join(introduction()), Instant::START);
    for message in [
        ServerMessage::Id {
            id: ConnectionId::Text("a".into()),
            acked: Some(0),
            person: None,
        },
        ServerMessage::Error {
            code: ErrorCode::NoPass,
            text: "a pass is needed".into(),
            target: None,
        },
    ] {
        link.handle(Event::Received(1, message), Instant::START);
    }
    assert_eq!(link.poll_timeout(), None);
    assert!(link.owns(1) && link.status() == LinkStatus::Connecting);
}

#[test]
fn messages_that_wait_for_a_server_go_another_way_if_there_is_none() {
    let mut link = Link::new(Medium::Network, 7);
    let now = Instant::START;
    link.handle(Event::Join(introduction()), now);
    link.handle(Event::Send(ClientMessage::Ping), now);
    link.handle(Event::Reroute(Medium::Local), now);
    assert_eq!(link.poll_timeout(), None, "what is local is not timed");
    let id = ConnectionId::Text("tab".into());
    let users = vec!["Ann".into()];
    for message in [
        ServerMessage::Id {
            id,
            acked: None,
            person: None,
        },
        ServerMessage::UserList { users },
    ] {
        link.handle(Event::Received(2, message), now);
    }
    let sent = std::iter::from_fn(|| link.poll_output()).filter_map(|output| match output {
        Output::Command(Command::Transmit(2, message)) => Some(message),
        _ => None,
    });
    assert_eq!(sent.last(), Some(ClientMessage::Ping));
}

#[test]
fn messages_said_while_a_page_seems_to_close_are_kept() {
    let mut sim = Sim::new(false, 10);
    sim.handle(Event::Join(introduction()));
    sim.run(100);
    sim.handle(Event::Leave);
    sim.handle(Event::Send(ClientMessage::Ping));
    let count = |sim: &Sim| {
        let sent = sim.transmitted.iter();
        sent.filter(|(_, message)| *message == ClientMessage::Ping)
            .count()
    };
    assert_eq!(count(&sim), 0);
    sim.run(3000);
    assert_eq!((count(&sim), sim.link.status()), (1, LinkStatus::Up));
}
