//! In our own subprotocol, a session outlives its connection.

mod client;

use client::{Client, TestServer};
use serde_json::{Value, json};

async fn join(server: &TestServer, name: &str) -> Client {
    server.enter(name, "").await
}

/// Another connection asks for the session with that id.
async fn resume(server: &TestServer, id: &Value, heard: Option<u32>) -> Client {
    let mut client = server
        .connect(Some("holdfast, json"))
        .await
        .expect("connects");
    client.next_of("id").await;
    client
        .send(&json!({"type": "resume", "id": id, "heard": heard}))
        .await;
    client.id = id.clone();
    client
}

fn text(text: &str, target: &str) -> Value {
    json!({"type": "message", "text": text, "date": 0, "target": target})
}

#[tokio::test]
async fn a_session_goes_on_over_another_connection_and_nobody_sees_a_leave() {
    let server = TestServer::start().await;
    let mut ann = join(&server, "Ann").await;
    let mut bob = join(&server, "Bob").await;
    ann.next_of("").await;
    // What is said while she is away, and what was said but is not counted as heard, comes
    // afterwards, in order, once. News of people are not counted.
    bob.send(&text("one", "Ann")).await;
    assert_eq!(ann.next_of("message").await["text"], "one");
    let id = ann.id.clone();
    ann.vanish();
    bob.send(&text("two", "Ann")).await;
    bob.send(&json!({"type": "ping"})).await;
    bob.next_of("heard").await;
    let mut ann = resume(&server, &id, Some(0)).await;
    assert_eq!(ann.next().await["text"], "one");
    assert_eq!(ann.next().await["text"], "two");
    assert_eq!(ann.next().await["heard"], 0);
    bob.send(&text("three", "Ann")).await;
    assert_eq!(ann.next_of("message").await["text"], "three");
    ann.send(&text("still Ann", "Bob")).await;
    let heard = bob.next().await;
    assert_eq!(
        (&heard["text"], &heard["name"]),
        (&json!("still Ann"), &json!("Ann"))
    );
    server.stop().await;
}

#[tokio::test]
async fn the_server_says_how_much_of_the_client_it_has_heard() {
    let server = TestServer::start().await;
    let mut ann = join(&server, "Ann").await;
    for n in 0..20 {
        ann.send(&text(&n.to_string(), "Ann")).await;
        ann.next_of("message").await;
    }
    ann.send(&json!({"type": "ping"})).await;
    let mut heard = ann.next_of("heard").await;
    if heard["heard"] == 16 {
        heard = ann.next_of("heard").await;
    }
    assert_eq!(heard["heard"], 20);
    let id = ann.id.clone();
    let mut again = resume(&server, &id, Some(21)).await;
    assert_eq!(again.next_of("resumed").await["heard"], 20);
    // The connection before is closed, in words.
    let close = ann.closed().await.expect("a close frame");
    assert!(close.reason.contains("another connection"), "{close:?}");
    server.stop().await;
}

#[tokio::test]
async fn a_page_that_was_loaded_anew_is_told_who_is_here_and_nothing_old() {
    let server = TestServer::start().await;
    let mut ann = join(&server, "Ann").await;
    let mut bob = join(&server, "Bob").await;
    ann.next_of("").await;
    let id = ann.id.clone();
    ann.vanish();
    bob.send(&text("meant for the page before", "Ann")).await;
    bob.send(&json!({"type": "ping"})).await;
    bob.next_of("heard").await;
    let mut ann = resume(&server, &id, None).await;
    assert_eq!(ann.next_of("resumed").await["heard"], 0);
    let people = ann.next().await;
    assert_eq!(people["free"], json!(["Ann", "Bob"]));
    bob.send(&text("new", "Ann")).await;
    assert_eq!(ann.next().await["text"], "new");
    server.stop().await;
}

#[tokio::test]
async fn a_session_that_never_was_or_is_over_is_refused_and_the_connection_can_come_in() {
    let server = TestServer::start().await;
    let mut thief = resume(&server, &json!("0123456789abcdef0123456789abcdef"), Some(0)).await;
    assert_eq!(thief.next().await["code"], "session-over");
    // Without a name there is no session to resume.
    let mut nameless = server.connect(Some("holdfast")).await.expect("connects");
    let id = nameless.next_of("id").await["id"].clone();
    nameless.vanish();
    let mut late = resume(&server, &id, Some(0)).await;
    assert_eq!(late.next().await["code"], "session-over");
    // A client of the sample has none either.
    let ann = server.join("Ann").await;
    let mut other = resume(&server, &ann.id, Some(0)).await;
    assert_eq!(other.next().await["code"], "session-over");
    server.stop().await;
}

