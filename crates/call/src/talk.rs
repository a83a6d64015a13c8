//! A call under way: with whom, how far, and which messages are its own.

use holdfast_protocol::CallId;

use crate::{Moment, command::LegId, leg::Leg, view::Stage};

/// The leg that every call starts on, and the only one towards the sample's clients.
pub(crate) const FIRST_LEG: LegId = 0;

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
    /// The negotiation; it opens once camera and microphone are there.
    pub(crate) leg: Leg,
    /// The path has failed, and a restart was asked for.
    pub(crate) failed: bool,
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
        Self {
            peer,
            peer_link_lost: false,
            phase,
            out,
            merged: None,
            outgoing: matches!(phase, Phase::Calling { .. }),
            tagged: false,
            said: 0,
            leg: Leg::new(FIRST_LEG, polite),
            failed: false,
        }
    }

    /// What a person is shown of it.
    pub(crate) fn stage(&self) -> Stage {
        match self.phase {
            Phase::Calling { .. } if !self.leg.is_open() => Stage::Preparing,
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
