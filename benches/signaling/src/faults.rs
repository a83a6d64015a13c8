//! What strangers do to a server, while a hundred innocent people use it. Each against a server of
//! its own, with its limits as they are by themselves.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    process::Stdio,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    process::{Child, Command},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{
        Message, Utf8Bytes,
        client::IntoClientRequest,
        http::HeaderValue,
        protocol::frame::{
            Frame,
            coding::{Data, OpCode},
        },
    },
};

use crate::{
    Server,
    client::{Client, Dialect, Received},
    talk,
};

/// For how long innocent people are watched, without the fault and with it.
const WATCH: Duration = Duration::from_secs(4);

/// How many of them, in pairs, and how many messages a second they send together.
const INNOCENT: u8 = 100;
const RATE: u32 = 1000;

/// Where strangers come from, so that limits hit them alone.
const STRANGER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 9, 9, 9));

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Fault {
    /// Nothing, for comparison
    None,
    BadJson,
    Null,
    DeepNesting,
    BadUtf8,
    UnmaskedFrames,
    TenMegabytes,
    Fragments,
    HalfMessages,
    SlowHandshakes,
    StalledReaders,
    Flood,
    TenThousandConnections,
    ForeignOrigins,
    ForgedNames,
    StolenSessions,
}

/// A part of a message.
static PART: [u8; 62_500] = [b'x'; 62_500];

/// The harm that innocent people have noticed.
pub(crate) struct Noticed {
    /// How long a message took, at the 99th percentile, in microseconds; before, and meanwhile.
    pub(crate) p99_before: u128,
    pub(crate) p99: u128,
    /// How often the fault was committed.
    pub(crate) times: u64,
}

/// Commits a fault against a fresh server.
///
/// # Errors
/// When an innocent connection closes, or the server does not survive.
pub(crate) async fn commit(fault: Fault, loud: bool) -> Result<Noticed> {
    let mut server = Server::holdfast(&[]).await?;
    let received = Received::default();
    let mut pairs = Vec::new();
    let mut known = String::new();
    for n in 0..INNOCENT / 2 {
        let from = |end| Some(Ipv4Addr::new(127, 1, end, n + 1));
        let names = [format!("one{n}"), format!("two{n}")];
        let mut pair = Vec::new();
        for (own, end) in [(0, 1), (1, 2)] {
            let (own, other) = (&names[own], &names[1 - own]);
            let port = server.port;
            let mut client =
                Client::connect(Dialect::Holdfast, port, own, other, from(end), &received).await?;
            client.enter("").await?;
            known = client.id().to_owned();
            pair.push(client);
        }
        pairs.push(pair);
    }
    for pair in &mut pairs {
        pair[0].meet().await?;
    }
    sleep(Duration::from_secs(1)).await;
    let (pairs, before) = talk(pairs, Dialect::Holdfast, RATE, WATCH).await?;
    let port = server.port;
    let crowd = Strangers { fault, port, known };
    let crowd = crowd.send(loud)?;
    let (pairs, during) = talk(pairs, Dialect::Holdfast, RATE, WATCH).await?;
    let times = crowd.wait_with_output().await?;
    let times = String::from_utf8(times.stdout)?.trim().parse()?;
    // And afterwards everybody is still there.
    talk(pairs, Dialect::Holdfast, RATE, Duration::from_millis(500)).await?;
    ensure!(server.is_running(), "the server has ended");
    Ok(Noticed {
        p99_before: before.p99,
        p99: during.p99,
        times,
    })
}

/// Strangers, in a process of their own. Unless they are loud, what they do costs nobody else's time: it only runs
/// while a core has nothing else to do, as if it were another machine's.
#[derive(clap::Args)]
pub(crate) struct Strangers {
    #[arg(value_enum)]
    fault: Fault,
    port: u16,
    /// Somebody's secret, which they all but guess
    known: String,
}

impl Strangers {
    fn send(&self, loud: bool) -> Result<Child> {
        let fault = self.fault.to_possible_value().context("it has a name")?;
        let here = std::env::current_exe()?;
        let mut strangers = match loud {
            true => Command::new(here),
            false => {
                let mut quiet = Command::new("chrt");
                quiet.args(["--idle", "0"]).arg(here);
                quiet
            }
        };
        strangers.args([
            "strangers",
            fault.get_name(),
            &self.port.to_string(),
            &self.known,
        ]);
        strangers.stdin(Stdio::piped()).stdout(Stdio::piped());
        let strangers = strangers.kill_on_drop(true).spawn();
        strangers.context("chrt, of util-linux, does not start")
    }

