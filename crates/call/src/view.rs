//! The call as a person sees it: plain data.

use std::time::Duration;

use holdfast_clock::Instant;
use holdfast_protocol::{HangUpReason, MediaState};

/// The call, to be shown.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CallView {
    /// How far the call is.
    pub state: CallState,
    /// The other side; empty without a call.
    pub peer: String,
    /// The other side's link to the signaling server is gone. The call does not need it.
    pub peer_link_lost: bool,
    /// The reason that the call is interrupted.
    pub interruption: Option<Interruption>,
    /// The call was interrupted for so long, and is back since a moment ago.
    pub back_after: Option<Duration>,
    /// What the other side has said that it sends; none if it has not, as a client of the sample.
    pub peer_media: Option<MediaState>,
    /// The other end is one of ours as well, and both want the call.
    pub is_ours: bool,
    /// Somebody who calls while the call is interrupted; accepting ends it.
    pub waiting: Option<String>,
    /// How the last call ended.
    pub ended: Option<Ended>,
}

impl CallView {
    /// Who rings: the call itself, or one that waits beside it.
    #[must_use]
    pub fn caller(&self) -> Option<&str> {
        match self.state == CallState::Ringing {
            true => Some(&self.peer),
            false => self.waiting.as_deref(),
        }
    }
}

/// How far a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CallState {
    /// No call.
    #[default]
    Idle,
    /// We call; camera and microphone are being asked for.
    Preparing,
    /// We call, and wait for an answer.
    Calling {
        /// The other side said that it is asking its person.
        ringing: bool,
    },
    /// Somebody calls us.
    Ringing,
    /// Both want the call, and the side that was called is being asked for camera and microphone, for as
    /// long as it takes.
    Answering {
        /// That is ours.
        here: bool,
    },
    /// Both want the call; the path is being found.
    Connecting,
    /// Connected since then.
    Connected {
        /// When the call was first connected.
        since: Instant,
    },
    /// It was connected and now is not; the call goes on.
    Interrupted {
        /// When the connection went.
        since: Instant,
    },
}

impl CallState {
    /// Whether there is a call, or one in the making.
    #[must_use]
    pub fn is_call(self) -> bool {
        !matches!(self, Self::Idle)
    }

    /// Whether there is one that is more than somebody's ring.
    #[must_use]
    pub fn is_under_way(self) -> bool {
        !matches!(self, Self::Idle | Self::Ringing)
    }
}

/// The reason of an interruption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interruption {
    /// Our own network moved, or is gone.
    OurNetwork,
    /// Nothing comes from the other side.
    TheirNetwork,
    /// The other side's page is being closed or loaded anew.
    TheirPage,
    /// Our page was loaded anew.
    OurPage,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The other side.
    pub peer: String,
    /// We had called, and were not called.
    pub outgoing: bool,
    /// Why it ended.
    pub reason: EndReason,
    /// How long ago it was first connected, if it was; after a reload, as far as this page knows.
    pub lasted: Option<Duration>,
}

/// Why a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndReason {
    /// We hung up, declined, or gave up calling.
    Here,
    /// The other side said so.
    There(HangUpReason),
    /// Nobody answered us.
    NoAnswer,
    /// We did not answer.
    Missed,
    /// Nobody has that name.
    Unreachable,
    /// Camera and microphone were refused.
    MediaRefused,
    /// No path for too long.
    NoPath,
    /// The other side's page closed and did not come back.
    Left,
    /// The other side stopped sending anything for good.
    TracksGone,
    /// The browser refused a description.
    Failed(String),
    /// The browser has let in somebody else than the other side's descriptions name; this is their
    /// certificate.
    Impostor(String),
}
