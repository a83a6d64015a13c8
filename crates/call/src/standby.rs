//! The standby policy: when a leg is kept warm beside the call's own, and when that one takes over.
//!
//! A standby leg goes another way than the call's: over another network of either device, or, where there is none,
//! through a relay, where that is direct. Sound is sent over both all the time, pictures where the receiver wants
//! them, and each side decides for itself which of the two it plays. So a path that dies is left after about a
//! tenth of a second, with no question asked. docs/recovery.md has the rules.

use std::time::Duration;

use holdfast_clock::Instant;
use holdfast_protocol::{Paths, StandbyPath};

/// How long a call must have gone on undisturbed before a standby is made, and how long to wait after each
/// that came to nothing; the last is repeated.
const WAIT: [Duration; 4] = [
    Duration::from_secs(3),
    Duration::from_secs(10),
    Duration::from_secs(30),
    Duration::from_secs(60),
];

/// How long another network that led nowhere is not counted; twice as long after each time that it did in a row, up to
/// [`NOWHERE`] times. The first is short: what a network that died a moment ago has lost, it may have back soon.
const LEADS_NOWHERE: Duration = Duration::from_secs(10);
const NOWHERE: u32 = 6;

/// How long a standby may take to connect.
const BUILD_LIMIT: Duration = Duration::from_secs(10);

/// How often the packets of a standby are counted; and in doubt, when its word is wanted.
const READ_EVERY: Duration = Duration::from_secs(1);
const READ_IN_DOUBT: Duration = Duration::from_millis(100);

/// A standby is good again from when packets come over it that did not for so long.
const PAUSE: Duration = Duration::from_secs(2);

/// A standby that no packet comes over for so long is lost; where packets come now and then, as where nobody has
/// a microphone, after three of their pauses.
const LOST: Duration = Duration::from_secs(5);
const PAUSES: u32 = 3;

/// How long the pauses may be of a leg that nothing has come over yet.
const LONGEST: Duration = Duration::from_secs(30);

/// How long a standby must have been warm before it takes over; and one that was the call's own before.
const WARM: Duration = Duration::from_secs(1);
const STILL_WARM: Duration = Duration::from_millis(500);

/// How long one may go where it was not to go before it is given up: a browser that finds the better way later changes
/// over to it.
const STRAYS: Duration = Duration::from_secs(3);

/// How long a direct leg must have been good again before it takes a relay's place; twice as long after each
/// time that it did, up to [`PATIENCE`].
const GOOD: Duration = Duration::from_secs(5);
const PATIENCE: u32 = 5;

/// Whether there is a standby, and how far it is.
#[derive(Debug)]
pub(crate) struct Standby {
    state: State,
    polite: bool,
    /// What the two sides have for one; none is known yet, or they know nothing of it.
    ours: Option<Paths>,
    theirs: Option<Paths>,
    /// Nothing has come of our other network, and until then it is not counted.
    other_network_fails: Option<Instant>,
    /// How many times in a row.
    nowhere: u32,
    /// Since when the call's own leg has been steady.
    steady: Option<Instant>,
    /// How many in a row came to nothing, which way they went, and until when no other is made that way.
    failures: usize,
    failed: Option<StandbyPath>,
    not_before: Instant,
    /// How many times a direct leg has taken a relay's place.
    returns: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// There is none, and this side makes none.
    None,
    /// One is to be made then, if nothing is amiss until then.
    Due(Instant, StandbyPath),
    /// It is being made.
    Building { until: Instant },
    /// It is connected.
    Warm {
        ready: Instant,
        /// Since when packets have come over it without a pause.
        since: Instant,
        read: Instant,
        received: u64,
        last_packet: Instant,
        /// How long the last pause between packets was.
        pause: Duration,
        /// Since when it has gone where it was not to go.
        astray: Option<Instant>,
        /// The call's own leg is in doubt, and so only what comes from now on tells anything.
        doubted: bool,
    },
}

