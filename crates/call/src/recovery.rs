//! The recovery policy: when the path under a call is in doubt, and what is done about it.
//!
//! It listens to four things: packets, the browser's word on a leg, signs that the network moved,
//! and answers of the signaling server. It wants three: that the server be asked whether it can be
//! reached, that a path be sought, and that the search be called off. docs/recovery.md draws it.

use std::time::Duration;

use holdfast_clock::Instant;

use crate::silence::Silence;

/// How often the packet counter is read.
pub(crate) const READ_STATS_EVERY: Duration = Duration::from_millis(100);

/// Silence comes to both sides at once, and two fresh legs would collide: the polite side gives the
/// other this much of a start.
const START: Duration = Duration::from_millis(150);

/// How long a call that both want may take to connect before its path is in doubt.
const SETUP: Duration = Duration::from_secs(4);

/// How long the old path must have gone on after a move before the search is called off.
const UNMOVED: Duration = Duration::from_secs(5);

/// How long to wait after each attempt; the last is repeated. Up to a quarter more is added, so
/// that the two sides do not keep meeting.
const WAIT: [Duration; 5] = [
    Duration::from_millis(1500),
    Duration::from_millis(2500),
    Duration::from_millis(4000),
    Duration::from_millis(6000),
    Duration::from_millis(8000),
];

/// An attempt is given this many times as long as the server takes to answer.
const ANSWERS: u32 = 4;

/// A network that moves all the time is followed no faster than this.
const MIN_WAIT: Duration = Duration::from_millis(500);

/// Whether the path under a call is good, and if not, how far the search is.
#[derive(Debug)]
pub(crate) struct Recovery {
    state: State,
    polite: bool,
    silence: Silence,
    attempted_at: Option<Instant>,
    random: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nobody has agreed to anything yet.
    Idle,
    /// There is no path yet; one is being found in the ordinary way until then.
    Setup { until: Instant },
    /// Packets come.
    Steady,
    /// They do not, or may not soon.
    Doubt {
        cause: Cause,
        attempts: usize,
        next: Next,
    },
}

/// The event that a search waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// Its time; then the server is asked.
    Time(Instant),
    /// The server's answer since then: whoever cannot reach it can agree on nothing.
    Answer(Instant),
}

/// Why the path is in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// This side's network is another than before.
    Moved,
    /// Nothing comes, whosever fault it is.
    Silence,
}

/// An output of the policy: the next thing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Ask the server whether it can be reached, by every means.
    Probe,
    /// Seek a path: restart ICE, and race a fresh leg.
    Seek,
    /// The path is back by itself: call the search off.
    CallOff,
}

impl Recovery {
    /// `seed` sets the two sides of a call apart.
    pub(crate) fn new(polite: bool, seed: u32) -> Self {
        Self {
            state: State::Idle,
            polite,
            silence: Silence::new(),
            attempted_at: None,
            random: seed | 1,
        }
    }

    /// Both want the call: a path is being found.
    pub(crate) fn begin(&mut self, now: Instant) {
        self.silence.begin(now);
        if self.state == State::Idle {
            let until = now + SETUP;
            self.state = State::Setup { until };
        }
    }

    /// A leg carries media: that is the path.
    pub(crate) fn found(&mut self, now: Instant) {
        let is_first = matches!(self.state, State::Idle | State::Setup { .. });
        self.silence.begin_path(is_first, now);
        self.state = State::Steady;
    }

    /// The browser says that the call's first leg is connected. Which network that was on is not known
    /// where this side's has moved since the search for a path began: another is looked for all the same.
    pub(crate) fn connected(&mut self, now: Instant) {
        let moved = matches!(
            self.state,
            State::Doubt {
                cause: Cause::Moved,
                attempts: 0,
                ..
            }
        );
        let state = self.state;
        self.found(now);
        if moved {
            self.state = state;
        }
    }

    /// The leg that was kept warm has taken over, because nothing is heard of the other, or packets have come
    /// over it since. If it is as dead, that is no later known than it would have been.
    pub(crate) fn took_over(&mut self, now: Instant) {
        self.silence.change_leg();
        if self.cause() == Some(Cause::Silence) {
            self.silence.begin(now);
            self.state = State::Steady;
        }
    }

    /// The network of this side is another than before, or may be.
    pub(crate) fn moved(&mut self, now: Instant) {
        let earliest = self.attempted_at.map_or(now, |at| now.max(at + MIN_WAIT));
        self.state = State::Doubt {
            cause: Cause::Moved,
            attempts: 0,
            next: Next::Time(earliest),
        };
    }

