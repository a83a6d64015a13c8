//! People without a browser, of whom there can be thousands.

use std::{net::SocketAddr, time::Duration};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

/// How long a message may take.
const LIMIT: Duration = Duration::from_secs(10);

/// Somebody who is in the lobby of our server under a name.
pub struct Guest(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Guest {
    /// Comes in.
    pub async fn come(server: SocketAddr, name: &str) -> Self {
        let mut request = format!("ws://{server}/")
            .into_client_request()
            .expect("a URL");
        let protocol = HeaderValue::from_static("holdfast");
        request
            .headers_mut()
            .insert("sec-websocket-protocol", protocol);
        let (mut socket, _) = connect_async(request).await.expect("connects");
        socket.next().await.expect("open").expect("an id");
        let hello = json!({ "type": "username", "name": name, "date": 0 }).to_string();
        socket
            .send(Message::Text(hello.into()))
            .await
            .expect("sent");
        Self(socket)
    }

    /// Sends a message.
    pub async fn say(&mut self, message: Value) {
        let frame = Message::Text(message.to_string().into());
        self.0.send(frame).await.expect("sent");
    }

    /// Waits for a message of that type, and gives those that have come before it as well.
    pub async fn told(&mut self, kind: &str) -> Vec<Value> {
        let mut all = Vec::new();
        while all.last().is_none_or(|last: &Value| last["type"] != *kind) {
            let frame = timeout(LIMIT, self.0.next()).await.expect("in time");
            if let Message::Text(text) = frame.expect("open").expect("a frame") {
                all.push(serde_json::from_str(&text).expect("JSON"));
            }
        }
        all
    }

    /// Says goodbye.
    pub async fn go(mut self) {
        self.0.close(None).await.expect("the server answers");
    }

    /// Stays until the end, and reads what comes.
    pub fn stay(mut self) {
        tokio::spawn(async move { while let Some(Ok(_)) = self.0.next().await {} });
    }
}