/// An output of the policy: the next thing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StandbyStep {
    /// Make one that goes that way.
    Make(StandbyPath),
    /// Tell the other side what this one has.
    Tell,
    /// Count its packets.
    Read,
    /// It is not wanted any more: close it.
    Drop,
    /// It has not connected in time: say [`Standby::failed`].
    Failed,
    /// Nothing has come over it for long, or the network is gone that it was made for: say [`Standby::failed`] or
    /// [`Standby::kept`].
    Lost,
    /// It is the better way: let it take over.
    Return,
}

/// The call's own leg, as far as it matters to a standby.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Live {
    /// It carries, and nothing is amiss.
    Steady {
        /// It was made to go through a relay.
        beside_relay: bool,
        /// The way that the standby was made to go, if there is one that was.
        standby: Option<StandbyPath>,
    },
    /// Nothing comes over it.
    Silent,
    /// There is none, or it is not known how good it is.
    Unsettled,
}

impl Standby {
    pub(crate) fn new(polite: bool) -> Self {
        Self {
            state: State::None,
            polite,
            ours: None,
            theirs: None,
            other_network_fails: None,
            nowhere: 0,
            steady: None,
            failures: 0,
            failed: None,
            not_before: Instant::START,
            returns: 0,
        }
    }

    /// What this side has. Gives whether that is news.
    pub(crate) fn set_paths(&mut self, paths: Paths) -> bool {
        let before = self.ours.replace(paths);
        if has_come(before, paths) {
            // What came of the one that was there before tells nothing of the one that is there now.
            self.nowhere = 0;
            self.other_network_fails = None;
        }
        before != Some(paths)
    }

    /// What this side has, as far as it is of use.
    pub(crate) fn paths(&self) -> Option<Paths> {
        self.ours.map(|ours| Paths {
            other_network: ours
                .other_network
                .map(|there| there && self.other_network_fails.is_none()),
            ..ours
        })
    }

    /// Nothing came of our other network. Gives whether that is news of what this side has.
    pub(crate) fn no_other_network(&mut self, now: Instant) -> bool {
        let until = now + LEADS_NOWHERE * (1 << self.nowhere);
        self.nowhere = (self.nowhere + 1).min(NOWHERE);
        self.other_network_fails.replace(until).is_none()
    }

    /// The call's own leg is another than before.
    pub(crate) fn unsettled(&mut self) {
        self.steady = None;
        if let State::Due(..) = self.state {
            self.state = State::None;
        }
    }

    /// What the other side has.
    pub(crate) fn set_peer_paths(&mut self, paths: Paths) {
        let before = self.theirs.replace(paths);
        if has_come(before, paths) && self.failed == Some(StandbyPath::OtherNetwork) {
            self.failures = 0;
            self.not_before = Instant::START;
        }
    }

    /// The network moved: what came to nothing before may not now. Gives whether that is news of what this side
    /// has.
    pub(crate) fn moved(&mut self) -> bool {
        self.failures = 0;
        self.nowhere = 0;
        self.not_before = Instant::START;
        self.other_network_fails.take().is_some()
    }

    /// One is being made, by whichever side.
    pub(crate) fn building(&mut self, now: Instant) {
        let until = now + BUILD_LIMIT;
        self.state = State::Building { until };
    }

    /// It is connected.
    pub(crate) fn connected(&mut self, now: Instant) {
        self.begin(now + WARM, LONGEST, now);
    }

    /// It was the call's own leg until now.
    pub(crate) fn took_over(&mut self, now: Instant) {
        self.failures = 0;
        self.begin(now + STILL_WARM, READ_EVERY, now);
    }

    fn begin(&mut self, ready: Instant, pause: Duration, now: Instant) {
        self.state = State::Warm {
            ready,
            since: now,
            read: now,
            received: 0,
            last_packet: now,
            pause,
            astray: None,
            doubted: false,
        };
    }

    /// Nothing comes over it, and it is of use all the same.
    pub(crate) fn kept(&mut self, now: Instant) {
        if let State::Warm {
            since, last_packet, ..
        } = &mut self.state
        {
            (*since, *last_packet) = (now, now);
        }
    }

    /// There is no standby leg, whatever there was.
    pub(crate) fn gone(&mut self) {
        if let State::Warm { .. } | State::Building { .. } = self.state {
            self.state = State::None;
            self.unsettled();
        }
    }

