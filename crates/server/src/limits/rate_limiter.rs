//! How much one connection may send.

use std::time::Duration;

use tokio::time::Instant;

use super::{
    bucket::{Bucket, SharedBucket, lock},
    connections::Permit,
};

/// A client that sends more than that for so long is dropped.
const PATIENCE: Duration = Duration::from_secs(10);

/// Bytes to one receiver each, and receivers, that count as one message more.
const BYTES_PER_MESSAGE: f64 = 8192.0;
const RECEIVERS_PER_MESSAGE: f64 = 50.0;

/// How fast one connection may write.
pub(crate) struct RateLimiter {
    own: Bucket,
    /// The buckets that it shares with others of its subnets.
    shared: Vec<SharedBucket>,
    /// Since when more comes than is allowed.
    exceeded: Option<Instant>,
}

/// Too much, for too long.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Flood;

impl RateLimiter {
    pub(crate) fn new(rate: u32, permit: Option<&Permit>, now: Instant) -> Self {
        Self {
            own: Bucket::new(f64::from(rate), now),
            shared: permit.map_or_else(Vec::new, |permit| permit.messages().to_vec()),
            exceeded: None,
        }
    }

    /// A message of so many bytes has gone to so many receivers. Gives how long nothing more is to
    /// be read.
    pub(crate) fn take(
        &mut self,
        bytes: usize,
        receivers: usize,
        now: Instant,
    ) -> Result<Duration, Flood> {
        let cost = 1.0
            + bytes as f64 * receivers.max(1) as f64 / BYTES_PER_MESSAGE
            + receivers.saturating_sub(1) as f64 / RECEIVERS_PER_MESSAGE;
        let wait = self.own.take(cost, now);
        let shared = self
            .shared
            .iter()
            .map(|shared| lock(shared).share(cost, now));
        let shared = shared.max().unwrap_or_default();
        if wait.is_zero() {
            self.exceeded = None;
            // Others of the subnet may be to blame: it is slowed, and not dropped.
            return Ok(shared);
        }
        // From when on more would be too much: one message may well cost more than is left.
        let since = *self.exceeded.get_or_insert(now + wait);
        match now - since > PATIENCE {
            true => Err(Flood),
            false => Ok(wait.max(shared)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{
        super::{bucket::MAX_WAIT, connections::ConnectionLimits},
        *,
    };

    #[test]
    fn a_burst_is_free_a_flood_is_slowed_and_then_dropped() {
        let start = Instant::now();
        let mut limiter = RateLimiter::new(50, None, start);
        for _ in 0..500 {
            assert_eq!(limiter.take(0, 1, start), Ok(Duration::ZERO));
        }
        let mut now = start;
        let mut messages = 0;
        let flood = loop {
            match limiter.take(0, 1, now) {
                Ok(wait) => now += wait,
                Err(flood) => break flood,
            }
            messages += 1;
        };
        assert_eq!(flood, Flood);
        assert!((500..=503).contains(&messages), "{messages} in 10 s");
    }

    #[test]
    fn one_message_that_costs_much_is_waited_for_and_no_flood() {
        let start = Instant::now();
        let mut limiter = RateLimiter::new(50, None, start);
        let wait = limiter.take(0, 60_000, start).expect("no flood");
        assert_eq!(wait.as_secs(), 14);
        let next = limiter.take(0, 1, start + wait).expect("no flood");
        assert!(next < Duration::from_secs(1), "{next:?}");
    }

    #[test]
    fn whoever_pauses_is_forgiven() {
        let start = Instant::now();
        let mut limiter = RateLimiter::new(50, None, start);
        let mut now = start;
        for _ in 0..100 {
            for _ in 0..100 {
                now += limiter.take(0, 1, now).expect("no flood");
            }
            now += Duration::from_secs(2);
        }
    }

    #[test]
    fn a_large_message_and_one_to_many_cost_more() {
        let start = Instant::now();
        let many = |bytes, receivers| {
            let mut limiter = RateLimiter::new(50, None, start);
            let mut sent = 0;
            while limiter.take(bytes, receivers, start) == Ok(Duration::ZERO) {
                sent += 1;
            }
            sent
        };
        assert_eq!(many(0, 1), 500);
        assert_eq!(many(65_536, 1), 55);
        assert_eq!(many(0, 10_001), 2);
        assert_eq!(many(8192, 100), 4);
    }

    #[test]
    fn a_subnet_shares_what_it_may_send() {
        let start = Instant::now();
        let limits = Arc::new(ConnectionLimits::new(100, 50));
        let admit = |address: &str| limits.admit(address.parse().expect("valid"), start);
        let talk = |permit: &Permit| {
            let mut limiter = RateLimiter::new(50, Some(permit), start);
            let takes = (0..500).map(|_| limiter.take(0, 1, start).expect("no flood"));
            takes.max().unwrap_or_default()
        };
        for _ in 0..20 {
            assert_eq!(talk(&admit("192.0.2.1")), Duration::ZERO);
        }
        assert!(talk(&admit("192.0.2.1")) > Duration::ZERO);
        assert_eq!(talk(&admit("192.0.2.2")), Duration::ZERO);
        // However much it was, the neighbours go on.
        for _ in 0..100 {
            assert!(talk(&admit("192.0.2.1")) <= MAX_WAIT);
        }
    }
}
