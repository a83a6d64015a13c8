//! Messages of a call that are to be sent: numbered, and kept until the other side has acted on them.

use std::collections::VecDeque;

use holdfast_protocol::{CallId, Signal, SignalBody, Tag};

use crate::command::LegId;

/// How many messages are kept until the other side has acknowledged them.
const UNACKED: usize = 256;

/// The messages from one side of a call to the other.
#[derive(Debug)]
pub(crate) struct Outbox {
    peer: Peer,
    /// Counts our messages in the call, from 0.
    seq: u32,
    /// Those that the other side may not have acted on.
    unacked: VecDeque<Signal>,
    /// How many times our page has been loaded anew during the call, and theirs.
    epoch: u32,
    peer_epoch: u32,
}

/// The program at the other side, as far as it is known, and so the token that a message carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Peer {
    /// We called, and have been told nothing.
    Unknown {
        /// Our token.
        call: CallId,
    },
    /// A client of the sample: it knows no tokens.
    Sample,
    /// One of ours: what comes from there without a token is not from there.
    Holdfast {
        /// The token that our messages carry.
        call: CallId,
        /// The token of their own call, when both called at the same moment.
        peer_call: Option<CallId>,
    },
}

impl Outbox {
    pub(crate) fn new(peer: Peer) -> Self {
        Self::reloaded(peer, 0, 0)
    }

    /// That of a page that was loaded anew so many times during the call, and theirs so many.
    pub(crate) fn reloaded(peer: Peer, epoch: u32, peer_epoch: u32) -> Self {
        Self {
            peer,
            seq: 0,
            unacked: VecDeque::new(),
            epoch,
            peer_epoch,
        }
    }

    pub(crate) fn is_holdfast(&self) -> bool {
        matches!(self.peer, Peer::Holdfast { .. })
    }

    /// Whether a message with that token, or with none, can be one of this call.
    pub(crate) fn owns(&self, call: Option<&CallId>) -> bool {
        match (&self.peer, call) {
            (Peer::Unknown { .. } | Peer::Sample, None) => true,
            (Peer::Sample, Some(_)) | (Peer::Holdfast { .. }, None) => false,
            (_, Some(call)) => self.call() == Some(call) || self.peer_call() == Some(call),
        }
    }

    /// The token that our messages carry.
    pub(crate) fn call(&self) -> Option<&CallId> {
        match &self.peer {
            Peer::Unknown { call } | Peer::Holdfast { call, .. } => Some(call),
            Peer::Sample => None,
        }
    }

    /// The token of the other side's own call, when both called at the same moment.
    pub(crate) fn peer_call(&self) -> Option<&CallId> {
        match &self.peer {
            Peer::Holdfast { peer_call, .. } => peer_call.as_ref(),
            Peer::Unknown { .. } | Peer::Sample => None,
        }
    }

    /// How many times the other side's page and ours have been loaded anew.
    pub(crate) fn epochs(&self) -> (u32, u32) {
        (self.peer_epoch, self.epoch)
    }

    /// Whether the other side has been sent anything.
    pub(crate) fn has_sent(&self) -> bool {
        self.seq > 0
    }

    /// Both called at the same moment, and theirs is this call.
    pub(crate) fn merge(&mut self, theirs: CallId) {
        self.peer = match self.call().filter(|_| self.has_sent()) {
            Some(ours) => Peer::Holdfast {
                call: ours.clone(),
                peer_call: Some(theirs),
            },
            None => Peer::Holdfast {
                call: theirs,
                peer_call: None,
            },
        };
    }

    /// The other side knows no tokens.
    pub(crate) fn peer_is_sample(&mut self) {
        self.peer = Peer::Sample;
    }

    /// A message of the call came with that tag. Gives whether it is the first of a page that was
    /// loaded anew; what the page before has not acted on was for that page alone.
    pub(crate) fn tagged(&mut self, tag: &Tag) -> bool {
        if let Peer::Unknown { call } = &self.peer {
            self.peer = Peer::Holdfast {
                call: call.clone(),
                peer_call: None,
            };
        }
        let is_anew = tag.epoch > self.peer_epoch;
        if is_anew {
            self.peer_epoch = tag.epoch;
            self.seq = 0;
            self.unacked.clear();
        }
        let is_unacked =
            |sent: &Signal| sent.tag.as_ref().is_some_and(|sent| sent.seq >= tag.acked);
        self.unacked.retain(is_unacked);
        is_anew
    }

    /// The next message, to be addressed when it is sent.
    pub(crate) fn next(&mut self, leg: LegId, body: SignalBody) -> Signal {
        let signal = self.uncounted(leg, body);
        self.seq += 1;
        if signal.tag.is_some() {
            self.unacked.truncate(UNACKED - 1);
            self.unacked.push_back(signal.clone());
        }
        signal
    }

    /// A message that is not one of those that are numbered and kept.
    pub(crate) fn uncounted(&self, leg: LegId, body: SignalBody) -> Signal {
        let tag = self.call().cloned().map(|call| Tag {
            call,
            leg,
            seq: self.seq,
            acked: 0,
            epoch: self.epoch,
            peer_epoch: self.peer_epoch,
            proof: None,
        });
        Signal {
            name: None,
            target: None,
            from: None,
            to: None,
            body,
            tag,
        }
    }

    /// Messages that the other side may not have acted on.
    pub(crate) fn unacked(&self) -> impl Iterator<Item = &Signal> {
        self.unacked.iter()
    }
}
