//! Many threads at once, as the server has them.

use std::{
    sync::{
        Arc, Barrier,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use serde_json::{Value, json};
use tokio::time::Instant;
use tungstenite::Message as Frame;

use super::{
    guest::Guest, hub::House, key::Node, lines::AT_ONCE, model_test::check, owner::Claims,
    shards::Shards,
};
use crate::{limits::Memory, metrics::Metrics};

const THREADS: usize = 4;

/// What has come and is in words.
fn heard(guest: &Guest) -> Vec<Value> {
    let frames = std::iter::from_fn(|| guest.next());
    let texts = frames.filter(Frame::is_text);
    let texts = texts.map(|frame| frame.into_text().expect("UTF-8"));
    texts
        .map(|text| serde_json::from_str(&text).expect("JSON"))
        .collect()
}

fn secret(guest: &Guest) -> String {
    let id = heard(guest).into_iter().find(|said| said["type"] == "id");
    let id = id.expect("the first message");
    id["id"].as_str().expect("a secret").to_owned()
}

fn enter(hub: &Shards, name: &str, room: &str) -> Guest {
    Guest::enter(hub, name, room).expect("randomness")
}

fn hub() -> Shards {
    let house = House {
        max_people: 1000,
        claims: Claims::new(b"key"),
        cluster: (Node(1), None),
        memory: Memory::of(None),
        metrics: Arc::new(Metrics::new()),
    };
    Shards::new(&house, Arc::new(None), 8).expect("randomness")
}

/// Does the same on all threads at once.
fn together(act: impl Fn(usize) + Sync) {
    let start = Barrier::new(THREADS);
    thread::scope(|scope| {
        for n in 0..THREADS {
            let (act, start) = (&act, &start);
            scope.spawn(move || {
                start.wait();
                act(n);
            });
        }
    });
}

#[test]
fn all_in_a_large_room_read_the_same_lines_in_the_same_order() {
    const LINES: usize = 100;
    let hub = hub();
    let people = 2 * AT_ONCE;
    let guests: Vec<Guest> = (0..people)
        .map(|n| enter(&hub, &format!("guest {n}"), "hall"))
        .collect();
    together(|n| {
        let mut speaker = guests[n].clone();
        for line in 0..LINES {
            speaker.say(
                &hub,
                &json!({ "type": "message", "text": format!("{n}: {line}") }).to_string(),
            );
        }
    });
    let lines = |guest: &Guest| -> Vec<String> {
        let heard = heard(guest).into_iter();
        let lines = heard.filter(|said| said["type"] == "message");
        lines
            .map(|said| said["text"].as_str().expect("a text").to_owned())
            .collect()
    };
    let first = lines(&guests[0]);
    assert_eq!(first.len(), THREADS * LINES);
    for guest in &guests[1..] {
        assert!(lines(guest) == first, "another order");
    }
}

#[test]
fn whoever_comes_goes_and_comes_back_at_once_the_parts_stay_whole() {
    const ROUNDS: usize = 300;
    let hub = hub();
    let lost = AtomicUsize::new(0);
    together(|n| {
        for round in 0..ROUNDS {
            let room = format!("room{}", round % 7);
            let guest = enter(&hub, &format!("guest {n}"), &room);
            let secret = secret(&guest);
            hub.disconnect(guest.at, false, Instant::now());
            let mut next = Guest::come(&hub).expect("randomness");
            next.say(
                &hub,
                &json!({ "type": "resume", "id": secret, "heard": 0 }).to_string(),
            );
            let is_back = heard(&next).iter().any(|said| said["type"] == "resumed");
            lost.fetch_add(usize::from(!is_back), Ordering::Relaxed);
            for part in 0..hub.parts() {
                hub.flush_presence(part, Instant::now());
            }
            hub.disconnect(next.at, true, Instant::now());
        }
    });
    assert_eq!(lost.into_inner(), 0, "sessions that could not go on");
    for part in hub.each() {
        let (directory, remotes) = part.parts();
        check(directory, remotes);
        assert!(directory.clients.is_empty() && directory.rooms.is_empty());
    }
}
