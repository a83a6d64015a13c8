//! A server on a free port, and plain clients for it.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a test looks at what it is about"
)]

use std::{net::SocketAddr, path::PathBuf, process::Stdio, time::Duration};

use flate2::read::DeflateDecoder;
use futures_util::{SinkExt, StreamExt};
use holdfast_server::Options;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    process::{Child, Command},
    sync::oneshot,
    task::JoinHandle,
    time::{Instant, sleep, timeout, timeout_at},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{
        Message, Utf8Bytes,
        client::IntoClientRequest,
        error::Error,
        http::HeaderValue,
        protocol::{
            CloseFrame,
            frame::{
                Frame,
                coding::{Data, OpCode},
            },
        },
    },
};

/// How long anything may take.
const LIMIT: Duration = Duration::from_secs(10);

pub(crate) struct TestServer {
    pub(crate) address: SocketAddr,
    running: Running,
}

enum Running {
    Here {
        stop: Option<oneshot::Sender<()>>,
        task: JoinHandle<std::io::Result<()>>,
    },
    /// The program itself, which can be killed.
    Process(Child),
}

impl TestServer {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// How much memory its process has to itself, in bytes (Linux).
    pub(crate) fn memory(&self) -> usize {
        let Running::Process(child) = &self.running else {
            unreachable!("a process of its own")
        };
        let process = child.id().expect("it runs");
        let status =
            std::fs::read_to_string(format!("/proc/{process}/status")).expect("its status");
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("RssAnon:"));
        let kilobytes = line.expect("a line").trim().trim_end_matches(" kB");
        kilobytes.parse::<usize>().expect("a number") * 1024
    }

    pub(crate) async fn with_site(site: PathBuf) -> Self {
        Self::with(|options| options.site = site).await
    }

    /// One that differs from what is there by itself.
    pub(crate) async fn with(change: impl FnOnce(&mut Options)) -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let listener = holdfast_server::listen(any).expect("a free port");
        let address = listener.local_addr().expect("bound");
        let mut options = Options {
            site: "no-such-folder".into(),
            ..Options::default()
        };
        change(&mut options);
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            let stopped = async move {
                let _ = stopped.await;
            };
            holdfast_server::serve(listener, &options, stopped).await
        });
        let stop = Some(stop);
        Self {
            address,
            running: Running::Here { stop, task },
        }
    }

    /// The program in a process of its own, at a free port or at that address.
    pub(crate) async fn process(address: Option<SocketAddr>, args: &[&str]) -> Self {
        let args = [&["--log", "error"], args].concat();
        Self::logging_to(Stdio::inherit, address, &args).await
    }

    /// The same, whose log goes there.
    pub(crate) async fn logging_to(
        log: fn() -> Stdio,
        address: Option<SocketAddr>,
        args: &[&str],
    ) -> Self {
        let due = Instant::now() + LIMIT;
        loop {
            let free = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            let at = address.unwrap_or(free.local_addr().expect("bound"));
            drop(free);
            let mut child = Command::new(env!("CARGO_BIN_EXE_holdfast-server"))
                .args(["--listen", &at.to_string()])
                .args(args)
                .stderr(log())
                .kill_on_drop(true)
                .spawn()
                .expect("the server starts");
            while TcpStream::connect(at).await.is_err() {
                assert!(Instant::now() < due, "the server does not answer");
                sleep(Duration::from_millis(10)).await;
            }
            // Another test may have taken the port that was free a moment ago.
            sleep(Duration::from_millis(50)).await;
            if child.try_wait().expect("a process").is_none() {
                let running = Running::Process(child);
                return Self {
                    address: at,
                    running,
                };
            }
            assert!(Instant::now() < due, "the server does not start");
        }
    }

    /// `kill -9`.
    pub(crate) async fn kill(self) {
        match self.running {
            Running::Process(mut child) => child.kill().await.expect("killed"),
            Running::Here { .. } => panic!("only a process can be killed"),
        }
    }

    /// Whether it has not ended by itself.
    pub(crate) fn is_running(&self) -> bool {
        match &self.running {
            Running::Here { task, .. } => !task.is_finished(),
            Running::Process(_) => true,
        }
    }

    /// Tells a process to stop, as a service manager does, and waits until it has.
    pub(crate) async fn terminate(self) {
        let Running::Process(mut child) = self.running else {
            panic!("only a process can be told");
        };
        let id = child.id().expect("it runs").to_string();
        let told = Command::new("kill").arg(id).status().await;
        assert!(told.is_ok_and(|status| status.success()));
        let done = timeout(LIMIT, child.wait()).await.expect("it ends");
        assert!(done.is_ok_and(|status| status.success()));
    }

    pub(crate) async fn stop(self) {
        match self.running {
            Running::Here { stop, task } => {
                drop(stop);
                let done = timeout(LIMIT, task).await.expect("the server stops");
                done.expect("no panic").expect("no error");
            }
            Running::Process(mut child) => child.kill().await.expect("ended"),
        }
    }

    /// Somebody who speaks our subprotocol, has come into that room, and knows who is there.
    pub(crate) async fn enter(&self, name: &str, room: &str) -> Client {
        let mut client = self
            .connect(Some("holdfast, json"))
            .await
            .expect("connects");
        let id = client.next_of("id").await["id"].clone();
        client
            .send(&json!({"type": "username", "name": name, "id": id, "date": 0, "room": room}))
            .await;
        client.id = id;
        client.next_of("people").await;
        client
    }

    /// Somebody who has said their name, and has seen themselves in the list.
    pub(crate) async fn join(&self, name: &str) -> Client {
        let mut client = self.connect(Some("json")).await.expect("connects");
        let id = client.next_of("id").await["id"].clone();
        client
            .send(&json!({"type": "username", "name": name, "id": id, "date": 0}))
            .await;
        client.id = id;
        client.next_of("userlist").await;
        client
    }

    pub(crate) async fn connect(&self, subprotocol: Option<&'static str>) -> Result<Client, Error> {
        let subprotocol = subprotocol.map(|name| ("sec-websocket-protocol", name));
        let headers: Vec<_> = subprotocol.into_iter().collect();
        self.connect_with(&headers).await
    }

    pub(crate) async fn connect_with(
        &self,
        headers: &[(&'static str, &str)],
    ) -> Result<Client, Error> {
        let url = format!("ws://{}/any/path", self.address);
        let mut request = url.into_client_request()?;
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).expect("a header");
            request.headers_mut().insert(*name, value);
        }
        let (socket, _) = connect_async(request).await?;
        Ok(Client {
            socket,
            id: Value::Null,
            heard: 0,
        })
    }
}

