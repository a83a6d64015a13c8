//! Every message as a type.

use serde::Serialize;

use crate::write::Flat;

/// A message on the wire.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(into = "Flat")]
pub enum Message {
    /// `id`. Server to client, first of all: the secret that says which connection this is.
    Id {
        /// Not guessable; goes back to the server in `username`, to nobody else.
        id: ConnectionId,
        /// 0 from a server that counts messages, so that the session can be resumed.
        heard: Option<u32>,
    },
    /// `username`. Client to server, in answer to `id`, and later to rename.
    Username {
        /// The name asked for.
        name: String,
        /// The id that the server gave.
        id: ConnectionId,
        /// Milliseconds since 1970.
        date: f64,
        /// The room to come into; the lobby if none. Only our server knows rooms.
        room: Option<String>,
        /// What says instead who comes into which room, where the server asks for that.
        pass: Option<String>,
    },
    /// `rejectusername`. Server to client: the name was taken, or no name; this one is yours.
    RejectUsername {
        /// The id that the server gave.
        id: Option<ConnectionId>,
        /// The name given instead.
        name: String,
    },
    /// `userlist`. Server to all, at every join, leave and rename. The sample's server may list
    /// `null` and `""` for people who have not said their name; these are left out here.
    UserList {
        /// The names, in the order of the server.
        users: Vec<String>,
    },
    /// `people`. Server to client: everybody who is here, and what follows are changes to that. Only
    /// in the subprotocol `holdfast`.
    People {
        /// Counts the changes in this room.
        version: u32,
        /// Who can be called, in the order of the alphabet: large and small letters side by side.
        free: Vec<String>,
        /// Who is in a call, in the same order.
        busy: Vec<String>,
    },
    /// Without a `type`, because it goes to everybody all the time. Server to client: what has
    /// changed since `people`, or since the last of these.
    Changes {
        /// `+`. Who can be called now: they have come in, or their call is over.
        free: Vec<String>,
        /// `busy`. Who is in a call now.
        busy: Vec<String>,
        /// `-`. Who is gone.
        gone: Vec<String>,
    },
    /// `message`, without a tag. Text chat: client to server, and server to all or to one.
    Text {
        /// Who wrote it; the server fills it in.
        name: Option<String>,
        /// What was written.
        text: String,
        /// The sender's id, towards the server only.
        id: Option<ConnectionId>,
        /// Milliseconds since 1970.
        date: Option<f64>,
        /// For this person only.
        target: Option<String>,
    },
    /// A message of a call, from one client to another.
    Signal(Signal),
    /// `peer-gone`. Server to client: the other side of your call has lost its link to the server.
    /// It says nothing about the call itself, which does not need that link.
    PeerGone {
        /// Whose link.
        name: String,
    },
    /// `error`. Server to client: your message was not passed on.
    Error {
        /// What went wrong, for programs: `bad-json`, `no-such-user`, …
        code: String,
        /// What went wrong, as a sentence.
        text: String,
        /// The target that the refused message named.
        target: Option<String>,
    },
    /// `resume`. Client to server, in answer to `id`: this connection takes the place of an earlier
    /// one. Only in the subprotocol `holdfast`, like those that follow.
    Resume {
        /// The id that the server gave to the first connection of the session.
        id: String,
        /// How many messages of the session have come from the server; none from a page that was
        /// loaded anew and has forgotten them.
        heard: Option<u32>,
        /// The version of what the client knows of people; none from one that has to be told all.
        people: Option<u32>,
    },
    /// `resumed`. Server to client: done; send again what comes after that.
    Resumed {
        /// How many messages of the session have come from the client.
        heard: u32,
    },
    /// `heard`. Either way: so many messages of the session have come, and need not be kept.
    Heard {
        /// How many.
        heard: u32,
    },
    /// `ping`. Client to server: answer with `heard`.
    Ping,
    /// A type that this version does not know.
    Unknown {
        /// The unknown `type`.
        kind: String,
    },
}

/// A message of a call: from one client to another, passed on by the server unread.
#[derive(Debug, Clone, PartialEq)]
pub struct Signal {
    /// Who sent it. The sample's clients leave it out of candidates.
    pub name: Option<String>,
    /// Whom it is for. The sample's client hangs up with `null`, which its server sends to all.
    pub target: Option<String>,
    /// What it says.
    pub body: SignalBody,
    /// What Holdfast ends add; absent from the sample's clients.
    pub tag: Option<Tag>,
}

/// What a message of a call says.
#[derive(Debug, Clone, PartialEq)]
pub enum SignalBody {
    /// `video-offer`: an SDP offer. The first one of a call is what makes the other side ring.
    Offer(String),
    /// `video-answer`: an SDP answer.
    Answer(String),
    /// `new-ice-candidate`: one more way to reach the sender.
    Candidate(Candidate),
    /// `ringing`: the offer has arrived and the person is being asked. Only between Holdfast ends.
    Ringing,
    /// `accepted`: the person has said yes, and the answer is being made. Only between Holdfast ends.
    Accepted,
    /// `hang-up`: the call is over, or refused.
    HangUp(HangUpReason),
    /// `keep-leg`: the call lives on the leg that the tag names; the one that raced it is closed.
    /// Only between Holdfast ends, like those that follow.
    KeepLeg,
    /// `away`: the page is being closed or loaded anew.
    Away,
    /// `rejoin`: the page has been loaded anew and comes back into the call. It knows nothing of
    /// legs, so the other side makes it an offer.
    Rejoin,
    /// `message`: text chat with the other side of the call. It is kept until it has been heard, as
    /// everything said in a call is.
    Text(String),
}

