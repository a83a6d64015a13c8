//! A client: somebody who is connected here, or to another server.

use std::sync::Arc;

use super::{
    key::{RemoteKey, SecretHash},
    owner::Owner,
    session::ClientSession,
};
use crate::limits::Permit;

/// Somebody who is connected.
pub(super) struct Client {
    pub(super) home: Home,
    /// None until `username` has come.
    pub(super) membership: Option<Membership>,
}

/// The server that a client is connected to.
pub(super) enum Home {
    /// This one.
    Here(Local),
    /// Another.
    Remote {
        on: RemoteKey,
        /// The public name of its session.
        person: Arc<str>,
        /// What its secret is known by.
        secret: SecretHash,
        /// Since when it has its name, in milliseconds since 1970.
        since: u64,
    },
}

/// The part of a client that this server has of its own clients alone.
pub(super) struct Local {
    /// The secret that says which session this is, in messages that carry an id.
    pub(super) secret: Arc<str>,
    /// The public name of the session: no other gets it.
    pub(super) person: Arc<str>,
    /// The owner of its name, once it has one.
    pub(super) owner: Option<Owner>,
    /// Which connection has it now, or had it last.
    pub(super) connection: u64,
    pub(super) session: ClientSession,
    /// Held for as long as the session is, and by its connection.
    pub(super) permit: Option<Arc<Permit>>,
    /// What the secret is known by of a session elsewhere that it goes on for.
    pub(super) before: Option<Box<SecretHash>>,
}

/// A client's place in a room.
#[derive(Clone)]
pub(super) struct Membership {
    pub(super) room: Arc<str>,
    pub(super) name: Arc<str>,
}

impl Client {
    /// The public name of its session.
    pub(super) fn person(&self) -> &Arc<str> {
        match &self.home {
            Home::Here(local) => &local.person,
            Home::Remote { person, .. } => person,
        }
    }

    /// The part of it that is here, if it is connected here.
    pub(super) fn local(&self) -> Option<&Local> {
        match &self.home {
            Home::Here(local) => Some(local),
            Home::Remote { .. } => None,
        }
    }

    pub(super) fn local_mut(&mut self) -> Option<&mut Local> {
        match &mut self.home {
            Home::Here(local) => Some(local),
            Home::Remote { .. } => None,
        }
    }

    /// Since when it has its name, in milliseconds since 1970; of the sample's clients, nobody asks.
    pub(super) fn since(&self) -> u64 {
        match &self.home {
            Home::Here(local) => local.owner.map_or(u64::MAX, Owner::since),
            Home::Remote { since, .. } => *since,
        }
    }

    /// Where it is, if it is connected to another server.
    pub(super) fn remote(&self) -> Option<RemoteKey> {
        match self.home {
            Home::Here(_) => None,
            Home::Remote { on, .. } => Some(on),
        }
    }
}
