//! How much one household, and one connection, may ask for.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep};

/// So much may come at once, in seconds of the rate that is allowed in the long run.
const BURST_SECONDS: f64 = 10.0;

/// Whoever sends more than that for so long is dropped.
const PATIENCE: Duration = Duration::from_secs(10);

/// So many bytes, to one receiver each, and so many receivers, count as one message more.
const BYTES_PER_MESSAGE: f64 = 8192.0;
const RECEIVERS_PER_MESSAGE: f64 = 50.0;

/// All connections of one household together may send as much as so many of them.
const TALKERS: f64 = 20.0;

/// How long anybody waits because of others of their household: neighbours of somebody who takes too
/// much must still be served, if slowly.
const MAX_WAIT: Duration = Duration::from_secs(2);

/// At how many households more those that are gone are forgotten.
const REMEMBERED: usize = 1024;

/// Who is connected from where.
pub(crate) struct Addresses {
    /// Connections a second from one household.
    connects: f64,
    /// Messages a second from one household.
    messages: f64,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    by_address: HashMap<IpAddr, Household>,
    in_all: usize,
    /// At how many households to forget some.
    full: usize,
}

struct Household {
    connections: usize,
    connects: Bucket,
    messages: Arc<Mutex<Bucket>>,
}

/// One connection, or a session that waits for one; ends when it is dropped.
pub(crate) struct Permit {
    addresses: Arc<Addresses>,
    address: IpAddr,
    /// What its household may send.
    messages: Arc<Mutex<Bucket>>,
}

/// How many connections there are.
pub(crate) struct Count {
    pub(crate) from_here: usize,
    pub(crate) in_all: usize,
}

impl Addresses {
    /// `connects`: how many connections one household may open at once. `messages`: how many may
    /// come over each of them in a second.
    pub(crate) fn new(connects: usize, messages: u32) -> Self {
        Self {
            connects: connects as f64 / BURST_SECONDS,
            messages: f64::from(messages) * TALKERS,
            held: Mutex::default(),
        }
    }

    /// One more.
    pub(crate) fn admit(self: &Arc<Self>, address: IpAddr, now: Instant) -> Permit {
        let address = household(address);
        let mut held = self.lock();
        let held = &mut *held;
        if held.by_address.len() >= held.full {
            held.by_address.retain(|_, household| household.counts(now));
            held.full = 2 * held.by_address.len() + REMEMBERED;
        }
        let household = held.by_address.entry(address).or_insert_with(|| Household {
            connections: 0,
            connects: Bucket::new(self.connects, now),
            messages: Arc::new(Mutex::new(Bucket::new(self.messages, now))),
        });
        held.in_all += 1;
        household.connections += 1;
        Permit {
            addresses: self.clone(),
            address,
            messages: household.messages.clone(),
        }
    }

    pub(crate) fn in_all(&self) -> usize {
        self.lock().in_all
    }

    /// Whole between any two calls, so a panic elsewhere does not spoil it.
    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Household {
    /// Whether there is something to remember of it.
    fn counts(&self, now: Instant) -> bool {
        self.connections > 0 || !self.connects.is_full(now) || !lock(&self.messages).is_full(now)
    }
}

impl Permit {
    /// Waits for the connection's turn, after those that came before it from its household.
    pub(crate) async fn turn(&self) {
        let wait = self.wait(Instant::now());
        // Even the shortest sleep lasts a millisecond.
        if !wait.is_zero() {
            sleep(wait).await;
        }
    }

    fn wait(&self, now: Instant) -> Duration {
        let mut held = self.addresses.lock();
        let household = held.by_address.get_mut(&self.address);
        household.map_or(Duration::ZERO, |household| {
            household.connects.share(1.0, now)
        })
    }