    /// Commits the fault until nobody listens any more, and says how often.
    pub(crate) async fn act(self) -> Result<()> {
        let address = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), self.port);
        let (mut ended, mut end) = (tokio::io::stdin(), [0]);
        tokio::select! {
            done = strangers(self.fault, address, self.known) => done?,
            _ = ended.read(&mut end) => {}
        }
        println!("{}", TIMES.load(Ordering::Relaxed));
        Ok(())
    }
}

/// How often it was done.
static TIMES: AtomicU64 = AtomicU64::new(0);

type Socket = WebSocketStream<TcpStream>;

async fn tcp(address: SocketAddr) -> Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(STRANGER, 0))?;
    Ok(socket.connect(address).await?)
}

async fn websocket(address: SocketAddr, origin: Option<&'static str>) -> Result<Socket> {
    let mut request = format!("ws://{address}/").into_client_request()?;
    let headers = request.headers_mut();
    headers.insert(
        "sec-websocket-protocol",
        HeaderValue::from_static("holdfast"),
    );
    if let Some(origin) = origin {
        headers.insert("origin", HeaderValue::from_static(origin));
    }
    Ok(client_async(request, tcp(address).await?).await?.0)
}

/// Somebody who has come in under a name.
async fn guest(address: SocketAddr, name: &str) -> Result<Socket> {
    let mut socket = websocket(address, None).await?;
    socket.next().await.context("closed")??;
    let hello = json!({"type": "username", "name": name, "date": 0});
    socket.send(Message::Text(hello.to_string().into())).await?;
    Ok(socket)
}

/// Reads until the server closes.
async fn until_closed(socket: &mut Socket) {
    while let Some(Ok(_)) = socket.next().await {}
}

/// Commits the fault again and again, five at a time; for ever.
async fn strangers(fault: Fault, address: SocketAddr, known: String) -> Result<()> {
    if fault == Fault::None {
        return std::future::pending().await;
    }
    if fault == Fault::TenThousandConnections {
        let mut open = Vec::new();
        for _ in 0..10_000 {
            // The server closes what is too much; then there is nothing to keep.
            if let Ok(stream) = tcp(address).await {
                open.push(stream);
            }
            TIMES.fetch_add(1, Ordering::Relaxed);
        }
        return std::future::pending().await;
    }
    let mut all = JoinSet::new();
    for n in 0..5 {
        let known = known.clone();
        all.spawn(async move {
            loop {
                // That the server hangs up is as it should be.
                let done = once(fault, address, n, &known).await;
                TIMES.fetch_add(1, Ordering::Relaxed);
                if done.is_err() {
                    sleep(Duration::from_millis(5)).await;
                }
            }
        });
    }
    while all.join_next().await.is_some() {}
    Ok(())
}

