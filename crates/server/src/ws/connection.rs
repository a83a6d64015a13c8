//! One WebSocket, from upgrade to close.

use std::{
    future::{Future, poll_fn},
    net::IpAddr,
    ops::ControlFlow,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    sync::watch,
    time::{Instant, Sleep, sleep_until, timeout},
};
use tungstenite::{
    Error, Message, Utf8Bytes,
    error::ProtocolError,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use super::socket::Socket;
use crate::{
    hub::{ConnectionRef, Refusal},
    limits::{MAX_FRAME_BYTES, Permit, RateLimiter},
    metrics::Dropped,
    queue::{Closed, Next, Queue, Waiting},
    state::Server,
};

/// How often a client is looked at, and asked whether it is there, unless it has said something since.
const PING_EVERY: Duration = Duration::from_secs(10);

/// After how long without a word it is taken to be gone.
const SILENCE_LIMIT: Duration = Duration::from_secs(30);

/// How long what is sent at once may take to leave, but for the time until it is looked at.
const SEND_LIMIT: Duration = Duration::from_secs(10);

/// How many bytes may come that are part of no message yet, or of none at all: a whole message, and what
/// is around the frames of it.
const MAX_BYTES_ASIDE: usize = MAX_FRAME_BYTES + 64 * 1024;

/// Every message goes back to its sender.
pub(crate) const ECHOES: bool = cfg!(feature = "echo");

/// How many messages are sent at once.
const BATCH: usize = 32;

/// Runs a connection. `resumable`: the client speaks our subprotocol. `open` says that it is not over
/// yet. The socket is in a box, for a future holds what it is given twice.
pub(crate) async fn run(
    mut socket: Box<Socket>,
    resumable: bool,
    server: Server,
    permit: Option<Arc<Permit>>,
    open: watch::Receiver<bool>,
) {
    let queue = Queue::default();
    let at = server.hub.connect(queue.clone(), resumable, permit.clone());
    let at = match at {
        Ok(at) => at,
        Err(error) => return tracing::error!("no randomness: {error}"),
    };
    tracing::debug!(?at, "connected");
    // Then the hub has one of its own, which nobody reads.
    let queue = if ECHOES { Queue::default() } else { queue };
    let now = Instant::now();
    let unnamed = Duration::from_secs(server.options.unnamed_seconds);
    let mut carrier = Open {
        socket: &mut socket,
        queue,
        at,
        address: permit.as_ref().map(|permit| permit.address()),
        limiter: RateLimiter::new(server.options.messages_per_second, permit.as_deref(), now),
        server: &server,
        unsent: None,
        oldest: None,
        last_frame: now,
        unnamed_until: Some(now + unnamed),
        slowed: None,
        held: None,
        inspect_at: now + PING_EVERY.min(unnamed),
    };
    let mut timer = pin!(sleep_until(carrier.inspect_at));
    let end = poll_fn(|context| carrier.poll(timer.as_mut(), context)).await;
    let (at, said_goodbye) = (carrier.at, matches!(end, End::Goodbye));
    server.hub.disconnect(at, said_goodbye, Instant::now());
    tracing::debug!(?at, "disconnected");
    let close = match end {
        End::Goodbye | End::Gone => None,
        End::Refused(close) => Some(close),
    };
    Box::pin(leave(socket, close)).await;
    drop(open);
}

/// Turns somebody away, with a sentence.
pub(crate) async fn turn_away(socket: Box<Socket>, close: CloseFrame) {
    leave(socket, Some(close)).await;
}

async fn leave(mut socket: Box<Socket>, close: Option<CloseFrame>) {
    let _ = timeout(SEND_LIMIT, socket.close(close)).await;
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

/// A connection that is open. It reads nothing while what it sends does not leave.
struct Open<'a> {
    socket: &'a mut Socket,
    queue: Queue,
    at: ConnectionRef,
    address: Option<IpAddr>,
    limiter: RateLimiter,
    server: &'a Server,
    /// Since when something is on its way out.
    unsent: Option<Instant>,
    /// Since when the first message of it has waited for its turn.
    oldest: Option<Instant>,
    last_frame: Instant,
    /// Until when a name is to be said, if none has been.
    unnamed_until: Option<Instant>,
    /// Until when nothing is read, because too much has come, or it is not known yet what to answer.
    slowed: Option<Instant>,
    /// What has yet to be answered.
    held: Option<Box<Utf8Bytes>>,
    /// When it is inspected next.
    inspect_at: Instant,
}

impl Open<'_> {
    /// Carries frames both ways until either side is done.
    fn poll(&mut self, mut timer: Pin<&mut Sleep>, context: &mut Context<'_>) -> Poll<End> {
        // First, or whoever always has something to say would never be looked at.
        let mut is_time = timer.as_mut().poll(context).is_ready();
        loop {
            if is_time && let ControlFlow::Break(end) = self.inspect(Instant::now()) {
                return Poll::Ready(end);
            }
            let sent = match self.poll_send(context) {
                Poll::Ready(ControlFlow::Break(end)) => return Poll::Ready(end),
                Poll::Ready(ControlFlow::Continue(())) => true,
                Poll::Pending => false,
            };
            // Whoever is sent much is heard as well.
            let may_read = self.unsent.is_none() && self.slowed.is_none();
            let received = match may_read.then(|| self.socket.poll_next(context)) {
                Some(Poll::Ready(incoming)) => {
                    if let ControlFlow::Break(end) = self.receive(incoming) {
                        return Poll::Ready(end);
                    }
                    true
                }
                Some(Poll::Pending) | None => false,
            };
            if self.socket.aside() > MAX_BYTES_ASIDE {
                self.server.metrics.dropped(Dropped::Flood);
                let text = "a message that does not end, or frames with nothing in them";
                return Poll::Ready(close(CloseCode::Policy, text));
            }
            is_time = false;
            if sent || received {
                continue;
            }
            self.socket.slim(context);
            let next = self
                .slowed
                .map_or(self.inspect_at, |until| until.min(self.inspect_at));
            if timer.deadline() != next {
                timer.as_mut().reset(next);
            }
            ready!(timer.as_mut().poll(context));
            is_time = true;
        }
    }

    /// Sends some of what waits, in as few writes as can be. Pending when there is nothing, or it
    /// does not leave.
    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<ControlFlow<End>> {
        const GONE: Poll<ControlFlow<End>> = Poll::Ready(ControlFlow::Break(End::Gone));
        if self.unsent.is_none() {
            for _ in 0..BATCH {
                let Waiting { message, since, .. } = match self.queue.poll_next(context) {
                    Poll::Ready(Next::Message(waiting)) => waiting,
                    _ if self.unsent.is_some() => break,
                    Poll::Ready(Next::Closed(why)) => {
                        return Poll::Ready(ControlFlow::Break(closed(why)));
                    }
                    Poll::Pending => return Poll::Pending,
                };
                self.oldest.get_or_insert(since);
                self.unsent.get_or_insert_with(Instant::now);
                if self.socket.start_send(message).is_err() {
                    return GONE;
                }
                match self.socket.poll_ready(context) {
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(_)) => return GONE,
                    Poll::Pending => break,
                }
            }
        }
        if ready!(self.socket.poll_flush(context)).is_err() {
            return GONE;
        }
        self.unsent = None;
        if let Some(oldest) = self.oldest.take() {
            self.server.metrics.waited(oldest.elapsed());
        }
        Poll::Ready(ControlFlow::Continue(()))
    }

    /// A frame has come, or the end.
    fn receive(&mut self, incoming: Option<Result<Message, Error>>) -> ControlFlow<End> {
        let now = Instant::now();
        self.last_frame = now;
        let (bytes, receivers) = match incoming {
            Some(Ok(message @ (Message::Text(_) | Message::Binary(_)))) if ECHOES => {
                let _ = self.queue.put(message);
                (0, 0)
            }
            Some(Ok(Message::Text(text))) => return self.receive_text(text, now),
            Some(Ok(Message::Binary(bytes))) => {
                self.server.hub.refuse(self.at, &Refusal::Binary);
                (bytes.len(), 0)
            }
            Some(Ok(Message::Ping(bytes) | Message::Pong(bytes))) => (bytes.len(), 0),
            // A browser that leaves a page says 1001, a page that is done 1000 or nothing.
            Some(Ok(Message::Close(Some(close)))) if close.code != CloseCode::Normal => {
                return ControlFlow::Break(End::Gone);
            }
            Some(Ok(Message::Close(_))) => return ControlFlow::Break(End::Goodbye),
            // Only what is written is ever one by itself.
            Some(Ok(Message::Frame(frame))) => (frame.len(), 0),
            None => return ControlFlow::Break(End::Gone),
            Some(Err(error)) => return ControlFlow::Break(self.failed(&error)),
        };
        self.count(bytes, receivers, now)
    }

    fn receive_text(&mut self, text: Utf8Bytes, now: Instant) -> ControlFlow<End> {
        match self.server.hub.receive(self.at, &text, now) {
            Ok(received) => {
                self.at = received.connection;
                self.count(text.len(), received.receivers, now)
            }
            Err(until) => {
                self.held = Some(text.into());
                self.slowed = Some(until);
                ControlFlow::Continue(())
            }
        }
    }

    /// So much has come, and went to so many.
    fn count(&mut self, bytes: usize, receivers: usize, now: Instant) -> ControlFlow<End> {
        match self.limiter.take(bytes, receivers, now) {
            Ok(Duration::ZERO) => {}
            Ok(wait) => self.slowed = Some(now + wait),
            Err(_) => {
                self.server.metrics.dropped(Dropped::Flood);
                tracing::info!(at = ?self.at, "dropped: it sends too much");
                return ControlFlow::Break(close(CloseCode::Policy, "you send too much"));
            }
        }
        ControlFlow::Continue(())
    }

    /// Nothing more can be read (RFC 6455, 7.4.1).
    fn failed(&self, error: &Error) -> End {
        let end = match error {
            Error::Capacity(_) => close(CloseCode::Size, "a message above 256 KiB"),
            Error::Utf8(_) => close(CloseCode::Invalid, "a text that is not UTF-8"),
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => End::Gone,
            Error::Protocol(_) => close(CloseCode::Protocol, "not a WebSocket frame"),
            Error::ConnectionClosed
            | Error::AlreadyClosed
            | Error::Io(_)
            | Error::Tls(_)
            | Error::WriteBufferFull(_)
            | Error::AttackAttempt
            | Error::Url(_)
            | Error::Http(_)
            | Error::HttpFormat(_) => End::Gone,
        };
        if matches!(end, End::Refused(_)) {
            self.server.metrics.dropped(Dropped::BadFrame);
        }
        end
    }

    /// Looks whether it goes on: every now and then, and when it has been slow for long enough.
    fn inspect(&mut self, now: Instant) -> ControlFlow<End> {
        if self.slowed.is_some_and(|until| until <= now) {
            self.slowed = None;
            // Until now, nobody has listened.
            self.last_frame = now;
            if let Some(text) = self.held.take() {
                self.receive_text(*text, now)?;
            }
        }
        if self.inspect_at > now {
            return ControlFlow::Continue(());
        }
        self.inspect_at = now + PING_EVERY;
        if self.unnamed_until.is_some_and(|until| until <= now) {
            self.unnamed_until = None;
            if !self.server.hub.is_named(self.at) {
                self.server.metrics.dropped(Dropped::Unnamed);
                let text = "you have not said who you are; come back with a name";
                return ControlFlow::Break(close(CloseCode::Policy, text));
            }
        }
        // Who was about to come in when that was said.
        if self
            .address
            .is_some_and(|from| self.server.bans.has(from, now))
        {
            self.server.metrics.dropped(Dropped::Operator);
            return ControlFlow::Break(closed(Closed::Operator));
        }
        if self.slowed.is_none() && now - self.last_frame > SILENCE_LIMIT {
            self.server.metrics.dropped(Dropped::Silent);
            return ControlFlow::Break(End::Gone);
        }
        match self.unsent {
            Some(since) if now - since > SEND_LIMIT => ControlFlow::Break(End::Gone),
            Some(_) => ControlFlow::Continue(()),
            // Pages ask by themselves, every 5 s.
            None if now - self.last_frame < PING_EVERY => ControlFlow::Continue(()),
            None => {
                self.unsent = Some(now);
                match self.socket.start_send(Message::Ping(Default::default())) {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(_) => ControlFlow::Break(End::Gone),
                }
            }
        }
    }
}

fn closed(why: Closed) -> End {
    match why {
        Closed::Moved => close(
            CloseCode::Normal,
            "the session goes on over another connection",
        ),
        Closed::Stalled => close(CloseCode::Policy, "you do not read what you are sent"),
        Closed::Operator => close(
            CloseCode::Policy,
            "whoever runs this server has closed your connection",
        ),
        Closed::Stopping => close(
            CloseCode::Away,
            "the server is stopping; come back in a moment",
        ),
    }
}

fn close(code: CloseCode, reason: &'static str) -> End {
    End::Refused(CloseFrame {
        code,
        reason: reason.into(),
    })
}
