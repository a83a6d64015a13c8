//! A session's messages, counted and acknowledged: what both ends need to go on over another
//! connection where the last one broke.

use std::collections::VecDeque;

/// After so many received messages their count is due to be acknowledged.
pub const ACK_EVERY: u32 = 16;

/// One end's log of a session: counts what is sent and what comes, and keeps what was sent until the
/// other end has acknowledged it.
///
/// Counts are cumulative and wrap around at 2³². Messages carry no number of their own: over one
/// connection they come in order, and the next connection begins with both counts.
///
/// ```
/// use holdfast_protocol::Sequence;
///
/// let (mut ann, mut bob) = (Sequence::new(), Sequence::<&str>::new());
/// ann.sent("one");
/// ann.sent("two");
/// bob.received(); // "one" arrives, and the connection breaks.
/// ann.acked(bob.received_count(), drop);
/// assert_eq!(ann.unacked().collect::<Vec<_>>(), [&"two"]);
/// ```
#[derive(Debug, Clone)]
pub struct Sequence<T> {
    sent: u32,
    received: u32,
    unacked: VecDeque<T>,
}

impl<T> Default for Sequence<T> {
    fn default() -> Self {
        Self {
            sent: 0,
            received: 0,
            unacked: VecDeque::new(),
        }
    }
}

impl<T> Sequence<T> {
    /// Nothing sent, nothing received.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A message is sent, now or once there is a connection.
    pub fn sent(&mut self, message: T) {
        self.sent = self.sent.wrapping_add(1);
        self.unacked.push_back(message);
    }

    /// The other end has received `count` messages in all; gives up those that need not be kept any
    /// more. A count of what was never sent, or was acknowledged before, means nothing.
    pub fn acked(&mut self, count: u32, give_up: impl FnMut(T)) {
        let unacked = self.sent.wrapping_sub(count) as usize;
        let acked = self.unacked.len().saturating_sub(unacked);
        (0..acked)
            .filter_map(|_| self.unacked.pop_front())
            .for_each(give_up);
        if self.unacked.is_empty() {
            // Most sessions are idle, and need no memory for it.
            self.unacked = VecDeque::new();
        }
    }

    /// A message has come; gives the count when it is time to acknowledge it.
    pub fn received(&mut self) -> Option<u32> {
        self.received = self.received.wrapping_add(1);
        self.received
            .is_multiple_of(ACK_EVERY)
            .then_some(self.received)
    }

    /// How many messages have been sent.
    #[must_use]
    pub fn sent_count(&self) -> u32 {
        self.sent
    }

    /// How many messages have come.
    #[must_use]
    pub fn received_count(&self) -> u32 {
        self.received
    }

    /// Messages sent and not acknowledged, in order: the next connection sends them again.
    pub fn unacked(&self) -> impl Iterator<Item = &T> {
        self.unacked.iter()
    }

    /// How many messages wait to be acknowledged.
    #[must_use]
    pub fn unacked_count(&self) -> usize {
        self.unacked.len()
    }

    /// Takes the messages not acknowledged, for another session.
    #[must_use]
    pub fn into_unacked(self) -> VecDeque<T> {
        self.unacked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acked(log: &mut Sequence<u32>, count: u32) -> Vec<u32> {
        let mut acked = Vec::new();
        log.acked(count, |message| acked.push(message));
        acked
    }

    fn waiting(log: &Sequence<u32>) -> Vec<u32> {
        log.unacked().copied().collect()
    }

    #[test]
    fn what_is_acknowledged_is_given_out_once_and_in_order() {
        let mut log = Sequence::new();
        (0..5).for_each(|n| log.sent(n));
        assert_eq!(acked(&mut log, 2), [0, 1]);
        assert_eq!(acked(&mut log, 2), [0; 0]);
        assert_eq!(acked(&mut log, 1), [0; 0], "acknowledged before");
        assert_eq!(waiting(&log), [2, 3, 4]);
    }

    #[test]
    fn a_count_of_what_was_never_sent_means_nothing() {
        let mut log = Sequence::new();
        (0..3).for_each(|n| log.sent(n));
        assert_eq!(acked(&mut log, 4), [0; 0]);
        assert_eq!(acked(&mut log, u32::MAX), [0; 0]);
        assert_eq!(waiting(&log), [0, 1, 2]);
    }

    #[test]
    fn counts_go_on_past_the_last_number() {
        let mut log = Sequence {
            sent: u32::MAX - 1,
            received: u32::MAX - 1,
            unacked: VecDeque::new(),
        };
        (0..3).for_each(|n| log.sent(n));
        assert_eq!(acked(&mut log, 0), [0, 1]);
        assert_eq!(waiting(&log), [2]);
        log.received();
        assert_eq!(log.received(), Some(0));
    }

    #[test]
    fn every_sixteenth_message_is_due_to_be_acknowledged() {
        let mut log = Sequence::<u32>::new();
        let due: Vec<u32> = (0..50).filter_map(|_| log.received()).collect();
        assert_eq!(due, [16, 32, 48]);
        assert_eq!(log.received_count(), 50);
    }
}
