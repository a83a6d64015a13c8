//! Rooms, and how people in them learn of each other.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a test looks at what it is about"
)]

mod client;

use client::{Client, TestServer};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

fn answer(to: &str) -> Value {
    json!({"type": "video-answer", "target": to, "sdp": {"type": "answer", "sdp": ""}})
}

fn offer(target: &str) -> Value {
    json!({"type": "video-offer", "target": target, "sdp": {"type": "offer", "sdp": ""}})
}

/// A whole conversation ends in an error, and the client is in no room afterwards.
async fn refused(server: &TestServer, name: &str, room: &str) -> (Client, Value) {
    let mut client = server.connect(Some("holdfast")).await.expect("connects");
    let id = client.next_of("id").await["id"].clone();
    client
        .send(&json!({"type": "username", "name": name, "id": id, "date": 0, "room": room}))
        .await;
    let error = client.next_of("error").await;
    (client, error)
}

#[tokio::test]
async fn a_room_is_a_world_of_its_own() {
    let server = TestServer::start().await;
    let mut ann = server.enter("Ann", "red").await;
    let mut other_ann = server.enter("Ann", "blue").await;
    let mut bob = server.enter("Bob", "blue").await;
    assert_eq!(other_ann.next_of("").await, json!({"+": ["Bob"]}));
    ann.send(&json!({"type": "message", "text": "hi", "date": 0, "target": "Bob"}))
        .await;
    assert_eq!(ann.next_of("error").await["code"], "no-such-user");
    ann.assert_nothing_waits().await;
    bob.send(&json!({"type": "message", "text": "to all", "date": 0}))
        .await;
    assert_eq!(other_ann.next().await["text"], "to all");
    ann.assert_nothing_waits().await;
    server.stop().await;
}

#[tokio::test]
async fn who_comes_in_is_told_everything_and_the_others_what_has_changed() {
    let server = TestServer::start().await;
    let mut ann = server.enter("Ann", "r").await;
    let mut bob = server.enter("Bob", "r").await;
    assert_eq!(ann.next().await, json!({"+": ["Bob"]}));
    bob.send(&offer("Ann")).await;
    ann.next_of("video-offer").await;
    ann.send(&answer("Bob")).await;
    assert_eq!(ann.next().await, json!({"busy": ["Ann", "Bob"]}));
    let mut client = server.connect(Some("holdfast")).await.expect("connects");
    let id = client.next_of("id").await["id"].clone();
    let hello = json!({"type": "username", "name": "Zoe", "id": id, "date": 0, "room": "r"});
    client.send(&hello).await;
    client.next_of("named").await;
    assert_eq!(
        client.next().await,
        json!({"type": "people", "version": 4, "free": ["Zoe"], "busy": ["Ann", "Bob"]})
    );
    ann.next().await;
    bob.send(&json!({"type": "username", "name": "Bert", "date": 0, "room": "r"}))
        .await;
    assert_eq!(ann.next().await, json!({"busy": ["Bert"], "-": ["Bob"]}));
    bob.send(&json!({"type": "hang-up", "target": "Ann"})).await;
    ann.next_of("hang-up").await;
    assert_eq!(ann.next().await, json!({"+": ["Ann", "Bert"]}));
    bob.leave().await;
    assert_eq!(ann.next().await, json!({"-": ["Bert"]}));
    server.stop().await;
}

#[tokio::test]
async fn the_samples_hang_up_to_everybody_makes_both_free_again() {
    let server = TestServer::start().await;
    let mut ann = server.enter("Ann", "").await;
    let mut sample = server.join("Sam").await;
    ann.next_of("").await;
    sample.send(&offer("Ann")).await;
    ann.next_of("video-offer").await;
    ann.send(&answer("Sam")).await;
    assert_eq!(ann.next().await, json!({"busy": ["Ann", "Sam"]}));
    sample
        .send(&json!({"type": "hang-up", "target": null}))
        .await;
    ann.next_of("hang-up").await;
    assert_eq!(ann.next().await, json!({"+": ["Ann", "Sam"]}));
    server.stop().await;
}