#[tokio::test]
async fn whoever_says_goodbye_is_gone_at_once() {
    let server = TestServer::start().await;
    let ann = join(&server, "Ann").await;
    let mut bob = join(&server, "Bob").await;
    ann.leave().await;
    assert_eq!(bob.next_of("").await, json!({"-": ["Ann"]}));
    server.stop().await;
}

#[tokio::test]
async fn nobody_ends_the_session_of_somebody_who_is_away_by_sending_much() {
    let server = TestServer::start().await;
    let mut ann = join(&server, "Ann").await;
    let mut bob = join(&server, "Bob").await;
    let mut zoe = join(&server, "Zoe").await;
    let id = ann.id.clone();
    ann.next_of("").await;
    ann.vanish();
    for _ in 0..300 {
        bob.send(&text("hello?", "Ann")).await;
    }
    assert_eq!(bob.next_of("error").await["code"], "receiver-full");
    // Others still get through.
    zoe.send(&text("it is me", "Ann")).await;
    zoe.send(&json!({"type": "ping"})).await;
    zoe.next_of("heard").await;
    let mut ann = resume(&server, &id, Some(0)).await;
    while ann.next_of("message").await["text"] != "it is me" {}
    ann.next_of("resumed").await;
    server.stop().await;
}

#[tokio::test]
async fn what_is_said_between_one_client_and_the_server_is_not_passed_on() {
    let server = TestServer::start().await;
    let mut ann = join(&server, "Ann").await;
    let mut zoe = server.join("Zoe").await;
    ann.next_of("").await;
    for kind in ["heard", "resume", "ping", "resumed"] {
        zoe.send(&json!({"type": kind, "heard": 4_000_000_000_u32, "target": "Ann"}))
            .await;
        assert_eq!(zoe.next_of("error").await["code"], "server-type", "{kind}");
    }
    ann.assert_nothing_waits().await;
    server.stop().await;
}

#[tokio::test]
async fn whoever_is_in_takes_over_no_other_session() {
    let server = TestServer::start().await;
    let ann = join(&server, "Ann").await;
    let mut bob = join(&server, "Bob").await;
    bob.send(&json!({"type": "resume", "id": ann.id, "heard": 0}))
        .await;
    assert_eq!(bob.next_of("error").await["code"], "session-over");
    bob.send(&text("still Bob", "Bob")).await;
    assert_eq!(bob.next_of("message").await["name"], "Bob");
    server.stop().await;
}

#[tokio::test]
async fn what_is_refused_has_been_heard_all_the_same() {
    let server = TestServer::start().await;
    let mut ann = join(&server, "Ann").await;
    ann.send_text("{").await;
    ann.send(&text(&"x".repeat(70_000), "Ann")).await;
    ann.send(&text("hello?", "nobody")).await;
    ann.send(&json!({"type": "ping"})).await;
    assert_eq!(ann.next_of("heard").await["heard"], 3);
    server.stop().await;
}

#[tokio::test]
async fn an_id_cannot_be_guessed_from_others() {
    let server = TestServer::start().await;
    let mut ids = Vec::new();
    for _ in 0..64 {
        let mut client = server.connect(Some("holdfast")).await.expect("connects");
        let id = client.next_of("id").await["id"].clone();
        let id = id.as_str().expect("text");
        ids.push(u128::from_str_radix(id, 16).expect("128 bits as digits"));
        assert_eq!(id.len(), 32);
    }
    // Of 64 ids that know nothing of each other, each bit is set in some and not in others; a
    // counter or a clock leaves most of them alone.
    let (all, any) = ids
        .iter()
        .fold((u128::MAX, 0), |(all, any), id| (all & id, any | id));
    assert_eq!((all, any), (0, u128::MAX));
    // Nor is the way from one to the next the same twice.
    let mut steps: Vec<u128> = ids
        .windows(2)
        .map(|two| two[1].wrapping_sub(two[0]))
        .collect();
    steps.sort_unstable();
    steps.dedup();
    assert_eq!(steps.len(), 63);
}
