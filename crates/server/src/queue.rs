//! What waits to be sent over one connection.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::extract::ws::Message;
use tokio::{sync::Notify, time::Instant};

/// How many bytes may wait for a reader.
const MAX_BYTES: usize = 768 * 1024;

/// How many messages may, however small.
const MAX_MESSAGES: usize = 4096;

/// A queue that has held more than this gives its memory back once it is empty.
const KEPT_CAPACITY: usize = 16;

/// Both ends of it; the connection that it is for takes, everybody else puts.
#[derive(Clone, Default)]
pub(crate) struct Queue(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// There is something to take, or nothing will come any more.
    changed: Notify,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Waiting>,
    bytes: usize,
    closed: Option<Closed>,
}

/// A message and since when it waits.
pub(crate) struct Waiting {
    pub(crate) message: Message,
    pub(crate) since: Instant,
}

/// Why a connection is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Closed {
    /// Its session goes on over another connection.
    Moved,
    /// Its reader does not read.
    Stalled,
}

/// What comes next.
pub(crate) enum Next {
    Message(Waiting),
    Closed(Closed),
}

/// A reader that does not read.
#[derive(Debug)]
pub(crate) struct Stalled;

impl Queue {
    pub(crate) fn put(&self, message: Message) -> Result<(), Stalled> {
        let mut state = self.lock();
        if state.closed.is_some() {
            return Ok(());
        }
        state.bytes += size(&message);
        let since = Instant::now();
        state.waiting.push_back(Waiting { message, since });
        let is_full = state.bytes > MAX_BYTES || state.waiting.len() > MAX_MESSAGES;
        drop(state);
        self.0.changed.notify_one();
        if is_full { Err(Stalled) } else { Ok(()) }
    }

    /// Nothing more is to be sent. What waits for a reader that does not read is forgotten.
    pub(crate) fn close(&self, why: Closed) {
        let mut state = self.lock();
        state.closed.get_or_insert(why);
        if why == Closed::Stalled {
            state.waiting.clear();
        }
        drop(state);
        self.0.changed.notify_one();
    }

    /// Waits for what comes next. Nothing is lost if it is dropped while it waits.
    pub(crate) async fn next(&self) -> Next {
        loop {
            if let Some(next) = self.try_next() {
                return next;
            }
            self.0.changed.notified().await;
        }
    }

    /// What comes next, if it is there.
    pub(crate) fn try_next(&self) -> Option<Next> {
        let mut state = self.lock();
        if let Some(waiting) = state.waiting.pop_front() {
            state.bytes -= size(&waiting.message);
            if state.waiting.is_empty() && state.waiting.capacity() > KEPT_CAPACITY {
                state.waiting = VecDeque::new();
            }
            return Some(Next::Message(waiting));
        }
        state.closed.map(Next::Closed)
    }

    /// How many messages wait.
    pub(crate) fn len(&self) -> usize {
        self.lock().waiting.len()
    }

    /// Whole between any two calls, so a panic elsewhere does not spoil it.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn size(message: &Message) -> usize {
    match message {
        Message::Text(text) => text.len(),
        Message::Binary(bytes) | Message::Ping(bytes) | Message::Pong(bytes) => bytes.len(),
        Message::Close(_) => 0,
    }
}