    /// One that was to go that way has come to nothing.
    pub(crate) fn failed(&mut self, path: Option<StandbyPath>, now: Instant) {
        if std::mem::replace(&mut self.failed, path) != path {
            self.failures = 0;
        }
        self.failures += 1;
        let [.., longest] = WAIT;
        self.not_before = now + WAIT.get(self.failures).copied().unwrap_or(longest);
        self.state = State::None;
    }

    /// The direct leg has taken a relay's place.
    pub(crate) fn returned(&mut self, now: Instant) {
        self.returns = (self.returns + 1).min(PATIENCE);
        if let State::Warm { since, .. } = &mut self.state {
            *since = now;
        }
    }

    /// It goes where it was not to go, or does not: until then it is of no use. Whether it has for too long.
    pub(crate) fn strays(&mut self, is_astray: bool, now: Instant) -> bool {
        let State::Warm {
            ready,
            since,
            astray,
            ..
        } = &mut self.state
        else {
            return false;
        };
        *astray = is_astray.then(|| astray.unwrap_or(now));
        if is_astray {
            (*ready, *since) = (now + WARM, now);
        }
        astray.is_some_and(|since| now >= since + STRAYS)
    }

    /// Its packets were counted, of one made to go that way. Whether any have come.
    pub(crate) fn counted(&mut self, path: Option<StandbyPath>, bytes: u64, now: Instant) -> bool {
        let State::Warm {
            since,
            received,
            last_packet,
            pause,
            ..
        } = &mut self.state
        else {
            return false;
        };
        let before = std::mem::replace(received, bytes);
        let comes = before > 0 && bytes > before;
        if comes {
            *pause = now.since(*last_packet);
            if *pause >= PAUSE {
                *since = now;
            }
            if now >= *since + LOST {
                // This one lasts.
                self.failures = 0;
                if path == Some(StandbyPath::OtherNetwork) {
                    self.nowhere = 0;
                }
            }
            *last_packet = now;
        }
        comes
    }

    /// Whether it is connected.
    pub(crate) fn is_warm(&self) -> bool {
        matches!(self.state, State::Warm { .. })
    }

    /// Whether it has been for long enough to take over.
    pub(crate) fn is_ready(&self, now: Instant) -> bool {
        matches!(self.state, State::Warm { ready, .. } if now >= ready)
    }

    /// The step that is due. To be asked after every event.
    pub(crate) fn due(&mut self, live: Live, now: Instant) -> Option<StandbyStep> {
        if self.other_network_fails.is_some_and(|until| until <= now) {
            self.other_network_fails = None;
            return Some(StandbyStep::Tell);
        }
        let settled = self.settled(live, now);
        self.doubt(live == Live::Silent);
        let (wanted, saves) = (self.wanted(live), self.saves());
        let is_in_vain = live.is_beside(StandbyPath::OtherNetwork) && !self.has_other_network();
        let good = GOOD * (1 << self.returns);
        let read_every = read_every(live);
        match &mut self.state {
            State::None => {
                let path = wanted?;
                // What came to nothing another way tells nothing of this one.
                let waits = self.failed.is_none_or(|failed| failed == path);
                let due = if waits { self.not_before } else { now };
                self.state = State::Due(settled.max(due).max(now), path);
                None
            }
            State::Due(_, path) if wanted != Some(*path) => {
                self.state = State::None;
                None
            }
            State::Due(due, _) if *due <= now => {
                self.building(now);
                wanted.map(StandbyStep::Make)
            }
            State::Building { until } if *until <= now => Some(StandbyStep::Failed),
            State::Building { .. } | State::Warm { .. } if saves => {
                self.state = State::None;
                Some(StandbyStep::Drop)
            }
            State::Warm { .. } if is_in_vain => Some(StandbyStep::Lost),
            // Another network is better than a relay: that one goes with the network it is reached over.
            State::Warm { .. }
                if wanted == Some(StandbyPath::OtherNetwork)
                    && live.is_beside(StandbyPath::Relay) =>
            {
                self.building(now);
                wanted.map(StandbyStep::Make)
            }
            State::Warm {
                last_packet, pause, ..
            } if now >= *last_packet + lost_after(*pause) => Some(StandbyStep::Lost),
            State::Warm {
                since, last_packet, ..
            } if live.is_longer() && now >= *since + good && now < *last_packet + PAUSE => {
                Some(StandbyStep::Return)
            }
            State::Warm { read, .. } if now >= *read + read_every => {
                *read = now;
                Some(StandbyStep::Read)
            }
            State::Due(..) | State::Building { .. } | State::Warm { .. } => None,
        }
    }

