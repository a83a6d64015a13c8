//! A server on a free port, and plain clients for it.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a test looks at what it is about"
)]

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use futures_util::{SinkExt, StreamExt};
use holdfast_server::Options;
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
    time::{Instant, timeout, timeout_at},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{
        Message, Utf8Bytes, client::IntoClientRequest, error::Error, http::HeaderValue,
        protocol::CloseFrame,
    },
};

/// How long anything may take.
const LIMIT: Duration = Duration::from_secs(10);

pub(crate) struct TestServer {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<std::io::Result<()>>,
}

impl TestServer {
    pub(crate) async fn start() -> Self {
        Self::with_site(PathBuf::from("no-such-folder")).await
    }

    pub(crate) async fn with_site(site: PathBuf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let options = Options {
            listen: address,
            site,
            log: String::new(),
        };
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            let stopped = async move {
                let _ = stopped.await;
            };
            holdfast_server::serve(listener, &options, stopped).await
        });
        Self {
            address,
            stop: Some(stop),
            task,
        }
    }

    pub(crate) async fn stop(mut self) {
        self.stop.take();
        let done = timeout(LIMIT, self.task).await.expect("the server stops");
        done.expect("no panic").expect("no error");
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
        let url = format!("ws://{}/any/path", self.address);
        let mut request = url.into_client_request()?;
        if let Some(name) = subprotocol {
            let value = HeaderValue::from_static(name);
            request
                .headers_mut()
                .insert("sec-websocket-protocol", value);
        }
        let (socket, _) = connect_async(request).await?;
        Ok(Client {
            socket,
            id: Value::Null,
        })
    }
}

pub(crate) struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub(crate) id: Value,
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

    /// The next message, of whatever type.
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
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("unexpected {other:?}"),
            }
        }
    }

    /// The next message of that type; others are passed over.
    pub(crate) async fn next_of(&mut self, kind: &str) -> Value {
        loop {
            let message = self.next().await;
            if message["type"] == kind {
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
