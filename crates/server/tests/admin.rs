//! What whoever runs a server asks of it.

mod client;

use std::{net::SocketAddr, time::Duration};

use client::{Client, TestServer, get};
use holdfast_server::Options;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{Instant, sleep},
};

const JSON: &str = "content-type: application/json\r\n";

/// A server, and where it answers whoever runs it.
async fn start(change: impl Fn(&mut Options)) -> (TestServer, SocketAddr) {
    loop {
        let free = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let admin = free.local_addr().expect("bound");
        drop(free);
        let server = TestServer::with(|options| {
            options.admin = Some(admin);
            change(options);
        });
        let server = server.await;
        let due = Instant::now() + Duration::from_secs(10);
        // Another test may have taken the port that was free a moment ago: then there is no server.
        while Instant::now() < due && server.is_running() {
            if TcpStream::connect(admin).await.is_ok() {
                sleep(Duration::from_millis(50)).await;
                if server.is_running() {
                    return (server, admin);
                }
            }
            sleep(Duration::from_millis(10)).await;
        }
        assert!(!server.is_running(), "nobody answers there");
    }
}

/// The status and the body of an answer.
async fn request(at: SocketAddr, line: &str, headers: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(at).await.expect("connects");
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.1\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.expect("writes");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("text");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    (status.expect("a status"), body.to_owned())
}

async fn ask(at: SocketAddr, path: &str) -> Value {
    let (status, body) = request(at, &format!("GET {path}"), "host: localhost\r\n", "").await;
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).expect("JSON")
}

async fn tell(at: SocketAddr, path: &str, body: Value) -> Value {
    let headers = format!("host: {at}\r\n{JSON}");
    let (status, body) = request(at, &format!("POST {path}"), &headers, &body.to_string()).await;
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).expect("JSON")
}

/// The people whom it sees, by name.
async fn people(at: SocketAddr) -> Vec<Value> {
    let mut people = ask(at, "/people").await["people"].take();
    let people = people.as_array_mut().expect("a list");
    people.sort_by_key(|person| person["name"].as_str().map(str::to_owned));
    std::mem::take(people)
}

/// Somebody from that address, who has come in; or the sentence why not.
async fn come(server: &TestServer, address: &str, name: &str) -> Result<Client, (u16, String)> {
    let headers = [
        ("sec-websocket-protocol", "holdfast"),
        ("x-forwarded-for", address),
    ];
    let mut client = server.connect_with(&headers).await.expect("connects");
    let first = client.next_or_close().await;
    let id = first.map_err(|close| {
        let close = close.expect("a reason");
        (close.code.into(), close.reason.to_string())
    })?["id"]
        .clone();
    let hello = json!({"type": "username", "name": name, "room": "den", "id": id, "date": 0});
    client.send(&hello).await;
    client.next_of("people").await;
    Ok(client)
}

#[tokio::test]
async fn whoever_runs_the_server_sees_who_is_here_but_not_the_way_into_their_room() {
    let (server, admin) = start(|options| options.behind_proxy = true).await;
    let _ann = come(&server, "192.0.2.1", "Ann").await.expect("comes in");
    let bob = come(&server, "2001:db8::1", "Bob").await.expect("comes in");
    let lobby = server.join("Eve").await;
    let people = people(admin).await;
    let names: Vec<_> = people.iter().map(|person| &person["name"]).collect();
    assert_eq!(names, ["Ann", "Bob", "Eve"]);
    // `printf den | sha256sum`
    assert_eq!(people[0]["room"], "8a8a1a9fe8565d64");
    assert_eq!(people[2]["room"], "");
    assert_eq!(people[0]["address"], "192.0.2.1");
    assert_eq!(people[1]["address"], "2001:db8::1");
    assert_eq!(people[0]["connected"], true);
    assert!(
        people[0]["since"]
            .as_u64()
            .is_some_and(|since| since > 1_700_000_000_000)
    );
    assert!(people[2]["since"].is_null());
    bob.vanish();
    drop(lobby);
    server.stop().await;
}

#[tokio::test]
async fn whoever_runs_the_server_closes_somebody_or_a_room() {
    let (server, admin) = start(|_| {}).await;
    let mut ann = server.enter("Ann", "den").await;
    let mut bob = server.enter("Bob", "den").await;
    let mut carol = server.enter("Carol", "attic").await;
    let [who, _, _] = &people(admin).await[..] else {
        panic!("three")
    };
    let closed = tell(admin, "/close", json!({"person": who["person"]})).await;
    assert_eq!(closed["closed"], 1);
    let close = ann.closed().await.expect("a reason");
    assert_eq!(u16::from(close.code), 1008);
    assert!(close.reason.contains("whoever runs this server"), "{close}");
    // The others see that she is gone, and she may come back.
    let gone = bob.next().await.to_string();
    assert!(gone.contains("Ann"), "{gone}");
    let mut ann = server.enter("Ann", "den").await;
    let room = who["room"].clone();
    assert_eq!(
        tell(admin, "/close", json!({"room": room})).await["closed"],
        2
    );
    assert!(ann.closed().await.is_some() && bob.closed().await.is_some());
    assert_eq!(
        tell(admin, "/close", json!({"room": "none"})).await["closed"],
        0
    );
    carol.assert_nothing_waits().await;
    server.stop().await;
}

