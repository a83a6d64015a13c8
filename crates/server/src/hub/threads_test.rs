//! The parts of the hub under threads that take turns in every order that Shuttle tries. What thread is next is its
//! choice at each lock, so that an order of once in a million is not left to luck.

use std::sync::Arc;

use serde_json::{Value, json};
use shuttle::{check_pct, thread};
use tokio::time::Instant;
use tungstenite::Message as Frame;

use super::{
    guest::Guest,
    hub::{House, Lobby},
    key::Node,
    model_test::check,
    owner::Claims,
    shards::Shards,
};
use crate::{limits::Memory, metrics::Metrics, queue::Closed};

/// How many orders are tried, with how many changes of thread that the scheduler forces (PCT, Burckhardt et al. 2010).
const ORDERS: usize = 2000;
const CHANGES: usize = 3;

/// Two parts; the rooms `red` and `blue` are in different ones.
fn hub(memory: Memory) -> Arc<Shards> {
    let house = House {
        max_people: 1000,
        lobby: Lobby::Open,
        claims: Claims::new(b"key"),
        cluster: (Node(1), None),
        memory,
        metrics: Arc::new(Metrics::new()),
    };
    let seeded = |seed| Shards::seeded(&house, Arc::new(None), 2, seed);
    let apart = |hub: &Shards| hub.place_of("red") != hub.place_of("blue");
    let mut hubs = (0..).map(seeded);
    Arc::new(hubs.find(apart).expect("one seed in two"))
}

fn heard(guest: &Guest) -> Vec<Value> {
    let frames = std::iter::from_fn(|| guest.next()).filter(Frame::is_text);
    let texts = frames.map(|frame| frame.into_text().expect("UTF-8"));
    texts
        .map(|text| serde_json::from_str(&text).expect("JSON"))
        .collect()
}

fn enter(hub: &Shards, name: &str, room: &str) -> (Guest, String) {
    let guest = Guest::enter(hub, name, room).expect("randomness");
    let id = heard(&guest).into_iter().find(|said| said["type"] == "id");
    let id = id.expect("the first message");
    let secret = id["id"].as_str().expect("a secret").to_owned();
    (guest, secret)
}

/// Comes back for a session, having heard so many of its messages.
fn resume(hub: &Shards, secret: &str, heard: usize) -> Guest {
    let mut next = Guest::come(hub).expect("randomness");
    let resume = json!({ "type": "resume", "id": secret, "heard": heard });
    next.say(hub, &resume.to_string());
    next
}

fn tell_news(hub: &Shards) {
    for part in 0..hub.parts() {
        while hub.hand_out_some(part) {}
        hub.flush_presence(part, Instant::now());
        hub.expire(part, Instant::now());
    }
}

/// The lines that are among what was said.
fn lines(said: &[Value]) -> Vec<u64> {
    let lines = said.iter().filter(|said| said["type"] == "message");
    lines.filter_map(|line| line["text"].as_u64()).collect()
}

#[test]
fn a_session_goes_on_whoever_else_comes_and_goes() {
    let goes_on = || {
        let hub = hub(Memory::of(None));
        let threads = ["red", "blue"].map(|room| {
            let hub = hub.clone();
            thread::spawn(move || {
                let (guest, secret) = enter(&hub, "Ann", room);
                hub.disconnect(guest.at, false, Instant::now());
                let next = resume(&hub, &secret, 0);
                let is_back = heard(&next).iter().any(|said| said["type"] == "resumed");
                assert!(is_back, "the session in {room} is lost");
                hub.disconnect(next.at, true, Instant::now());
            })
        });
        tell_news(&hub);
        check(&hub);
        for thread in threads {
            thread.join().expect("no panic");
        }
        check(&hub);
        for part in hub.each() {
            let (directory, _) = part.parts();
            assert!(directory.clients.is_empty() && directory.rooms.is_empty());
        }
    };
    check_pct(goes_on, ORDERS, CHANGES);
}

#[test]
fn every_line_comes_once_and_in_turn_whichever_connection_it_comes_over() {
    const LINES: u64 = 6;
    let in_turn = || {
        let hub = hub(Memory::of(None));
        let (receiver, secret) = enter(&hub, "Ann", "red");
        let (mut sender, _) = enter(&hub, "Bob", "red");
        let says = {
            let hub = hub.clone();
            thread::spawn(move || {
                for line in 0..LINES {
                    let line = json!({ "type": "message", "target": "Ann", "text": line });
                    sender.say(&hub, &line.to_string());
                }
                assert!(heard(&sender).iter().all(|said| said["type"] != "error"));
            })
        };
        let reads = {
            let hub = hub.clone();
            thread::spawn(move || {
                let mut read = lines(&heard(&receiver));
                let next = resume(&hub, &secret, read.len());
                // The other connection is gone later, as they are.
                hub.disconnect(receiver.at, false, Instant::now());
                read.extend(lines(&heard(&next)));
                (read, next)
            })
        };
        tell_news(&hub);
        says.join().expect("no panic");
        let (mut read, next) = reads.join().expect("no panic");
        read.extend(lines(&heard(&next)));
        assert_eq!(read, (0..LINES).collect::<Vec<_>>());
        check(&hub);
    };
    check_pct(in_turn, ORDERS, CHANGES);
}

#[test]
fn whoever_comes_while_the_server_stops_is_closed_too() {
    let stops = || {
        let hub = hub(Memory::of(None));
        let comes = ["red", "blue"].map(|room| {
            let hub = hub.clone();
            thread::spawn(move || {
                let guest = Guest::enter(&hub, "Ann", room).expect("randomness");
                heard(&guest);
                guest
            })
        });
        for key in hub.stop() {
            hub.move_away(key);
        }
        for guest in comes {
            let guest = guest.join().expect("no panic");
            heard(&guest);
            assert_eq!(guest.closed(), Some(Closed::Stopping));
        }
    };
    check_pct(stops, ORDERS, CHANGES);
}

#[test]
fn memory_is_free_again_once_everybody_has_said_what_they_had_to() {
    const LIMIT: usize = 20_000;
    let fills = || {
        let hub = hub(Memory::limited(LIMIT));
        let text = "x".repeat(5000);
        let threads = ["red", "blue"].map(|room| {
            let (hub, text) = (hub.clone(), text.clone());
            thread::spawn(move || {
                let (_ann, _) = enter(&hub, "Ann", room);
                let (mut bob, _) = enter(&hub, "Bob", room);
                let line = json!({ "type": "message", "target": "Ann", "text": text });
                for _ in 0..4 {
                    bob.say(&hub, &line.to_string());
                }
            })
        });
        for thread in threads {
            thread.join().expect("no panic");
        }
        // Whoever was about to free some has not kept the other from it.
        let used = hub.count().held;
        assert!(used <= LIMIT, "{used}");
        check(&hub);
    };
    check_pct(fills, ORDERS, CHANGES);
}
