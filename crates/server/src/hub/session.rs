//! A client's session: what it is sent, over whichever connection it has just now.

use holdfast_protocol::Sequence;
use tungstenite::{Message, Utf8Bytes};

use crate::{
    limits::{Full, Memory, Room, Sender, Shares, Taken},
    queue::{Closed, FROM_OTHERS, Queue, Stalled, Wake},
};

/// How much is kept until it is acknowledged: for a reader, as much as fits into the queue of the
/// next connection; and for a client that is away.
const KEPT: Room = FROM_OTHERS;
const KEPT_AWAY: Room = Room {
    messages: 512,
    ..KEPT
};

/// How many messages of the server's own are kept. More come only to a client that asks for them,
/// and acknowledges none.
const OWN: usize = 2048;

/// Sends into the connection's queue, and if the client can resume, keeps what it has not
/// acknowledged.
pub(super) struct ClientSession {
    queue: Option<Queue>,
    log: Option<Log>,
}

/// The part of a session that a client of our subprotocol can ask for again.
struct Log {
    messages: Sequence<Kept>,
    shares: Shares,
    /// How many of them are the server's own.
    own: usize,
    taken: Taken,
}

/// A message that may have to be sent again.
struct Kept {
    text: Utf8Bytes,
    from: Option<Sender>,
}

impl ClientSession {
    /// What is kept for it counts there.
    pub(super) fn new(queue: Queue, resumable: bool, memory: &Memory) -> Self {
        let log = || Log {
            messages: Sequence::default(),
            shares: Shares::default(),
            own: 0,
            taken: memory.place(),
        };
        Self {
            queue: Some(queue),
            log: resumable.then(log),
        }
    }

    /// What is kept for it counts there from now on.
    pub(super) fn count_at(&mut self, memory: &Memory) {
        if let Some(log) = &mut self.log {
            let mut taken = memory.place();
            taken.add(log.taken.bytes());
            log.taken = taken;
        }
    }

    /// Whether it outlives its connection.
    pub(super) fn is_resumable(&self) -> bool {
        self.log.is_some()
    }

    /// Sends a message of the server's own, now or when there is a connection again.
    pub(super) fn send(&mut self, text: Utf8Bytes) -> Result<Wake, Stalled> {
        if let Some(log) = &mut self.log {
            let (from, text) = (None, text.clone());
            log.taken.add(text.len());
            log.messages.sent(Kept { text, from });
            log.own += 1;
            if log.own > OWN {
                return Err(Stalled);
            }
        }
        self.send_aside(Message::Text(text))
    }

    /// Sends a message of another client's, now or when there is a connection again, if there is room
    /// for more of that one's.
    pub(super) fn relay(&mut self, text: Utf8Bytes, from: Sender) -> Result<Wake, Full> {
        let bytes = text.len();
        if let Some(log) = &mut self.log {
            let room = match self.queue {
                Some(_) => KEPT,
                None => KEPT_AWAY,
            };
            log.shares.take(from, bytes, room)?;
        }
        let queue = self.queue.as_ref();
        let queued = queue.map_or(Ok(None), |queue| {
            queue.relay(Message::Text(text.clone()), from)
        });
        if queued.is_err()
            && let Some(log) = &mut self.log
        {
            log.shares.give_back(from, bytes);
        }
        let wake = queued?;
        if let Some(log) = &mut self.log {
            let from = Some(from);
            log.taken.add(bytes);
            log.messages.sent(Kept { text, from });
        }
        Ok(wake)
    }

    /// Sends what belongs to the connection and not to the session.
    pub(super) fn send_aside(&self, message: Message) -> Result<Wake, Stalled> {
        match &self.queue {
            Some(queue) => queue.put(message),
            None => Ok(None),
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
            let Log {
                messages,
                shares,
                own,
                taken,
            } = log;
            messages.acked(count, |Kept { text, from }| {
                taken.give_back(text.len());
                match from {
                    Some(from) => shares.give_back(from, text.len()),
                    None => *own -= 1,
                }
            });
        }
    }

    /// Whether there is a connection.
    pub(super) fn is_attached(&self) -> bool {
        self.queue.is_some()
    }

    /// What waits to be sent, if there is a connection.
    pub(super) fn queue(&self) -> Option<&Queue> {
        self.queue.as_ref()
    }

    /// How many bytes wait to be acknowledged.
    pub(super) fn held(&self) -> usize {
        self.log.as_ref().map_or(0, |log| log.taken.bytes())
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
        unacked.map(|kept| kept.text.clone()).collect()
    }
}
