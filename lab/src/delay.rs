//! Distance: what the hub routes into a TUN device comes out of it later, or not at all.
//!
//! `tc netem` would do this in the kernel, where that has it.

use std::{
    collections::VecDeque,
    fmt,
    net::{IpAddr, Ipv4Addr},
    process::Child,
    time::Duration,
};

use e2e::net::{DELAY, Net, SERVER, TURN};
use fastrand::Rng;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep_until};
use tun_rs::{AsyncDevice, DeviceBuilder};

/// The largest packet, in bytes.
const MTU: usize = 2048;

/// More than so many packets do not wait.
const LIMIT: usize = 16_384;

/// One packet in a hundred is late by up to three times the jitter.
const LATE: f64 = 0.01;

/// How far apart the two sides are, and each of them and the servers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Distance {
    /// There and back, ms.
    pub(crate) rtt: u32,
    /// By how much a packet may be late beyond that, ms; the order stays.
    pub(crate) jitter: u32,
    /// How many packets are lost each way, per cent.
    pub(crate) loss: u32,
}

impl Distance {
    /// Begins to keep packets that come into the hub; whoever drops what this gives must end it.
    ///
    /// # Panics
    /// Where no TUN device can be made.
    pub(crate) async fn begin(self, net: &Net) -> Option<Child> {
        if self == Self::default() {
            return None;
        }
        let own = std::env::current_exe().expect("we run");
        let [rtt, jitter, loss] =
            [self.rtt, self.jitter, self.loss].map(|number| number.to_string());
        let program = Net::in_hub(&own.to_string_lossy(), &["delay", &rtt, &jitter, &loss]);
        net.route_through_delay().await;
        Some(program)
    }

    /// The program that runs in the hub.
    ///
    /// # Panics
    /// When the device cannot be made, read or written.
    pub(crate) async fn keep(self) {
        let device = DeviceBuilder::new().name(DELAY).build_async();
        let device = device.expect("a TUN device");
        let mut kept = Kept::new(self);
        let mut packet = [0; MTU];
        loop {
            tokio::select! {
                length = device.recv(&mut packet) => {
                    kept.take_in(&packet[..length.expect("a packet")]);
                }
                () = sleep_until(kept.next().unwrap_or_else(far)) => kept.let_go(&device).await,
            }
        }
    }
}

impl fmt::Display for Distance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.rtt)?;
        if (self.jitter, self.loss) != (0, 0) {
            write!(f, " + {}, {} % lost", self.jitter, self.loss)?;
        }
        Ok(())
    }
}

/// The packets that wait.
struct Kept {
    distance: Distance,
    random: Rng,
    /// To the other side, and to the servers; each in the order they came.
    lines: [VecDeque<(Instant, Vec<u8>)>; 2],
}

impl Kept {
    fn new(distance: Distance) -> Self {
        Self {
            distance,
            random: Rng::with_seed(1),
            lines: Default::default(),
        }
    }

    fn take_in(&mut self, packet: &[u8]) {
        let Distance { rtt, jitter, loss } = self.distance;
        let waiting: usize = self.lines.iter().map(VecDeque::len).sum();
        if waiting >= LIMIT || self.random.f64() < f64::from(loss) / 100.0 {
            return;
        }
        let jitter = f64::from(jitter);
        let mut late = jitter * self.random.f64();
        if self.random.f64() < LATE {
            late += 3.0 * jitter * self.random.f64();
        }
        // What the hub's own servers send is not routed through here: it has come from afar already.
        let ways = if is_to_server(packet) { 2 } else { 1 };
        let wait = Duration::from_millis(u64::from(rtt * ways)) / 2;
        let due = Instant::now() + wait + Duration::from_secs_f64(late / 1000.0);
        let line = &mut self.lines[usize::from(ways == 2)];
        let due = line.back().map_or(due, |(last, _)| due.max(*last));
        line.push_back((due, packet.to_vec()));
    }

    /// When a packet is due next.
    fn next(&self) -> Option<Instant> {
        let first = self.lines.iter().filter_map(VecDeque::front);
        first.map(|(due, _)| *due).min()
    }

    async fn let_go(&mut self, device: &AsyncDevice) {
        let now = Instant::now();
        for line in &mut self.lines {
            while let Some((_, packet)) = line.pop_front_if(|(due, _)| *due <= now) {
                // Its way may have gone meanwhile.
                let _ = device.send(&packet).await;
            }
        }
    }
}

fn far() -> Instant {
    Instant::now() + Duration::from_secs(3600)
}

/// Whether an IPv4 packet goes to one of the hub's own addresses.
fn is_to_server(packet: &[u8]) -> bool {
    let to = packet
        .get(16..20)
        .and_then(|to| <[u8; 4]>::try_from(to).ok());
    let to = to.map(|to| IpAddr::V4(Ipv4Addr::from(to)));
    to.is_some_and(|to| to == SERVER.ip() || TURN.map(IpAddr::V4).contains(&to))
}
