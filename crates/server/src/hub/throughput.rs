//! How many messages the hub passes on, on so many threads: for `cargo xtask bench signaling`.

use std::{
    io,
    sync::{Arc, Barrier},
    thread,
    time::{Duration, Instant},
};

use super::{
    guest::Guest,
    hub::{House, Lobby},
    key::Node,
    owner::Claims,
    shards::Shards,
};
use crate::{limits::Memory, metrics::Metrics};

/// How many pairs each thread has, each in a room of its own.
const PAIRS: usize = 50;

/// How many messages come before they are acknowledged, as pages do.
const UNACKED: usize = 16;

/// Messages a second that go from one to another, through a hub of so many parts, on so many threads: each
/// parsed, stamped, kept until it is acknowledged, queued, and taken out of the queue. Without a number of
/// parts, each thread has a hub of its own: nothing is shared but the machine.
///
/// # Errors
/// When there is no randomness.
pub fn throughput(parts: Option<u64>, threads: usize, time: Duration) -> io::Result<f64> {
    let hub = || hub(parts.unwrap_or(1)).map(Arc::new);
    let shared = hub()?;
    let hubs = (0..threads).map(|_| match parts {
        Some(_) => Ok(shared.clone()),
        None => hub(),
    });
    let hubs = hubs.collect::<io::Result<Vec<_>>>()?;
    let start = Barrier::new(threads);
    let passed = thread::scope(|scope| {
        let mut threads = Vec::new();
        for (n, hub) in hubs.iter().enumerate() {
            let start = &start;
            threads.push(scope.spawn(move || {
                let pairs = (0..PAIRS).map(|pair| Pair::enter(hub, &format!("{n}-{pair}")));
                let pairs = pairs.collect::<Result<Vec<_>, _>>();
                start.wait();
                pairs.map(|pairs| count(hub, pairs, time))
            }));
        }
        let passed = threads.into_iter().map(|thread| match thread.join() {
            Ok(passed) => passed,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        passed.sum::<Result<usize, _>>()
    })?;
    Ok(passed as f64 / time.as_secs_f64())
}

fn hub(parts: u64) -> io::Result<Shards> {
    let house = House {
        max_people: 2,
        lobby: Lobby::Open,
        claims: Claims::new(b"key"),
        cluster: (Node(1), None),
        memory: Memory::of(None),
        metrics: Arc::new(Metrics::new()),
    };
    Shards::new(&house, Arc::new(None), parts)
}

struct Pair {
    one: Guest,
    other: Guest,
    message: String,
    /// How many the other has received.
    heard: usize,
}

impl Pair {
    fn enter(hub: &Shards, room: &str) -> Result<Self, getrandom::Error> {
        let candidate = "candidate:842163049 1 udp 1677729535 203.0.113.7 46154 typ srflx raddr 10.0.0.17 rport 46154 generation 0 ufrag EEtu network-id 3";
        Ok(Self {
            one: Guest::enter(hub, "one", room)?,
            other: Guest::enter(hub, "other", room)?,
            message: format!(
                r#"{{"type":"new-ice-candidate","target":"other","candidate":{{"candidate":"{candidate}","sdpMid":"0"}}}}"#
            ),
            heard: 0,
        })
    }

    /// Passes a message on. Gives how many came.
    fn talk(&mut self, hub: &Shards) -> usize {
        self.one.say(hub, &self.message);
        let came = std::iter::from_fn(|| self.other.next()).count();
        self.heard += came;
        if self.heard.is_multiple_of(UNACKED) {
            let heard = format!(r#"{{"type":"heard","heard":{}}}"#, self.heard);
            self.other.say(hub, &heard);
        }
        // What acknowledges ours.
        while self.one.next().is_some() {}
        came
    }
}

fn count(hub: &Shards, mut pairs: Vec<Pair>, time: Duration) -> usize {
    for pair in &mut pairs {
        // Who they are is no message of the session.
        while pair.other.next().is_some() {}
    }
    let end = Instant::now() + time;
    let mut passed = 0;
    while Instant::now() < end {
        passed += pairs.iter_mut().map(|pair| pair.talk(hub)).sum::<usize>();
    }
    passed
}
