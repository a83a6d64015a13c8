//! The rules of the wire, seen from real clients.

mod client;

use client::TestServer;
use serde_json::json;

#[tokio::test]
async fn an_id_comes_first_and_cannot_be_guessed() {
    let server = TestServer::start().await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        let mut client = server.connect(Some("json")).await.expect("connects");
        let hello = client.next().await;
        assert_eq!(hello["type"], "id");
        ids.push(hello["id"].as_str().expect("a token").to_owned());
    }
    assert!(
        ids.iter().all(|id| id.len() == 32) && ids[0] != ids[1],
        "{ids:?}"
    );
}

#[tokio::test]
async fn s01_unknown_types_and_fields_arrive_unmodified_under_the_senders_own_name() {
    let server = TestServer::start().await;
    let mut ann = server.join("Ann").await;
    let mut bob = server.join("Bob").await;
    let text =
        r#"{"type":"sparkle","target":"Bob","name":"Forged","n":[1,{"x":null}],"sdp":"not SDP"}"#;
    ann.send_text(text).await;
    let expected = json!({
        "type": "sparkle", "target": "Bob", "name": "Ann", "n": [1, {"x": null}], "sdp": "not SDP"
    });
    assert_eq!(bob.next_of("sparkle").await, expected);
}

#[tokio::test]
async fn s01_an_id_is_never_passed_on() {
    let server = TestServer::start().await;
    let mut ann = server.join("Ann").await;
    let mut bob = server.join("Bob").await;
    let id = ann.id.clone();
    ann.send(&json!({"type": "message", "text": "hi", "id": id, "date": 1}))
        .await;
    let expected = json!({"type": "message", "text": "hi", "name": "Ann", "date": 1});
    assert_eq!(bob.next_of("message").await, expected);
}

#[tokio::test]
async fn s02_a_target_reaches_that_user_only_and_without_one_everyone() {
    let server = TestServer::start().await;
    let mut ann = server.join("Ann").await;
    let mut bob = server.join("Bob").await;
    let mut zoe = server.join("Zoe").await;
    for client in [&mut ann, &mut bob] {
        client.list_of(3).await;
    }
    ann.send(&json!({"type": "hang-up", "target": "Bob"})).await;
    assert_eq!(bob.next().await["type"], "hang-up");
    zoe.assert_nothing_waits().await;
    for client in [&mut ann, &mut bob] {
        client.next_of("message").await;
    }
    ann.send(&json!({"type": "hang-up", "target": null})).await;
    for client in [&mut ann, &mut bob, &mut zoe] {
        assert_eq!(client.next().await["type"], "hang-up");
    }
}

#[tokio::test]
async fn s03_names_are_unique_and_a_changed_name_is_reported_to_its_owner() {
    let server = TestServer::start().await;
    let mut first = server.join("Ann").await;
    for (wanted, given) in [
        ("Ann", "Ann2"),
        (" Ann", "Ann2"),
        ("  ", "Guest"),
        ("Zo\u{7}e ", "Zoe"),
    ] {
        let mut client = server.connect(Some("json")).await.expect("connects");
        let id = client.next_of("id").await["id"].clone();
        client
            .send(&json!({"type": "username", "name": wanted, "id": id, "date": 0}))
            .await;
        let told = client.next().await;
        assert_eq!(
            told,
            json!({"type": "rejectusername", "id": id, "name": given})
        );
        let users = first.list_of(2).await;
        assert_eq!(users[1], given);
        drop(client);
        first.list_of(1).await;
    }
}

#[tokio::test]
async fn s03_a_name_has_at_most_40_characters() {
    let server = TestServer::start().await;
    let mut ann = server.join(&"é".repeat(100)).await;
    ann.send(&json!({"type": "username", "name": "é".repeat(100), "date": 0}))
        .await;
    assert_eq!(
        ann.next_of("userlist").await["users"],
        json!(["é".repeat(40)])
    );
}

#[tokio::test]
async fn s04_the_user_list_is_right_after_every_join_leave_and_rename() {
    let server = TestServer::start().await;
    let mut ann = server.join("Ann").await;
    let mut bob = server.join("Bob").await;
    assert_eq!(ann.list_of(2).await, ["Ann", "Bob"]);
    bob.send(&json!({"type": "username", "name": "Bert", "date": 0}))
        .await;
    assert_eq!(
        ann.next_of("userlist").await["users"],
        json!(["Ann", "Bert"])
    );
    drop(bob);
    assert_eq!(ann.list_of(1).await, ["Ann"]);
    // Who has not said a name is not in it.
    let _silent = server.connect(Some("json")).await.expect("connects");
    let zoe = server.join("Bob").await;
    assert_eq!(ann.list_of(2).await, ["Ann", "Bob"]);
    drop(zoe);
}

#[tokio::test]
async fn s05_text_goes_to_all_the_sender_too_or_to_one() {
    let server = TestServer::start().await;
    let mut ann = server.join("Ann").await;
    let mut bob = server.join("Bob").await;
    let mut zoe = server.join("Zoe").await;
    ann.send(&json!({"type": "message", "text": "to all <b>", "date": 1}))
        .await;
    for client in [&mut ann, &mut bob, &mut zoe] {
        let message = client.next_of("message").await;
        assert_eq!(message["text"], "to all <b>");
        assert_eq!(message["name"], "Ann");
    }
    ann.send(&json!({"type": "message", "text": "to one", "date": 1, "target": "Bob"}))
        .await;
    assert_eq!(bob.next_of("message").await["text"], "to one");
    zoe.assert_nothing_waits().await;
}

#[tokio::test]
async fn a_disconnect_in_a_call_is_told_to_the_other_side_alone() {
    let server = TestServer::start().await;
    let mut ann = server.join("Ann").await;
    let mut bob = server.join("Bob").await;
    let mut zoe = server.join("Zoe").await;
    let offer =
        json!({"type": "video-offer", "target": "Bob", "sdp": {"type": "offer", "sdp": ""}});
    ann.send(&offer).await;
    let from = bob.next_of("video-offer").await["from"].clone();
    assert!(from.is_string(), "the session by its public name");
    drop(ann);
    assert_eq!(
        bob.next_of("peer-gone").await,
        json!({"type": "peer-gone", "name": "Ann", "person": from})
    );
    loop {
        let message = zoe.next().await;
        assert_ne!(message["type"], "peer-gone");
        if message["users"] == json!(["Bob", "Zoe"]) {
            break;
        }
    }
}

#[tokio::test]
async fn a_disconnect_after_the_call_is_nobodys_news() {
    let server = TestServer::start().await;
    let mut ann = server.join("Ann").await;
    let mut bob = server.join("Bob").await;
    let answer =
        json!({"type": "video-answer", "target": "Bob", "sdp": {"type": "answer", "sdp": ""}});
    ann.send(&answer).await;
    ann.send(&json!({"type": "hang-up", "target": "Bob"})).await;
    bob.next_of("hang-up").await;
    drop(ann);
    assert_eq!(bob.next().await["type"], "userlist");
}
