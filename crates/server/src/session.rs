//! A person's session: what they are sent, over whichever connection they have just now.

use std::collections::VecDeque;

use axum::extract::ws::Utf8Bytes;
use tokio::sync::mpsc::{self, error::TrySendError};

/// How many messages may wait for a reader, or for a connection, before the session is dropped.
pub(crate) const QUEUE: usize = 256;

/// After so many messages each end says how many it has heard.
const ACKNOWLEDGE_EVERY: u32 = 16;

/// Into the connection's queue, and if the client can resume, kept until it has been heard.
pub(crate) struct Session {
    queue: Option<mpsc::Sender<Utf8Bytes>>,
    numbered: Option<Numbered>,
}

/// What a client that speaks our subprotocol can ask for again. Messages are numbered by counting:
/// each end counts those that it sends, and those that come.
#[derive(Default)]
struct Numbered {
    sent: u32,
    received: u32,
    unheard: VecDeque<Utf8Bytes>,
}

/// A reader that does not read.
#[derive(Debug)]
pub(crate) struct Stalled;

impl Session {
    pub(crate) fn new(queue: mpsc::Sender<Utf8Bytes>, resumable: bool) -> Self {
        Self {
            queue: Some(queue),
            numbered: resumable.then(Numbered::default),
        }
    }

    /// Whether it outlives its connection.
    pub(crate) fn is_resumable(&self) -> bool {
        self.numbered.is_some()
    }

    /// Sends a message of the session, now or when there is a connection again.
    pub(crate) fn send(&mut self, text: Utf8Bytes) -> Result<(), Stalled> {
        if let Some(numbered) = &mut self.numbered {
            numbered.sent = numbered.sent.wrapping_add(1);
            numbered.unheard.push_back(text.clone());
            // A reader may be slow to say what it has heard, but not by more than a full queue.
            let limit = match self.queue {
                Some(_) => 2 * QUEUE,
                None => QUEUE,
            };
            if numbered.unheard.len() > limit {
                return Err(Stalled);
            }
        }
        self.send_aside(text)
    }

    /// Sends what belongs to the connection and not to the session.
    pub(crate) fn send_aside(&self, text: Utf8Bytes) -> Result<(), Stalled> {
        match self.queue.as_ref().map(|queue| queue.try_send(text)) {
            Some(Err(TrySendError::Full(_))) => Err(Stalled),
            Some(Ok(()) | Err(TrySendError::Closed(_))) | None => Ok(()),
        }
    }

    /// A message of the client's session has come; gives the count when it is time to say it.
    pub(crate) fn received(&mut self) -> Option<u32> {
        let numbered = self.numbered.as_mut()?;
        numbered.received = numbered.received.wrapping_add(1);
        let is_time = numbered.received.is_multiple_of(ACKNOWLEDGE_EVERY);
        is_time.then_some(numbered.received)
    }

    /// How many messages of the client's session have come.
    pub(crate) fn received_count(&self) -> u32 {
        self.numbered
            .as_ref()
            .map_or(0, |numbered| numbered.received)
    }

    /// The client has heard so many: they need not be kept.
    pub(crate) fn heard(&mut self, count: u32) {
        if let Some(numbered) = &mut self.numbered {
            let unheard = numbered.sent.wrapping_sub(count) as usize;
            // A count of what was never sent means nothing.
            if let Some(heard) = numbered.unheard.len().checked_sub(unheard) {
                numbered.unheard.drain(..heard);
            }
        }
    }

    /// The connection is gone; the next may come.
    pub(crate) fn detach(&mut self) {
        self.queue = None;
    }

    /// Another connection takes its place: its client has heard `heard`, or is a page that was
    /// loaded anew. Gives what is to be sent again.
    pub(crate) fn attach(&mut self, next: Self, heard: Option<u32>) -> Vec<Utf8Bytes> {
        self.queue = next.queue;
        match heard {
            Some(count) => self.heard(count),
            None => self.numbered = next.numbered,
        }
        let unheard = self.numbered.iter().flat_map(|numbered| &numbered.unheard);
        unheard.cloned().collect()
    }
}
