//! A server that is killed, or told to stop, and started again.

mod client;

use std::{sync::Arc, time::Duration};

use client::{Client, TestServer};
use serde_json::{Value, json};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

const PEOPLE: usize = 1000;

/// Does what the page does: connects, tries to go on with the session, comes in under its name.
async fn come_back(server: &TestServer, id: &Value, name: &str) -> Client {
    let mut client = server.connect(Some("holdfast")).await.expect("connects");
    let fresh = client.next_of("id").await["id"].clone();
    client
        .send(&json!({"type": "resume", "id": id, "heard": 0}))
        .await;
    assert_eq!(client.next_of("error").await["code"], "session-over");
    client
        .send(&json!({"type": "username", "name": name, "id": fresh, "date": 0}))
        .await;
    client.id = fresh;
    let first = client.next_of("people").await;
    assert!(
        first["free"]
            .as_array()
            .is_some_and(|names| names.contains(&json!(name)))
    );
    client
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_people_are_back_under_their_names_five_seconds_after_a_kill() {
    let args = ["--max-per-address", "5000"];
    let server = Arc::new(TestServer::process(None, &args).await);
    let address = server.address;
    let mut coming = JoinSet::new();
    for n in 0..PEOPLE {
        let server = server.clone();
        coming.spawn(async move {
            let name = format!("P{n}");
            let client = server.enter(&name, "").await;
            (name, client)
        });
    }
    let people = coming.join_all().await;
    Arc::into_inner(server).expect("all are in").kill().await;
    sleep(Duration::from_millis(300)).await;
    let server = Arc::new(TestServer::process(Some(address), &args).await);
    let began = Instant::now();
    let mut coming = JoinSet::new();
    for (name, client) in people {
        let server = server.clone();
        coming.spawn(async move { come_back(&server, &client.id, &name).await });
    }
    let here = coming.join_all().await;
    let took = began.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
    // The list holds each of them once.
    let mut witness = server.connect(Some("holdfast")).await.expect("connects");
    witness.next_of("id").await;
    witness
        .send(&json!({"type": "username", "name": "Witness", "date": 0}))
        .await;
    let names = witness.next_of("people").await["free"].take();
    let mut names: Vec<String> = serde_json::from_value(names).expect("names");
    names.sort();
    names.dedup();
    assert_eq!(names.len(), here.len() + 1);
}

#[tokio::test]
async fn a_server_that_is_told_to_stop_says_so_to_everybody() {
    let server = TestServer::process(None, &[]).await;
    let mut ann = server.enter("Ann", "").await;
    let (closed, ()) = tokio::join!(ann.closed(), server.terminate());
    let close = closed.expect("a close frame");
    assert_eq!(u16::from(close.code), 1001);
    assert!(close.reason.contains("come back"), "{close:?}");
}
