//! A token bucket.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// So much may come at once, in seconds of the rate that is allowed in the long run.
pub(super) const BURST_SECONDS: f64 = 10.0;

/// How long anybody waits because of others of their subnet: neighbours of somebody who takes too
/// much must still be served, if slowly.
pub(super) const MAX_WAIT: Duration = Duration::from_secs(2);

/// A bucket that several take from.
pub(super) type SharedBucket = Arc<Mutex<Bucket>>;

/// A token bucket.
pub(super) struct Bucket {
    /// The gain in a second.
    rate: f64,
    left: f64,
    counted: Instant,
}

impl Bucket {
    pub(super) fn new(rate: f64, now: Instant) -> Self {
        Self {
            rate,
            left: rate * BURST_SECONDS,
            counted: now,
        }
    }

    /// Takes that out, also where there is less. Gives how long it then takes to be filled up to
    /// nothing.
    pub(super) fn take(&mut self, cost: f64, now: Instant) -> Duration {
        self.left = self.at(now) - cost;
        self.counted = now;
        Duration::from_secs_f64((-self.left / self.rate).max(0.0))
    }

    /// The same of a bucket that many share: nobody waits for long, nor is what others took held
    /// against anybody later.
    pub(super) fn share(&mut self, cost: f64, now: Instant) -> Duration {
        let wait = self.take(cost, now).min(MAX_WAIT);
        self.left = self.left.max(-self.rate * MAX_WAIT.as_secs_f64());
        wait
    }

    fn at(&self, now: Instant) -> f64 {
        let gained = (now - self.counted).as_secs_f64() * self.rate;
        (self.left + gained).min(self.rate * BURST_SECONDS)
    }

    pub(super) fn is_full(&self, now: Instant) -> bool {
        self.at(now) >= self.rate * BURST_SECONDS
    }
}

/// No invariant spans a lock, so poisoning is harmless.
pub(super) fn lock(bucket: &Mutex<Bucket>) -> MutexGuard<'_, Bucket> {
    bucket.lock().unwrap_or_else(PoisonError::into_inner)
}
