//! Messages of a call in the order they were sent, each once, whatever the way here did to them.
//!
//! One socket keeps order by itself; a call's messages may come over several, or over a data
//! channel besides. A hang-up waits for nothing, and nothing follows it. Messages of the sample's
//! clients are not numbered and pass as they come.

use std::collections::VecDeque;

use holdfast_clock::Instant;
use holdfast_protocol::{CallId, Signal, SignalBody};

use crate::timer::GAP_LIMIT;

/// How many calls of one person are remembered, so that late messages of ended ones are known as
/// late. A person who names more calls than that forgets their own, not others'.
const CALLS_OF_ONE: usize = 8;

/// How many calls are remembered in all.
const CALLS: usize = 64;

/// How many messages may wait for a missing one.
const WAITING: usize = 256;

#[derive(Debug, Default)]
pub(crate) struct Inbox {
    streams: VecDeque<Stream>,
}

/// Messages of one person in one call.
#[derive(Debug)]
struct Stream {
    sender: Option<String>,
    call: CallId,
    /// How many times the sender's page and ours have been loaded anew; each time it begins again.
    epochs: (u32, u32),
    next: u32,
    over: bool,
    /// Sorted by number.
    waiting: VecDeque<(u32, Signal)>,
    /// Since when a message has been missing.
    gap_since: Instant,
}

impl Inbox {
    /// Takes a message in; gives out those that are due, in order. What was meant for another epoch
    /// of this page than `epoch` is dropped.
    /// A person's call for which `keeps` holds is under way: it is not forgotten for others, and what
    /// is said again in it was meant once. In any other, whoever says it again has not heard the end.
    pub(crate) fn receive(
        &mut self,
        signal: Signal,
        keeps: impl Fn(&str, &CallId) -> bool,
        epoch: u32,
        now: Instant,
    ) -> Vec<Signal> {
        let Some(tag) = &signal.tag else {
            return vec![signal];
        };
        let (seq, epochs) = (tag.seq, (tag.epoch, tag.peer_epoch));
        let is_end = matches!(signal.body, SignalBody::HangUp(_));
        // A page that comes back cannot know how often the other has.
        if tag.peer_epoch != epoch && signal.body != SignalBody::Rejoin && !is_end {
            return Vec::new();
        }
        let keeps_this = signal.name.as_ref();
        let keeps_this = keeps_this.is_some_and(|name| keeps(name, &tag.call));
        let position = self.position(&signal.name, &tag.call, keeps);
        let stream = &mut self.streams[position];
        if epochs > stream.epochs {
            stream.begin(epochs);
        }
        if stream.over || epochs < stream.epochs && !is_end {
            return Vec::new();
        }
        if is_end {
            stream.over = true;
            stream.waiting.clear();
            return vec![signal];
        }
        if seq < stream.next && !keeps_this {
            return vec![signal];
        }
        if stream.waiting.is_empty() {
            stream.gap_since = now;
        }
        let place = stream
            .waiting
            .partition_point(|(waiting, _)| *waiting < seq);
        let known = stream
            .waiting
            .get(place)
            .is_some_and(|(waiting, _)| *waiting == seq);
        if seq >= stream.next && !known {
            stream.waiting.insert(place, (seq, signal));
        }
        if stream.waiting.len() > WAITING {
            stream.skip();
        }
        stream.due(now)
    }

    /// How many messages of that person in that call, between pages of those epochs, have been given
    /// out, in order.
    pub(crate) fn acked(&self, sender: &str, call: &CallId, epochs: (u32, u32)) -> u32 {
        let known = |stream: &&Stream| {
            stream.sender.as_deref() == Some(sender)
                && stream.call == *call
                && stream.epochs == epochs
        };
        self.streams
            .iter()
            .find(known)
            .map_or(0, |stream| stream.next)
    }

    /// Since when the longest missing message has been missing.
    pub(crate) fn gap_since(&self) -> Option<Instant> {
        let gaps = self
            .streams
            .iter()
            .filter(|stream| !stream.waiting.is_empty());
        gaps.map(|stream| stream.gap_since).min()
    }

