//! A client of any of the servers.

use std::{
    io,
    net::Ipv4Addr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use futures_util::{SinkExt, StreamExt};
use holdfast_clock::Instant;
use holdfast_link::{Command, Event, Introduction, Link, LinkStatus, Medium, Output, SocketId};
use holdfast_protocol::{ClientMessage, ServerMessage};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpSocket, TcpStream},
    time::timeout_at,
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        Message, client::IntoClientRequest, http::HeaderValue, protocol::WebSocketConfig,
    },
};

/// The protocol that a server speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Dialect {
    Holdfast,
    Echo,
    Relay,
    PeerJs,
    SocketIo,
    Ws,
    Matchbox,
}

/// Bytes that all clients have received.
#[derive(Clone, Default)]
pub(crate) struct Received(Arc<AtomicU64>);

impl Received {
    pub(crate) fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A connection that has said `username`, or what its server asks for.
pub(crate) struct Client {
    dialect: Dialect,
    socket: WebSocketStream<Counted>,
    name: String,
    /// The name of the other one of the pair, as the server has it.
    partner: String,
    /// The link to our server, as our page has it.
    link: Link,
    /// What our server gives the name back for.
    claim: Option<String>,
    /// Whether it is called what it asked for.
    has_name: bool,
}

/// How many candidates each side of a call sends.
const CANDIDATES: usize = 14;

/// After how long the link has a look at what it has not acknowledged; more than it waits.
const QUIET: Duration = Duration::from_secs(6);

/// The one connection of a client, as its link counts them.
const SOCKET: SocketId = 1;

impl Client {
    /// Connects, but has not come in yet.
    pub(crate) async fn connect(
        dialect: Dialect,
        port: u16,
        name: &str,
        partner: &str,
        from: Option<Ipv4Addr>,
        received: &Received,
    ) -> Result<Self> {
        let path = match dialect {
            Dialect::PeerJs => format!("peerjs?key=peerjs&id={name}&token=t&version=1.5.5"),
            Dialect::SocketIo => "socket.io/?EIO=4&transport=websocket".into(),
            Dialect::Matchbox => format!("{}?next=2", room(name, partner)),
            Dialect::Relay => format!("{name}/{partner}"),
            Dialect::Holdfast | Dialect::Echo | Dialect::Ws => String::new(),
        };
        let mut request = format!("ws://127.0.0.1:{port}/{path}").into_client_request()?;
        if dialect == Dialect::Holdfast {
            let value = HeaderValue::from_static("holdfast");
            request
                .headers_mut()
                .insert("sec-websocket-protocol", value);
        }
        let socket = TcpSocket::new_v4()?;
        if let Some(from) = from {
            socket.bind((from, 0).into())?;
        }
        let stream = socket.connect((Ipv4Addr::LOCALHOST, port).into()).await?;
        stream.set_nodelay(true)?;
        let stream = Counted {
            stream,
            received: received.clone(),
        };
        let config = WebSocketConfig::default().read_buffer_size(4096);
        let (socket, _) = client_async_with_config(request, stream, Some(config)).await?;
        Ok(Self {
            dialect,
            socket,
            name: name.to_owned(),
            partner: partner.to_owned(),
            link: Link::new(Medium::Local, 1),
            claim: None,
            has_name: true,
        })
    }

    /// The secret that our server gave.
    pub(crate) fn id(&self) -> &str {
        self.link.session().unwrap_or_default()
    }

    /// What our server gives the name back for, if it has said so.
    pub(crate) fn claim(&self) -> Option<&str> {
        self.claim.as_deref()
    }

    /// Whether it is called what it asked for.
    pub(crate) fn has_name(&self) -> bool {
        self.has_name
    }

    /// Comes into a room of our server's, with a claim to the name if there is one.
    pub(crate) async fn come_in(&mut self, room: &str, claim: Option<&str>) -> Result<()> {
        let introduction = Introduction {
            name: self.name.clone(),
            room: Some(room.to_owned()),
            pass: None,
            claim: claim.map(str::to_owned),
            date: 0.0,
        };
        self.feed(Event::Join(introduction)).await?;
        while self.link.session().is_none() {
            self.next().await?;
        }
        Ok(())
    }

