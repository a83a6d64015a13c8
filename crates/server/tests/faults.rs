//! Errors are clear, and harm nobody else.

mod client;

use std::time::Duration;

use client::{Client, TestServer};
use serde_json::json;
use tokio::time::{Instant, sleep};
use tokio_tungstenite::tungstenite::{Message, error::Error};

/// Runs a fault beside an innocent pair of people, who must still reach each other afterwards.
async fn harmless(fault: impl AsyncFnOnce(&TestServer, &mut Client)) {
    let server = TestServer::start().await;
    let mut ann = server.join("Ann").await;
    let mut bob = server.join("Bob").await;
    let mut culprit = server.join("Culprit").await;
    fault(&server, &mut culprit).await;
    ann.send(&json!({"type": "message", "text": "still there?", "date": 0, "target": "Bob"}))
        .await;
    assert_eq!(bob.next_of("message").await["text"], "still there?");
    server.stop().await;
}

#[tokio::test]
async fn bad_json_is_answered_with_an_error() {
    harmless(async |_, culprit| {
        for text in [
            "{",
            "null",
            "[1]",
            "",
            "{\"type\":7}",
            "{\"type\":\"\",\"-\":[\"Bob\"]}",
            "\u{0}",
            &"[".repeat(60_000),
        ] {
            culprit.send_text(text).await;
            let error = culprit.next_of("error").await;
            assert_eq!(error["code"], "bad-json", "{text:.20}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_binary_frame_is_answered_with_an_error() {
    harmless(async |_, culprit| {
        culprit
            .send_frame(Message::Binary(vec![0, 159].into()))
            .await;
        assert_eq!(culprit.next_of("error").await["code"], "binary");
    })
    .await;
}

#[tokio::test]
async fn an_oversized_message_is_answered_with_an_error_that_says_the_limit() {
    harmless(async |_, culprit| {
        let text = json!({"type": "message", "text": "x".repeat(70_000)}).to_string();
        culprit.send_text(&text).await;
        let error = culprit.next_of("error").await;
        assert_eq!(error["code"], "too-large");
        assert!(
            error["text"]
                .as_str()
                .is_some_and(|text| text.contains("65536")),
            "{error}"
        );
    })
    .await;
}

#[tokio::test]
async fn what_is_for_everybody_is_short() {
    harmless(async |_, culprit| {
        let message = json!({"type": "message", "text": "x".repeat(17_000), "date": 0});
        culprit.send(&message).await;
        let error = culprit.next_of("error").await;
        assert_eq!(error["code"], "too-large");
    })
    .await;
}

#[tokio::test]
async fn an_enormous_frame_ends_the_connection_with_a_reason() {
    harmless(async |_, culprit| {
        culprit
            .send_frame(Message::Text("x".repeat(2_000_000).into()))
            .await;
        // The rest of the frame may still be on its way when the server closes, and is then
        // answered with a reset.
        if let Some(frame) = culprit.closed().await {
            assert_eq!(u16::from(frame.code), 1009);
        }
    })
    .await;
}

#[tokio::test]
async fn a_missing_subprotocol_is_refused_with_a_sentence() {
    harmless(async |server, _| {
        for subprotocol in [None, Some("chat")] {
            match server.connect(subprotocol).await {
                Err(Error::Http(response)) => {
                    assert_eq!(response.status(), 400);
                    let body = String::from_utf8(response.body().clone().unwrap_or_default());
                    assert!(body.is_ok_and(|text| text.contains("`json`")));
                }
                other => panic!("{:?}", other.map(|_| "connected")),
            }
        }
        let listed = server.connect(Some("something, json")).await;
        assert!(listed.is_ok(), "one of several is enough");
    })
    .await;
}

#[tokio::test]
async fn a_foreign_id_is_refused() {
    harmless(async |_, culprit| {
        culprit
            .send(&json!({"type": "username", "name": "Ann", "id": "guess"}))
            .await;
        assert_eq!(culprit.next_of("error").await["code"], "wrong-id");
    })
    .await;
}

#[tokio::test]
async fn what_only_the_server_may_say_is_refused() {
    harmless(async |_, culprit| {
        for kind in ["id", "rejectusername", "userlist", "peer-gone", "error"] {
            culprit
                .send(&json!({"type": kind, "users": [], "name": "Ann"}))
                .await;
            let error = culprit.next().await;
            assert_eq!(error["code"], "server-type", "{kind}");
        }
    })
    .await;
}

#[tokio::test]
async fn speaking_without_a_name_is_refused() {
    let server = TestServer::start().await;
    let mut ann = server.join("Ann").await;
    let mut silent = server.connect(Some("json")).await.expect("connects");
    silent
        .send(&json!({"type": "message", "text": "boo"}))
        .await;
    assert_eq!(silent.next_of("error").await["code"], "no-name");
    silent.send(&json!({"type": "username"})).await;
    assert_eq!(silent.next_of("error").await["code"], "name-missing");
    ann.assert_nothing_waits().await;
}

#[tokio::test]
async fn a_target_that_is_no_name_is_not_everybody() {
    // Bob would hear it.
    harmless(async |_, culprit| {
        for target in ["5", "{}", "true", "\"\\ud83d\""] {
            let text = format!(r#"{{"type":"message","text":"for one","target":{target}}}"#);
            culprit.send_text(&text).await;
            assert_eq!(culprit.next_of("error").await["code"], "target", "{target}");
        }
    })
    .await;
}

#[tokio::test]
async fn four_hundred_unknown_targets_are_as_many_errors_to_the_sender() {
    harmless(async |_, culprit| {
        for n in 0..400 {
            let target = format!("nobody {n}");
            culprit
                .send(&json!({"type": "video-offer", "target": target}))
                .await;
            let error = culprit.next().await;
            assert_eq!(error["code"], "no-such-user");
            assert_eq!(error["target"], target);
        }
    })
    .await;
}

#[tokio::test]
async fn a_reader_that_stalls_is_dropped_and_the_others_go_on() {
    let server = TestServer::with(|options| options.messages_per_second = 1000).await;
    let mut ann = server.join("Ann").await;
    let stalled = server.join("Stalled").await;
    ann.list_of(2).await;
    let text = "x".repeat(15_000);
    // More than the kernel's buffers hold; the server does not wait for ever for the rest to leave.
    let due = Instant::now() + Duration::from_secs(40);
    while Instant::now() < due {
        ann.send(&json!({"type": "message", "text": text, "date": 0}))
            .await;
        loop {
            let message = ann.next().await;
            if message["type"] == "message" {
                break;
            }
            if message["users"] == json!(["Ann"]) {
                return drop(stalled);
            }
        }
        sleep(Duration::from_millis(10)).await;
    }
    panic!("the stalled reader is still there");
}

#[tokio::test]
async fn stopping_closes_every_connection_with_going_away() {
    let server = TestServer::start().await;
    let mut ann = server.join("Ann").await;
    let address = server.address;
    let (closed, ()) = tokio::join!(ann.closed(), server.stop());
    assert_eq!(closed.map(|frame| u16::from(frame.code)), Some(1001));
    assert!(
        std::net::TcpStream::connect(address).is_err(),
        "the port is free again"
    );
}
