//! Whether the call's leg has fallen silent, while the one that is kept warm is heard.
//!
//! It is told what has been *played* of each, not what has come: jitter is out of that already, and a browser
//! tells it cheaply (`RTCRtpReceiver.getSynchronizationSources()`, each 20 ms in Chromium 156). It is kept out
//! of the loop, which would otherwise turn fifty times a second for nothing.

use std::time::Duration;

use holdfast_clock::Instant;

/// How often to look.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// After so many looks that have heard more of the other, and no more of the call's leg, that one is silent: 60 ms.
/// Measured: without a fault the longest pause was 33 ms, with 10 to 70 ms of jitter and 2 % loss 58.
const ALONE: u32 = 3;

/// The same where a pause has been longer than is usual: 100 ms, for half a minute.
const ALONE_IF_UNEVEN: u32 = 5;
const UNEVEN: Duration = Duration::from_millis(40);
const UNEVEN_FOR: Duration = Duration::from_secs(30);

/// The two legs as they are played.
#[derive(Debug, Clone)]
pub struct Watch {
    live: Played,
    standby: Played,
    /// How many looks have heard more of the other since the call's leg was heard.
    alone: u32,
    uneven_until: Instant,
}

/// What is played of one leg.
#[derive(Debug, Clone, Copy)]
struct Played {
    at: Instant,
    timestamp: Option<f64>,
}

impl Watch {
    /// How often [`Self::look`] wants to be called.
    pub const EVERY: Duration = LOOK_EVERY;

    /// Begins to watch; nothing has been heard of either yet.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        let nothing = Played {
            at: now,
            timestamp: None,
        };
        Self {
            live: nothing,
            standby: nothing,
            alone: 0,
            uneven_until: now,
        }
    }

    /// Takes in the RTP timestamps of what was played last of the call's leg, and of the other; none where
    /// nothing has been played yet. Whether the other should take over: it is looks that are counted and not the
    /// time, because a look may come late, and has heard both then; and what goes on, because the last packets
    /// of a leg that died as well may wait for longer before they are played.
    pub fn look(&mut self, live: Option<f64>, standby: Option<f64>, now: Instant) -> bool {
        let known = self.live.timestamp.is_some();
        let goes_on = self.standby.take_in(standby, now).is_some();
        if let Some(pause) = self.live.take_in(live, now) {
            self.alone = 0;
            if known && pause > UNEVEN {
                self.uneven_until = now + UNEVEN_FOR;
            }
        } else if known && goes_on {
            self.alone += 1;
        }
        let is_uneven = now < self.uneven_until;
        let enough = if is_uneven { ALONE_IF_UNEVEN } else { ALONE };
        goes_on && self.alone >= enough
    }
}

impl Played {
    /// How long nothing had been played, if something has been now.
    fn take_in(&mut self, timestamp: Option<f64>, now: Instant) -> Option<Duration> {
        if timestamp.is_none() || timestamp == self.timestamp {
            return None;
        }
        let before = std::mem::replace(self, Self { at: now, timestamp });
        Some(now.since(before.at))
    }
}