async fn once(fault: Fault, address: SocketAddr, n: usize, known: &str) -> Result<()> {
    let text = |text: String| Message::Text(text.into());
    match fault {
        Fault::None | Fault::TenThousandConnections => {}
        Fault::BadJson => say(address, n, &["{", "", "\"", "{\"type\":}", "\u{0}"]).await?,
        Fault::Null => say(address, n, &["null", "[]", "0", "{\"type\":null}"]).await?,
        Fault::DeepNesting => {
            let open = "[".repeat(60_000);
            let wrapped = format!(
                "{{\"type\":\"x\",\"a\":{}{}}}",
                "[".repeat(30_000),
                "]".repeat(30_000)
            );
            say(address, n, &[&open, &wrapped]).await?;
        }
        Fault::BadUtf8 => {
            let mut socket = guest(address, &format!("bad{n}")).await?;
            let frame = Frame::message(vec![0xff, 0xfe, 0x80], OpCode::Data(Data::Text), true);
            socket.send(Message::Frame(frame)).await?;
            until_closed(&mut socket).await;
        }
        Fault::UnmaskedFrames => {
            let mut stream = guest(address, &format!("bare{n}")).await?.into_inner();
            stream.write_all(b"\x81\x04null").await?;
            stream.read_to_end(&mut Vec::new()).await?;
        }
        Fault::TenMegabytes => {
            let mut stream = guest(address, &format!("large{n}")).await?.into_inner();
            // Masked with zeros, and in parts that are there: what it takes to make them is not the server's.
            let head = [&[0x81, 0xff][..], &10_000_000_u64.to_be_bytes(), &[0; 4]].concat();
            stream.write_all(&head).await?;
            for _ in 0..160 {
                stream.write_all(&PART).await?;
            }
            stream.read_to_end(&mut Vec::new()).await?;
        }
        Fault::Fragments => {
            let mut socket = guest(address, &format!("parts{n}")).await?;
            let part = |bytes: &'static str, opcode, last| {
                Message::Frame(Frame::message(bytes, OpCode::Data(opcode), last))
            };
            socket.feed(part("{\"type\":", Data::Text, false)).await?;
            for _ in 0..20_000 {
                socket.feed(part("1", Data::Continue, false)).await?;
            }
            socket.send(part("}", Data::Continue, true)).await?;
            until_closed(&mut socket).await;
        }
        Fault::HalfMessages => {
            let mut socket = guest(address, &format!("half{n}")).await?;
            let half = Frame::message("x".repeat(200_000), OpCode::Data(Data::Text), false);
            socket.send(Message::Frame(half)).await?;
            sleep(Duration::from_secs(1)).await;
        }
        Fault::SlowHandshakes => {
            let mut streams = Vec::new();
            for _ in 0..30 {
                streams.push(tcp(address).await?);
            }
            for byte in b"GET / HTTP/1.1\r\nhost: x\r\nx: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
            {
                for stream in &mut streams {
                    stream.write_all(&[*byte]).await?;
                }
                sleep(Duration::from_millis(100)).await;
            }
        }
        Fault::StalledReaders => {
            let name = format!("deaf{n}");
            let deaf = guest(address, &name).await?;
            let mut loud = guest(address, &format!("loud{n}")).await?;
            let message = json!({"type": "message", "text": "x".repeat(60_000), "target": name});
            let message = Utf8Bytes::from(message.to_string());
            for _ in 0..100 {
                loud.send(Message::Text(message.clone())).await?;
            }
            drop(deaf);
        }
        Fault::Flood => {
            let mut socket = guest(address, &format!("flood{n}")).await?;
            let message = json!({"type": "message", "text": "!", "target": format!("flood{n}")});
            let message = Utf8Bytes::from(message.to_string());
            loop {
                socket.send(Message::Text(message.clone())).await?;
            }
        }
        Fault::ForeignOrigins => {
            let refused = websocket(address, Some("https://evil.example")).await;
            ensure!(refused.is_err(), "a foreign page was let in");
        }
        Fault::ForgedNames => {
            let forged = json!({
                "type": "new-ice-candidate", "name": "one1", "target": "two1", "forged": n,
            })
            .to_string();
            let listed = json!({"type": "userlist", "users": [], "target": "two1"}).to_string();
            let named = json!({"type": "username", "name": "one1", "id": "guess"}).to_string();
            say(address, n, &[&forged, &listed, &named]).await?;
        }
        Fault::StolenSessions => {
            let mut socket = websocket(address, None).await?;
            socket.next().await.context("closed")??;
            // All but the last digit of somebody's secret.
            let guess = &known[..known.len() - 1];
            for digit in 0..16_u32 {
                let id = format!("{guess}{digit:x}");
                if id == known {
                    continue;
                }
                let resume = json!({"type": "resume", "id": id, "heard": 0});
                socket.send(text(resume.to_string())).await?;
                let answer = socket.next().await.context("closed")??.into_text()?;
                let answer: Value = serde_json::from_str(&answer)?;
                ensure!(answer["code"] == "session-over", "{answer}");
            }
        }
    }
    Ok(())
}

/// Comes in and says that, some hundred times.
async fn say(address: SocketAddr, n: usize, texts: &[&str]) -> Result<()> {
    let mut socket = guest(address, &format!("rude{n}")).await?;
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(2) {
        for text in texts {
            socket.send(Message::Text((*text).into())).await?;
        }
        // What comes back is read, so that this is not about stalled readers.
        while let Ok(Some(answer)) = timeout(Duration::from_millis(2), socket.next()).await {
            answer?;
        }
    }
    Ok(())
}
