//! Messages to everybody in a large room: handed out by and by, one after the other.

use std::collections::VecDeque;

use tungstenite::Utf8Bytes;

use super::key::Key;

/// To how many people something goes in one go; in between, others get their turn.
pub(super) const AT_ONCE: usize = 64;

/// How many lines may wait in a room.
const WAITING: usize = 256;

/// A message to everybody.
#[derive(Clone)]
pub(super) struct Line {
    pub(super) from: Key,
    pub(super) text: Utf8Bytes,
}

/// Lines that wait to be handed out. Each is handed out to its end before the next is begun: everybody reads
/// them in one order.
#[derive(Default)]
pub(super) struct Lines {
    waiting: VecDeque<Line>,
    /// Who has yet to be handed the one that is on its way.
    current: Option<(Line, VecDeque<Key>)>,
}

impl Lines {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.current.is_none()
    }

    /// Puts one in, unless there are too many.
    pub(super) fn put(&mut self, line: Line) -> Option<()> {
        (self.waiting.len() < WAITING).then(|| self.waiting.push_back(line))
    }

    /// The line on its way, or the next, to everybody; and some who are to be handed it now.
    pub(super) fn next(
        &mut self,
        everybody: impl Iterator<Item = Key>,
    ) -> Option<(Line, Vec<Key>)> {
        let begin = || Some((self.waiting.pop_front()?, everybody.collect()));
        let (line, mut left) = self.current.take().or_else(begin)?;
        let some = left.drain(..AT_ONCE.min(left.len())).collect();
        let now = line.clone();
        self.current = (!left.is_empty()).then_some((line, left));
        Some((now, some))
    }
}
