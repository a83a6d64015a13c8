//! One WebSocket, from upgrade to close.

use std::{sync::Arc, time::Duration};

use axum::extract::ws::{CloseFrame, Message, close_code};
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout};

use crate::{
    Server,
    hub::{Refusal, Seat},
    limits::{Allowance, Permit},
    metrics::Dropped,
    queue::{Closed, Next, Queue, Waiting},
};

/// How often a silent client is asked whether it is there.
const PING_EVERY: Duration = Duration::from_secs(10);

/// After how long without a word it is taken to be gone.
const SILENCE_LIMIT: Duration = Duration::from_secs(30);

/// How long what is sent at once may take to leave.
const SEND_LIMIT: Duration = Duration::from_secs(10);

/// How many messages are sent at once.
const BATCH: usize = 32;

/// Runs a connection. Generic over the socket, so that a test can stand in for one. `resumable`:
/// the client speaks our subprotocol.
pub(crate) async fn run<S, E>(socket: S, resumable: bool, server: Server, permit: Option<Permit>)
where
    S: Stream<Item = Result<Message, E>> + Sink<Message>,
{
    let queue = Queue::default();
    // A session can end before its connection has.
    let permit = permit.map(Arc::new);
    let seat = server
        .hub()
        .connect(queue.clone(), resumable, permit.clone());
    let mut seat = match seat {
        Ok(seat) => seat,
        Err(error) => return tracing::error!("no randomness: {error}"),
    };
    tracing::debug!(?seat, "connected");
    let (mut sink, stream) = socket.split();
    let end = pump(&mut sink, stream, &mut seat, &server, &queue).await;
    let said_goodbye = matches!(end, End::Goodbye);
    server.hub().disconnect(seat, said_goodbye, Instant::now());
    tracing::debug!(?seat, "disconnected");
    let close = match end {
        End::Goodbye | End::Gone => None,
        End::Refused(close) => Some(close),
    };
    let _ = timeout(SEND_LIMIT, sink.send(Message::Close(close))).await;
    let _ = timeout(SEND_LIMIT, sink.close()).await;
    drop(permit);
}

/// Turns somebody away, with a sentence.
pub(crate) async fn turn_away(mut socket: impl Sink<Message> + Unpin, reason: &'static str) {
    let close = CloseFrame {
        code: close_code::AGAIN,
        reason: reason.into(),
    };
    let _ = timeout(SEND_LIMIT, socket.send(Message::Close(Some(close)))).await;
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
    server: &Server,
    queue: &Queue,
) -> End
where
    S: Stream<Item = Result<Message, E>> + Unpin,
{
    let mut stopping = server.stopping.subscribe();
    if *stopping.borrow_and_update() {
        return stops();
    }
    let mut heard = Instant::now();
    let mut allowance = Allowance::new(server.options.messages_per_second, heard);
    // Until when nothing is read, because too much has come.
    let mut slowed = None;
    let mut ping = interval_at(heard + PING_EVERY, PING_EVERY);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let sent = tokio::select! {
            next = queue.next() => match next {
                Next::Message(first) => {
                    timeout(SEND_LIMIT, send(sink, first, queue, server)).await
                }
                Next::Closed(Closed::Moved) => {
                    return close(close_code::NORMAL, "the session goes on over another connection");
                }
                Next::Closed(Closed::Stalled) => {
                    return close(close_code::POLICY, "you do not read what you are sent");
                }
            },
            incoming = stream.next(), if slowed.is_none() => {
                heard = Instant::now();
                let (bytes, receivers) = match incoming {
                    Some(Ok(Message::Text(text))) => {
                        let received = server.hub().receive(*seat, text.as_str());
                        *seat = received.seat;
                        (text.len(), received.receivers)
                    }
                    Some(Ok(Message::Binary(bytes))) => {
                        server.hub().refuse(*seat, &Refusal::Binary);
                        (bytes.len(), 0)
                    }
                    Some(Ok(Message::Ping(bytes) | Message::Pong(bytes))) => (bytes.len(), 0),
                    // A browser that leaves a page says 1001, a page that is done 1000 or nothing.
                    Some(Ok(Message::Close(Some(close)))) if close.code != close_code::NORMAL => {
                        return End::Gone;
                    }
                    Some(Ok(Message::Close(_))) => return End::Goodbye,
                    None => return End::Gone,
                    Some(Err(_)) => {
                        server.metrics.dropped(Dropped::BadFrame);
                        return close(close_code::SIZE, "not a WebSocket frame, or a message above 256 KiB");
                    }
                };
                match allowance.take(bytes, receivers, heard) {
                    Ok(Duration::ZERO) => {}
                    Ok(wait) => slowed = Some(heard + wait),
                    Err(_) => {
                        server.metrics.dropped(Dropped::Flood);
                        tracing::info!(?seat, "dropped: it sends too much");
                        return close(close_code::POLICY, "you send too much");
                    }
                }
                continue;
            }
            () = sleep_until(slowed.unwrap_or(heard)), if slowed.is_some() => {
                slowed = None;
                continue;
            }
            _ = ping.tick() => {
                if heard.elapsed() > SILENCE_LIMIT {
                    server.metrics.dropped(Dropped::Silent);
                    return End::Gone;
                }
                timeout(SEND_LIMIT, sink.send(Message::Ping(Default::default()))).await
            }
            _ = stopping.changed() => return stops(),
        };
        if !matches!(sent, Ok(Ok(()))) {
            return End::Gone;
        }
    }
}

/// Sends a message, and others that wait behind it, in as few writes as can be.
async fn send<S>(
    sink: &mut S,
    first: Waiting,
    queue: &Queue,
    server: &Server,
) -> Result<(), S::Error>
where
    S: Sink<Message> + Unpin,
{
    let since = first.since;
    sink.feed(first.message).await?;
    for _ in 1..BATCH {
        let Some(Next::Message(next)) = queue.try_next() else {
            break;
        };
        sink.feed(next.message).await?;
    }
    sink.flush().await?;
    server.metrics.waited(since.elapsed());
    Ok(())
}

fn stops() -> End {
    close(
        close_code::AWAY,
        "the server is stopping; come back in a moment",
    )
}

fn close(code: u16, reason: &'static str) -> End {
    End::Refused(CloseFrame {
        code,
        reason: reason.into(),
    })
}