    /// Comes in: into that room, where the server knows rooms.
    pub(crate) async fn enter(&mut self, room: &str) -> Result<()> {
        match self.dialect {
            Dialect::Holdfast => self.come_in(room, None).await?,
            // In no room, there is nothing to say.
            Dialect::Ws if room.is_empty() => {}
            Dialect::Ws => {
                let hello = json!({"type": "username", "name": self.name});
                self.send(hello.to_string()).await?;
            }
            Dialect::SocketIo => {
                self.next().await?;
                self.send("40".into()).await?;
                self.next().await?;
                if !room.is_empty() {
                    let hello = json!(["username", self.name]);
                    self.send(format!("42{hello}")).await?;
                }
            }
            Dialect::PeerJs | Dialect::Matchbox => {
                self.next().await?;
            }
            Dialect::Echo | Dialect::Relay => {}
        }
        Ok(())
    }

    /// Waits until messages get through to the other one, where that takes more than to come in.
    pub(crate) async fn meet(&mut self) -> Result<()> {
        while self.dialect == Dialect::Holdfast && self.link.status() != LinkStatus::Up {
            self.next().await?;
        }
        if self.dialect == Dialect::Matchbox {
            let text = self.next().await?;
            let news: Value = serde_json::from_str(&text)?;
            let partner = news["NewPeer"].as_str();
            self.partner = partner.with_context(|| text.clone())?.to_owned();
        }
        Ok(())
    }

    /// Describes its side of a call to the other one, of our server's, and sends as many candidates as a
    /// machine with two networks has.
    pub(crate) async fn describe(&mut self, kind: &str) -> Result<()> {
        let description = json!({
            "type": kind, "target": self.partner,
            "sdp": { "type": kind.trim_start_matches("video-"), "sdp": "a=x\r\n".repeat(2000) },
        });
        let message = ClientMessage::read(&description)?.context("a description")?;
        self.feed(Event::Send(message)).await?;
        for _ in 0..CANDIDATES {
            self.send_candidate().await?;
        }
        Ok(())
    }

    /// Waits for the other one's candidates.
    pub(crate) async fn candidates(&mut self) -> Result<()> {
        for _ in 0..CANDIDATES {
            self.candidate().await?;
        }
        Ok(())
    }

    /// Does what the link does once it has been quiet for a while: it acknowledges what has come.
    pub(crate) async fn rest(&mut self) -> Result<()> {
        self.link.handle_timeout(Instant::START + QUIET);
        self.flush().await
    }

    /// Reads whatever comes, until there is an error.
    pub(crate) async fn listen(&mut self) -> Result<()> {
        loop {
            self.next().await?;
        }
    }

    /// Reads what comes until it is time.
    pub(crate) async fn read_until(&mut self, time: tokio::time::Instant) -> Result<()> {
        while let Ok(read) = timeout_at(time, self.next()).await {
            read?;
        }
        Ok(())
    }

    /// Sends a candidate to the other one.
    pub(crate) async fn send_candidate(&mut self) -> Result<()> {
        let candidate = json!({
            "candidate": "candidate:842163049 1 udp 1677729535 203.0.113.7 46154 typ srflx raddr 10.0.1.17 rport 46154 generation 0",
            "sdpMid": "0", "sdpMLineIndex": 0, "usernameFragment": "Lp8x",
        });
        let target = &self.partner;
        let text = match self.dialect {
            Dialect::Holdfast => {
                let message = json!({
                    "type": "new-ice-candidate", "target": target, "candidate": candidate,
                });
                let message = ClientMessage::read(&message)?.context("a candidate")?;
                return self.feed(Event::Send(message)).await;
            }
            Dialect::Echo | Dialect::Relay | Dialect::Ws => json!({
                "type": "new-ice-candidate", "target": target, "candidate": candidate,
            })
            .to_string(),
            Dialect::PeerJs => json!({
                "type": "CANDIDATE", "dst": target, "payload": candidate,
            })
            .to_string(),
            Dialect::Matchbox => {
                json!({ "Signal": { "receiver": target, "data": candidate } }).to_string()
            }
            Dialect::SocketIo => {
                let event = json!(["candidate", { "target": target, "candidate": candidate }]);
                format!("42{event}")
            }
        };
        self.send(text).await
    }

