//! Nobody can take more than their share.

mod client;

use std::time::{Duration, Instant};

use client::TestServer;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::timeout,
};
use tokio_tungstenite::tungstenite::{Message, error::Error};

#[tokio::test]
async fn pages_of_other_sites_may_not_connect_unless_they_are_named() {
    let server = TestServer::with(|options| options.origins = vec!["https://a.example".into()]);
    let server = server.await;
    let own = format!("http://{}", server.address);
    let connect = async |origin: &str| {
        let headers = [("sec-websocket-protocol", "json"), ("origin", origin)];
        server.connect_with(&headers).await
    };
    for origin in [own.as_str(), "https://a.example", "HTTPS://A.example"] {
        assert!(connect(origin).await.is_ok(), "{origin}");
    }
    for origin in [
        "https://b.example",
        "http://a.example",
        "https://a.example.b",
        "null",
        "127.0.0.1",
    ] {
        match connect(origin).await {
            Err(Error::Http(response)) => {
                assert_eq!(response.status(), 403, "{origin}");
                let body = String::from_utf8(response.body().clone().unwrap_or_default());
                assert!(body.is_ok_and(|text| text.contains("--origin")));
            }
            other => panic!("{origin}: {:?}", other.map(|_| "connected")),
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn connections_are_counted_by_address_and_in_all() {
    let server = TestServer::with(|options| {
        options.behind_proxy = true;
        options.max_per_address = 3;
        options.max_connections = 5;
    });
    let server = server.await;
    let connect = async |forwarded: &str| {
        let headers = [
            ("sec-websocket-protocol", "json"),
            ("x-forwarded-for", forwarded),
        ];
        server.connect_with(&headers).await.expect("connects")
    };
    let mut held = Vec::new();
    for _ in 0..3 {
        let mut client = connect("forged, 192.0.2.1").await;
        client.next_of("id").await;
        held.push(client);
    }
    let mut one_too_many = connect("192.0.2.1").await;
    let close = one_too_many.closed().await.expect("a close frame");
    assert_eq!(u16::from(close.code), 1013);
    assert!(close.reason.contains("from your network"), "{close:?}");
    for address in ["2001:db8::1", "2001:db8::2"] {
        let mut client = connect(address).await;
        client.next_of("id").await;
        held.push(client);
    }
    let close = connect("192.0.2.2").await.closed().await.expect("a frame");
    assert!(close.reason.contains("full"), "{close:?}");
    // Whoever leaves makes room.
    held.remove(0).leave().await;
    let due = Instant::now() + Duration::from_secs(5);
    while connect("192.0.2.1").await.first_is_close().await {
        assert!(Instant::now() < due, "no room was made");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_session_that_waits_is_counted_until_it_is_gone_on_with() {
    let server = TestServer::with(|options| {
        options.max_per_address = 2;
        options.max_per_room = 9;
    });
    let server = server.await;
    let ann = server.enter("Ann", "").await;
    let id = ann.id.clone();
    ann.vanish();
    let mut again = server.connect(Some("holdfast")).await.expect("connects");
    again.next_of("id").await;
    let mut third = server.connect(Some("holdfast")).await.expect("connects");
    assert!(third.first_is_close().await);
    again
        .send(&json!({"type": "resume", "id": id, "heard": 0}))
        .await;
    again.next_of("resumed").await;
    let mut third = server.connect(Some("holdfast")).await.expect("connects");
    third.next_of("id").await;
    server.stop().await;
}

#[tokio::test]
async fn a_flood_is_slowed_and_then_dropped_with_a_sentence() {
    let server = TestServer::with(|options| options.messages_per_second = 20).await;
    let mut ann = server.join("Ann").await;
    let mut bob = server.join("Bob").await;
    let mut flood = server.join("Flood").await;
    let began = Instant::now();
    let text = json!({"type": "message", "text": "!", "date": 0, "target": "Flood"}).to_string();
    let mut sent = 0;
    let close = loop {
        if flood.try_send_text(&text).await.is_err() {
            break flood.closed().await;
        }
        sent += 1;
        if sent % 100 == 0 {
            ann.send(&json!({"type": "message", "text": sent, "date": 0, "target": "Bob"}))
                .await;
            assert_eq!(bob.next_of("message").await["text"], sent);
            // Not so fast that the other pair is taken for a flood too.
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "never dropped");
    };
    let lasted = began.elapsed();
    assert!(lasted > Duration::from_secs(9), "{lasted:?}");
    if let Some(close) = close {
        assert_eq!(u16::from(close.code), 1008);
        assert_eq!(close.reason.as_str(), "you send too much");
    }
    server.stop().await;
}

#[tokio::test]
async fn who_connects_again_and_again_has_to_wait_and_nobody_else_does() {
    let server = TestServer::with(|options| options.max_per_address = 10).await;
    let connect_from = async |address: [u8; 4]| {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind((address, 0).into()).expect("an address");
        let mut stream = socket.connect(server.address).await.expect("connects");
        let request = b"GET /healthz HTTP/1.0\r\n\r\n";
        stream.write_all(request).await.expect("writes");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("an answer");
        assert!(answer.ends_with(b"ok\n"));
    };
    // 74 at once, and 7.4 a second.
    let began = Instant::now();
    for _ in 0..74 {
        connect_from([127, 0, 0, 2]).await;
    }
    for _ in 0..15 {
        connect_from([127, 0, 0, 2]).await;
    }
    let waited = began.elapsed();
    assert!(waited > Duration::from_millis(1900), "{waited:?}");
    let began = Instant::now();
    connect_from([127, 0, 0, 3]).await;
    let elsewhere = began.elapsed();
    assert!(elsewhere < Duration::from_millis(500), "{elsewhere:?}");
    server.stop().await;
}

#[tokio::test]
async fn the_more_people_there_are_the_shorter_is_what_goes_to_all_of_them() {
    let server = TestServer::with(|options| options.max_per_address = 1000).await;
    let mut others = Vec::new();
    for n in 0..299 {
        others.push(server.enter(&format!("P{n}"), "").await);
    }
    let mut ann = server.enter("Ann", "").await;
    let message = |bytes| json!({"type": "message", "text": "x".repeat(bytes), "date": 0});
    ann.send(&message(15_000)).await;
    let error = ann.next_of("error").await;
    assert_eq!(error["code"], "too-large");
    // A three hundredth of 4 MiB.
    let text = error["text"].as_str().expect("a sentence");
    assert!(text.contains("at most 13981 bytes"), "{text}");
    ann.send(&message(13_000)).await;
    others[0].next_of("message").await;
    server.stop().await;
}

#[tokio::test]
async fn candidates_are_counted_from_each_description_on() {
    let server = TestServer::start().await;
    let mut ann = server.join("Ann").await;
    let mut bob = server.join("Bob").await;
    let offer = json!({"type": "video-offer", "target": "Bob"});
    let candidate = json!({"type": "new-ice-candidate", "target": "Bob"});
    ann.send(&offer).await;
    for _ in 0..257 {
        ann.send(&candidate).await;
    }
    assert_eq!(ann.next_of("error").await["code"], "candidates");
    ann.send(&offer).await;
    ann.send(&candidate).await;
    for _ in 0..257 {
        bob.next_of("new-ice-candidate").await;
    }
    server.stop().await;
}

#[tokio::test]
async fn half_a_request_and_half_a_message_hold_up_nobody() {
    let server = TestServer::start().await;
    let mut slow = TcpStream::connect(server.address).await.expect("connects");
    let request = b"GET / HTTP/1.1\r\nhost: localhost\r\n";
    slow.write_all(request).await.expect("writes");
    let mut ann = server.join("Ann").await;
    let mut half = server.join("Half").await;
    half.send_half().await;
    ann.list_of(2).await;
    ann.assert_nothing_waits().await;
    let mut rest = Vec::new();
    let closed = timeout(Duration::from_secs(15), slow.read_to_end(&mut rest)).await;
    assert!(closed.is_ok_and(|closed| closed.is_ok()), "still open");
    server.stop().await;
}

#[tokio::test]
async fn who_reads_is_not_dropped_for_saying_so_only_every_sixteen_messages() {
    let server = TestServer::with(|options| options.messages_per_second = 10_000).await;
    let mut ann = server.enter("Ann", "").await;
    let mut bob = server.enter("Bob", "").await;
    // Of a call, that is.
    ann.send(&json!({"type": "video-offer", "target": "Bob"}))
        .await;
    bob.next_of("video-offer").await;
    bob.send(&json!({"type": "accepted", "target": "Ann"}))
        .await;
    ann.next_of("accepted").await;
    let text = "x".repeat(65_000);
    for _ in 0..5 {
        for _ in 0..16 {
            ann.send(&json!({"type": "message", "text": text, "date": 0, "target": "Bob"}))
                .await;
        }
        for _ in 0..16 {
            bob.next_of("message").await;
        }
        bob.heard += 16;
        let heard = bob.heard;
        bob.send(&json!({"type": "heard", "heard": heard})).await;
    }
    bob.assert_nothing_waits().await;
    server.stop().await;
}

#[tokio::test]
async fn what_a_reader_leaves_lying_is_bounded() {
    let server = TestServer::with(|options| options.messages_per_second = 10_000).await;
    let mut ann = server.enter("Ann", "").await;
    let away = server.enter("Away", "").await;
    ann.next_of("").await;
    away.vanish();
    // 256 of the largest messages would be 16 MiB.
    let text = "x".repeat(60_000);
    for sent in 1.. {
        ann.send(&json!({"type": "message", "text": text, "date": 0, "target": "Away"}))
            .await;
        ann.send(&json!({"type": "message", "text": "still?", "date": 0, "target": "Away"}))
            .await;
        ann.send(&json!({"type": "ping"})).await;
        let reply = ann.next().await;
        if reply["type"] == "heard" {
            assert!(
                sent < 30,
                "a session that nobody reads keeps {sent} × 60 kB"
            );
            continue;
        }
        break;
    }
    server.stop().await;
}

#[tokio::test]
async fn metrics_say_what_happens() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = free.local_addr().expect("bound");
    drop(free);
    let server = TestServer::with(|options| options.metrics = Some(address)).await;
    let mut ann = server.enter("Ann", "r").await;
    ann.send(&json!({"type": "message", "text": "hi", "date": 0}))
        .await;
    ann.next_of("message").await;
    ann.send(&json!({"type": "made-up", "target": "nobody"}))
        .await;
    ann.next_of("error").await;
    ann.send_frame(Message::Binary(vec![1].into())).await;
    ann.next_of("error").await;
    let headers = [("origin", "https://elsewhere.example")];
    let foreign = server.connect_with(&headers).await;
    assert!(foreign.is_err(), "a page of another site connects");
    let text = client::get(address, "/metrics").await;
    for line in [
        concat!(
            "holdfast_build_info{version=\"",
            env!("CARGO_PKG_VERSION"),
            "\"} 1"
        ),
        "holdfast_nats_missing 0",
        "holdfast_connections 1",
        "holdfast_sessions 1",
        "holdfast_rooms 1",
        "holdfast_queued_messages 0",
        "holdfast_messages_total{type=\"message\"} 1",
        "holdfast_refused_total{code=\"no-such-user\"} 1",
        "holdfast_refused_total{code=\"binary\"} 1",
        "holdfast_dropped_total{reason=\"origin\"} 1",
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
    // What the dashboard asks for is there.
    let dashboard = include_str!("../../../deploy/grafana.json");
    let is_name = |c: char| c.is_ascii_lowercase() || c == '_';
    let asked = dashboard.match_indices("holdfast_").map(|(place, _)| {
        let name = dashboard[place..].split(|c| !is_name(c)).next();
        name.expect("it begins with one")
    });
    let asked: Vec<_> = asked.collect();
    assert!(asked.len() > 10, "{asked:?}");
    for name in asked {
        assert!(text.contains(name), "{name} is not in {text}");
    }
    for path in ["/healthz", "/readyz"] {
        assert!(client::get(server.address, path).await.ends_with("ok\n"));
    }
    server.stop().await;
}

#[tokio::test]
async fn who_says_nothing_is_asked_whether_they_are_there_and_nobody_else_is() {
    let server = TestServer::start().await;
    let [mut silent, mut talks] = [
        server.enter("Ann", "den").await,
        server.enter("Bob", "den").await,
    ];
    // Twice as long as between two looks.
    let asked = tokio::join!(silent.is_pinged(Duration::from_secs(21)), async {
        for _ in 0..7 {
            talks.send(&json!({"type": "ping"})).await;
            if talks.is_pinged(Duration::from_secs(3)).await {
                return true;
            }
        }
        false
    });
    assert_eq!(asked, (true, false));
    server.stop().await;
}
