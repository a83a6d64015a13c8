//! Messages that wait to be sent over one connection.

use std::{
    collections::VecDeque,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use holdfast_protocol::MAX_MESSAGE_BYTES;
use tokio::time::Instant;
use tungstenite::Message;

use crate::{
    limits::{Full, Room, Sender, Shares},
    sync::Mutex,
};

/// How many bytes may wait for a reader.
const MAX_BYTES: usize = 1536 * 1024;

/// How many messages may, however small.
const MAX_MESSAGES: usize = 4096;

/// How much of that may be what others send.
pub(crate) const FROM_OTHERS: Room = Room {
    messages: 2048,
    bytes: 20 * MAX_MESSAGE_BYTES,
};

/// Both ends of it; the connection that it is for takes, everybody else puts.
#[derive(Clone, Default)]
pub(crate) struct Queue(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    waiting: VecDeque<Waiting>,
    bytes: usize,
    shares: Shares,
    closed: Option<Closed>,
    /// Of the connection that waits for what comes.
    waker: Option<Waker>,
}

/// A message and since when it waits.
pub(crate) struct Waiting {
    pub(crate) message: Message,
    pub(crate) since: Instant,
    /// One of the receiver's peers, if it is not the server's own.
    from: Option<Sender>,
}

/// Why a connection is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Closed {
    /// Its session goes on over another connection.
    Moved,
    /// Its reader does not read.
    Stalled,
    /// The server is about to end.
    Stopping,
    /// Whoever runs the server wants it to.
    Operator,
}

/// The next thing to do for a connection.
pub(crate) enum Next {
    Message(Waiting),
    Closed(Closed),
}

/// Of the connection that is to be told that something waits for it, if it does not know. Whoever puts it in tells
/// it once nobody waits for them any more.
pub(crate) type Wake = Option<Waker>;

/// A reader that does not read.
#[derive(Debug)]
pub(crate) struct Stalled;

impl Queue {
    /// Puts in a message of the server's own. A reader for whom too much of that waits does not read.
    pub(crate) fn put(&self, message: Message) -> Result<Wake, Stalled> {
        let mut state = self.0.lock();
        if state.closed.is_some() {
            return Ok(None);
        }
        state.push(message, None);
        match state.bytes > MAX_BYTES || state.waiting.len() > MAX_MESSAGES {
            true => Err(Stalled),
            false => Ok(state.waker.take()),
        }
    }

    /// Puts in a message of another client's, if there is room for more of that one's.
    pub(crate) fn relay(&self, message: Message, from: Sender) -> Result<Wake, Full> {
        let mut state = self.0.lock();
        if state.closed.is_some() {
            return Ok(None);
        }
        state.shares.take(from, message.len(), FROM_OTHERS)?;
        state.push(message, Some(from));
        Ok(state.waker.take())
    }

    /// Nothing more is to be sent. What waits for a reader that does not read, or is not to, is forgotten.
    pub(crate) fn close(&self, why: Closed) {
        let mut state = self.0.lock();
        state.closed.get_or_insert(why);
        if matches!(why, Closed::Stalled | Closed::Operator) {
            state.waiting.clear();
            state.shares = Shares::default();
        }
        let wake = state.waker.take();
        drop(state);
        wake.into_iter().for_each(Waker::wake);
    }

    /// The next thing to do. One connection at a time may wait for it.
    pub(crate) fn poll_next(&self, context: &Context<'_>) -> Poll<Next> {
        let mut state = self.0.lock();
        let next = state.next();
        match next {
            Some(next) => Poll::Ready(next),
            None => {
                let waker = state.waker.get_or_insert_with(|| context.waker().clone());
                waker.clone_from(context.waker());
                Poll::Pending
            }
        }
    }

    /// How many messages wait.
    pub(crate) fn len(&self) -> usize {
        self.0.lock().waiting.len()
    }
}

impl State {
    fn push(&mut self, message: Message, from: Option<Sender>) {
        self.bytes += message.len();
        self.waiting.push_back(Waiting {
            message,
            since: Instant::now(),
            from,
        });
    }

    fn next(&mut self) -> Option<Next> {
        let Some(waiting) = self.waiting.pop_front() else {
            return self.closed.map(Next::Closed);
        };
        let bytes = waiting.message.len();
        self.bytes -= bytes;
        if let Some(from) = waiting.from {
            self.shares.give_back(from, bytes);
        }
        if self.waiting.is_empty() {
            // Most connections are idle, and need no memory for it.
            self.waiting = VecDeque::new();
        }
        Some(Next::Message(waiting))
    }
}