    /// Missing messages had no way to come until now.
    pub(crate) fn restart_gaps(&mut self, now: Instant) {
        for stream in &mut self.streams {
            stream.gap_since = now;
        }
    }

    /// Gives up what has been missing for [`GAP_LIMIT`]; gives out what waited for it.
    pub(crate) fn skip_gaps(&mut self, now: Instant) -> Vec<Signal> {
        let mut due = Vec::new();
        for stream in &mut self.streams {
            if !stream.waiting.is_empty() && now >= stream.gap_since + GAP_LIMIT {
                stream.skip();
                due.append(&mut stream.due(now));
            }
        }
        due
    }

    fn position(
        &mut self,
        sender: &Option<String>,
        call: &CallId,
        keeps: impl Fn(&str, &CallId) -> bool,
    ) -> usize {
        let known = |stream: &Stream| stream.sender == *sender && stream.call == *call;
        self.streams.iter().position(known).unwrap_or_else(|| {
            let of_sender = |stream: &Stream| stream.sender == *sender;
            let is_kept = |stream: &Stream| {
                let sender = stream.sender.as_deref();
                sender.is_some_and(|sender| keeps(sender, &stream.call))
            };
            let named = self
                .streams
                .iter()
                .filter(|stream| of_sender(stream))
                .count();
            if named == CALLS_OF_ONE {
                let mut streams = self.streams.iter();
                let oldest = streams.position(|stream| of_sender(stream) && !is_kept(stream));
                oldest.map(|oldest| self.streams.remove(oldest));
            } else if self.streams.len() == CALLS {
                let oldest = self.streams.iter().position(|stream| !is_kept(stream));
                oldest.map(|oldest| self.streams.remove(oldest));
            }
            self.streams.push_back(Stream {
                sender: sender.clone(),
                call: call.clone(),
                epochs: (0, 0),
                next: 0,
                over: false,
                waiting: VecDeque::new(),
                gap_since: Instant::START,
            });
            self.streams.len() - 1
        })
    }
}

impl Stream {
    fn begin(&mut self, epochs: (u32, u32)) {
        self.epochs = epochs;
        self.next = 0;
        self.over = false;
        self.waiting.clear();
    }

    fn due(&mut self, now: Instant) -> Vec<Signal> {
        let mut due = Vec::new();
        while self
            .waiting
            .front()
            .is_some_and(|(seq, _)| *seq == self.next)
        {
            self.next = self.next.saturating_add(1);
            self.gap_since = now;
            due.extend(self.waiting.pop_front().map(|(_, signal)| signal));
        }
        due
    }

    fn skip(&mut self) {
        if let Some((first, _)) = self.waiting.front() {
            self.next = *first;
        }
    }
}

#[cfg(test)]
mod tests {
    use holdfast_protocol::{HangUpReason, Tag};

    use super::*;

    fn numbered(seq: u32) -> Signal {
        Signal {
            name: Some("Ann".into()),
            target: Some("Bob".into()),
            from: None,
            to: None,
            body: SignalBody::Ringing,
            tag: Some(Tag {
                call: CallId {
                    page: "p".into(),
                    nth: 0,
                },
                leg: 0,
                seq,
                acked: 0,
                epoch: 0,
                peer_epoch: 0,
                proof: None,
            }),
        }
    }

    fn forgets(_: &str, _: &CallId) -> bool {
        false
    }

    fn keeps(_: &str, _: &CallId) -> bool {
        true
    }

    fn seqs(signals: &[Signal]) -> Vec<u32> {
        signals
            .iter()
            .filter_map(|signal| signal.tag.as_ref().map(|tag| tag.seq))
            .collect()
    }

    #[test]
    fn shuffled_and_doubled_messages_come_out_in_order_and_once() {
        let mut inbox = Inbox::default();
        let mut out = Vec::new();
        for seq in [2, 0, 0, 3, 1, 2, 4, 1] {
            out.extend(inbox.receive(numbered(seq), keeps, 0, Instant::START));
        }
        assert_eq!(seqs(&out), [0, 1, 2, 3, 4]);
        assert!(inbox.gap_since().is_none());
    }

