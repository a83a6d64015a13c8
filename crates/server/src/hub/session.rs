//! A person's session: what they are sent, over whichever connection they have just now.

use std::collections::VecDeque;

use axum::extract::ws::{Message, Utf8Bytes};
use holdfast_protocol::MAX_MESSAGE_BYTES;

use crate::queue::{Closed, Queue, Stalled};

/// How many messages are kept until they have been heard: for a reader, and for somebody who is
/// away.
const KEPT: usize = 4096;
const KEPT_AWAY: usize = 256;

/// And how many bytes of them: more than what may come between two times that a client says how much
/// it has heard.
const KEPT_BYTES: usize = 20 * MAX_MESSAGE_BYTES;

/// After so many messages each end says how many it has heard.
const ACKNOWLEDGE_EVERY: u32 = 16;

/// Into the connection's queue, and if the client can resume, kept until it has been heard.
pub(crate) struct Session {
    queue: Option<Queue>,
    numbered: Option<Numbered>,
}

/// What a client that speaks our subprotocol can ask for again. Messages are numbered by counting:
/// each end counts those that it sends, and those that come.
#[derive(Default)]
struct Numbered {
    sent: u32,
    received: u32,
    unheard: VecDeque<Utf8Bytes>,
    bytes: usize,
}

impl Session {
    pub(crate) fn new(queue: Queue, resumable: bool) -> Self {
        Self {
            queue: Some(queue),
            numbered: resumable.then(Numbered::default),
        }
    }

    /// That of somebody who is on another server.
    pub(crate) fn elsewhere() -> Self {
        Self {
            queue: None,
            numbered: None,
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
            numbered.bytes += text.len();
            numbered.unheard.push_back(text.clone());
            // A reader may be slow to say what it has heard, but not by more than this.
            let limit = match self.queue {
                Some(_) => KEPT,
                None => KEPT_AWAY,
            };
            if numbered.unheard.len() > limit || numbered.bytes > KEPT_BYTES {
                return Err(Stalled);
            }
        }
        self.send_aside(Message::Text(text))
    }

    /// Sends what belongs to the connection and not to the session.
    pub(crate) fn send_aside(&self, message: Message) -> Result<(), Stalled> {
        match &self.queue {
            Some(queue) => queue.put(message),
            None => Ok(()),
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
        let Some(numbered) = &mut self.numbered else {
            return;
        };
        let unheard = numbered.sent.wrapping_sub(count) as usize;
        // A count of what was never sent means nothing.
        if let Some(heard) = numbered.unheard.len().checked_sub(unheard) {
            let heard: usize = numbered.unheard.drain(..heard).map(|text| text.len()).sum();
            numbered.bytes -= heard;
        }
    }

    /// Whether there is a connection.
    pub(crate) fn is_attached(&self) -> bool {
        self.queue.is_some()
    }

    /// How many messages wait to be sent.
    pub(crate) fn waiting(&self) -> usize {
        self.queue.as_ref().map_or(0, Queue::len)
    }

    /// The connection is gone; the next may come.
    pub(crate) fn detach(&mut self) {
        self.queue = None;
    }

    /// The connection is to end, if there is one.
    pub(crate) fn close(&self, why: Closed) {
        if let Some(queue) = &self.queue {
            queue.close(why);
        }
    }

    /// Another connection takes its place: its client has heard `heard`, or is a page that was
    /// loaded anew. Gives what is to be sent again.
    pub(crate) fn attach(&mut self, next: Self, heard: Option<u32>) -> Vec<Utf8Bytes> {
        self.close(Closed::Moved);
        self.queue = next.queue;
        match heard {
            Some(count) => self.heard(count),
            None => self.numbered = next.numbered,
        }
        let unheard = self.numbered.iter().flat_map(|numbered| &numbered.unheard);
        unheard.cloned().collect()
    }
}
