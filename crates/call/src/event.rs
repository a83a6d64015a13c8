//! Events: the input of an endpoint.

use holdfast_protocol::{
    CallId, Candidate, ChannelMessage, Description, MediaState, Paths, Signal,
};

use crate::{command::LegId, secret::Secret};

/// Something happened that a call has to know of.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The server told us who we are. The name says who is polite; that stays as it is in a call
    /// under way.
    Named {
        /// Our name.
        name: String,
        /// Our session, by its public name, where the server gives such.
        person: Option<String>,
    },
    /// The person clicked a name.
    Dial {
        /// Whom to call.
        peer: String,
        /// A token that no call had before.
        id: CallId,
        /// What they have told in an earlier call, if anything: [`KeepContact`](crate::Command::KeepContact).
        key: Option<Secret>,
    },
    /// The person takes the call that rings.
    Accept,
    /// The person refuses the call that rings.
    Decline,
    /// The person wants to hear of that one no more, or does again: a ring of theirs ends as if nobody
    /// were here, and nothing is said to them.
    Block {
        /// Whom.
        peer: String,
        /// No more.
        blocked: bool,
    },
    /// The person hangs up, or gives up waiting.
    HangUp,
    /// A message of some call arrived by a server.
    Received(Signal),
    /// A message arrived over a data channel of a leg, and so from the other side beyond doubt.
    ReceivedDirect(ChannelMessage),
    /// The person writes to the other side of the call; see [`Endpoint::reaches`](crate::Endpoint::reaches).
    SendText(String),
    /// What we send from now on, for the other side to be told.
    LocalMedia(MediaState),
    /// Which ways we have besides that of the call, for the other side to be told.
    Paths(Paths),
    /// There is no server that `ProbeLink` could ask.
    NoServer,
    /// The server says that a person's link to it is gone (`false`) or back (`true`).
    PeerLink {
        /// The name of the person whose link it is.
        peer: String,
        /// The session that is over, by its public name; none if all that is known is the name.
        person: Option<String>,
        /// Whether it is there.
        up: bool,
    },
    /// The server says that a person's link to it is lost, and that it waits for them.
    PeerAway {
        /// The name of the person whose link it is.
        peer: String,
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
    /// The network of this device is another than before, or may be: the window's `online` and
    /// `offline`, a change of `navigator.connection`.
    NetworkMoved,
    /// The signaling server has answered `ProbeLink`, or the link is back. `anew`: as a new
    /// session, so that messages may have been lost.
    LinkUp {
        /// The server knows nothing of the session before.
        anew: bool,
    },
    /// The link to the signaling server is gone; it will be back.
    LinkLost,
    /// The page is being closed or loaded anew.
    PageCloses,
    /// The page was loaded anew during this call.
    Rejoin(CallRecord),
    /// The page was loaded anew, and these are calls that were over before, with what our messages in
    /// them are proved with.
    Over(Vec<(CallId, Secret)>),
    /// A leg has news.
    Leg(LegId, LegEvent),
}

/// The state of a call that a page keeps through a reload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRecord {
    /// The other side.
    pub peer: String,
    /// Its session, by its public name, where the server gives such.
    pub person: Option<String>,
    /// The token that our messages carry.
    pub call: CallId,
    /// The token that theirs carry, if both had called.
    pub peer_call: Option<CallId>,
    /// We yield in collisions.
    pub polite: bool,
    /// How many times the page has been loaded anew.
    pub epoch: u32,
    /// How many times the other side's has.
    pub peer_epoch: u32,
    /// The token of our own, if we called.
    pub dialed: Option<CallId>,
    /// The highest number that a leg has had.
    pub leg: LegId,
    /// What the secrets of the call are made from, see [`Endpoint::new`](crate::Endpoint::new).
    pub page: Secret,
    /// What their messages are proved with, once the two have told each other.
    pub secrets: Vec<Secret>,
    /// The fingerprints of their certificate.
    pub certificate: Vec<String>,
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
    /// Its data channel is open.
    ChannelOpen,
    /// `icecandidate`: one more way to reach us.
    Candidate(Candidate),
    /// `icegatheringstatechange` to `complete`, without any candidate, on a device that is online: no relay
    /// works, and nothing else is allowed.
    NoCandidates,
    /// `iceconnectionstatechange`
    IceConnection(IceConnectionState),
    /// `connectionstatechange`
    Connection(ConnectionState),
    /// The answer to `PlayLeg`: its first picture is decoded, or its first sound if there is no
    /// picture. It can take the place of another.
    MediaFlowing,
    /// The answer to `Watch`: the call's leg, this one, has had no sound to play.
    Unheard {
        /// The other had.
        standby_heard: bool,
    },
    /// The answer to `ReadStats`.
    Traffic {
        /// Bytes that the transport has received, in all.
        received: u64,
        /// They come through a relay, of either side, as far as the browser says.
        relayed: bool,
        /// They come over the network that the call's own leg goes over, though they are not to.
        astray: bool,
    },
    /// The certificate that the transport of a connected leg has met, by its fingerprint as in a
    /// description, `sha-256 00:FF…`; from browsers that say it (Chromium, `RTCCertificateStats`).
    Certificate(String),
    /// `removetrack`, and none is left.
    RemoteTracksGone,
    /// `track`: there is one again.
    RemoteTrack,
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
