//! Messages to everybody in a large room.

use std::collections::VecDeque;

use tungstenite::Utf8Bytes;

use super::key::Key;

/// To how many people something goes in one go; in between, others get their turn.
pub(super) const AT_ONCE: usize = 64;

/// A message to everybody.
pub(super) struct Line {
    pub(super) from: Key,
    pub(super) text: Utf8Bytes,
}

/// Lines that take more than one go. Each is handed out to its end before the next is begun: everybody
/// reads them in one order.
#[derive(Default)]
pub(super) struct Lines {
    waiting: VecDeque<Line>,
    is_in_hand: bool,
}

impl Lines {
    /// Whether somebody hands them out.
    pub(super) fn is_in_hand(&self) -> bool {
        self.is_in_hand
    }

    /// Puts one in. Whether somebody has to begin to hand them out.
    #[must_use]
    pub(super) fn put(&mut self, line: Line) -> bool {
        self.waiting.push_back(line);
        !std::mem::replace(&mut self.is_in_hand, true)
    }

    /// The next one; without one, nobody hands them out any more.
    pub(super) fn next(&mut self) -> Option<Line> {
        let next = self.waiting.pop_front();
        self.is_in_hand = next.is_some();
        next
    }
}
