//! Whether the other servers can be reached.

use std::sync::{Mutex, PoisonError};

/// How far NATS is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reached {
    /// None is wanted: this server is one by itself.
    Alone,
    /// It was not there yet.
    Never,
    Now,
    /// It was there, and is not.
    Before,
}

/// The same, as it is at present.
#[derive(Debug)]
pub(crate) struct Reach(Mutex<Reached>);

impl Reach {
    pub(crate) fn new(is_wanted: bool) -> Self {
        Self(Mutex::new(match is_wanted {
            true => Reached::Never,
            false => Reached::Alone,
        }))
    }

    pub(crate) fn get(&self) -> Reached {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It can be reached, or not any more.
    pub(crate) fn set(&self, is_there: bool) {
        let mut reached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *reached = match (*reached, is_there) {
            (_, true) => Reached::Now,
            (Reached::Now, false) => Reached::Before,
            (before, false) => before,
        };
    }
}
