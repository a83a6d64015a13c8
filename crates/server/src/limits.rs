//! How much one address, and one connection, may ask for.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// So many messages may come at once, in seconds of the rate that is allowed in the long run.
const BURST_SECONDS: f64 = 10.0;

/// Whoever sends more than that for so long is dropped.
const PATIENCE: Duration = Duration::from_secs(10);

/// So many bytes, to one receiver each, and so many receivers, count as one message more.
const BYTES_PER_MESSAGE: f64 = 16_384.0;
const RECEIVERS_PER_MESSAGE: f64 = 50.0;

/// Who is connected from where.
#[derive(Default)]
pub(crate) struct Addresses {
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    by_address: HashMap<IpAddr, usize>,
    in_all: usize,
}

/// One connection, or a session that waits for one; ends when it is dropped.
pub(crate) struct Permit {
    addresses: Arc<Addresses>,
    address: IpAddr,
}

/// How many connections there are.
pub(crate) struct Count {
    pub(crate) from_here: usize,
    pub(crate) in_all: usize,
}

impl Addresses {
    /// One more. Says how many there are, this one too.
    pub(crate) fn admit(self: &Arc<Self>, address: IpAddr) -> (Permit, Count) {
        let address = household(address);
        let mut held = self.lock();
        held.in_all += 1;
        let from_here = held.by_address.entry(address).or_default();
        *from_here += 1;
        let count = Count {
            from_here: *from_here,
            in_all: held.in_all,
        };
        let addresses = self.clone();
        (Permit { addresses, address }, count)
    }

    pub(crate) fn in_all(&self) -> usize {
        self.lock().in_all
    }

    /// Whole between any two calls, so a panic elsewhere does not spoil it.
    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut held = self.addresses.lock();
        held.in_all -= 1;
        if let Some(count) = held.by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                held.by_address.remove(&self.address);
            }
        }
    }
}

/// What one subscriber has: an IPv4 address, or the first half of an IPv6 one.
fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

/// How fast one connection may write: a token bucket.
pub(crate) struct Allowance {
    /// Messages a second.
    rate: f64,
    left: f64,
    counted: Instant,
    /// Since when more comes than is allowed.
    exceeded: Option<Instant>,
}

/// Too much, for too long.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Flood;

impl Allowance {
    pub(crate) fn new(rate: u32, now: Instant) -> Self {
        let rate = f64::from(rate);
        Self {
            rate,
            left: rate * BURST_SECONDS,
            counted: now,
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
        let earned = (now - self.counted).as_secs_f64() * self.rate;
        self.counted = now;
        self.left = (self.left + earned).min(self.rate * BURST_SECONDS) - cost;
        if self.left >= 0.0 {
            self.exceeded = None;
            return Ok(Duration::ZERO);
        }
        let since = *self.exceeded.get_or_insert(now);
        match now - since > PATIENCE {
            true => Err(Flood),
            false => Ok(Duration::from_secs_f64(-self.left / self.rate)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_free_a_flood_is_slowed_and_then_dropped() {
        let start = Instant::now();
        let mut allowance = Allowance::new(50, start);
        for _ in 0..500 {
            assert_eq!(allowance.take(0, 1, start), Ok(Duration::ZERO));
        }
        let mut now = start;
        let mut messages = 0;
        let flood = loop {
            match allowance.take(0, 1, now) {
                Ok(wait) => now += wait,
                Err(flood) => break flood,
            }
            messages += 1;
        };
        assert_eq!(flood, Flood);
        assert!((500..=502).contains(&messages), "{messages} in 10 s");
    }

    #[test]
    fn whoever_pauses_is_forgiven() {
        let start = Instant::now();
        let mut allowance = Allowance::new(50, start);
        let mut now = start;
        for _ in 0..100 {
            for _ in 0..100 {
                now += allowance.take(0, 1, now).expect("no flood");
            }
            now += Duration::from_secs(2);
        }
    }

    #[test]
    fn a_large_message_and_one_to_many_cost_more() {
        let start = Instant::now();
        let many = |bytes, receivers| {
            let mut allowance = Allowance::new(50, start);
            let mut sent = 0;
            while allowance.take(bytes, receivers, start) == Ok(Duration::ZERO) {
                sent += 1;
            }
            sent
        };
        assert_eq!(many(0, 1), 500);
        assert_eq!(many(65_536, 1), 100);
        assert_eq!(many(0, 10_001), 2);
        assert_eq!(many(16_384, 100), 4);
    }

    #[test]
    fn addresses_are_counted_by_household_and_forgotten() {
        let addresses = Arc::<Addresses>::default();
        let admit = |address: &str| addresses.admit(address.parse().expect("an address"));
        let (one, _) = admit("2001:db8::1");
        let (two, count) = admit("2001:db8::2");
        assert_eq!((count.from_here, count.in_all), (2, 2));
        let (three, count) = admit("::ffff:192.0.2.1");
        assert_eq!((count.from_here, count.in_all), (1, 3));
        let (four, count) = admit("192.0.2.1");
        assert_eq!((count.from_here, count.in_all), (2, 4));
        drop((one, two, three, four));
        assert_eq!(addresses.in_all(), 0);
        assert!(addresses.lock().by_address.is_empty());
    }
}
