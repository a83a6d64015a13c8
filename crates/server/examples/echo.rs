//! Sends back what comes, over WebSockets as the server has them, for the conformance tests of Autobahn
//! (CONTRIBUTING.md says how to run them).

use std::future::poll_fn;

use axum::{
    Router,
    body::Body,
    extract::Request,
    response::{IntoResponse, Response},
    routing::any,
};
use holdfast_server::{Received, Socket, Upgrade};
use tokio::net::TcpListener;
use tungstenite::Message;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let app = Router::new().route("/", any(answer));
    axum::serve(TcpListener::bind("127.0.0.1:9001").await?, app).await
}

async fn answer(request: Request) -> Response {
    match Upgrade::of(&mut request.into_parts().0) {
        Ok(Some(upgrade)) => upgrade.accept(Received::default(), echo),
        Ok(None) => Response::new(Body::from("a WebSocket is wanted\n")),
        Err(refused) => refused.into_response(),
    }
}

async fn echo(mut socket: Socket) {
    while let Some(Ok(message)) = poll_fn(|context| socket.poll_next(context)).await {
        let is_data = matches!(message, Message::Text(_) | Message::Binary(_));
        if is_data && socket.start_send(message).is_err() {
            return;
        }
        if poll_fn(|context| socket.poll_flush(context)).await.is_err() {
            return;
        }
    }
}
