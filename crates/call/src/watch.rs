//! Whether the call's leg has fallen silent; and where one is kept warm, whether that is heard.
//!
//! It is told what has been *played* of each, not what has come: jitter is out of that already, and a browser
//! tells it cheaply (`RTCRtpReceiver.getSynchronizationSources()`, each 20 ms in Chromium 156). It is kept out
//! of the loop, which would otherwise turn fifty times a second for nothing.

use std::time::Duration;

use holdfast_clock::Instant;

use crate::event::LegEvent;

/// How often to look at two legs; and at one, where a look more tells little, and each costs.
const BOTH_EVERY: Duration = Duration::from_millis(20);
const ONE_EVERY: Duration = Duration::from_millis(50);

/// After so many looks that have heard more of the other, and no more of the call's leg, that one is silent: 60 ms.
/// Measured: without a fault the longest pause was 33 ms, with 10 to 70 ms of jitter and 2 % loss 58.
const ALONE: u32 = 3;

/// The same where a pause has been longer than is usual: 100 ms, for half a minute.
const ALONE_IF_UNEVEN: u32 = 5;
const UNEVEN: Duration = Duration::from_millis(40);
const UNEVEN_FOR: Duration = Duration::from_secs(30);

/// Where no other is heard either, so many looks and so long tell enough to have packets counted.
const LOOKS: u32 = 4;
const SILENT: Duration = Duration::from_millis(180);

/// The call's leg as it is played, and perhaps another.
#[derive(Debug, Clone)]
pub struct Watch {
    live: Played,
    standby: Played,
    /// Since the call's leg was heard, how many looks there were, and how many have heard more of the other.
    looks: u32,
    alone: u32,
    /// It was said that it is silent.
    told: bool,
    uneven_until: Instant,
}

/// What is played of one leg.
#[derive(Debug, Clone, Copy)]
struct Played {
    at: Instant,
    timestamp: Option<f64>,
    /// More of it was played than there was at first.
    goes_on: bool,
}

impl Watch {
    /// Begins to watch; nothing has been heard of either yet.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        let nothing = Played {
            at: now,
            timestamp: None,
            goes_on: false,
        };
        Self {
            live: nothing,
            standby: nothing,
            looks: 0,
            alone: 0,
            told: false,
            uneven_until: now,
        }
    }

    /// How often [`Self::look`] wants to be called.
    #[must_use]
    pub const fn every(has_standby: bool) -> Duration {
        if has_standby { BOTH_EVERY } else { ONE_EVERY }
    }

    /// Takes in the RTP timestamps of what was played last of the call's leg, and of the other; none where
    /// nothing has been played yet. Gives [`LegEvent::Unheard`] for the call's leg. It is looks that are counted
    /// and not the time alone, because a look may come late, and has heard both then; and of the other what goes
    /// on, because the last packets of a leg that died as well may wait for longer before they are played.
    pub fn look(
        &mut self,
        live: Option<f64>,
        standby: Option<f64>,
        now: Instant,
    ) -> Option<LegEvent> {
        let other_goes_on = self.standby.take_in(standby, now).is_some();
        if let Some(pause) = self.live.take_in(live, now) {
            (self.looks, self.alone, self.told) = (0, 0, false);
            if self.live.goes_on && pause > UNEVEN {
                self.uneven_until = now + UNEVEN_FOR;
            }
        }
        if !self.live.goes_on || self.live.at == now {
            return None;
        }
        self.looks += 1;
        self.alone += u32::from(other_goes_on);
        let is_uneven = now < self.uneven_until;
        let enough = if is_uneven { ALONE_IF_UNEVEN } else { ALONE };
        let standby_heard = other_goes_on && self.alone >= enough;
        let is_silent = !self.told && self.looks >= LOOKS && now.since(self.live.at) >= SILENT;
        self.told |= is_silent;
        (standby_heard || is_silent).then_some(LegEvent::Unheard { standby_heard })
    }
}

impl Played {
    /// How long nothing had been played, if something has been now.
    fn take_in(&mut self, timestamp: Option<f64>, now: Instant) -> Option<Duration> {
        if timestamp.is_none() || timestamp == self.timestamp {
            return None;
        }
        let before = *self;
        *self = Self {
            at: now,
            timestamp,
            goes_on: before.timestamp.is_some(),
        };
        Some(now.since(before.at))
    }
}
