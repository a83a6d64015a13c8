//! A client's session: what it is sent, over whichever connection it has just now.

use axum::extract::ws::{Message, Utf8Bytes};
use holdfast_protocol::{MAX_MESSAGE_BYTES, Sequence};

use crate::queue::{Closed, Queue, Stalled};

/// How many messages are kept until they are acknowledged: for a reader, and for a client that is
/// away.
const KEPT: usize = 4096;
const KEPT_AWAY: usize = 256;

/// And how many bytes of them: more than what may come between two acknowledgements.
const KEPT_BYTES: usize = 20 * MAX_MESSAGE_BYTES;

/// Sends into the connection's queue, and if the client can resume, keeps what it has not
/// acknowledged.
pub(super) struct ClientSession {
    queue: Option<Queue>,
    log: Option<Log>,
}

/// The part of a session that a client of our subprotocol can ask for again.
#[derive(Default)]
struct Log {
    messages: Sequence<Utf8Bytes>,
    bytes: usize,
}

impl ClientSession {
    pub(super) fn new(queue: Queue, resumable: bool) -> Self {
        Self {
            queue: Some(queue),
            log: resumable.then(Log::default),
        }
    }

    /// Whether it outlives its connection.
    pub(super) fn is_resumable(&self) -> bool {
        self.log.is_some()
    }

    /// Sends a message of the session, now or when there is a connection again.
    pub(super) fn send(&mut self, text: Utf8Bytes) -> Result<(), Stalled> {
        if let Some(log) = &mut self.log {
            log.bytes += text.len();
            log.messages.sent(text.clone());
            // A reader may be slow to acknowledge, but not by more than this.
            let limit = match self.queue {
                Some(_) => KEPT,
                None => KEPT_AWAY,
            };
            if log.messages.unacked_count() > limit || log.bytes > KEPT_BYTES {
                return Err(Stalled);
            }
        }
        self.send_aside(Message::Text(text))
    }

    /// Sends what belongs to the connection and not to the session.
    pub(super) fn send_aside(&self, message: Message) -> Result<(), Stalled> {
        match &self.queue {
            Some(queue) => queue.put(message),
            None => Ok(()),
        }
    }

    /// A message of the client's session has come; gives the count when it is time to acknowledge it.
    pub(super) fn received(&mut self) -> Option<u32> {
        self.log.as_mut()?.messages.received()
    }

    /// How many messages of the client's session have come.
    pub(super) fn received_count(&self) -> u32 {
        self.log
            .as_ref()
            .map_or(0, |log| log.messages.received_count())
    }

    /// The client has received so many messages: they need not be kept.
    pub(super) fn acked(&mut self, count: u32) {
        if let Some(log) = &mut self.log {
            let bytes = &mut log.bytes;
            log.messages.acked(count, |text| *bytes -= text.len());
        }
    }

    /// Whether there is a connection.
    pub(super) fn is_attached(&self) -> bool {
        self.queue.is_some()
    }

    /// How many messages wait to be sent.
    pub(super) fn waiting(&self) -> usize {
        self.queue.as_ref().map_or(0, Queue::len)
    }

    /// The connection is gone; the next may come.
    pub(super) fn detach(&mut self) {
        self.queue = None;
    }

    /// The connection is to end, if there is one.
    pub(super) fn close(&self, why: Closed) {
        if let Some(queue) = &self.queue {
            queue.close(why);
        }
    }

    /// Another connection takes its place: its client has received `acked` messages, or is a page
    /// that was loaded anew. Gives what is to be sent again.
    pub(super) fn attach(&mut self, next: Self, acked: Option<u32>) -> Vec<Utf8Bytes> {
        self.close(Closed::Moved);
        self.queue = next.queue;
        match acked {
            Some(count) => self.acked(count),
            None => self.log = next.log,
        }
        let unacked = self.log.iter().flat_map(|log| log.messages.unacked());
        unacked.cloned().collect()
    }
}
