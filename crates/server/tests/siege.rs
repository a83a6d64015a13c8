//! Whoever means harm, or never finishes anything, costs little and holds no place.

mod client;

use std::{
    fs::File,
    process::Stdio,
    time::{Duration, Instant},
};

use client::{Client, TestServer, get};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::sleep,
};
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};

/// What the server answers to that head.
async fn ask(server: &TestServer, head: &str) -> String {
    let mut stream = TcpStream::connect(server.address).await.expect("connects");
    let request = format!("{head}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("writes");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("text");
    answer
}

/// The code that a connection is closed with.
async fn code(client: &mut Client) -> Option<u16> {
    client.closed().await.map(|close| close.code.into())
}

#[tokio::test]
async fn whoever_says_no_name_is_asked_to_leave_and_nobody_else_is() {
    let server = TestServer::with(|options| options.unnamed_seconds = 1).await;
    let mut ann = server.enter("Ann", "").await;
    let mut nobody = server.connect(Some("holdfast")).await.expect("connects");
    // What is refused is no name.
    let unknown = json!({"type": "message", "text": "?", "date": 0});
    nobody.send(&unknown).await;
    let close = nobody.closed().await.expect("a close frame");
    assert_eq!(u16::from(close.code), 1008);
    assert!(close.reason.contains("who you are"), "{close:?}");
    ann.send(&json!({"type": "message", "text": "still here", "date": 0}))
        .await;
    assert_eq!(ann.next_of("message").await["text"], "still here");
    server.stop().await;
}

#[tokio::test]
async fn frames_with_nothing_in_them_are_not_read_for_ever() {
    let server = TestServer::start().await;
    let mut ann = server.join("Ann").await;
    ann.send_half().await;
    // Masked, not the last, empty (RFC 6455, 5.2).
    let empty = [0, 0x80, 0, 0, 0, 0].repeat(1000);
    let began = Instant::now();
    let mut frames = 0;
    while frames < 1_000_000 && ann.send_raw(&empty).await.is_ok() {
        frames += 1000;
    }
    assert!(frames < 1_000_000, "all were taken");
    assert!(began.elapsed() < Duration::from_secs(10));
    server.stop().await;
}

#[tokio::test]
async fn large_messages_in_small_frames_are_taken() {
    let server = TestServer::with(|options| options.messages_per_second = 10_000).await;
    let mut ann = server.join("Ann").await;
    for _ in 0..80 {
        for nth in 0..800 {
            let opcode = match nth {
                0 => Data::Binary,
                _ => Data::Continue,
            };
            let frame = Frame::message(vec![0; 256], OpCode::Data(opcode), nth == 799);
            ann.send_frame(Message::Frame(frame)).await;
        }
        assert_eq!(ann.next_of("error").await["code"], "binary");
    }
    server.stop().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_frame_is_said_by_its_code() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let metrics = free.local_addr().expect("bound");
    drop(free);
    let server = TestServer::with(|options| options.metrics = Some(metrics)).await;
    let mut ann = server.join("Ann").await;
    // A text of one byte that begins no character.
    ann.send_raw(&[0x81, 0x81, 0, 0, 0, 0, 0xff])
        .await
        .expect("taken");
    assert_eq!(code(&mut ann).await, Some(1007));
    let mut ann = server.join("Ann").await;
    // An opcode that there is not.
    ann.send_raw(&[0x83, 0x80, 0, 0, 0, 0])
        .await
        .expect("taken");
    assert_eq!(code(&mut ann).await, Some(1002));
    let mut ann = server.join("Ann").await;
    // 2^20 bytes are to come.
    ann.send_raw(&[0x82, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0])
        .await
        .expect("taken");
    assert_eq!(code(&mut ann).await, Some(1009));
    // Whoever is cut off has done nothing wrong.
    server.join("Ann").await.vanish();
    server.join("Ann").await;
    let text = get(metrics, "/metrics").await;
    let line = "holdfast_dropped_total{reason=\"bad-frame\"} 3";
    assert!(text.contains(line), "{text}");
    server.stop().await;
}

#[tokio::test]
async fn whoever_closes_is_answered() {
    let server = TestServer::start().await;
    let mut ann = server.join("Ann").await;
    // A close frame with code 1000, masked with zeros.
    let close = [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8];
    ann.send_raw(&close).await.expect("taken");
    assert_eq!(code(&mut ann).await, Some(1000));
    server.stop().await;
}

#[tokio::test]
async fn a_head_that_does_not_end_is_not_read_to_its_end() {
    let server = TestServer::start().await;
    let long = format!(
        "GET / HTTP/1.1\r\nhost: localhost\r\nx: {}",
        "x".repeat(20_000)
    );
    let answer = ask(&server, &long).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn a_name_that_somebody_else_gave_this_address_is_not_ours() {
    let server = TestServer::with(|options| {
        options.hosts = vec![String::new(), "call.example.org:443".into()]
    });
    let server = server.await;
    for host in [
        "localhost",
        "127.0.0.1:6503",
        "[::1]",
        "Call.example.org.:443",
    ] {
        let answer = ask(&server, &format!("GET /healthz HTTP/1.1\r\nhost: {host}")).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{host}: {answer}");
    }
    for host in [
        "rebound.example",
        "call.example.org.evil",
        "localhost.evil",
        "@",
    ] {
        let answer = ask(&server, &format!("GET /healthz HTTP/1.1\r\nhost: {host}")).await;
        assert!(!answer.starts_with("HTTP/1.1 200"), "{host}: {answer}");
    }
    let headers = [
        ("sec-websocket-protocol", "json"),
        ("host", "rebound.example"),
        ("origin", "http://rebound.example"),
    ];
    assert!(server.connect_with(&headers).await.is_err());
    server.stop().await;
}

#[tokio::test]
async fn a_server_that_stops_says_so_to_whoever_asks() {
    let folder = tempfile::tempdir().expect("a folder");
    let film = File::create(folder.path().join("film.bin")).expect("made");
    film.set_len(64 << 20).expect("that large");
    let site = folder.path().to_string_lossy().into_owned();
    let server = TestServer::process(None, &["--site", &site]).await;
    let answer = ask(&server, "HEAD /healthz HTTP/1.1\r\nhost: localhost").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    // An answer that is under way, and that nobody reads on, holds it up for a moment.
    let address = server.address;
    let mut slow = TcpStream::connect(address).await.expect("connects");
    let request = b"GET /film.bin HTTP/1.1\r\nhost: localhost\r\n\r\n";
    slow.write_all(request).await.expect("writes");
    assert_eq!(slow.read_u8().await.expect("an answer"), b'H');
    let says_so = async move {
        while !get(address, "/readyz").await.starts_with("HTTP/1.1 503") {
            sleep(Duration::from_millis(20)).await;
        }
        for _ in 0..20 {
            let answer = get(address, "/readyz").await;
            assert!(answer.starts_with("HTTP/1.1 503"), "“{answer}”");
        }
        drop(slow);
    };
    tokio::join!(says_so, server.terminate());
}

#[tokio::test]
async fn a_log_that_nobody_reads_holds_up_nobody() {
    let secret = "0123456789abcdef0123456789abcdef";
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let metrics = free.local_addr().expect("bound");
    drop(free);
    let args = ["--pass-secret", secret, "--metrics", &metrics.to_string()];
    let args = [&args[..], &["--messages-per-second", "10000"]].concat();
    // Held open by the child, and read by nobody.
    let server = TestServer::logging_to(Stdio::piped, None, &args).await;
    let mut ann = server.connect(Some("json")).await.expect("connects");
    for _ in 0..6000 {
        let bad = json!({"type": "username", "name": "Ann", "pass": "bad", "date": 0});
        ann.send(&bad).await;
        assert_eq!(ann.next_of("error").await["code"], "no-pass");
    }
    assert!(get(server.address, "/healthz").await.ends_with("ok\n"));
    let text = get(metrics, "/metrics").await;
    let lost = text
        .lines()
        .find_map(|line| line.strip_prefix("holdfast_log_lines_lost "));
    let lost: u64 = lost.expect("counted").parse().expect("a number");
    assert!(lost > 500, "{lost} lines are lost");
    server.stop().await;
}

#[tokio::test]
async fn a_server_short_of_memory_forgets_the_largest_backlog_first() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let metrics = free.local_addr().expect("bound");
    drop(free);
    let server = TestServer::with(|options| {
        (options.memory, options.metrics) = (Some(2), Some(metrics));
    })
    .await;
    let mut senders = Vec::new();
    for n in 0..5 {
        senders.push(server.enter(&format!("Sender {n}"), "").await);
    }
    // They never say what they have heard.
    let mut hoarders = Vec::new();
    for n in 0..4 {
        hoarders.push(server.enter(&format!("Hoarder {n}"), "").await);
    }
    let mut kate = server.enter("Kate", "").await;
    let text = "x".repeat(50_000);
    let message =
        |target: &str| json!({"type": "message", "text": text, "target": target, "date": 0});
    senders[0].send(&message("Kate")).await;
    for n in 0..4 {
        for sender in &mut senders {
            for _ in 0..3 {
                sender.send(&message(&format!("Hoarder {n}"))).await;
            }
        }
    }
    let figure = async |name: &str| {
        let text = get(metrics, "/metrics").await;
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(name).map(str::to_owned));
        line.map_or(0, |line| line.trim().parse::<u64>().expect("a number"))
    };
    let due = Instant::now() + Duration::from_secs(10);
    while figure("holdfast_dropped_total{reason=\"memory\"}").await == 0 {
        assert!(Instant::now() < due, "nothing is forgotten");
        sleep(Duration::from_millis(20)).await;
    }
    assert!(figure("holdfast_held_bytes").await <= 2 << 20);
    assert_eq!(kate.next_of("message").await["text"], text);
    kate.send(&json!({"type": "ping"})).await;
    kate.next_of("heard").await;
    server.stop().await;
}

