//! The time, for whatever keeps it without a browser.

use holdfast_clock::Instant;

use crate::platform::clock;

/// The present moment.
pub(super) fn now() -> Instant {
    Instant::after_start(clock::since_load())
}
