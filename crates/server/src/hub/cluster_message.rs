//! Messages of servers to each other about their clients.

use serde::{Deserialize, Serialize};

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

/// A message to other servers, as it travels.
#[derive(Serialize, Deserialize)]
pub(crate) struct Envelope {
    pub(crate) node: Node,
    /// Counts the messages to all that change what they know of the sender; a `Beat`, and an answer
    /// to `Ask`, have the count so far.
    pub(crate) count: u64,
    #[serde(rename = "word")]
    pub(crate) message: ClusterMessage,
}

/// A message to other servers, and to which.
pub(crate) enum Outgoing {
    ToAll(ClusterMessage),
    To(Node, ClusterMessage),
}