#[tokio::test]
async fn changes_are_gathered_and_a_change_that_is_undone_is_none() {
    let server = TestServer::start().await;
    let mut ann = server.enter("Ann", "r").await;
    let mut others = Vec::new();
    for _ in 0..40 {
        others.push(server.connect(Some("holdfast")).await.expect("connects"));
    }
    for (n, other) in others.iter_mut().enumerate() {
        let name = format!("P{n}");
        let hello = json!({"type": "username", "name": name, "date": 0, "room": "r"});
        other.send(&hello).await;
        if n % 2 == 1 {
            // In and out again.
            other.send_frame(Message::Close(None)).await;
        }
    }
    let (mut came, mut messages) = (0, 0);
    while came < 20 {
        let change = ann.next().await;
        let list = |key: &str| change[key].as_array().map_or(0, Vec::len);
        came += list("+");
        came -= list("-");
        messages += 1;
    }
    assert!(messages < 20, "{messages} messages for 40 joins");
    server.stop().await;
}

#[tokio::test]
async fn who_comes_back_is_told_no_more_than_they_missed() {
    let server = TestServer::start().await;
    let ann = server.enter("Ann", "r").await;
    let id = ann.id.clone();
    ann.vanish();
    let resume = async |people: u32| {
        let mut ann = server.connect(Some("holdfast")).await.expect("connects");
        ann.next_of("id").await;
        ann.send(&json!({"type": "resume", "id": id, "heard": 0, "people": people}))
            .await;
        ann.next_of("resumed").await;
        ann
    };
    let mut ann = resume(1).await;
    ann.assert_nothing_waits().await;
    let _bob = server.enter("Bob", "r").await;
    assert_eq!(ann.next().await, json!({"+": ["Bob"]}));
    ann.vanish();
    let mut ann = resume(1).await;
    let people = ann.next_of("people").await;
    assert_eq!(
        (&people["free"], &people["version"]),
        (&json!(["Ann", "Bob"]), &json!(2))
    );
    server.stop().await;
}

