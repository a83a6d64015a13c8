//! How many connections one subnet may hold, and how fast it may make them.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep};

use super::{
    bucket::{BURST_SECONDS, Bucket, SharedBucket, lock},
    subnet::Subnet,
};

/// All connections of one subnet together may send as much as so many of them.
const TALKERS: f64 = 20.0;

/// So many requests cost as much as a connection: a page makes about as many over one.
const REQUESTS_PER_CONNECTION: f64 = 8.0;

/// At how many subnets more those that are gone are forgotten.
const REMEMBERED: usize = 1024;

/// Connections, by where they come from.
pub(crate) struct ConnectionLimits {
    /// Connections a second from one subnet.
    connects: f64,
    /// Messages a second from one subnet.
    messages: f64,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    by_subnet: HashMap<Subnet, Usage>,
    in_all: usize,
    /// At how many subnets to forget some.
    full: usize,
}

struct Usage {
    connections: usize,
    connects: Bucket,
    messages: SharedBucket,
}

/// One connection, or a session that waits for one; ends when it is dropped.
pub(crate) struct Permit {
    limits: Arc<ConnectionLimits>,
    address: IpAddr,
    /// The rates that its subnets may send at.
    messages: Vec<SharedBucket>,
}

/// How many connections there are.
pub(crate) struct Connections {
    pub(crate) from_here: usize,
    pub(crate) in_all: usize,
}

impl ConnectionLimits {
    /// `connects`: how many connections one subnet may open at once. `messages`: how many may
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
        let mut held = self.lock();
        held.in_all += 1;
        let messages = Subnet::of(address).map(|subnet| {
            let usage = self.usage(&mut held, subnet, now);
            usage.connections += 1;
            usage.messages.clone()
        });
        Permit {
            messages: messages.collect(),
            limits: self.clone(),
            address,
        }
    }

    fn usage<'a>(&self, held: &'a mut Held, subnet: Subnet, now: Instant) -> &'a mut Usage {
        if held.by_subnet.len() >= held.full {
            held.by_subnet.retain(|_, usage| usage.counts(now));
            held.full = 2 * held.by_subnet.len() + REMEMBERED;
        }
        held.by_subnet.entry(subnet).or_insert_with(|| Usage {
            connections: 0,
            connects: Bucket::new(self.connects * subnet.houses() as f64, now),
            messages: Arc::new(Mutex::new(Bucket::new(
                self.messages * subnet.houses() as f64,
                now,
            ))),
        })
    }

    /// Waits for the turn of a request from there.
    pub(crate) async fn request(&self, address: IpAddr) {
        let wait = self.request_wait(address, Instant::now());
        if !wait.is_zero() {
            sleep(wait).await;
        }
    }

    fn request_wait(&self, address: IpAddr, now: Instant) -> Duration {
        self.connects_wait(address, 1.0 / REQUESTS_PER_CONNECTION, now)
    }

    fn connects_wait(&self, address: IpAddr, cost: f64, now: Instant) -> Duration {
        let mut held = self.lock();
        let waits = Subnet::of(address).map(|subnet| {
            let usage = self.usage(&mut held, subnet, now);
            usage.connects.share(cost, now)
        });
        waits.max().unwrap_or_default()
    }

    pub(crate) fn in_all(&self) -> usize {
        self.lock().in_all
    }

    /// No invariant spans a lock, so poisoning is harmless.
    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Usage {
    /// Whether there is something to remember of it.
    fn counts(&self, now: Instant) -> bool {
        self.connections > 0 || !self.connects.is_full(now) || !lock(&self.messages).is_full(now)
    }
}

impl Permit {
    /// Waits for the connection's turn, after those that came before it from its subnet.
    pub(crate) async fn admitted(&self) {
        let wait = self.wait(Instant::now());
        // Even the shortest sleep lasts a millisecond.
        if !wait.is_zero() {
            sleep(wait).await;
        }
    }

    /// Where it comes from.
    pub(crate) fn address(&self) -> IpAddr {
        self.address
    }

    /// The rates that its subnets may send at.
    pub(super) fn messages(&self) -> &[SharedBucket] {
        &self.messages
    }

    fn wait(&self, now: Instant) -> Duration {
        self.limits.connects_wait(self.address, 1.0, now)
    }

