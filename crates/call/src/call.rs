//! A call under way: with whom, how far, and which messages are its own.

use std::collections::VecDeque;

use holdfast_protocol::{CallId, Signal};

use crate::{Moment, legs::Legs, recovery::Recovery, view::Stage};

/// A call, from the first click or ring to the end.
#[derive(Debug)]
pub(crate) struct Talk {
    pub(crate) peer: String,
    pub(crate) peer_link_lost: bool,
    pub(crate) phase: Phase,
    /// The token that our messages carry; none towards the sample's clients.
    pub(crate) out: Option<CallId>,
    /// The token of the other side's own call, when both called at the same moment.
    pub(crate) merged: Option<CallId>,
    /// We called, and were not called.
    pub(crate) outgoing: bool,
    /// The other side has shown that it knows tokens: what comes without is not from there.
    pub(crate) tagged: bool,
    /// How many messages of ours the call has seen.
    pub(crate) said: u32,
    /// What of that the other side may not have heard.
    pub(crate) unheard: VecDeque<Signal>,
    /// How many times our page has been loaded anew, and theirs.
    pub(crate) life: u32,
    pub(crate) their_life: u32,
    /// When their page said that it closes.
    pub(crate) away: Option<Moment>,
    /// Our page was loaded anew, and has not found the path again.
    pub(crate) returning: bool,
    /// The peer connections; the first opens once camera and microphone are there.
    pub(crate) legs: Legs,
    pub(crate) polite: bool,
    pub(crate) recovery: Recovery,
    /// How many descriptions the browser refused.
    pub(crate) broken: u32,
    /// Our network moved before both wanted the call.
    pub(crate) moved_early: bool,
    /// The path was lost, for so long, and is back.
    pub(crate) back_after: Option<Moment>,
}

/// How far a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// We called.
    Calling { ringing: bool },
    /// We are called.
    Ringing,
    /// Both want it.
    Connecting,
    /// It carries media.
    Connected { since: Moment },
    /// It did.
    Interrupted { since: Moment, first: Moment },
}

impl Talk {
    pub(crate) fn new(peer: String, phase: Phase, out: Option<CallId>, polite: bool) -> Self {
        // Different on the two sides, and in different calls.
        let seed = peer
            .bytes()
            .chain(out.iter().flat_map(|call| call.page.bytes()));
        let seed = seed.fold(out.as_ref().map_or(7, |call| call.nth), |seed, byte| {
            seed.wrapping_mul(31).wrapping_add(u32::from(byte))
        });
        Self {
            peer,
            peer_link_lost: false,
            phase,
            out,
            merged: None,
            outgoing: matches!(phase, Phase::Calling { .. }),
            tagged: false,
            said: 0,
            unheard: VecDeque::new(),
            life: 0,
            their_life: 0,
            away: None,
            returning: false,
            legs: Legs::first(polite),
            polite,
            recovery: Recovery::new(polite, seed),
            broken: 0,
            moved_early: false,
            back_after: None,
        }
    }

    /// What a person is shown of it.
    pub(crate) fn stage(&self) -> Stage {
        match self.phase {
            Phase::Calling { .. } if !self.legs.is_open() => Stage::Preparing,
            Phase::Calling { ringing } => Stage::Calling { ringing },
            Phase::Ringing => Stage::Ringing,
            Phase::Connecting => Stage::Connecting,
            Phase::Connected { since } => Stage::Connected { since },
            Phase::Interrupted { since, .. } => Stage::Interrupted { since },
        }
    }

    /// Whether a message of that person, with that token, is one of this call.
    pub(crate) fn owns(&self, peer: &str, call: Option<&CallId>) -> bool {
        let token_fits = match call {
            Some(_) => [&self.out, &self.merged]
                .iter()
                .any(|known| known.as_ref() == call),
            None => !self.tagged,
        };
        self.peer == peer && token_fits
    }

    pub(crate) fn is_outgoing(&self) -> bool {
        matches!(self.phase, Phase::Calling { .. })
    }
}

impl Phase {
    /// In a page that comes back into a call.
    pub(crate) fn back(now: Moment) -> Self {
        Self::Interrupted {
            since: now,
            first: now,
        }
    }

    /// Both want the call.
    pub(crate) fn is_agreed(self) -> bool {
        match self {
            Self::Calling { .. } | Self::Ringing => false,
            Self::Connecting | Self::Connected { .. } | Self::Interrupted { .. } => true,
        }
    }

    pub(crate) fn was_connected(self) -> bool {
        matches!(self, Self::Connected { .. } | Self::Interrupted { .. })
    }

    pub(crate) fn connected(self, now: Moment) -> Self {
        let since = match self {
            Self::Connected { since } => since,
            Self::Interrupted { first, .. } => first,
            Self::Calling { .. } | Self::Ringing | Self::Connecting => now,
        };
        Self::Connected { since }
    }

    /// What was not connected cannot be interrupted.
    pub(crate) fn interrupted(self, now: Moment) -> Option<Self> {
        match self {
            Self::Connected { since: first } => Some(Self::Interrupted { since: now, first }),
            Self::Calling { .. } | Self::Ringing | Self::Connecting | Self::Interrupted { .. } => {
                None
            }
        }
    }
}