#[tokio::test]
async fn what_is_long_is_compressed_and_nothing_else() {
    let server = TestServer::start().await;
    let mut clients = Vec::new();
    for n in 0..60 {
        clients.push(server.enter(&format!("Somebody{n}"), "r").await);
    }
    let mut last = server.connect(Some("holdfast")).await.expect("connects");
    last.next_of("id").await;
    last.send(&json!({"type": "username", "name": "Last", "date": 0, "room": "r"}))
        .await;
    last.next_of("named").await;
    match last.next_frame().await {
        Message::Binary(packed) => assert!(packed.len() < 400, "{} bytes", packed.len()),
        other => panic!("{other:?}"),
    }
    loop {
        match clients[0].next_frame().await {
            Message::Text(text) if text.as_str() == r#"{"+":["Last"]}"# => break,
            Message::Text(_) | Message::Ping(_) => {}
            other => panic!("{other:?}"),
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn a_room_that_cannot_be_entered_is_refused_with_a_sentence() {
    let server = TestServer::with(|options| options.max_per_room = 2).await;
    for room in ["a b", "ä", &"x".repeat(65)] {
        let (_, error) = refused(&server, "Ann", room).await;
        assert_eq!(error["code"], "room-name", "{room}");
    }
    let mut ann = server.enter("Ann", "r").await;
    ann.send(&json!({"type": "username", "name": "Ann", "date": 0, "room": "s"}))
        .await;
    assert_eq!(ann.next_of("error").await["code"], "other-room");
    let bob = server.enter("Bob", "r").await;
    let (mut zoe, error) = refused(&server, "Zoe", "r").await;
    assert_eq!(error["code"], "room-full");
    assert!(
        error["text"]
            .as_str()
            .is_some_and(|text| text.contains('2'))
    );
    // Who is in can still change their name, and who was refused can come later.
    ann.send(&json!({"type": "username", "name": "Anna", "date": 0, "room": "r"}))
        .await;
    bob.leave().await;
    loop {
        let change = ann.next_of("").await;
        if change["-"].to_string().contains("Bob") {
            break;
        }
    }
    zoe.send(&json!({"type": "username", "name": "Zoe", "date": 0, "room": "r"}))
        .await;
    assert_eq!(zoe.next_of("people").await["free"], json!(["Anna", "Zoe"]));
    server.stop().await;
}

#[tokio::test]
async fn nobody_is_thrown_out_by_what_somebody_else_sends_and_the_name_stays_theirs() {
    let server = TestServer::start().await;
    let mut victim = server.enter("Ann", "").await;
    let mut thief = server.enter("Eve", "").await;
    victim.next_of("").await;
    let large = "x".repeat(60_000);
    for _ in 0..55 {
        thief
            .send(&json!({"type": "message", "text": large, "target": "Ann", "date": 0}))
            .await;
    }
    thief
        .send(&json!({"type": "username", "name": "Ann", "date": 0}))
        .await;
    assert_eq!(thief.next_of("rejectusername").await["name"], "Ann2");
    victim
        .send(&json!({"type": "message", "text": "still here", "target": "Ann", "date": 0}))
        .await;
    while victim.next_of("message").await["text"] != "still here" {}
    server.stop().await;
}

#[tokio::test]
async fn nobody_rings_everybody() {
    let server = TestServer::start().await;
    for subprotocol in ["holdfast", "json"] {
        let mut ann = server.enter("Ann", "").await;
        let mut loud = server.connect(Some(subprotocol)).await.expect("connects");
        loud.next_of("id").await;
        loud.send(&json!({"type": "username", "name": "Loud", "date": 0}))
            .await;
        for kind in [
            "video-offer",
            "video-answer",
            "new-ice-candidate",
            "ringing",
            "rejoin",
        ] {
            loud.send(&json!({"type": kind, "sdp": {}})).await;
            assert_eq!(loud.next_of("error").await["code"], "target", "{kind}");
        }
        ann.next_of("").await;
        ann.assert_nothing_waits().await;
        loud.leave().await;
        ann.leave().await;
    }
    server.stop().await;
}

#[tokio::test]
async fn only_who_was_called_can_say_yes_and_only_then_are_the_two_in_a_call() {
    let server = TestServer::start().await;
    let mut ann = server.enter("Ann", "").await;
    let mut bob = server.enter("Bob", "").await;
    let mut eve = server.enter("Eve", "").await;
    for _ in 0..2 {
        ann.next_of("").await;
    }
    // Unasked.
    for kind in ["video-answer", "accepted"] {
        eve.send(&json!({"type": kind, "target": "Ann", "sdp": {}}))
            .await;
        ann.next_of(kind).await;
    }
    ann.send(&offer("Bob")).await;
    bob.next_of("video-offer").await;
    ann.assert_nothing_waits().await;
    bob.send(&json!({"type": "accepted", "target": "Ann"}))
        .await;
    ann.next_of("accepted").await;
    assert_eq!(ann.next().await, json!({"busy": ["Ann", "Bob"]}));
    // Whoever wants to call them as well changes nothing, however many.
    let mut others = Vec::new();
    for n in 0..20 {
        let mut other = server.enter(&format!("P{n}"), "").await;
        other.send(&offer("Ann")).await;
        ann.next_of("video-offer").await;
        others.push(other);
    }
    let mut zoe = server.connect(Some("holdfast")).await.expect("connects");
    zoe.next_of("id").await;
    zoe.send(&json!({"type": "username", "name": "Zoe", "date": 0}))
        .await;
    assert_eq!(zoe.next_of("people").await["busy"], json!(["Ann", "Bob"]));
    server.stop().await;
}

#[tokio::test]
async fn a_message_for_a_session_goes_to_nobody_else_who_has_its_name() {
    let server = TestServer::start().await;
    let mut ann = server.enter("Ann", "").await;
    let mut bob = server.enter("Bob", "").await;
    ann.next_of("").await;
    bob.send(&offer("Ann")).await;
    let bobs = ann.next_of("video-offer").await["from"].clone();
    let there = json!({"type": "ringing", "target": "Bob", "to": bobs});
    ann.send(&there).await;
    let anns = bob.next_of("ringing").await["from"].clone();
    assert_ne!(anns, bobs);
    // Whatever somebody says of where it comes from, the server knows better.
    bob.send(&json!({"type": "ringing", "target": "Ann", "from": anns}))
        .await;
    assert_eq!(ann.next_of("ringing").await["from"], bobs);
    bob.leave().await;
    assert_eq!(ann.next_of("peer-gone").await["person"], bobs);
    let mut thief = server.enter("Bob", "").await;
    ann.send(&there).await;
    assert_eq!(ann.next_of("error").await["code"], "no-such-user");
    // In another room, it cannot be reached either.
    let mut other = server.enter("Cat", "elsewhere").await;
    other
        .send(&json!({"type": "ringing", "target": "Ann", "to": anns}))
        .await;
    assert_eq!(other.next_of("error").await["code"], "no-such-user");
    thief.assert_nothing_waits().await;
    server.stop().await;
}

#[tokio::test]
async fn where_there_is_no_lobby_one_comes_by_the_link_of_a_room() {
    let server = TestServer::with(|options| options.no_lobby = true).await;
    for (room, told) in [("", "error"), ("red", "people")] {
        let mut client = server.connect(Some("holdfast")).await.expect("connects");
        let id = client.next_of("id").await["id"].clone();
        let hello = json!({"type": "username", "name": "Ann", "id": id, "date": 0, "room": room});
        client.send(&hello).await;
        let answer = client.next_of(told).await;
        if told == "error" {
            assert_eq!(answer["code"], "room-name");
            assert_eq!(
                answer["text"],
                "there is no lobby here; come by the link of a room"
            );
        }
    }
}

#[tokio::test]
async fn where_nobody_is_listed_one_meets_by_the_link_of_a_room() {
    let server = TestServer::with(|options| options.no_list = true).await;
    let come = async |name: &str, room: &str| {
        let mut client = server.connect(Some("holdfast")).await.expect("connects");
        let id = client.next_of("id").await["id"].clone();
        let hello = json!({"type": "username", "name": name, "id": id, "date": 0, "room": room});
        client.send(&hello).await;
        let people = client.next_of("people").await;
        let people: Vec<String> =
            serde_json::from_value(people["free"].clone()).unwrap_or_default();
        client.id = id;
        (client, people)
    };
    // Not even oneself, nor is a name taken.
    let (mut ann, seen) = come("Ann", "").await;
    assert_eq!(seen, Vec::<String>::new());
    let (mut bob, seen) = come("Ann", "").await;
    assert_eq!(seen, Vec::<String>::new());
    for message in [
        json!({"type": "username", "name": "Bob", "id": bob.id, "date": 0, "room": ""}),
        json!({"type": "message", "text": "hello, all", "date": 0}),
        json!({"type": "message", "target": "Ann", "text": "hello, Ann", "date": 0}),
    ] {
        bob.send(&message).await;
    }
    assert_eq!(bob.next_of("message").await["text"], "hello, all");
    assert_eq!(bob.next_of("error").await["code"], "no-such-user");
    ann.assert_nothing_waits().await;
    // The sample's clients learn as little.
    let mut old = server.connect(Some("json")).await.expect("connects");
    let id = old.next_of("id").await["id"].clone();
    old.send(&json!({"type": "username", "name": "Old", "id": id, "date": 0}))
        .await;
    assert_eq!(old.next_of("userlist").await["users"], json!([]));
    // In a room all is as ever; and there is no way into somebody's own lobby.
    let _carol = come("Carol", "den").await;
    assert_eq!(come("Dave", "den").await.1, ["Carol", "Dave"]);
    let mut eve = server.connect(Some("holdfast")).await.expect("connects");
    eve.next_of("id").await;
    for room in ["~1", "~2", "~33"] {
        eve.send(&json!({"type": "username", "name": "Eve", "date": 0, "room": room}))
            .await;
        assert_eq!(eve.next_of("error").await["code"], "room-name");
    }
    // A session that goes on is where it was.
    let secret = ann.id.clone();
    ann.vanish();
    let mut ann = server.connect(Some("holdfast")).await.expect("connects");
    ann.send(&json!({"type": "resume", "id": secret, "heard": 0}))
        .await;
    ann.next_of("resumed").await;
    ann.assert_nothing_waits().await;
    server.stop().await;
}
