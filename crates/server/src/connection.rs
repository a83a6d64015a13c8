//! One WebSocket, from upgrade to close.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::extract::ws::{CloseFrame, Message, close_code};
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, MissedTickBehavior, interval, timeout},
};

use crate::lobby::{Key, Lobby, QUEUE, Refusal};

/// How often a silent client is asked whether it is there.
const PING_EVERY: Duration = Duration::from_secs(10);

/// After how long without a word it is taken to be gone.
const SILENCE_LIMIT: Duration = Duration::from_secs(30);

/// How long one frame may take to leave.
const SEND_LIMIT: Duration = Duration::from_secs(10);

/// Runs a connection. Generic over the socket, so that a test can stand in for one.
pub(crate) async fn run<S, E>(socket: S, lobby: Arc<Mutex<Lobby>>, stopping: watch::Receiver<bool>)
where
    S: Stream<Item = Result<Message, E>> + Sink<Message>,
{
    let (queue, waiting) = mpsc::channel(QUEUE);
    let key = match lock(&lobby).connect(queue) {
        Ok(key) => key,
        Err(error) => return tracing::error!("no randomness: {error}"),
    };
    tracing::debug!(key, "connected");
    let (mut sink, stream) = socket.split();
    let goodbye = pump(&mut sink, stream, key, &lobby, waiting, stopping).await;
    lock(&lobby).disconnect(key);
    tracing::debug!(key, "disconnected");
    let _ = timeout(SEND_LIMIT, sink.send(Message::Close(goodbye))).await;
    let _ = timeout(SEND_LIMIT, sink.close()).await;
}

/// Carries frames both ways until either side is done; gives what to say at the end.
async fn pump<S, E>(
    sink: &mut (impl Sink<Message> + Unpin),
    mut stream: S,
    key: Key,
    lobby: &Mutex<Lobby>,
    mut waiting: mpsc::Receiver<axum::extract::ws::Utf8Bytes>,
    mut stopping: watch::Receiver<bool>,
) -> Option<CloseFrame>
where
    S: Stream<Item = Result<Message, E>> + Unpin,
{
    let mut heard = Instant::now();
    let mut ping = interval(PING_EVERY);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let frame = tokio::select! {
            outgoing = waiting.recv() => match outgoing {
                Some(text) => Message::Text(text),
                None => return close(close_code::POLICY, "you do not read what you are sent"),
            },
            incoming = stream.next() => {
                heard = Instant::now();
                match incoming {
                    Some(Ok(Message::Text(text))) => {
                        lock(lobby).receive(key, text.as_str());
                    }
                    Some(Ok(Message::Binary(_))) => lock(lobby).refuse(key, &Refusal::Binary),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    Some(Ok(Message::Close(_))) | None => return None,
                    Some(Err(_)) => return close(close_code::SIZE, "not a WebSocket frame, or one above 1 MiB"),
                }
                continue;
            }
            _ = ping.tick() => {
                if heard.elapsed() > SILENCE_LIMIT || !lock(lobby).knows(key) {
                    return None;
                }
                Message::Ping(Default::default())
            }
            _ = stopping.wait_for(|stopping| *stopping) => {
                return close(close_code::AWAY, "the server is stopping; come back in a moment");
            }
        };
        if !matches!(timeout(SEND_LIMIT, sink.send(frame)).await, Ok(Ok(()))) {
            return None;
        }
    }
}

fn close(code: u16, reason: &'static str) -> Option<CloseFrame> {
    Some(CloseFrame {
        code,
        reason: reason.into(),
    })
}

/// The lobby is whole between any two calls, so a panic elsewhere does not spoil it.
fn lock(lobby: &Mutex<Lobby>) -> MutexGuard<'_, Lobby> {
    lobby.lock().unwrap_or_else(PoisonError::into_inner)
}
