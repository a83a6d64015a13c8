//! One WebSocket, from upgrade to close.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::extract::ws::{CloseFrame, Message, close_code};
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use holdfast_protocol::SESSION_SECONDS;
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, MissedTickBehavior, interval, timeout},
};

use crate::{
    lobby::{Lobby, Refusal, Seat},
    session::QUEUE,
};

/// How long a session waits for its next connection.
const SESSION_LIMIT: Duration = Duration::from_secs(SESSION_SECONDS);

/// How often a silent client is asked whether it is there.
const PING_EVERY: Duration = Duration::from_secs(10);

/// After how long without a word it is taken to be gone.
const SILENCE_LIMIT: Duration = Duration::from_secs(30);

/// How long one frame may take to leave.
const SEND_LIMIT: Duration = Duration::from_secs(10);

/// Runs a connection. Generic over the socket, so that a test can stand in for one. `resumable`:
/// the client speaks our subprotocol.
pub(crate) async fn run<S, E>(
    socket: S,
    resumable: bool,
    lobby: Arc<Mutex<Lobby>>,
    mut stopping: watch::Receiver<bool>,
) where
    S: Stream<Item = Result<Message, E>> + Sink<Message>,
{
    // What is sent again to who comes back fits beside what is new.
    let (queue, waiting) = mpsc::channel(2 * QUEUE);
    let mut seat = match lock(&lobby).connect(queue, resumable) {
        Ok(seat) => seat,
        Err(error) => return tracing::error!("no randomness: {error}"),
    };
    tracing::debug!(?seat, "connected");
    let (mut sink, stream) = socket.split();
    let end = pump(&mut sink, stream, &mut seat, &lobby, waiting, &mut stopping).await;
    let said_goodbye = matches!(end, End::Goodbye);
    let waits = lock(&lobby).disconnect(seat, said_goodbye);
    tracing::debug!(?seat, waits, "disconnected");
    let close = match end {
        End::Goodbye | End::Gone => None,
        End::Refused(close) => Some(close),
    };
    let _ = timeout(SEND_LIMIT, sink.send(Message::Close(close))).await;
    let _ = timeout(SEND_LIMIT, sink.close()).await;
    drop(sink);
    if waits {
        let stopped = stopping.wait_for(|stopping| *stopping);
        if timeout(SESSION_LIMIT, stopped).await.is_err() {
            lock(&lobby).expire(seat);
        }
    }
}

/// How a connection ended.
enum End {
    /// The client closed it, and has no more to say.
    Goodbye,
    /// It is gone without a word, or together with the page.
    Gone,
    /// We closed it.
    Refused(CloseFrame),
}

/// Carries frames both ways until either side is done; gives what to say at the end.
async fn pump<S, E>(
    sink: &mut (impl Sink<Message> + Unpin),
    mut stream: S,
    seat: &mut Seat,
    lobby: &Mutex<Lobby>,
    mut waiting: mpsc::Receiver<axum::extract::ws::Utf8Bytes>,
    stopping: &mut watch::Receiver<bool>,
) -> End
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
                None if lock(lobby).has_moved(*seat) => {
                    return close(close_code::NORMAL, "the session goes on over another connection");
                }
                None => return close(close_code::POLICY, "you do not read what you are sent"),
            },
            incoming = stream.next() => {
                heard = Instant::now();
                match incoming {
                    Some(Ok(Message::Text(text))) => {
                        *seat = lock(lobby).receive(*seat, text.as_str());
                    }
                    Some(Ok(Message::Binary(_))) => lock(lobby).refuse(*seat, &Refusal::Binary),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    // A browser that leaves a page says 1001, a page that is done 1000 or nothing.
                    Some(Ok(Message::Close(Some(close)))) if close.code != close_code::NORMAL => {
                        return End::Gone;
                    }
                    Some(Ok(Message::Close(_))) => return End::Goodbye,
                    None => return End::Gone,
                    Some(Err(_)) => return close(close_code::SIZE, "not a WebSocket frame, or one above 1 MiB"),
                }
                continue;
            }
            _ = ping.tick() => {
                if heard.elapsed() > SILENCE_LIMIT || !lock(lobby).knows(*seat) {
                    return End::Gone;
                }
                Message::Ping(Default::default())
            }
            _ = stopping.wait_for(|stopping| *stopping) => {
                return close(close_code::AWAY, "the server is stopping; come back in a moment");
            }
        };
        if !matches!(timeout(SEND_LIMIT, sink.send(frame)).await, Ok(Ok(()))) {
            return End::Gone;
        }
    }
}

fn close(code: u16, reason: &'static str) -> End {
    End::Refused(CloseFrame {
        code,
        reason: reason.into(),
    })
}

/// The lobby is whole between any two calls, so a panic elsewhere does not spoil it.
fn lock(lobby: &Mutex<Lobby>) -> MutexGuard<'_, Lobby> {
    lobby.lock().unwrap_or_else(PoisonError::into_inner)
}
