//! Whose a name is: while its owner is away, after the session is over, and after a restart.

mod client;

use std::time::Duration;

use client::{Client, TestServer};
use serde_json::{Value, json};
use tokio::time::sleep;

/// Comes in under a name, with a claim to it or none; gives the name that was given, and the claim.
async fn named(server: &TestServer, name: &str, claim: Option<&Value>) -> (Client, String, Value) {
    let mut client = server.connect(Some("holdfast")).await.expect("connects");
    client.id = client.next_of("id").await["id"].clone();
    let mut hello = json!({"type": "username", "name": name, "id": client.id, "date": 0});
    if let Some(claim) = claim {
        hello["claim"] = claim.clone();
    }
    client.send(&hello).await;
    let (mut given, mut claim) = (name.to_owned(), Value::Null);
    loop {
        let message = client.next().await;
        match message["type"].as_str() {
            Some("rejectusername") => given = message["name"].as_str().expect("a name").into(),
            Some("named") => claim = message["claim"].clone(),
            Some("people") => return (client, given, claim),
            _ => {}
        }
    }
}

#[tokio::test]
async fn whoever_is_away_is_shown_so_and_is_reached_when_they_come_back() {
    let server = TestServer::start().await;
    let (ann, _, _) = named(&server, "Ann", None).await;
    let (mut bob, _, _) = named(&server, "Bob", None).await;
    let id = ann.id.clone();
    ann.vanish();
    assert_eq!(bob.next_of("").await, json!({"away": ["Ann"]}));
    // Whoever comes in now is told so too.
    let (zoe, _, _) = named(&server, "Zoe", None).await;
    assert_eq!(bob.next_of("").await, json!({"+": ["Zoe"]}));
    zoe.leave().await;
    bob.send(&json!({"type": "video-offer", "target": "Ann", "sdp": {}}))
        .await;
    let mut again = server.connect(Some("holdfast")).await.expect("connects");
    again.next_of("id").await;
    again
        .send(&json!({"type": "resume", "id": id, "heard": 0}))
        .await;
    again.next_of("video-offer").await;
    while bob.next_of("").await["+"] != json!(["Ann"]) {}
    server.stop().await;
}

#[tokio::test]
async fn a_names_owner_takes_the_place_of_a_session_that_was_killed() {
    let server = TestServer::start().await;
    let (ann, _, claim) = named(&server, "Ann", None).await;
    // Another tab is somebody else, as long as the first is there.
    let (tab, given, _) = named(&server, "Ann", Some(&claim)).await;
    assert_eq!(given, "Ann2");
    tab.leave().await;
    ann.vanish();
    sleep(Duration::from_millis(200)).await;
    let (stranger, given, _) = named(&server, "Ann", None).await;
    assert_eq!(given, "Ann2");
    stranger.leave().await;
    let (_again, given, same) = named(&server, "Ann", Some(&claim)).await;
    assert_eq!((given.as_str(), same), ("Ann", claim));
    server.stop().await;
}

#[tokio::test]
async fn after_a_restart_a_name_goes_back_to_whose_it_was_and_the_faster_one_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let key = folder.path().join("key");
    let start = || TestServer::with(|options| options.key = Some(key.clone()));
    let server = start().await;
    let (bob, _, claim) = named(&server, "Bob", None).await;
    server.stop().await;
    drop(bob);
    let server = start().await;
    let (mut eve, given, eves) = named(&server, "Bob", None).await;
    assert_eq!(given, "Bob");
    let (mut bob, given, _) = named(&server, "Bob", Some(&claim)).await;
    assert_eq!(given, "Bob");
    assert_eq!(eve.next_of("rejectusername").await["name"], "Bob2");
    // And not the other way round; nor with a claim to another name.
    for (name, claim) in [("Bob", &eves), ("Bob2", &claim)] {
        let (other, given, _) = named(&server, name, Some(claim)).await;
        assert_ne!(given, name);
        other.leave().await;
    }
    bob.send(&json!({"type": "message", "text": "me", "target": "Bob", "date": 0}))
        .await;
    bob.next_of("message").await;
    server.stop().await;
    // A server with another key knows nobody.
    let other = TestServer::start().await;
    let (_eve, given, _) = named(&other, "Bob", None).await;
    assert_eq!(given, "Bob");
    let (_bob, given, _) = named(&other, "Bob", Some(&claim)).await;
    assert_eq!(given, "Bob2");
    other.stop().await;
}

#[tokio::test]
async fn names_that_look_alike_are_one() {
    let server = TestServer::start().await;
    let (_ann, _, _) = named(&server, "Ann", None).await;
    for (wanted, given) in [
        ("ANN", "ANN2"),
        ("\u{410}nn", "\u{410}nn3"),
        ("A\u{200b}nn", "Ann4"),
        ("\u{202e}Ann", "Ann5"),
        ("\u{ff21}nn", "Ann6"),
        ("\u{2800}", "Guest"),
        ("Zoe\u{301}", "Zo\u{e9}"),
        ("Zo\u{e9}", "Zo\u{e9}2"),
    ] {
        let (client, told, _) = named(&server, wanted, None).await;
        assert_eq!(told, given, "{wanted:?}");
        std::mem::forget(client);
    }
    server.stop().await;
}

#[tokio::test]
async fn an_older_name_gives_no_right_to_another_that_is_taken_later() {
    let folder = tempfile::tempdir().expect("a folder");
    let key = folder.path().join("key");
    let start = || TestServer::with(|options| options.key = Some(key.clone()));
    let server = start().await;
    let (_eve, _, eves) = named(&server, "Eve", None).await;
    sleep(Duration::from_millis(5)).await;
    let (_bob, _, bobs) = named(&server, "Bob", None).await;
    server.stop().await;
    let server = start().await;
    let (mut eve, _, _) = named(&server, "Eve", Some(&eves)).await;
    eve.send(&json!({"type": "username", "name": "Bob", "date": 0}))
        .await;
    while eve.next_of("").await["+"] != json!(["Bob"]) {}
    let (_bob, given, _) = named(&server, "Bob", Some(&bobs)).await;
    assert_eq!(given, "Bob");
    assert_eq!(eve.next_of("rejectusername").await["name"], "Bob2");
    server.stop().await;
}
