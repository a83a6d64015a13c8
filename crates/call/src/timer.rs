//! The timers of a call, in a table indexed by what they are for.

use crate::Moment;

/// How long a call rings before it counts as not answered.
pub const ANSWER_LIMIT: Moment = Moment::from_secs(45);

/// How long an accepted call may be without a path before it is over.
pub const NO_PATH_LIMIT: Moment = Moment::from_secs(120);

/// How long a missing message holds up those after it.
pub const GAP_LIMIT: Moment = Moment::from_secs(10);

/// How long a call waits for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For an answer; [`ANSWER_LIMIT`] unless told otherwise.
    pub answer: Moment,
    /// For a path; [`NO_PATH_LIMIT`] unless told otherwise.
    pub no_path: Moment,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            answer: ANSWER_LIMIT,
            no_path: NO_PATH_LIMIT,
        }
    }
}

/// What a timer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timer {
    /// The call is not answered.
    Answer,
    /// The call has no path.
    NoPath,
    /// A message is missing.
    Gap,
}

impl Timer {
    const ALL: [Self; 3] = [Self::Answer, Self::NoPath, Self::Gap];
}

/// When each timer is due.
#[derive(Debug, Default)]
pub(crate) struct TimerTable {
    due: [Option<Moment>; Timer::ALL.len()],
}

impl TimerTable {
    pub(crate) fn set(&mut self, timer: Timer, due: Moment) {
        self.due[timer as usize] = Some(due);
    }

    pub(crate) fn stop(&mut self, timer: Timer) {
        self.due[timer as usize] = None;
    }

    pub(crate) fn next(&self) -> Option<Moment> {
        self.due.iter().flatten().min().copied()
    }

    /// Takes one timer that is due.
    pub(crate) fn expire(&mut self, now: Moment) -> Option<Timer> {
        let timer = Timer::ALL
            .into_iter()
            .find(|timer| self.due[*timer as usize].is_some_and(|due| due <= now))?;
        self.stop(timer);
        Some(timer)
    }
}
