//! Time as state machines without a clock of their own take it: an [`Instant`] that the driver hands in.
//!
//! `std::time::Instant` can neither be made up in a test nor be read in WebAssembly.
//!
//! ```
//! use std::time::Duration;
//!
//! use holdfast_clock::Instant;
//!
//! let start = Instant::START;
//! let due = start + Duration::from_millis(400);
//! assert_eq!(due.since(start), Duration::from_millis(400));
//! // The past is not negative: it is over.
//! assert_eq!(start.since(due), Duration::ZERO);
//! ```

use std::{
    ops::{Add, AddAssign},
    time::Duration,
};

/// A point in time: how long after a fixed one, such as the page's load. It never runs backwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(Duration);

impl Instant {
    /// The fixed point itself.
    pub const START: Self = Self(Duration::ZERO);

    /// That long after the start.
    #[must_use]
    pub const fn after_start(elapsed: Duration) -> Self {
        Self(elapsed)
    }

    /// How long after `earlier` this is; zero if it is not.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    /// The last instant there is, if the sum is later.
    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span))
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, span: Duration) {
        *self = *self + span;
    }
}
