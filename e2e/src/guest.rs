//! People without a browser, of whom there can be thousands.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

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

    /// Says goodbye.
    pub async fn go(mut self) {
        self.0.close(None).await.expect("the server answers");
    }

    /// Stays until the end, and reads what comes.
    pub fn stay(mut self) {
        tokio::spawn(async move { while let Some(Ok(_)) = self.0.next().await {} });
    }
}
