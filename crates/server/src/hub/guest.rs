//! The other end of a connection, for what drives the hub without sockets.

use std::task::{Context, Poll, Waker};

use tokio::time::Instant;
use tungstenite::Message as Frame;

use super::{key::ConnectionRef, shards::Shards};
#[cfg(all(test, feature = "shuttle"))]
use crate::queue::Closed;
use crate::queue::{Next, Queue};

/// Somebody who is connected, and reads and says what they are told to.
#[derive(Clone)]
pub(crate) struct Guest {
    pub(crate) at: ConnectionRef,
    queue: Queue,
}

impl Guest {
    /// Somebody with no name yet, whose session can be resumed.
    pub(crate) fn come(hub: &Shards) -> Result<Self, getrandom::Error> {
        let queue = Queue::default();
        let at = hub.connect(queue.clone(), true, None)?;
        Ok(Self { at, queue })
    }

    /// Somebody in a room.
    pub(crate) fn enter(hub: &Shards, name: &str, room: &str) -> Result<Self, getrandom::Error> {
        let mut guest = Self::come(hub)?;
        let username = format!(r#"{{"type":"username","name":"{name}","room":"{room}"}}"#);
        guest.say(hub, &username);
        Ok(guest)
    }

    /// Says something, and waits for no other server.
    pub(crate) fn say(&mut self, hub: &Shards, message: &str) {
        let mut now = Instant::now();
        while let Err(until) = self.say_at(hub, message, now) {
            now = until;
        }
    }

    /// Says something.
    ///
    /// # Errors
    /// When it is to be said again.
    pub(crate) fn say_at(
        &mut self,
        hub: &Shards,
        message: &str,
        now: Instant,
    ) -> Result<(), Instant> {
        self.at = hub.receive(self.at, message, now)?.connection;
        Ok(())
    }

    /// Why the connection is to end, if it is and everything before that is read.
    #[cfg(all(test, feature = "shuttle"))]
    pub(super) fn closed(&self) -> Option<Closed> {
        match self.queue.poll_next(&Context::from_waker(Waker::noop())) {
            Poll::Ready(Next::Closed(why)) => Some(why),
            Poll::Ready(Next::Message(_)) | Poll::Pending => None,
        }
    }

    /// The next frame that has come.
    pub(crate) fn next(&self) -> Option<Frame> {
        match self.queue.poll_next(&Context::from_waker(Waker::noop())) {
            Poll::Ready(Next::Message(waiting)) => Some(waiting.message),
            Poll::Ready(Next::Closed(_)) | Poll::Pending => None,
        }
    }
}
