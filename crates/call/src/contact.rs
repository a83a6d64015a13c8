//! Whoever has been talked with before: a path to them is found while it rings.
//!
//! Each side of a call tells the other a key, over the call's own channel. Whoever calls again shows it, as soon as
//! the other side's page says that it rings; so that page knows whom it gives its addresses before anybody
//! has answered. Nothing is sent over the path until then.

use holdfast_protocol::{Signal, SignalBody};

use crate::{identity::Address, outbox::Outbox, secret::Secret};

/// What one side of a call knows of the other from calls before.
#[derive(Debug, Default)]
pub(crate) struct Contact {
    /// What the keys that others are told are made from, if a path may be found while it rings here.
    keys: Option<Secret>,
    /// The key that the other side has told, if we call.
    told: Option<Secret>,
}

impl Contact {
    /// We are called.
    pub(crate) fn called(keys: Option<Secret>) -> Self {
        Self { keys, told: None }
    }

    /// We call somebody who has told that key, or none.
    pub(crate) fn calls(keys: Option<Secret>, told: Option<Secret>) -> Self {
        Self { keys, told }
    }

    /// The key that somebody with that certificate is told.
    pub(crate) fn key(&self, certificate: &[String]) -> Option<Secret> {
        let keys = self.keys.as_ref().filter(|_| !certificate.is_empty());
        keys.map(|keys| keys.of_contact(certificate))
    }

    /// Shows the key to the other side, in the session that it has now.
    pub(crate) fn show(&self, outbox: &Outbox, to: &Address) -> Option<Signal> {
        let key = self.told.as_ref()?.in_session(to.person.as_ref()?);
        let mut signal = outbox.uncounted(0, SignalBody::Contact);
        key.prove(&mut signal);
        Some(signal)
    }

    /// Whether whoever has that certificate shows in our session that we have talked before.
    pub(crate) fn is_shown(&self, signal: &Signal, certificate: &[String], me: &Address) -> bool {
        match (self.key(certificate), &me.person) {
            (Some(key), Some(session)) => key.in_session(session).proves(signal),
            (None, _) | (_, None) => false,
        }
    }
}
