//! Keys of clients, connections and servers.

use serde::{Deserialize, Serialize};

/// Which client. Not a secret, and never sent to one.
pub(crate) type Key = u64;

/// Which server: a number made up at its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Node(pub(crate) u64);

/// Where a client is: on which other server, and which client it is there.
pub(crate) type RemoteKey = (Node, Key);

/// A connection, and the client whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ConnectionRef {
    /// The client, whose session goes on when another connection takes it over.
    pub(super) key: Key,
    pub(super) connection: u64,
}