#[tokio::test]
async fn who_is_banned_is_closed_and_hears_why_and_nobody_else_is() {
    let (server, admin) = start(|options| options.behind_proxy = true).await;
    let mut ann = come(&server, "192.0.2.1", "Ann").await.expect("comes in");
    let mut mallory = come(&server, "2001:db8::1", "Mallory")
        .await
        .expect("comes in");
    let mut also = come(&server, "2001:db8::2", "Also")
        .await
        .expect("the same house");
    let who = people(admin).await[2]["person"].clone();
    let banned = tell(admin, "/ban", json!({"person": who, "minutes": 5})).await;
    assert_eq!(banned["banned"], json!(["2001:db8::1"]));
    assert_eq!(banned["closed"], 2);
    assert!(mallory.closed().await.is_some() && also.closed().await.is_some());
    let again = come(&server, "2001:db8::ffff", "Mallory").await;
    let (code, reason) = again.err().expect("not let in");
    assert_eq!(code, 1008);
    assert!(reason.contains("does not let you in"), "{reason}");
    let headers = "host: localhost\r\nx-forwarded-for: 2001:db8::1\r\n";
    let (status, said) = request(server.address, "GET /ice", headers, "").await;
    assert_eq!(status, 403, "{said}");
    let bans = ask(admin, "/bans").await;
    assert_eq!(bans["bans"][0]["address"], "2001:db8::");
    assert!(
        bans["bans"][0]["seconds"]
            .as_u64()
            .is_some_and(|left| left > 290)
    );
    // Who is not meant notices nothing.
    ann.send(&json!({"type": "message", "text": "still here", "date": 0}))
        .await;
    assert_eq!(ann.next_of("message").await["text"], "still here");
    let lifted = tell(admin, "/unban", json!({"address": "2001:db8::7"})).await;
    assert_eq!(lifted["unbanned"], true);
    come(&server, "2001:db8::1", "Mallory")
        .await
        .expect("comes in");
    server.stop().await;
}

#[tokio::test]
async fn a_server_that_is_drained_says_so_and_keeps_who_is_there() {
    let (server, admin) = start(|_| {}).await;
    let mut ann = server.enter("Ann", "den").await;
    assert_eq!(
        tell(admin, "/drain", json!({"drain": true})).await["draining"],
        true
    );
    let ready = get(server.address, "/readyz").await;
    assert!(
        ready.starts_with("HTTP/1.1 503") && ready.ends_with("draining\n"),
        "{ready}"
    );
    assert!(get(server.address, "/healthz").await.ends_with("ok\n"));
    ann.assert_nothing_waits().await;
    // Whom the load balancer has sent a moment ago.
    let _bob = server.enter("Bob", "den").await;
    tell(admin, "/drain", json!({"drain": false})).await;
    assert!(
        get(server.address, "/readyz")
            .await
            .starts_with("HTTP/1.1 200")
    );
    server.stop().await;
}

#[tokio::test]
async fn a_page_that_is_open_beside_asks_in_vain() {
    let (server, admin) = start(|_| {}).await;
    let body = r#"{"drain": true}"#;
    let own = format!("host: {admin}\r\n");
    for (headers, status) in [
        // What a form of another site sends.
        (
            format!("{own}content-type: text/plain\r\norigin: https://evil.example\r\n"),
            403,
        ),
        (format!("{own}{JSON}origin: null\r\n"), 403),
        (format!("{own}{JSON}sec-fetch-site: cross-site\r\n"), 403),
        (format!("{own}content-type: text/plain\r\n"), 415),
        // A name of theirs that leads here.
        (
            format!("host: evil.example:{}\r\n{JSON}", admin.port()),
            403,
        ),
        (format!("{own}{JSON}"), 200),
    ] {
        let (answered, said) = request(admin, "POST /drain", &headers, body).await;
        assert_eq!(answered, status, "{headers}{said}");
    }
    let read = request(admin, "GET /people", "host: evil.example\r\n", "").await;
    assert_eq!(read.0, 403);
    for (path, body) in [
        ("/drain", "{}"),
        ("/drain", r#"{"drain": "yes"}"#),
        ("/drain", "nonsense"),
        ("/close", "{}"),
        ("/close", r#"{"person": "a", "room": "b"}"#),
        ("/ban", r#"{"person": "a", "minute": 5}"#),
        ("/unban", r#"{"address": "Ann"}"#),
    ] {
        let (status, said) = request(
            admin,
            &format!("POST {path}"),
            &format!("{own}{JSON}"),
            body,
        )
        .await;
        assert!(
            (400..500).contains(&status) && said.len() > 20,
            "{status} {said}"
        );
    }
    let (status, said) = request(
        admin,
        "POST /ban",
        &format!("{own}{JSON}"),
        r#"{"person": "nobody"}"#,
    )
    .await;
    assert_eq!((status, said.as_str()), (404, "nobody like that is here\n"));
    server.stop().await;
}

#[tokio::test]
async fn where_others_can_ask_a_secret_is_needed() {
    let options = Options {
        admin: Some(SocketAddr::from(([0, 0, 0, 0], 0))),
        ..Options::default()
    };
    let listener = holdfast_server::listen(SocketAddr::from(([127, 0, 0, 1], 0)));
    let served = holdfast_server::serve(
        listener.expect("a free port"),
        &options,
        std::future::pending(),
    );
    let refused = served.await.expect_err("without a secret").to_string();
    assert!(refused.contains("--admin-secret"), "{refused}");

    let (server, admin) = start(|options| options.admin_secret = Some("open sesame".into())).await;
    for (said, status) in [
        ("", 403),
        ("authorization: Bearer open sesam\r\n", 403),
        ("authorization: open sesame\r\n", 403),
        ("authorization: Bearer open sesame\r\n", 200),
    ] {
        let headers = format!("host: admin.example.org\r\n{said}");
        let (answered, _) = request(admin, "GET /people", &headers, "").await;
        assert_eq!(answered, status, "{said}");
    }
    server.stop().await;
}
