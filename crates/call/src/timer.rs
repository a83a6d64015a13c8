//! The timers of a call, in a table indexed by what they are for.

use std::time::Duration;

use holdfast_clock::Instant;

/// How long a call rings before it counts as not answered.
pub const ANSWER_LIMIT: Duration = Duration::from_secs(45);

/// How long somebody may read what their browser asks, after one side has called and the other has said
/// yes. Whoever is gone meanwhile is noticed long before; this is for what was lost with a server.
pub const ASKING_LIMIT: Duration = Duration::from_secs(12 * 60);

/// How long an accepted call may be without a path before it is over.
pub const NO_PATH_LIMIT: Duration = Duration::from_secs(120);

/// How long a missing message holds up those after it.
pub const GAP_LIMIT: Duration = Duration::from_secs(10);

/// How long a call waits for a page that said it closes: long enough for it to load anew.
pub const AWAY_LIMIT: Duration = Duration::from_secs(20);

/// How long a call waits for tracks after the other side has removed the last: some clients remove all of
/// them before they add others.
pub const TRACKS_LIMIT: Duration = Duration::from_secs(3);

/// A timer that is late by this much was not late by itself: the device slept.
pub(crate) const SLEPT: Duration = Duration::from_secs(3);

/// A policy for a path in doubt. All but the first are there to be compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Policy {
    /// Restart at once, and race a fresh leg: docs/recovery.md.
    #[default]
    Race,
    /// Restart when the network moved, and on `failed`.
    RestartOnMove,
    /// Restart when ICE says `failed`, as textbooks have it.
    Textbook,
    /// End the call on `disconnected`, as the sample does.
    Sample,
}

/// How long a call waits for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For an answer; [`ANSWER_LIMIT`] unless told otherwise.
    pub answer: Duration,
    /// For a path; [`NO_PATH_LIMIT`] unless told otherwise.
    pub no_path: Duration,
    /// The policy for a path in doubt.
    pub policy: Policy,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            answer: ANSWER_LIMIT,
            no_path: NO_PATH_LIMIT,
            policy: Policy::default(),
        }
    }
}

/// The purpose of a timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timer {
    /// The call is not answered.
    Answer,
    /// The call has no path.
    NoPath,
    /// The other side's page closes, or is loaded anew.
    Away,
    /// The packet counter is to be read.
    ReadStats,
    /// The recovery policy has something to do.
    Path,
    /// The person has been told for long enough that the call is back.
    Back,
    /// The other side sends nothing any more.
    Tracks,
}

impl Timer {
    const ALL: [Self; 7] = [
        Self::Answer,
        Self::NoPath,
        Self::Away,
        Self::ReadStats,
        Self::Path,
        Self::Back,
        Self::Tracks,
    ];
}

/// When each timer is due.
#[derive(Debug, Default)]
pub(crate) struct TimerTable {
    due: [Option<Instant>; Timer::ALL.len()],
}

impl TimerTable {
    pub(crate) fn set(&mut self, timer: Timer, due: Instant) {
        self.due[timer as usize] = Some(due);
    }

    pub(crate) fn stop(&mut self, timer: Timer) {
        self.due[timer as usize] = None;
    }

    pub(crate) fn is_set(&self, timer: Timer) -> bool {
        self.due[timer as usize].is_some()
    }

    /// Puts off the limits; what is done every so often is not a limit.
    pub(crate) fn postpone(&mut self, by: Duration) {
        for timer in [Timer::Answer, Timer::NoPath, Timer::Away] {
            if let Some(due) = &mut self.due[timer as usize] {
                *due += by;
            }
        }
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        self.due.iter().flatten().min().copied()
    }

    /// Takes one timer that is due.
    pub(crate) fn expire(&mut self, now: Instant) -> Option<Timer> {
        let timer = Timer::ALL
            .into_iter()
            .find(|timer| self.due[*timer as usize].is_some_and(|due| due <= now))?;
        self.stop(timer);
        Some(timer)
    }
}
