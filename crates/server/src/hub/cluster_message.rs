//! Messages of servers to each other about their clients.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::key::{Key, Node};

/// A client of another server.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RemoteClient {
    pub(crate) key: Key,
    pub(crate) room: String,
    pub(crate) name: String,
    pub(crate) busy: bool,
    pub(crate) away: bool,
    /// The public name of its session.
    pub(crate) person: String,
    /// A hash by which its secret is known again.
    #[serde(rename = "proof")]
    pub(crate) secret_hash: String,
}

/// A message from one server to the others.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ClusterMessage {
    /// A request for all clients of the receiver.
    Ask,
    /// All clients of the sender, together with the messages up to the `last`.
    People {
        people: Vec<RemoteClient>,
        last: bool,
    },
    /// Clients of the sender that have come or changed, and those that are gone.
    Changes {
        here: Vec<RemoteClient>,
        gone: Vec<Key>,
    },
    /// A client that was there is the sender's now.
    Moved { node: Node, key: Key, to: Key },
    /// A sign of life.
    Beat,
    /// A message from a client of the sender to one of the receiver.
    Text { from: Key, to: Key, text: String },
    /// A message from a client of the sender to everybody in its room.
    TextToAll {
        from: Key,
        room: String,
        text: String,
    },
}

impl ClusterMessage {
    /// Whether it changes what the others know of the sender.
    pub(crate) fn is_news(&self) -> bool {
        matches!(self, Self::Changes { .. } | Self::Moved { .. })
    }
}

/// A message to other servers, as it travels.
#[derive(Serialize, Deserialize)]
pub(crate) struct Envelope {
    #[serde(default = "first")]
    pub(crate) version: u16,
    pub(crate) node: Node,
    /// Counts the messages to all that change what they know of the sender; a `Beat`, and an answer
    /// to `Ask`, have the count so far.
    pub(crate) count: u64,
    #[serde(rename = "word")]
    pub(crate) message: ClusterMessage,
}

/// The version of what servers say to each other. Those of another are not understood.
pub(crate) const CLUSTER_VERSION: u16 = 1;

/// What is known of a message before it is known whether it can be read.
#[derive(Deserialize)]
pub(crate) struct Versioned {
    #[serde(default = "first")]
    pub(crate) version: u16,
}

/// Servers that say no version speak this one.
const fn first() -> u16 {
    1
}

/// A message to other servers, and to which.
#[derive(Debug)]
pub(crate) enum Outgoing {
    ToAll(ClusterMessage),
    To(Node, ClusterMessage),
}

/// The end of a line to other servers that messages are put into.
#[derive(Debug, Clone)]
pub(crate) struct ToOthers {
    messages: mpsc::Sender<Outgoing>,
    lost: Arc<AtomicBool>,
}

/// The end that they are taken from.
#[derive(Debug)]
pub(crate) struct FromHub {
    messages: mpsc::Receiver<Outgoing>,
    lost: Arc<AtomicBool>,
}

/// A line on which so many messages may wait.
pub(crate) fn line(waiting: usize) -> (ToOthers, FromHub) {
    let (messages, taken) = mpsc::channel(waiting);
    let lost = Arc::new(AtomicBool::new(false));
    let others = ToOthers {
        messages,
        lost: lost.clone(),
    };
    let messages = taken;
    (others, FromHub { messages, lost })
}

impl ToOthers {
    /// Puts a message in. Where there is no room, it is lost; and if it was news, whoever should have had it will
    /// ask for everything.
    pub(crate) fn send(&self, out: Outgoing) {
        if let Err(mpsc::error::TrySendError::Full(out)) = self.messages.try_send(out) {
            let (Outgoing::ToAll(message) | Outgoing::To(_, message)) = out;
            self.lost.fetch_or(message.is_news(), Ordering::Relaxed);
        }
    }
}

impl FromHub {
    /// The next one; none once nobody can say any more.
    pub(crate) async fn next(&mut self) -> Option<Outgoing> {
        self.messages.recv().await
    }

    /// The next one, if there is one already.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn try_next(&mut self) -> Option<Outgoing> {
        self.messages.try_recv().ok()
    }

    /// Whether news have been lost since the last time. Not before what waits has been said: it is older than what
    /// whoever asks is told then.
    pub(crate) fn take_lost(&self) -> bool {
        self.messages.is_empty() && self.lost.swap(false, Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_finds_no_room_is_lost_and_that_is_known() {
        let (others, mut hub) = line(2);
        let (here, gone) = (Vec::new(), Vec::new());
        let news = ClusterMessage::Changes { here, gone };
        let say = |message| others.send(Outgoing::ToAll(message));
        say(ClusterMessage::Beat);
        say(ClusterMessage::Beat);
        say(ClusterMessage::Beat);
        assert!(hub.try_next().is_some() && hub.try_next().is_some());
        assert!(!hub.take_lost(), "that was no news");
        say(ClusterMessage::Beat);
        say(ClusterMessage::Beat);
        say(news);
        assert!(!hub.take_lost(), "older ones wait");
        assert!(hub.try_next().is_some() && hub.try_next().is_some() && hub.try_next().is_none());
        assert!(hub.take_lost() && !hub.take_lost());
    }
}
