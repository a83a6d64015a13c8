//! What goes into a call.

use holdfast_protocol::{CallId, Candidate, Description, Signal};

use crate::command::LegId;

/// Something happened that a call has to know of.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The server told us our name. It says who is polite, so a call under way keeps the old one.
    Named(String),
    /// The person clicked a name.
    Dial {
        /// Whom to call.
        peer: String,
        /// A token that no call had before.
        id: CallId,
    },
    /// The person takes the call that rings.
    Accept,
    /// The person refuses the call that rings.
    Decline,
    /// The person hangs up, or gives up waiting.
    HangUp,
    /// A message of some call arrived.
    Received(Signal),
    /// The server says that a person's link to it is gone (`false`) or back (`true`).
    PeerLink {
        /// Whose link.
        peer: String,
        /// Whether it is there.
        up: bool,
    },
    /// The server could not pass a message on: nobody has that name.
    Unreachable {
        /// The name that nobody has.
        peer: String,
    },
    /// Camera and microphone are there, or as much of them as this person has or wants.
    MediaReady,
    /// The person, or the system, refused camera and microphone.
    MediaRefused,
    /// A leg has news.
    Leg(LegId, LegEvent),
}

/// News of one leg, that is, of one `RTCPeerConnection`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LegEvent {
    /// `negotiationneeded`
    NegotiationNeeded,
    /// `setLocalDescription()` resolved; this is what it set.
    LocalDescriptionSet(Description),
    /// `setRemoteDescription()` resolved.
    RemoteDescriptionSet,
    /// Either of them was rejected.
    DescriptionRefused(String),
    /// `addIceCandidate()` resolved.
    CandidateAdded,
    /// `addIceCandidate()` was rejected.
    CandidateRefused(String),
    /// `icecandidate`: one more way to reach us.
    Candidate(Candidate),
    /// `iceconnectionstatechange`
    IceConnection(IceConnectionState),
    /// `connectionstatechange`
    Connection(ConnectionState),
    /// `removetrack`, and none is left.
    RemoteTracksGone,
}

/// `RTCIceConnectionState`, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IceConnectionState {
    /// `new` and `checking`
    Checking,
    /// `connected` and `completed`
    Connected,
    /// `disconnected`: nothing came for a while. It may pass, and never ends a call.
    Disconnected,
    /// `failed`
    Failed,
    /// `closed`
    Closed,
}

/// `RTCPeerConnectionState`, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionState {
    /// `new` and `connecting`
    Connecting,
    /// `connected`
    Connected,
    /// `disconnected`
    Disconnected,
    /// `failed`
    Failed,
    /// `closed`
    Closed,
}
