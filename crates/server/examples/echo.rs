//! Sends back what comes, over WebSockets with the server's own settings, for the conformance tests
//! of Autobahn (CONTRIBUTING.md says how to run them).

use axum::{
    Router,
    extract::ws::{Message, WebSocket, WebSocketUpgrade},
    response::Response,
    routing::any,
};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let app = Router::new().route("/", any(answer));
    axum::serve(TcpListener::bind("127.0.0.1:9001").await?, app).await
}

async fn answer(upgrade: WebSocketUpgrade) -> Response {
    holdfast_server::with_frame_limits(upgrade).on_upgrade(echo)
}

async fn echo(mut socket: WebSocket) {
    while let Some(Ok(frame)) = socket.recv().await {
        let sent = match frame {
            Message::Text(_) | Message::Binary(_) => socket.send(frame).await,
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) => Ok(()),
        };
        if sent.is_err() {
            return;
        }
    }
}
