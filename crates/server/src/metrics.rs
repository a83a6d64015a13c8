//! Metrics for Prometheus.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use holdfast_protocol::{ErrorCode, Kind};
use prometheus_client::{
    encoding::text::encode,
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
        info::Info,
    },
    registry::Registry,
};

use crate::{log, reach::Reached};

type Label = [(&'static str, &'static str); 1];

/// Counted as it happens, or looked up when somebody asks.
pub(crate) struct Metrics {
    registry: Registry,
    messages: Family<Label, Counter>,
    refused: Family<Label, Counter>,
    dropped: Family<Label, Counter>,
    latency: Histogram,
    connections: Level,
    sessions: Level,
    elsewhere: Level,
    away: Level,
    rooms: Level,
    waiting: Level,
    longest: Level,
    held: Level,
    unlogged: Level,
    nats: Level,
    relays: Level,
}

type Level = Gauge<i64, AtomicI64>;

/// How many there are, for who watches.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Count {
    pub(crate) connections: usize,
    /// Relays of the TURN server in this process.
    pub(crate) relays: usize,
    pub(crate) sessions: usize,
    /// On other servers.
    pub(crate) remote: usize,
    pub(crate) away: usize,
    pub(crate) rooms: usize,
    /// Messages in all queues.
    pub(crate) waiting: usize,
    /// Messages in the longest of them.
    pub(crate) longest: usize,
    /// Bytes of messages that wait to be acknowledged.
    pub(crate) held: usize,
    pub(crate) routed: Routed,
}

/// How many messages were passed on, by type. Counted where nobody else counts: a counter that all cores share
/// takes longer than the rest.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Routed([u64; ROUTED.len() + 1]);

/// The types that are told apart: types that people make up must not make up metrics.
const ROUTED: [Kind; 5] = [
    Kind::Message,
    Kind::VideoOffer,
    Kind::VideoAnswer,
    Kind::Candidate,
    Kind::HangUp,
];

impl Routed {
    /// A message was passed on.
    pub(crate) fn count(&mut self, kind: Option<Kind>) {
        let place = ROUTED.iter().position(|known| Some(*known) == kind);
        self.0[place.unwrap_or(ROUTED.len())] += 1;
    }

    pub(crate) fn add(&mut self, other: Self) {
        let counts = self.0.iter_mut().zip(other.0);
        counts.for_each(|(count, other)| *count += other);
    }
}

/// Why a connection was ended, or not begun.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Dropped {
    /// It did not read what it was sent.
    Stalled,
    /// More waited for it than for others, and memory was short.
    Memory,
    /// It sent too much.
    Flood,
    /// It said nothing for too long.
    Silent,
    /// It said no name for too long.
    Unnamed,
    /// A frame was no WebSocket frame, or too large.
    BadFrame,
    /// There were too many connections from its address, or in all.
    TooMany,
    /// Its page was another site's.
    Origin,
    /// It asked for another host.
    Host,
    /// Whoever runs the server wanted it.
    Operator,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("holdfast");
        let mut level = |name: &str, help: &str| {
            let level = Level::default();
            registry.register(name, help, level.clone());
            level
        };
        let connections = level("connections", "TCP connections and waiting sessions");
        let sessions = level("sessions", "Sessions, those that wait for a connection too");
        let elsewhere = level("sessions_elsewhere", "Sessions on other servers");
        let away = level("sessions_away", "Sessions that wait for a connection");
        let rooms = level("rooms", "Rooms that somebody is in");
        let waiting = level("queued_messages", "Messages that wait for their readers");
        let longest = level("longest_queue_messages", "Messages in the longest queue");
        let held = level("held_bytes", "Bytes that wait to be acknowledged");
        let unlogged = level(
            "log_lines_lost",
            "Lines of the log that nobody has read in time",
        );
        let nats = level(
            "nats_missing",
            "1 while NATS is wanted and cannot be reached",
        );
        let relays = level("turn_relays", "Relays of the TURN server in this process");
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The server", version);
        let messages = Family::default();
        registry.register("messages", "Messages passed on, by type", messages.clone());
        let refused = Family::default();
        registry.register("refused", "Messages refused, by code", refused.clone());
        let dropped = Family::default();
        registry.register("dropped", "Connections ended, by reason", dropped.clone());
        // From 10 µs to 5 s.
        let latency = Histogram::new(exponential_buckets(0.000_01, 2.0, 20));
        registry.register(
            "queue_seconds",
            "From a message's routing to its writing",
            latency.clone(),
        );
        Self {
            registry,
            messages,
            refused,
            dropped,
            latency,
            connections,
            sessions,
            elsewhere,
            away,
            rooms,
            waiting,
            longest,
            held,
            unlogged,
            nats,
            relays,
        }
    }

    pub(crate) fn refused(&self, code: ErrorCode) {
        self.refused.get_or_create(&[("code", code.as_str())]).inc();
    }

    pub(crate) fn dropped(&self, why: Dropped) {
        let reason = match why {
            Dropped::Stalled => "stalled",
            Dropped::Memory => "memory",
            Dropped::Flood => "flood",
            Dropped::Silent => "silent",
            Dropped::Unnamed => "unnamed",
            Dropped::BadFrame => "bad-frame",
            Dropped::TooMany => "too-many",
            Dropped::Origin => "origin",
            Dropped::Host => "host",
            Dropped::Operator => "operator",
        };
        self.dropped.get_or_create(&[("reason", reason)]).inc();
    }

    /// A message has waited that long.
    pub(crate) fn waited(&self, time: Duration) {
        self.latency.observe(time.as_secs_f64());
    }

    /// Everything, in Prometheus' text format.
    pub(crate) fn text(&self, count: &Count, nats: Reached) -> String {
        let set = |level: &Level, value: usize| level.set(i64::try_from(value).unwrap_or(i64::MAX));
        set(&self.connections, count.connections);
        set(&self.relays, count.relays);
        set(&self.sessions, count.sessions);
        set(&self.elsewhere, count.remote);
        set(&self.away, count.away);
        set(&self.rooms, count.rooms);
        set(&self.held, count.held);
        set(&self.waiting, count.waiting);
        set(&self.longest, count.longest);
        let names = ROUTED.iter().map(|kind| kind.as_str()).chain(["other"]);
        for (name, count) in names.zip(count.routed.0) {
            let counter = self.messages.get_or_create(&[("type", name)]);
            // Who has counted earlier may come later.
            counter.inner().fetch_max(count, Ordering::Relaxed);
        }
        set(&self.unlogged, log::lost());
        set(
            &self.nats,
            usize::from(matches!(nats, Reached::Never | Reached::Before)),
        );
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