    #[test]
    fn a_gap_given_up_lets_the_rest_through_and_the_late_message_is_dropped() {
        let mut inbox = Inbox::default();
        assert!(
            inbox
                .receive(numbered(1), keeps, 0, Instant::START)
                .is_empty()
        );
        assert!(inbox.gap_since().is_some());
        assert_eq!(seqs(&inbox.skip_gaps(Instant::START + GAP_LIMIT)), [1]);
        assert!(
            inbox
                .receive(numbered(0), keeps, 0, Instant::START)
                .is_empty()
        );
    }

    #[test]
    fn what_is_said_again_in_a_call_that_is_over_comes_out_again() {
        let mut inbox = Inbox::default();
        let mut say = |seq| inbox.receive(numbered(seq), forgets, 0, Instant::START);
        assert_eq!(seqs(&say(0)), [0]);
        assert_eq!(seqs(&say(0)), [0]);
    }

    #[test]
    fn a_hang_up_waits_for_nothing_and_nothing_follows_it() {
        let mut inbox = Inbox::default();
        let hang_up = Signal {
            body: SignalBody::HangUp(HangUpReason::HungUp),
            ..numbered(5)
        };
        assert!(
            inbox
                .receive(numbered(1), forgets, 0, Instant::START)
                .is_empty()
        );
        assert_eq!(
            inbox
                .receive(hang_up.clone(), forgets, 0, Instant::START)
                .len(),
            1
        );
        assert!(
            inbox
                .receive(hang_up, forgets, 0, Instant::START)
                .is_empty()
        );
        assert!(
            inbox
                .receive(numbered(0), forgets, 0, Instant::START)
                .is_empty()
        );
        assert!(inbox.gap_since().is_none());
    }

    #[test]
    fn a_person_who_names_many_calls_forgets_none_of_others() {
        let mut inbox = Inbox::default();
        assert_eq!(
            inbox.receive(numbered(0), forgets, 0, Instant::START).len(),
            1
        );
        for nth in 1..1000 {
            let mut other = numbered(1);
            other.name = Some("Zoe".into());
            if let Some(tag) = &mut other.tag {
                tag.call.nth = nth;
            }
            inbox.receive(other, forgets, 0, Instant::START);
        }
        assert_eq!(
            inbox.receive(numbered(1), forgets, 0, Instant::START).len(),
            1
        );
    }

    #[test]
    fn the_last_number_there_is_does_no_harm() {
        let mut inbox = Inbox::default();
        inbox.receive(numbered(u32::MAX), forgets, 0, Instant::START);
        assert_eq!(
            seqs(&inbox.skip_gaps(Instant::START + GAP_LIMIT)),
            [u32::MAX]
        );
    }

    #[test]
    fn only_what_has_been_missing_long_enough_is_given_up() {
        let mut inbox = Inbox::default();
        let mut other = numbered(1);
        other.name = Some("Zoe".into());
        inbox.receive(numbered(1), forgets, 0, Instant::START);
        inbox.receive(other, forgets, 0, Instant::START + GAP_LIMIT / 2);
        assert_eq!(inbox.skip_gaps(Instant::START + GAP_LIMIT).len(), 1);
        assert_eq!(inbox.gap_since(), Some(Instant::START + GAP_LIMIT / 2));
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut inbox = Inbox::default();
        let mut out = Vec::new();
        for seq in 1..=1000 {
            out.extend(inbox.receive(numbered(seq), forgets, 0, Instant::START));
        }
        assert_eq!(out.len(), 1000);
    }

    #[test]
    fn a_message_without_number_passes_as_it_comes() {
        let mut inbox = Inbox::default();
        let plain = Signal {
            tag: None,
            ..numbered(0)
        };
        assert_eq!(
            inbox
                .receive(plain.clone(), forgets, 0, Instant::START)
                .len(),
            1
        );
        assert_eq!(
            inbox.receive(plain.clone(), forgets, 0, Instant::START),
            [plain]
        );
    }
}