    /// How many connections there are from its subnet and from everywhere, this one too. Those of a larger
    /// subnet are shared out among its houses.
    pub(crate) fn count(&self) -> Connections {
        let held = self.limits.lock();
        let from = Subnet::of(self.address).map(|subnet| {
            let usage = held.by_subnet.get(&subnet);
            usage.map_or(0, |usage| usage.connections.div_ceil(subnet.houses()))
        });
        Connections {
            from_here: from.max().unwrap_or_default(),
            in_all: held.in_all,
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut held = self.limits.lock();
        held.in_all -= 1;
        for subnet in Subnet::of(self.address) {
            if let Some(usage) = held.by_subnet.get_mut(&subnet) {
                usage.connections -= 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_counted_by_subnet() {
        let now = Instant::now();
        let limits = Arc::new(ConnectionLimits::new(100, 50));
        let admit = |address: &str| limits.admit(address.parse().expect("valid"), now);
        let count = |permit: &Permit| (permit.count().from_here, permit.count().in_all);
        let one = admit("2001:db8::1");
        let two = admit("2001:db8::2");
        assert_eq!(count(&two), (2, 2));
        let three = admit("::ffff:192.0.2.1");
        assert_eq!(count(&three), (1, 3));
        let four = admit("192.0.2.1");
        assert_eq!(count(&four), (2, 4));
        drop((one, two, three, four));
        assert_eq!(limits.in_all(), 0);
    }

    #[test]
    fn a_company_has_as_much_as_some_houses_however_many_addresses() {
        let now = Instant::now();
        let limits = Arc::new(ConnectionLimits::new(100, 50));
        let admit = |house: u32| {
            let [.., a, b] = house.to_be_bytes();
            let address = format!("2001:db8:1:{a:x}{b:02x}::1");
            limits.admit(address.parse().expect("valid"), now)
        };
        let held: Vec<_> = (0..1600).map(admit).collect();
        assert_eq!(held[0].count().from_here, 100);
        assert_eq!(held[0].wait(now), Duration::ZERO);
        for permit in &held {
            permit.wait(now);
        }
        assert!(admit(40_000).wait(now) > Duration::ZERO, "all at once");
        let other = limits.admit("2001:db8:2::1".parse().expect("valid"), now);
        assert_eq!(other.count().from_here, 1);
        assert_eq!(other.wait(now), Duration::ZERO);
        assert_eq!(admit(40_000).count().from_here, 101);
        drop(held);
        assert_eq!(admit(40_000).count().from_here, 1);
    }

    #[test]
    fn who_connects_again_and_again_waits_but_never_for_long() {
        let start = Instant::now();
        let limits = Arc::new(ConnectionLimits::new(100, 50));
        let connect = |address: &str, now| {
            let permit = limits.admit(address.parse().expect("valid"), now);
            permit.wait(now).as_secs_f64().round()
        };
        for _ in 0..100 {
            assert_eq!(connect("192.0.2.1", start), 0.0);
        }
        for _ in 0..10 {
            connect("192.0.2.1", start);
        }
        assert_eq!(connect("192.0.2.1", start), 1.0);
        assert_eq!(connect("192.0.2.2", start), 0.0, "another subnet");
        for _ in 0..100_000 {
            connect("192.0.2.1", start);
        }
        assert_eq!(connect("192.0.2.1", start), 2.0);
        assert_eq!(connect("192.0.2.1", start + Duration::from_secs(3)), 0.0);
    }

    #[test]
    fn requests_are_paid_for_as_connections_are() {
        let now = Instant::now();
        let limits = Arc::new(ConnectionLimits::new(100, 50));
        let [one, two] = ["192.0.2.1", "192.0.2.2"].map(|address| address.parse().expect("valid"));
        for _ in 0..800 {
            assert_eq!(limits.request_wait(one, now), Duration::ZERO);
        }
        assert!(limits.request_wait(one, now) > Duration::ZERO);
        assert_eq!(limits.request_wait(two, now), Duration::ZERO);
    }

    #[test]
    fn subnets_are_forgotten_once_they_are_gone_and_have_been_quiet() {
        let start = Instant::now();
        let limits = Arc::new(ConnectionLimits::new(100, 50));
        let admit = |n: u32, now| limits.admit(IpAddr::V4(n.into()), now);
        let stays = admit(0, start);
        for n in 0..100_000 {
            let now = start + Duration::from_millis(n.into());
            drop(admit(n, now));
        }
        let held = limits.lock().by_subnet.len();
        assert!(held < 5 * REMEMBERED, "{held}");
        drop(stays);
    }
}