    /// The browser says that nothing has come for a while: in Firefox at once, in Chromium late.
    pub(crate) fn silent(&mut self, now: Instant) {
        match self.state {
            State::Idle | State::Setup { .. } | State::Doubt { .. } => {}
            State::Steady => self.doubt(now),
        }
    }

    /// The sound that came all the time is not played any more.
    pub(crate) fn unheard(&mut self) {
        self.silence.unheard();
    }

    /// The browser has given a path up. Waiting for the next attempt has no point.
    pub(crate) fn failed(&mut self, now: Instant) {
        let recent = self.attempted_at.is_some_and(|at| now < at + WAIT[0]);
        match &mut self.state {
            State::Doubt { next, .. } => {
                if let (Next::Time(due), false) = (next, recent) {
                    *due = now;
                }
            }
            State::Idle | State::Setup { .. } | State::Steady => self.doubt(now),
        }
    }

    /// The path leads nowhere any more: the other side's page was loaded anew, or the browser
    /// refused a description.
    pub(crate) fn lost(&mut self, now: Instant) {
        self.doubt(now);
    }

    /// The packet counter of the path was read.
    pub(crate) fn counted(&mut self, received: u64, now: Instant) -> Option<Step> {
        if self.silence.counted(received) {
            return self.packet(now);
        }
        if self.state == State::Steady && self.silence.is_doubtful(now) {
            self.doubt(if self.polite { now + START } else { now });
        }
        None
    }

    /// The old path carries packets.
    pub(crate) fn packet(&mut self, now: Instant) -> Option<Step> {
        let pause = self.silence.packet(now);
        match self.state {
            State::Idle | State::Setup { .. } => {
                self.state = State::Steady;
                None
            }
            State::Steady => {
                self.silence.forget();
                self.silence.learn(pause);
                None
            }
            State::Doubt { cause, .. } => {
                let attempted = self.attempted_at.is_some_and(|at| now >= at + UNMOVED);
                if cause == Cause::Moved && !attempted {
                    return None;
                }
                // It may be a pause of the usual kind, from somebody who sends little.
                self.silence.learn(pause);
                self.state = State::Steady;
                Some(Step::CallOff)
            }
        }
    }

    /// The server has answered.
    pub(crate) fn answered(&mut self, now: Instant) -> Option<Step> {
        let State::Doubt { attempts, next, .. } = &mut self.state else {
            return None;
        };
        let Next::Answer(asked) = *next else {
            return None;
        };
        let [.., longest] = WAIT;
        let wait = WAIT.get(*attempts).copied().unwrap_or(longest);
        // Where the server is slow to answer, so is the other side.
        let wait = wait.max((now.since(asked) * ANSWERS).min(longest));
        *attempts += 1;
        self.random ^= self.random << 13;
        self.random ^= self.random >> 17;
        self.random ^= self.random << 5;
        *next = Next::Time(now + wait + wait / 4 * (self.random % 256) / 256);
        self.attempted_at = Some(now);
        Some(Step::Seek)
    }

    /// The step that is due. To be asked after every event.
    pub(crate) fn due(&mut self, now: Instant) -> Option<Step> {
        match &mut self.state {
            State::Setup { until } if *until <= now => self.doubt(now),
            State::Idle | State::Setup { .. } | State::Steady | State::Doubt { .. } => {}
        }
        match &mut self.state {
            State::Doubt { next, .. } => match *next {
                Next::Time(due) if due <= now => {
                    *next = Next::Answer(now);
                    Some(Step::Probe)
                }
                Next::Time(_) | Next::Answer(_) => None,
            },
            State::Idle | State::Setup { .. } | State::Steady => None,
        }
    }

    /// When [`Self::due`] will next have something to say by itself.
    pub(crate) fn next(&self) -> Option<Instant> {
        match self.state {
            State::Setup { until: due }
            | State::Doubt {
                next: Next::Time(due),
                ..
            } => Some(due),
            State::Idle
            | State::Steady
            | State::Doubt {
                next: Next::Answer(_),
                ..
            } => None,
        }
    }

    /// Why the path is in doubt, if it is.
    pub(crate) fn cause(&self) -> Option<Cause> {
        match self.state {
            State::Doubt { cause, .. } => Some(cause),
            State::Idle | State::Setup { .. } | State::Steady => None,
        }
    }

    /// When the last packet came.
    pub(crate) fn last_packet(&self) -> Instant {
        self.silence.last_packet()
    }

    /// The path is in doubt; the first attempt is due then.
    fn doubt(&mut self, due: Instant) {
        self.state = State::Doubt {
            cause: Cause::Silence,
            attempts: 0,
            next: Next::Time(due),
        };
    }
}