    /// How many connections there are from its household and from everywhere, this one too.
    pub(crate) fn count(&self) -> Count {
        let held = self.addresses.lock();
        let household = held.by_address.get(&self.address);
        Count {
            from_here: household.map_or(0, |household| household.connections),
            in_all: held.in_all,
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut held = self.addresses.lock();
        held.in_all -= 1;
        if let Some(household) = held.by_address.get_mut(&self.address) {
            household.connections -= 1;
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

/// A token bucket.
struct Bucket {
    /// What it gains in a second.
    rate: f64,
    left: f64,
    counted: Instant,
}

impl Bucket {
    fn new(rate: f64, now: Instant) -> Self {
        Self {
            rate,
            left: rate * BURST_SECONDS,
            counted: now,
        }
    }

    /// Takes that out, also where there is less. Gives how long it then takes to be filled up to
    /// nothing.
    fn take(&mut self, cost: f64, now: Instant) -> Duration {
        self.left = self.at(now) - cost;
        self.counted = now;
        Duration::from_secs_f64((-self.left / self.rate).max(0.0))
    }

    /// The same of a bucket that many share: nobody waits for long, nor is what others took held
    /// against anybody later.
    fn share(&mut self, cost: f64, now: Instant) -> Duration {
        let wait = self.take(cost, now).min(MAX_WAIT);
        self.left = self.left.max(-self.rate * MAX_WAIT.as_secs_f64());
        wait
    }

    fn at(&self, now: Instant) -> f64 {
        let gained = (now - self.counted).as_secs_f64() * self.rate;
        (self.left + gained).min(self.rate * BURST_SECONDS)
    }

    fn is_full(&self, now: Instant) -> bool {
        self.at(now) >= self.rate * BURST_SECONDS
    }
}

/// Whole between any two calls, so a panic elsewhere does not spoil it.
fn lock(bucket: &Mutex<Bucket>) -> MutexGuard<'_, Bucket> {
    bucket.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How fast one connection may write.
pub(crate) struct Allowance {
    own: Bucket,
    /// What it shares with others of its household.
    shared: Option<Arc<Mutex<Bucket>>>,
    /// Since when more comes than is allowed.
    exceeded: Option<Instant>,
}

/// Too much, for too long.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Flood;

impl Allowance {
    pub(crate) fn new(rate: u32, permit: Option<&Permit>, now: Instant) -> Self {
        Self {
            own: Bucket::new(f64::from(rate), now),
            shared: permit.map(|permit| permit.messages.clone()),
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
            .as_ref()
            .map_or(Duration::ZERO, |shared| lock(shared).share(cost, now));
        if wait.is_zero() {
            self.exceeded = None;
            // Others of the household may be to blame: it is slowed, and not dropped.
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
    use super::*;

    #[test]
    fn a_burst_is_free_a_flood_is_slowed_and_then_dropped() {
        let start = Instant::now();
        let mut allowance = Allowance::new(50, None, start);
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
        assert!((500..=503).contains(&messages), "{messages} in 10 s");
    }

    #[test]
    fn one_message_that_costs_much_is_waited_for_and_no_flood() {
        let start = Instant::now();
        let mut allowance = Allowance::new(50, None, start);
        let wait = allowance.take(0, 60_000, start).expect("no flood");
        assert_eq!(wait.as_secs(), 14);
        let next = allowance.take(0, 1, start + wait).expect("no flood");
        assert!(next < Duration::from_secs(1), "{next:?}");
    }

    #[test]
    fn whoever_pauses_is_forgiven() {
        let start = Instant::now();
        let mut allowance = Allowance::new(50, None, start);
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
            let mut allowance = Allowance::new(50, None, start);
            let mut sent = 0;
            while allowance.take(bytes, receivers, start) == Ok(Duration::ZERO) {
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
    fn addresses_are_counted_by_household() {
        let now = Instant::now();
        let addresses = Arc::new(Addresses::new(100, 50));
        let admit = |address: &str| addresses.admit(address.parse().expect("valid"), now);
        let count = |permit: &Permit| (permit.count().from_here, permit.count().in_all);
        let one = admit("2001:db8::1");
        let two = admit("2001:db8::2");
        assert_eq!(count(&two), (2, 2));
        let three = admit("::ffff:192.0.2.1");
        assert_eq!(count(&three), (1, 3));
        let four = admit("192.0.2.1");
        assert_eq!(count(&four), (2, 4));
        drop((one, two, three, four));
        assert_eq!(addresses.in_all(), 0);
    }

    #[test]
    fn who_connects_again_and_again_waits_but_never_for_long() {
        let start = Instant::now();
        let addresses = Arc::new(Addresses::new(100, 50));
        let connect = |address: &str, now| {
            let permit = addresses.admit(address.parse().expect("valid"), now);
            permit.wait(now).as_secs_f64().round()
        };
        for _ in 0..100 {
            assert_eq!(connect("192.0.2.1", start), 0.0);
        }
        for _ in 0..10 {
            connect("192.0.2.1", start);
        }
        assert_eq!(connect("192.0.2.1", start), 1.0);
        assert_eq!(connect("192.0.2.2", start), 0.0, "another household");
        for _ in 0..100_000 {
            connect("192.0.2.1", start);
        }
        assert_eq!(connect("192.0.2.1", start), 2.0);
        assert_eq!(connect("192.0.2.1", start + Duration::from_secs(3)), 0.0);
    }

    #[test]
    fn households_are_forgotten_once_they_are_gone_and_have_been_quiet() {
        let start = Instant::now();
        let addresses = Arc::new(Addresses::new(100, 50));
        let admit = |n: u32, now| addresses.admit(IpAddr::V4(n.into()), now);
        let stays = admit(0, start);
        for n in 0..100_000 {
            let now = start + Duration::from_millis(n.into());
            drop(admit(n, now));
        }
        let held = addresses.lock().by_address.len();
        assert!(held < 5 * REMEMBERED, "{held}");
        drop(stays);
    }

    #[test]
    fn a_household_shares_what_it_may_send() {
        let start = Instant::now();
        let addresses = Arc::new(Addresses::new(100, 50));
        let admit = |address: &str| addresses.admit(address.parse().expect("valid"), start);
        let talk = |permit: &Permit| {
            let mut allowance = Allowance::new(50, Some(permit), start);
            let takes = (0..500).map(|_| allowance.take(0, 1, start).expect("no flood"));
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
