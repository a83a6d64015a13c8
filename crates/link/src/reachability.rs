//! Whether anything can be reached: probes sent until one is answered, often at first.
//!
//! Chromium (156) puts off a page's WebSockets by up to 5 s once some sixteen have failed within a
//! minute or two; requests over HTTP it does not count. So these look for a way, and a WebSocket is
//! made once there is one.

use std::time::Duration;

use holdfast_clock::Instant;

use crate::{
    event::ProbeId,
    output::{Command, Outputs},
};

/// Probes at one rate, then at the next: a network that has just come answers within
/// 50 ms, or does not have its route yet.
const RATES: [(u32, Duration); 4] = [
    (6, Duration::from_millis(50)),
    (20, Duration::from_millis(150)),
    (40, Duration::from_millis(500)),
    (u32::MAX, Duration::from_secs(1)),
];

/// A probe is taken back when this many later ones are under way: it may hang on a network that is
/// gone.
const UNDER_WAY: usize = 5;

/// Once in so many probes a connection is made all the same: the page's host may be gone while the
/// signaling server is not.
const DIAL_EVERY: u32 = 16;

/// Looks for a way until it is told that there is one.
#[derive(Debug, Default)]
pub(crate) struct ReachabilityProbe {
    search: Option<Search>,
    /// Probes sent in all.
    probes: ProbeId,
}

#[derive(Debug)]
struct Search {
    sent: u32,
    under_way: Vec<ProbeId>,
    next: Instant,
}

impl ReachabilityProbe {
    /// Whether a way is being looked for.
    pub(crate) fn is_searching(&self) -> bool {
        self.search.is_some()
    }

    /// Looks for a way, from the beginning: at each sign that there may be one now, and when an
    /// attempt to connect has hung.
    pub(crate) fn search(&mut self, now: Instant, out: &mut Outputs) {
        let under_way = self.search.take().map(|search| search.under_way);
        self.search = Some(Search {
            sent: 0,
            under_way: under_way.unwrap_or_default(),
            next: now,
        });
        self.expire(now, out);
    }

    /// Sends the probe that is due, if one is. Whether it is time to dial all the same.
    pub(crate) fn expire(&mut self, now: Instant, out: &mut Outputs) -> bool {
        let search = self.search.as_mut().filter(|search| search.next <= now);
        let Some(search) = search else { return false };
        if search.under_way.len() == UNDER_WAY {
            out.command(Command::CancelProbe(search.under_way.remove(0)));
        }
        self.probes += 1;
        search.sent += 1;
        search.under_way.push(self.probes);
        out.command(Command::Probe(self.probes));
        let rate = RATES.iter().find(|(probes, _)| search.sent <= *probes);
        search.next = now + rate.map_or(Duration::ZERO, |(_, wait)| *wait);
        search.sent.is_multiple_of(DIAL_EVERY)
    }

    /// There is a way, or none is needed. Whether one was looked for.
    pub(crate) fn stop(&mut self, out: &mut Outputs) -> bool {
        let Some(search) = self.search.take() else {
            return false;
        };
        for probe in search.under_way {
            out.command(Command::CancelProbe(probe));
        }
        true
    }

    /// When [`Self::expire`] will have something to do.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.search.as_ref().map(|search| search.next)
    }
}
