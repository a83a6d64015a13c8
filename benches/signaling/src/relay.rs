//! The floor of what passes messages on: a WebSocket server that knows who is where, and hands each message to the
//! other one of its pair, unread.

use std::{collections::HashMap, sync::Arc};

use anyhow::{Context, Result};
use futures_util::{SinkExt, StreamExt};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Mutex, mpsc},
};
use tokio_tungstenite::{
    accept_hdr_async_with_config,
    tungstenite::{
        Message,
        handshake::server::{Request, Response},
        protocol::WebSocketConfig,
    },
};

type People = Arc<Mutex<HashMap<String, mpsc::UnboundedSender<Message>>>>;

/// Whoever connects says in the path who they are and who the other one is: `/Ann/Bob`.
pub(crate) async fn serve(port: u16) -> Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let people = People::default();
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(carry(stream, people.clone()));
    }
}

#[expect(clippy::result_large_err, reason = "the callback is tungstenite's")]
async fn carry(stream: TcpStream, people: People) -> Result<()> {
    let mut path = String::new();
    let config = WebSocketConfig::default().read_buffer_size(2048);
    let mut socket = accept_hdr_async_with_config(
        stream,
        |request: &Request, response: Response| {
            path = request.uri().path().to_owned();
            Ok(response)
        },
        Some(config),
    )
    .await?;
    let pair = path.trim_start_matches('/').split_once('/');
    let (name, partner) = pair.context("two names")?;
    let (put, mut waiting) = mpsc::unbounded_channel();
    people.lock().await.insert(name.to_owned(), put);
    loop {
        tokio::select! {
            Some(message) = waiting.recv() => socket.send(message).await?,
            came = socket.next() => {
                let frame = came.context("gone")??;
                let to = people.lock().await.get(partner).cloned();
                if let Some(to) = to.filter(|_| frame.is_text()) {
                    // Who is gone hears nothing.
                    let _ = to.send(frame);
                }
            }
        }
    }
}
