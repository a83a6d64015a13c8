//! Messages of servers to each other about their clients.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::key::{Key, Node, RemoteKey, SecretHash};

/// A client of another server.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RemoteClient {
    pub(crate) key: Key,
    pub(crate) name: String,
    pub(crate) busy: bool,
    pub(crate) away: bool,
    /// Since when it has its name, in milliseconds since 1970.
    pub(crate) since: u64,
    /// The public name of its session.
    pub(crate) person: String,
    /// What its secret is known by.
    #[serde(rename = "proof")]
    pub(crate) secret: SecretHash,
    /// The same, of a session elsewhere that it goes on for.
    pub(crate) before: Option<SecretHash>,
}

/// A message from one server to others. What concerns a room is told to those who have people in it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ClusterMessage {
    /// A sign of life, for all.
    Beat,

    // To who has people in a room.
    /// The sender has people there, and knows so many messages of others about theirs. Whoever has said more
    /// tells everything.
    Here { known: HashMap<Node, u64> },
    /// The sender has nobody there any more.
    Leave,
    /// Clients of the sender that have come or changed, and those that are gone. The first one says who is
    /// there.
    Changes {
        here: Vec<RemoteClient>,
        gone: Vec<Key>,
    },
    /// A message from a client of the sender to everybody in the room.
    TextToAll { from: Key, text: String },

    // To one server.
    /// A request for all clients in a room.
    Ask,
    /// All clients of the sender in a room, together with the parts before it and up to the `last`.
    People {
        people: Vec<RemoteClient>,
        part: u32,
        last: bool,
    },
    /// A message from a client, mostly the sender's, to one of the receiver.
    Text {
        from: RemoteKey,
        to: Key,
        text: String,
    },
    /// A client that has moved to the receiver is in a call.
    Busy { key: Key },
}

/// A message to other servers, as it travels.
#[derive(Serialize, Deserialize)]
pub(crate) struct Envelope {
    pub(crate) version: u16,
    pub(crate) node: Node,
    /// The room that it concerns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) room: Option<String>,
    /// Counts the `Changes` in that room.
    pub(crate) count: u64,
    #[serde(rename = "word")]
    pub(crate) message: ClusterMessage,
}

/// The version of what servers say to each other. Those of another are not understood.
pub(crate) const CLUSTER_VERSION: u16 = 2;

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

/// What other servers are to be told.
#[derive(Debug)]
pub(crate) enum Outgoing {
    /// These are in a room now, where nobody of this server was.
    Open(Arc<str>, Vec<RemoteClient>),
    /// Nobody of this server is in a room any more.
    Close(Arc<str>),
    ToRoom(Arc<str>, ClusterMessage),
    ToNode(Node, ClusterMessage),
}

impl Outgoing {
    /// Whether it changes what the others know of this server.
    fn is_news(&self) -> bool {
        match self {
            Self::Open(..) | Self::Close(_) => true,
            Self::ToRoom(_, message) => matches!(message, ClusterMessage::Changes { .. }),
            Self::ToNode(..) => false,
        }
    }
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
    /// Puts a message in. Where there is no room, it is lost; and if it was news, everything is looked over.
    pub(crate) fn send(&self, out: Outgoing) {
        if let Err(mpsc::error::TrySendError::Full(out)) = self.messages.try_send(out) {
            self.lost.fetch_or(out.is_news(), Ordering::Relaxed);
        }
    }
}

impl FromHub {
    /// The next one; none once nobody can say any more.
    pub(crate) async fn next(&mut self) -> Option<Outgoing> {
        self.messages.recv().await
    }

    /// The next one, if there is one already.
    #[cfg(any(test, fuzzing, feature = "bench"))]
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
        let say = |message| others.send(Outgoing::ToRoom("red".into(), message));
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
