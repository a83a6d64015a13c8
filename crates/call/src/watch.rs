//! Whether the call's leg has fallen silent, while the one that is kept warm is heard.
//!
//! It is told what has been *played* of each, not what has come: jitter is out of that already, and a browser
//! tells it cheaply (`RTCRtpReceiver.getSynchronizationSources()`, each 20 ms in Chromium 156). It is kept out
//! of the loop, which would otherwise turn fifty times a second for nothing.

use std::time::Duration;

use holdfast_clock::Instant;

/// How often to look.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A leg of which nothing new has been played for so long is silent.
/// Measured: without a fault the longest pause was 33 ms, with 10 to 70 ms of jitter and 2 % loss 58.
const SILENT: Duration = Duration::from_millis(60);

/// The same, once a pause has been seen that was longer than is usual.
const SILENT_IF_UNEVEN: Duration = Duration::from_millis(100);
const UNEVEN: Duration = Duration::from_millis(40);

/// The two legs as they are played.
#[derive(Debug, Clone)]
pub struct Watch {
    live: Played,
    standby: Played,
    /// When the other had been played last, as it was so for the first time.
    suspected: Option<Instant>,
    uneven: bool,
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
            suspected: None,
            uneven: false,
        }
    }

    /// Takes in the RTP timestamps of what was played last of the call's leg, and of the other; none where
    /// nothing has been played yet. Whether the other should take over: a single look is not believed,
    /// because it may have come late.
    pub fn look(&mut self, live: Option<f64>, standby: Option<f64>, now: Instant) -> bool {
        let pause = self.live.take_in(live, now);
        self.standby.take_in(standby, now);
        self.uneven |= pause.is_some_and(|pause| pause > UNEVEN);
        let silent = if self.uneven {
            SILENT_IF_UNEVEN
        } else {
            SILENT
        };
        let is_silent = self.live.has_played() && now.since(self.live.at) > silent;
        // Not only what was on its way before both fell silent: it has to go on.
        let is_heard = self.standby.has_played() && self.standby.at.since(self.live.at) >= silent;
        if !(is_silent && is_heard) {
            self.suspected = None;
            return false;
        }
        let before = *self.suspected.get_or_insert(self.standby.at);
        self.standby.at > before
    }
}

impl Played {
    fn has_played(&self) -> bool {
        self.timestamp.is_some()
    }

    /// Gives the pause that is over, if one is.
    fn take_in(&mut self, timestamp: Option<f64>, now: Instant) -> Option<Duration> {
        if timestamp.is_none() || timestamp == self.timestamp {
            return None;
        }
        let pause = now.since(self.at);
        let is_first = self.timestamp.is_none();
        *self = Self { at: now, timestamp };
        (!is_first).then_some(pause)
    }
}