/// What Holdfast ends add to each message of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tag {
    /// The call that this message belongs to.
    pub call: CallId,
    /// The leg (one peer connection) within the call; most calls live on leg 0.
    pub leg: u32,
    /// Counts what this sender says in this call, from 0.
    pub seq: u32,
    /// How many messages of the receiver's the sender has acted on, in order.
    pub heard: u32,
    /// How many times the sender's page has been loaded anew during this call. Each time, `seq`
    /// and `heard` of both sides begin again.
    pub life: u32,
    /// The same of the receiver's page, as far as the sender knows.
    #[serde(rename = "toLife")]
    pub to_life: u32,
}

/// The token of a call, shared by both sides: which page of the caller's, and its how-manieth call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct CallId {
    /// The caller's page, from load to unload: a random token.
    pub page: String,
    /// Counts the calls made from that page. Of two, the higher is the later.
    pub nth: u32,
}

/// Why a call is over. The sample's clients give no reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HangUpReason {
    /// A person hung up. Also what an unknown reason is read as.
    #[default]
    HungUp,
    /// The person who was called said no.
    Declined,
    /// The person who was called is in another call.
    Busy,
    /// The caller gave up before there was an answer.
    Cancelled,
    /// Nobody answered in time.
    NoAnswer,
    /// This end could not go on: no media, or a description the browser refused.
    Failed,
    /// No path between the two for too long.
    NoPath,
    /// The message named a call that this end does not know.
    UnknownCall,
}

impl HangUpReason {
    const ON_THE_WIRE: [(Self, &'static str); 8] = [
        (Self::HungUp, "hung-up"),
        (Self::Declined, "declined"),
        (Self::Busy, "busy"),
        (Self::Cancelled, "cancelled"),
        (Self::NoAnswer, "no-answer"),
        (Self::Failed, "failed"),
        (Self::NoPath, "no-path"),
        (Self::UnknownCall, "unknown-call"),
    ];

    pub(crate) fn from_wire(word: &str) -> Self {
        let known = Self::ON_THE_WIRE.iter().find(|(_, known)| *known == word);
        known.map(|(reason, _)| *reason).unwrap_or_default()
    }

    pub(crate) fn to_wire(self) -> &'static str {
        let known = Self::ON_THE_WIRE.iter().find(|(reason, _)| *reason == self);
        known.map_or("hung-up", |(_, word)| word)
    }
}

/// What a server knows a connection by. It must go back as it came: the sample's server counts,
/// and does not take `"1"` for `1`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ConnectionId {
    /// The sample's server: a number counted up from a clock.
    Number(f64),
    /// Our server: a random token.
    Text(String),
}

/// An `RTCSessionDescriptionInit` (WebRTC 1.0, 4.6.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Description {
    /// Offer or answer.
    #[serde(rename = "type")]
    pub kind: SdpType,
    /// The session description itself, never looked into.
    pub sdp: String,
}

/// The types of description that travel (WebRTC 1.0, 4.6.1, less `pranswer` and `rollback`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SdpType {
    /// `offer`
    Offer,
    /// `answer`
    Answer,
}

/// An `RTCIceCandidateInit` (WebRTC 1.0, 4.8.1.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Candidate {
    /// The candidate-attribute; empty for the end of candidates.
    pub candidate: String,
    /// The media stream identification tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sdp_mid: Option<String>,
    /// The index of the media description.
    #[serde(
        default,
        rename = "sdpMLineIndex",
        skip_serializing_if = "Option::is_none"
    )]
    pub sdp_m_line_index: Option<u16>,
    /// Which gathering it belongs to: tells a restart's candidates from older ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username_fragment: Option<String>,
}

/// A message whose type is known lacks what that type must have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a `{kind}` message needs {field}")]
pub struct Malformed {
    /// The message's type.
    pub kind: String,
    /// The field that is missing or wrong, in words.
    pub field: &'static str,
}

impl Signal {
    /// The `type` on the wire.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.body {
            SignalBody::Offer(_) => "video-offer",
            SignalBody::Answer(_) => "video-answer",
            SignalBody::Candidate(_) => "new-ice-candidate",
            SignalBody::Ringing => "ringing",
            SignalBody::Accepted => "accepted",
            SignalBody::HangUp(_) => "hang-up",
            SignalBody::KeepLeg => "keep-leg",
            SignalBody::Away => "away",
            SignalBody::Rejoin => "rejoin",
            SignalBody::Text(_) => "message",
        }
    }
}
