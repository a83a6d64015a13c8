//! Keys of clients, connections and servers.

use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

/// Which client. Not a secret, and never sent to one.
pub(crate) type Key = u64;

/// Which server: a number made up at its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Node(pub(crate) u64);

/// Where a client is: on which other server, and which client it is there.
pub(crate) type RemoteKey = (Node, Key);

/// A hash by which the secret of a session is known again; nobody can tell the secret from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct SecretHash(u128, u128);

impl SecretHash {
    pub(super) fn of(secret: &str) -> Self {
        let digest = digest(&SHA256, secret.as_bytes());
        let half = |bytes: &[u8]| {
            let fold = |number: u128, byte: &u8| number << 8 | u128::from(*byte);
            bytes.iter().fold(0, fold)
        };
        let (one, other) = digest.as_ref().split_at(16);
        Self(half(one), half(other))
    }
}

/// A connection, and the client whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ConnectionRef {
    /// The client, whose session goes on when another connection takes it over.
    pub(super) key: Key,
    pub(super) connection: u64,
}