/// A message as a client's frame, masked with zeros (RFC 6455, 5.2).
fn frame(message: &str) -> Vec<u8> {
    let length = u16::try_from(message.len()).expect("not so large");
    let length = [&[0x80 | 126], &length.to_be_bytes()[..]].concat();
    [&[0x81], &length[..], &[0; 4], message.as_bytes()].concat()
}

#[tokio::test]
async fn messages_that_come_in_pieces_are_read_whole() {
    let server = TestServer::start().await;
    let mut ann = server.join("Ann").await;
    // Between two of them, the server holds a part of the second one's head, mask or text.
    for held in [1, 2, 3, 6, 8, 40] {
        let texts = [3000, 200, 60_000, 3000].map(|size| "x".repeat(size));
        let frames = texts.clone().map(|text| {
            let message = json!({"type": "message", "text": text, "target": "Ann", "date": 0});
            frame(&message.to_string())
        });
        let all = frames.concat();
        let mut sent = 0;
        let mut end = 0;
        for frame in &frames {
            end += frame.len();
            let until = all.len().min(end + held);
            ann.send_raw(&all[sent..until]).await.expect("taken");
            sent = until;
            sleep(Duration::from_millis(20)).await;
        }
        for text in texts {
            assert_eq!(ann.next_of("message").await["text"], text);
        }
    }
    server.stop().await;
}
