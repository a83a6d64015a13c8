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
    cluster_message::{ClusterMessage, Outgoing, RemoteClient, ToOthers, line},
    guest::Guest,
    hub::{House, Lobby},
    key::{Node, SecretHash},
    lines::AT_ONCE,
    model_test::check,
    owner::Claims,
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
    hub_with(None)
}

fn hub_with(others: Option<ToOthers>) -> Shards {
    let house = House {
        max_people: 1000,
        lobby: Lobby::Open,
        claims: Claims::new(b"key"),
        cluster: (Node(1), others),
        memory: Memory::of(None),
        metrics: Arc::new(Metrics::new()),
    };
    Shards::new(&house, Arc::new(None), 8).expect("randomness")
}

/// Tells everybody what is new, other servers too.
fn flush(hub: &Shards) {
    for part in 0..hub.parts() {
        hub.flush_presence(part, Instant::now());
    }
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
    const LINES: usize = 50;
    let hub = hub();
    let people = 2 * AT_ONCE;
    let guests: Vec<Guest> = (0..people)
        .map(|n| enter(&hub, &format!("guest {n}"), "hall"))
        .collect();
    together(|n| {
        let mut speaker = guests[n].clone();
        for said in 0..LINES {
            speaker.say(
                &hub,
                &json!({ "type": "message", "text": format!("{n}: {said}") }).to_string(),
            );
        }
    });
    for part in 0..hub.parts() {
        while hub.hand_out_some(part) {}
    }
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
            flush(&hub);
            hub.disconnect(next.at, true, Instant::now());
        }
    });
    assert_eq!(lost.into_inner(), 0, "sessions that could not go on");
    check(&hub);
    for part in hub.each() {
        let (directory, _) = part.parts();
        assert!(directory.clients.is_empty() && directory.rooms.is_empty());
    }
}

#[test]
fn whoever_wanted_to_go_on_with_a_session_that_is_gone_comes_into_the_room_where_it_is() {
    let (say, _others) = line(10);
    let hub = hub_with(Some(say));
    for n in 0..20 {
        let gone = RemoteClient {
            key: 1,
            name: "Ann".to_owned(),
            busy: false,
            away: false,
            since: 7,
            person: format!("ann {n}"),
            secret: SecretHash::of("secret"),
            before: None,
        };
        let room: Arc<str> = format!("before-{n}").into();
        let host = enter(&hub, "Host", &room);
        flush(&hub);
        hub.change_remote_clients(Node(2), &room, vec![gone], &[]);
        assert_eq!(hub.names_in(&room).1, 1);
        let mut guest = Guest::come(&hub).expect("randomness");
        guest.say(&hub, r#"{"type":"resume","id":"secret","heard":0}"#);
        hub.change_remote_clients(Node(2), &room, Vec::new(), &[1]);
        guest.say(&hub, r#"{"type":"username","name":"Ann","room":"hall"}"#);
        check(&hub);
        assert_eq!(hub.names_in("hall").0, ["Ann"]);
        hub.disconnect(guest.at, true, Instant::now());
        hub.disconnect(host.at, true, Instant::now());
        flush(&hub);
    }
}

#[test]
fn whoever_has_a_name_does_not_become_somebody_else_by_another() {
    let (say, _others) = line(1000);
    let hub = hub_with(Some(say));
    let mut thief = Guest::come(&hub).expect("randomness");
    thief.say(&hub, r#"{"type":"resume","id":"secret","heard":0}"#);
    thief.say(&hub, r#"{"type":"username","name":"Mia","room":"red"}"#);
    flush(&hub);
    let ann = RemoteClient {
        key: 1,
        name: "Ann".to_owned(),
        busy: false,
        away: false,
        since: 7,
        person: "ann".to_owned(),
        secret: SecretHash::of("other"),
        before: None,
    };
    hub.change_remote_clients(Node(2), &"red".into(), vec![ann.clone()], &[]);
    // Their own session is known by then under another server's name: nobody is added, and nobody taken over.
    let own = RemoteClient {
        key: 2,
        secret: SecretHash::of("secret"),
        name: "Zoe".to_owned(),
        person: "zoe".to_owned(),
        ..ann
    };
    hub.change_remote_clients(Node(2), &"red".into(), vec![own], &[]);
    thief.say(&hub, r#"{"type":"username","name":"Max","room":"red"}"#);
    check(&hub);
    assert_eq!(
        hub.names_in("red"),
        (vec!["Ann".to_owned(), "Max".to_owned()], 1)
    );
    hub.disconnect(thief.at, true, Instant::now());
    flush(&hub);
    check(&hub);
    assert!(hub.names_in("red").0.is_empty(), "nobody is left behind");
}

#[test]
fn a_name_for_another_id_opens_no_room() {
    let (say, mut others) = line(1000);
    let hub = hub_with(Some(say));
    let mut stranger = Guest::come(&hub).expect("randomness");
    for n in 0..10 {
        let said =
            json!({ "type": "username", "id": "made up", "name": "Mia", "room": format!("r{n}") });
        stranger.say(&hub, &said.to_string());
    }
    assert!(others.try_next().is_none());
    assert!(hub.open_rooms().is_empty());
}

#[test]
fn whoever_is_put_out_is_sent_nothing_more() {
    let hub = hub();
    let ann = enter(&hub, "Ann", "red");
    let bob = enter(&hub, "Bob", "red");
    let who = hub.people();
    let who = who.iter().find(|person| person.key == ann.at.key);
    assert!(hub.end(who.expect("here").key) && !hub.end(ann.at.key));
    assert!(ann.next().is_none(), "what had waited");
    assert!(bob.next().is_some());
    assert_eq!(hub.names_in("red").0, ["Bob"]);
    check(&hub);
}

#[test]
fn whoever_comes_while_the_server_stops_hears_what_there_is_to_hear() {
    let hub = hub();
    hub.stop();
    let guest = Guest::come(&hub).expect("randomness");
    assert_eq!(heard(&guest)[0]["type"], "id");
}

#[test]
fn too_many_lines_are_refused_and_neither_kept_nor_told_elsewhere() {
    let (say, mut others) = line(1000);
    let hub = hub_with(Some(say));
    let mut guests: Vec<Guest> = (0..AT_ONCE + 10)
        .map(|n| enter(&hub, &format!("guest {n}"), "hall"))
        .collect();
    for guest in &mut guests {
        for _ in 0..4 {
            guest.say(&hub, r#"{"type":"message","text":"hello"}"#);
        }
    }
    let refused = guests.iter().flat_map(heard);
    let refused = refused.filter(|said| said["code"] == "receiver-full");
    assert_eq!(refused.count(), 4 * (AT_ONCE + 10) - 256);
    let told = std::iter::from_fn(|| others.try_next())
        .filter(|out| matches!(out, Outgoing::ToRoom(_, ClusterMessage::TextToAll { .. })));
    assert_eq!(told.count(), 256);
}
