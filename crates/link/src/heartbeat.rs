//! The heartbeat: a server that counts is asked now and then whether it is there.

use std::time::Duration;

use holdfast_clock::Instant;

/// How often the server is asked.
const INTERVAL: Duration = Duration::from_secs(5);

/// Questions without a word after which the connection is dead.
const UNANSWERED: u32 = 2;

/// Beats while the link is up.
#[derive(Debug, Default)]
pub(crate) struct Heartbeat {
    beat: Option<Beat>,
}

#[derive(Debug)]
struct Beat {
    next: Instant,
    /// Questions since the server last said anything.
    unanswered: u32,
}

/// The step that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// Ask.
    Ping,
    /// The server is not there any more.
    Dead,
}

impl Heartbeat {
    pub(crate) fn start(&mut self, now: Instant) {
        self.beat = Some(Beat {
            next: now + INTERVAL,
            unanswered: 0,
        });
    }

    pub(crate) fn stop(&mut self) {
        self.beat = None;
    }

    /// The server has said something.
    pub(crate) fn heard(&mut self) {
        if let Some(beat) = &mut self.beat {
            beat.unanswered = 0;
        }
    }

    pub(crate) fn expire(&mut self, now: Instant) -> Option<Due> {
        let beat = self.beat.as_mut().filter(|beat| beat.next <= now)?;
        beat.next = now + INTERVAL;
        beat.unanswered += 1;
        Some(match beat.unanswered {
            0..=UNANSWERED => Due::Ping,
            _ => Due::Dead,
        })
    }

    /// When [`Self::expire`] will have something to do.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.beat.as_ref().map(|beat| beat.next)
    }
}