    /// When the call's own leg has been steady, or will have been, for as long as one is waited for.
    fn settled(&mut self, live: Live, now: Instant) -> Instant {
        let is_steady = matches!(live, Live::Steady { .. });
        self.steady = is_steady.then(|| self.steady.unwrap_or(now));
        let [settles, ..] = WAIT;
        self.steady.unwrap_or(now) + settles
    }

    /// The call's own leg is in doubt, or is not: only what comes from now on tells anything.
    fn doubt(&mut self, is_silent: bool) {
        if let State::Warm {
            received, doubted, ..
        } = &mut self.state
            && *doubted != is_silent
        {
            *doubted = is_silent;
            *received = 0;
        }
    }

    /// When [`Self::due`] will next have something to say by itself.
    pub(crate) fn next(&self, live: Live) -> Option<Instant> {
        let due = match self.state {
            State::None => None,
            State::Due(due, _) | State::Building { until: due } => Some(due),
            State::Warm {
                read,
                last_packet,
                pause,
                ..
            } => Some((read + read_every(live)).min(last_packet + lost_after(pause))),
        };
        [due, self.other_network_fails].into_iter().flatten().min()
    }

    /// Whether one of the two has another network, as far as is known.
    fn has_other_network(&self) -> bool {
        let has =
            |paths: Option<Paths>| paths.is_none_or(|paths| paths.other_network == Some(true));
        has(self.paths()) || has(self.theirs)
    }

    /// Whether one of the two saves data.
    fn saves(&self) -> bool {
        let saves = |paths: Option<Paths>| paths.is_some_and(|paths| paths.saves);
        saves(self.ours) || saves(self.theirs)
    }

    /// Which way one is to go, if this side is the one that makes it: the one that has a relay, or the other end of
    /// the one that has another network; where both have, the impolite.
    fn wanted(&self, live: Live) -> Option<StandbyPath> {
        let Live::Steady { beside_relay, .. } = live else {
            return None;
        };
        let (ours, theirs) = (self.paths()?, self.theirs?);
        let networks = ours.other_network.zip(theirs.other_network);
        let relays = [ours.relay, theirs.relay];
        // Whoever can make it: here, and there.
        let (path, [here, there]) = if beside_relay {
            (StandbyPath::Direct, relays)
        } else if let Some((ours, theirs)) = networks.filter(|(ours, theirs)| *ours || *theirs) {
            (StandbyPath::OtherNetwork, [theirs, ours])
        } else {
            (StandbyPath::Relay, relays)
        };
        let makes = here && !self.saves() && !(self.polite && there);
        makes.then_some(path)
    }
}

impl Live {
    /// Whether the standby was made to go that way.
    fn is_beside(self, path: StandbyPath) -> bool {
        matches!(self, Self::Steady { standby, .. } if standby == Some(path))
    }

    /// Whether the standby goes a shorter way.
    fn is_longer(self) -> bool {
        let is_beside = matches!(self, Self::Steady { beside_relay, .. } if beside_relay);
        is_beside && !self.is_beside(StandbyPath::Relay)
    }
}

/// Whether another network is there that was not before, or is to be counted again.
fn has_come(before: Option<Paths>, paths: Paths) -> bool {
    let has = |paths: Paths| paths.other_network == Some(true);
    has(paths) && !before.is_some_and(has)
}

fn lost_after(pause: Duration) -> Duration {
    LOST.max(pause * PAUSES)
}

fn read_every(live: Live) -> Duration {
    match live {
        Live::Silent => READ_IN_DOUBT,
        Live::Steady { .. } | Live::Unsettled => READ_EVERY,
    }
}