/// The server's answer to a GET, head and body.
pub(crate) async fn get(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("connects");
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("writes");
    let mut response = String::new();
    stream.read_to_string(&mut response).await.expect("text");
    response
}

pub(crate) struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub(crate) id: Value,
    /// How many messages it has said to have heard.
    pub(crate) heard: u32,
}

impl Client {
    pub(crate) async fn send(&mut self, message: &Value) {
        self.send_frame(Message::Text(message.to_string().into()))
            .await;
    }

    pub(crate) async fn send_text(&mut self, text: &str) {
        self.send_frame(Message::Text(Utf8Bytes::from(text))).await;
    }

    pub(crate) async fn send_frame(&mut self, frame: Message) {
        self.socket.send(frame).await.expect("the server reads");
    }

    /// Sends, if the server still takes it.
    pub(crate) async fn try_send_text(&mut self, text: &str) -> Result<(), Error> {
        self.socket.send(Message::Text(text.into())).await
    }

    /// Begins a message of several frames, and leaves it at that.
    pub(crate) async fn send_half(&mut self) {
        let frame = Frame::message("{\"type\":", OpCode::Data(Data::Text), false);
        self.send_frame(Message::Frame(frame)).await;
    }

    /// Sends bytes as they are.
    pub(crate) async fn send_raw(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        let MaybeTlsStream::Plain(stream) = self.socket.get_mut() else {
            panic!("only what is not TLS can be written to");
        };
        stream.write_all(bytes).await
    }

    /// The next frame, whatever it is.
    pub(crate) async fn next_frame(&mut self) -> Message {
        let frame = timeout(LIMIT, self.socket.next()).await;
        let frame = frame.expect("a frame in time");
        frame
            .expect("the connection is open")
            .expect("a good frame")
    }

    /// Whether the server closes before it says anything.
    pub(crate) async fn first_is_close(&mut self) -> bool {
        matches!(self.next_frame().await, Message::Close(_))
    }

    /// The next message, of whatever type, compressed or not.
    pub(crate) async fn next(&mut self) -> Value {
        let due = Instant::now() + LIMIT;
        loop {
            let frame = timeout_at(due, self.socket.next())
                .await
                .expect("a message in time");
            match frame
                .expect("the connection is open")
                .expect("a good frame")
            {
                Message::Text(text) => return serde_json::from_str(&text).expect("JSON"),
                Message::Binary(packed) => {
                    return serde_json::from_reader(DeflateDecoder::new(&*packed)).expect("JSON");
                }
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("unexpected {other:?}"),
            }
        }
    }

    /// Whether the server asks in that time, by a frame, whether this client is there.
    pub(crate) async fn is_pinged(&mut self, within: Duration) -> bool {
        let asks = async {
            while let Some(frame) = self.socket.next().await {
                if matches!(frame.expect("a good frame"), Message::Ping(_)) {
                    return true;
                }
            }
            false
        };
        timeout(within, asks).await.unwrap_or(false)
    }

    /// The next message, or why the server closes.
    pub(crate) async fn next_or_close(&mut self) -> Result<Value, Option<CloseFrame>> {
        match self.next_frame().await {
            Message::Text(text) => Ok(serde_json::from_str(&text).expect("JSON")),
            Message::Close(close) => Err(close),
            other => panic!("unexpected {other:?}"),
        }
    }

    /// The next message of that type; others are passed over. Changes among people have none.
    pub(crate) async fn next_of(&mut self, kind: &str) -> Value {
        loop {
            let message = self.next().await;
            if message["type"].as_str().unwrap_or_default() == kind {
                return message;
            }
        }
    }

    /// The next user list that has that many names.
    pub(crate) async fn list_of(&mut self, people: usize) -> Vec<String> {
        loop {
            let list = self.next_of("userlist").await["users"].take();
            let users: Vec<String> = serde_json::from_value(list).expect("names");
            if users.len() == people {
                return users;
            }
        }
    }

    /// Asserts that nothing more has been sent to this client: its own echo comes next.
    pub(crate) async fn assert_nothing_waits(&mut self) {
        self.send(&json!({"type": "message", "text": "echo", "date": 0}))
            .await;
        let next = self.next().await;
        assert_eq!(next["text"], "echo", "{next}");
    }

    /// The connection breaks without a word.
    pub(crate) fn vanish(self) {
        drop(self);
    }

    /// Closes the connection, as a page does that is done with it.
    pub(crate) async fn leave(mut self) {
        self.socket.close(None).await.expect("the server answers");
    }

    /// Waits for the server to close; gives its reason.
    pub(crate) async fn closed(&mut self) -> Option<CloseFrame> {
        loop {
            match timeout(LIMIT, self.socket.next())
                .await
                .expect("closes in time")
            {
                Some(Ok(Message::Close(frame))) => return frame,
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }
}