    /// Waits for a candidate from the other one.
    pub(crate) async fn candidate(&mut self) -> Result<()> {
        loop {
            let text = self.next().await?;
            if text.contains("\"forged\"") {
                let name = format!("\"name\":\"{}\"", self.partner);
                ensure!(!text.contains(&name), "somebody speaks in another's name");
            } else if text.contains("candidate:842163049") {
                return Ok(());
            }
        }
    }

    /// Reads whatever comes, for ever.
    pub(crate) async fn drain(mut self) {
        let _ = self.listen().await;
    }

    /// Tells the link what happened, and does what it says. Its clock stands: the other servers'
    /// clients have no heartbeat either.
    async fn feed(&mut self, event: Event) -> Result<()> {
        self.link.handle(event, Instant::START);
        self.flush().await
    }

    async fn flush(&mut self) -> Result<()> {
        while let Some(output) = self.link.poll_output() {
            if let Output::Command(Command::Transmit(_, message)) = output {
                self.send(serde_json::to_string(&message)?).await?;
            }
        }
        Ok(())
    }

    /// A text of our server's, for the link.
    fn read(&self, text: &str) -> Result<ServerMessage> {
        let is_news = !text.contains("\"type\":") || text.starts_with("{\"type\":\"people\"");
        if is_news {
            return Ok(self.news());
        }
        let message: Value = serde_json::from_str(text)?;
        Ok(ServerMessage::read(&message)?)
    }

    /// Keeps what is said about the name.
    fn note(&mut self, message: &ServerMessage) {
        if let ServerMessage::Named { claim } = message {
            self.claim = Some(claim.clone());
        }
        self.has_name &= !matches!(message, ServerMessage::RejectUsername { .. });
    }

    /// News of who is here, as the link needs it: it is not read, because ten thousand people in one
    /// process would have time for nothing else. The first is everybody, then come changes.
    fn news(&self) -> ServerMessage {
        let (free, busy, gone) = (Vec::new(), Vec::new(), Vec::new());
        match self.link.status() {
            LinkStatus::Up => ServerMessage::PresenceChanges {
                free,
                busy,
                away: Vec::new(),
                gone,
            },
            LinkStatus::Off | LinkStatus::Connecting | LinkStatus::Down => {
                ServerMessage::Presence {
                    version: 0,
                    free,
                    busy,
                    away: Vec::new(),
                }
            }
        }
    }

    async fn send(&mut self, text: String) -> Result<()> {
        Ok(self.socket.send(Message::Text(text.into())).await?)
    }

    /// The next text, or nothing in place of a binary frame.
    async fn next(&mut self) -> Result<String> {
        loop {
            let frame = self.socket.next().await.context("closed")??;
            match frame {
                Message::Text(text) if self.dialect == Dialect::SocketIo && text == "2" => {
                    self.send("3".into()).await?;
                }
                Message::Text(text) if text == "{\"type\":\"HEARTBEAT\"}" => {}
                Message::Text(text) => {
                    if self.dialect == Dialect::Holdfast {
                        let event = match self.read(&text) {
                            Ok(message) => {
                                self.note(&message);
                                Event::Received(SOCKET, message)
                            }
                            // What strangers say. It has come all the same.
                            Err(_) => Event::Unreadable(SOCKET),
                        };
                        self.feed(event).await?;
                    }
                    return Ok(text.to_string());
                }
                Message::Binary(_) => {
                    if self.dialect == Dialect::Holdfast {
                        let news = self.news();
                        self.feed(Event::Received(SOCKET, news)).await?;
                    }
                    return Ok(String::new());
                }
                Message::Close(why) => bail!("closed: {why:?}"),
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }
}

/// The same for both of a pair.
fn room<'a>(one: &'a str, other: &'a str) -> &'a str {
    one.min(other)
}

/// A TCP stream whose bytes are counted.
struct Counted {
    stream: TcpStream,
    received: Received,
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let poll = Pin::new(&mut self.stream).poll_read(context, buffer);
        let came = buffer.filled().len() - before;
        self.received.0.fetch_add(came as u64, Ordering::Relaxed);
        poll
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
