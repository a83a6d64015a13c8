//! Messages of a call in the order they were sent, each once, whatever the way here did to them.
//!
//! One socket keeps order by itself; a call's messages may come over several, or over a data
//! channel besides. A hang-up waits for nothing, and nothing follows it. Messages of the sample's clients are not numbered and pass as they come.

use std::collections::VecDeque;

use holdfast_protocol::{CallId, Signal, SignalBody};

/// How many calls are remembered, so that late messages of ended ones are known as late.
const CALLS: usize = 64;

/// How many messages may wait for a missing one.
const WAITING: usize = 256;

#[derive(Debug, Default)]
pub(crate) struct Inbox {
    streams: VecDeque<Stream>,
}

/// What one sender says in one call.
#[derive(Debug)]
struct Stream {
    sender: Option<String>,
    call: CallId,
    next: u32,
    over: bool,
    /// Sorted by number.
    waiting: VecDeque<(u32, Signal)>,
}

impl Inbox {
    /// Takes a message in; gives out those that are due, in order.
    pub(crate) fn receive(&mut self, signal: Signal) -> Vec<Signal> {
        let Some(tag) = &signal.tag else {
            return vec![signal];
        };
        let seq = tag.seq;
        let position = self.position(&signal.name, &tag.call);
        let stream = &mut self.streams[position];
        if stream.over {
            return Vec::new();
        }
        if let SignalBody::HangUp(_) = signal.body {
            stream.over = true;
            stream.waiting.clear();
            return vec![signal];
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
        stream.due()
    }

    /// Whether some message waits for a missing one.
    pub(crate) fn has_gap(&self) -> bool {
        self.streams.iter().any(|stream| !stream.waiting.is_empty())
    }

    /// Gives the missing messages up; gives out what waited for them.
    pub(crate) fn skip_gaps(&mut self) -> Vec<Signal> {
        let mut due = Vec::new();
        for stream in &mut self.streams {
            stream.skip();
            due.append(&mut stream.due());
        }
        due
    }

    fn position(&mut self, sender: &Option<String>, call: &CallId) -> usize {
        let known = |stream: &Stream| stream.sender == *sender && stream.call == *call;
        self.streams.iter().position(known).unwrap_or_else(|| {
            if self.streams.len() == CALLS {
                self.streams.pop_front();
            }
            self.streams.push_back(Stream {
                sender: sender.clone(),
                call: call.clone(),
                next: 0,
                over: false,
                waiting: VecDeque::new(),
            });
            self.streams.len() - 1
        })
    }
}

impl Stream {
    fn due(&mut self) -> Vec<Signal> {
        let mut due = Vec::new();
        while self
            .waiting
            .front()
            .is_some_and(|(seq, _)| *seq == self.next)
        {
            self.next += 1;
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
            body: SignalBody::Ringing,
            tag: Some(Tag {
                call: CallId {
                    page: "p".into(),
                    nth: 0,
                },
                leg: 0,
                seq,
            }),
        }
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
            out.extend(inbox.receive(numbered(seq)));
        }
        assert_eq!(seqs(&out), [0, 1, 2, 3, 4]);
        assert!(!inbox.has_gap());
    }

    #[test]
    fn a_gap_given_up_lets_the_rest_through_and_the_late_message_is_dropped() {
        let mut inbox = Inbox::default();
        assert!(inbox.receive(numbered(1)).is_empty());
        assert!(inbox.has_gap());
        assert_eq!(seqs(&inbox.skip_gaps()), [1]);
        assert!(inbox.receive(numbered(0)).is_empty());
    }

    #[test]
    fn a_hang_up_waits_for_nothing_and_nothing_follows_it() {
        let mut inbox = Inbox::default();
        let hang_up = Signal {
            body: SignalBody::HangUp(HangUpReason::HungUp),
            ..numbered(5)
        };
        assert!(inbox.receive(numbered(1)).is_empty());
        assert_eq!(inbox.receive(hang_up.clone()), [hang_up.clone()]);
        assert!(inbox.receive(hang_up).is_empty());
        assert!(inbox.receive(numbered(0)).is_empty());
        assert!(!inbox.has_gap());
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut inbox = Inbox::default();
        let mut out = Vec::new();
        for seq in 1..=1000 {
            out.extend(inbox.receive(numbered(seq)));
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
        assert_eq!(inbox.receive(plain.clone()), [plain.clone()]);
        assert_eq!(inbox.receive(plain.clone()), [plain]);
    }
}
