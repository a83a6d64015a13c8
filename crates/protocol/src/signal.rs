//! The messages of a call, from one client to another.

use crate::{fields::Fields, kind::Kind, malformed::Malformed, wire_words::wire_words};

/// A message of a call: from one client to another, passed on by the server unread.
#[derive(Debug, Clone, PartialEq)]
pub struct Signal {
    /// The sender. The sample's clients leave it out of candidates.
    pub name: Option<String>,
    /// Whom it is for. The sample's client hangs up with `null`, which its server sends to all.
    pub target: Option<String>,
    /// The sender's session, by the public name that our server gave it and that no other session
    /// gets; the server writes it, whatever the sender says.
    pub from: Option<String>,
    /// The session that it is for; our server gives it to no other, whoever has the name.
    pub to: Option<String>,
    /// The content.
    pub body: SignalBody,
    /// The part that Holdfast ends add; absent from the sample's clients.
    pub tag: Option<Tag>,
}

/// Which way a leg goes that is kept warm beside the call's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StandbyPath {
    /// Through a relay alone.
    Relay,
    /// As it likes, beside one that goes through a relay.
    Direct,
    /// Over another network of the device that answers it than the call's own leg goes over.
    OtherNetwork,
}

/// The content of a message of a call.
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
    /// `contact`: the two have talked before. It is not counted among the call's messages, and means
    /// nothing without a [proof](Tag::proof) by the key that the sender was told then. Only between Holdfast
    /// ends.
    Contact,
    /// `accepted`: the person has said yes, and the answer is being made. Only between Holdfast ends.
    Accepted,
    /// `hang-up`: the call is over, or refused.
    HangUp(HangUpReason),
    /// `keep-leg`: the call lives on the leg that the tag names; the one that raced it is closed.
    /// Only between Holdfast ends, like those that follow.
    KeepLeg,
    /// `standby`: the leg that the tag names, of which the offer follows, is to be kept warm beside the
    /// one that the call lives on.
    Standby(StandbyPath),
    /// `take-over`: the sender plays what comes over the leg that the tag names, and wants its picture
    /// there.
    TakeOver,
    /// `away`: the page is being closed or loaded anew.
    Away,
    /// `rejoin`: the page has been loaded anew and comes back into the call. It knows nothing of
    /// legs, so the other side makes it an offer.
    Rejoin,
    /// `here`: the sender has a new session, or another name, and is still in the call. It is not
    /// counted among the call's messages, and means nothing without a [proof](Tag::proof).
    Here {
        /// The sender's session, by its public name; or by the sender's own, where the server gives
        /// none.
        person: String,
        /// The sender may not know where the receiver is, and wants to be shown.
        asks: bool,
    },
}

/// The part that Holdfast ends add to each message of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// The call that this message belongs to.
    pub call: CallId,
    /// The leg (one peer connection) within the call; most calls live on leg 0.
    pub leg: u32,
    /// Counts what this sender says in this call, from 0.
    pub seq: u32,
    /// `heard`: messages of the receiver's that the sender has acted on, in order.
    pub acked: u32,
    /// `life`: how many times the sender's page has been loaded anew during this call. Each time, `seq`
    /// and `acked` of both sides begin again.
    pub epoch: u32,
    /// `toLife`: the same of the receiver's page, as far as the sender knows.
    pub peer_epoch: u32,
    /// Shows that the sender is in the call: a code over the message with the secret that the two
    /// sides have given each other over a data channel (docs/protocol.md).
    pub proof: Option<String>,
}

/// The token of a call, shared by both sides: which page of the caller's, and its how-manieth call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallId {
    /// The caller's page, from load to unload: a random token.
    pub page: String,
    /// Counts the calls made from that page. Of two, the higher is the later.
    pub nth: u32,
}

wire_words! {
    /// Why a call is over. The sample's clients give no reason.
    #[derive(Default)]
    pub enum HangUpReason {
        /// A person hung up. Also what a missing or unknown reason is read as.
        #[default]
        HungUp = "hung-up",
        /// The person who was called said no.
        Declined = "declined",
        /// The person who was called is in another call.
        Busy = "busy",
        /// The caller gave up before there was an answer.
        Cancelled = "cancelled",
        /// Nobody answered in time.
        NoAnswer = "no-answer",
        /// This end could not go on: no media, or a description the browser refused.
        Failed = "failed",
        /// No path between the two for too long.
        NoPath = "no-path",
        /// The message named a call that this end does not know.
        UnknownCall = "unknown-call",
    }
}

/// An `RTCSessionDescriptionInit` (WebRTC 1.0, 4.6.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// Offer or answer.
    pub kind: SdpType,
    /// The session description itself, never looked into.
    pub sdp: String,
}

/// The types of description that travel (WebRTC 1.0, 4.6.1, less `pranswer` and `rollback`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SdpType {
    /// `offer`
    Offer,
    /// `answer`
    Answer,
}

/// An `RTCIceCandidateInit` (WebRTC 1.0, 4.8.1.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The candidate-attribute; empty for the end of candidates.
    pub candidate: String,
    /// The media stream identification tag.
    pub sdp_mid: Option<String>,
    /// The index of the media description.
    pub sdp_m_line_index: Option<u16>,
    /// Which gathering it belongs to: tells a restart's candidates from older ones.
    pub username_fragment: Option<String>,
}

impl Signal {
    /// The `type` on the wire.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self.body {
            SignalBody::Offer(_) => Kind::VideoOffer,
            SignalBody::Answer(_) => Kind::VideoAnswer,
            SignalBody::Candidate(_) => Kind::Candidate,
            SignalBody::Ringing => Kind::Ringing,
            SignalBody::Contact => Kind::Contact,
            SignalBody::Accepted => Kind::Accepted,
            SignalBody::HangUp(_) => Kind::HangUp,
            SignalBody::KeepLeg => Kind::KeepLeg,
            SignalBody::Standby(_) => Kind::Standby,
            SignalBody::TakeOver => Kind::TakeOver,
            SignalBody::Away => Kind::Away,
            SignalBody::Rejoin => Kind::Rejoin,
            SignalBody::Here { .. } => Kind::Here,
        }
    }

    /// Reads a message of a call; none if `kind` is not the type of one.
    pub(crate) fn read(kind: Kind, fields: &impl Fields) -> Result<Option<Self>, Malformed> {
        Ok(SignalBody::read(kind, fields)?.map(|body| Self {
            name: fields.string("name"),
            target: fields.string("target"),
            from: fields.string("from"),
            to: fields.string("to"),
            body,
            tag: fields.object("holdfast").and_then(|tag| Tag::read(&tag)),
        }))
    }
}

impl SignalBody {
    fn read(kind: Kind, fields: &impl Fields) -> Result<Option<Self>, Malformed> {
        let description = |of, wanted| {
            let sdp = description(fields, of);
            sdp.ok_or(Malformed::lacks(kind, wanted))
        };
        let is_set = |field| fields.whole(field).is_some_and(|is_set| is_set > 0);
        Ok(Some(match kind {
            Kind::VideoOffer => {
                Self::Offer(description("offer", "`sdp`, an object with an offer")?)
            }
            Kind::VideoAnswer => {
                Self::Answer(description("answer", "`sdp`, an object with an answer")?)
            }
            Kind::Candidate => {
                let candidate = fields.object("candidate");
                let candidate =
                    candidate.ok_or(Malformed::lacks(kind, "`candidate`, an object"))?;
                Self::Candidate(Candidate::read(&candidate))
            }
            Kind::HangUp => {
                let reason = fields.string("reason").unwrap_or_default();
                Self::HangUp(HangUpReason::from_wire(&reason).unwrap_or_default())
            }
            Kind::Ringing => Self::Ringing,
            Kind::Contact => Self::Contact,
            Kind::Accepted => Self::Accepted,
            Kind::KeepLeg => Self::KeepLeg,
            Kind::Standby => Self::Standby(match is_set("otherNetwork") {
                true => StandbyPath::OtherNetwork,
                false if is_set("relayed") => StandbyPath::Relay,
                false => StandbyPath::Direct,
            }),
            Kind::TakeOver => Self::TakeOver,
            Kind::Away => Self::Away,
            Kind::Rejoin => Self::Rejoin,
            Kind::Here => Self::Here {
                person: fields.string("person").unwrap_or_default(),
                asks: is_set("asks"),
            },
            Kind::Message
            | Kind::Secret
            | Kind::ContactKey
            | Kind::Media
            | Kind::Paths
            | Kind::Id
            | Kind::Username
            | Kind::RejectUsername
            | Kind::Named
            | Kind::UserList
            | Kind::Presence
            | Kind::PeerGone
            | Kind::Error
            | Kind::Resume
            | Kind::Resumed
            | Kind::Ack
            | Kind::Ping => return Ok(None),
        }))
    }
}

impl Tag {
    fn read(fields: &impl Fields) -> Option<Self> {
        let call = fields.object("call")?;
        Some(Self {
            call: CallId {
                page: call.string("page")?,
                nth: call.whole("nth")?,
            },
            leg: fields.whole("leg").unwrap_or_default(),
            seq: fields.whole("seq")?,
            acked: fields.whole("heard").unwrap_or_default(),
            epoch: fields.whole("life").unwrap_or_default(),
            peer_epoch: fields.whole("toLife").unwrap_or_default(),
            proof: fields.string("proof"),
        })
    }
}

impl Candidate {
    /// Reads an `RTCIceCandidateInit`; every field of it may be absent.
    pub fn read(fields: &impl Fields) -> Self {
        Self {
            candidate: fields.string("candidate").unwrap_or_default(),
            sdp_mid: fields.string("sdpMid"),
            sdp_m_line_index: fields
                .whole("sdpMLineIndex")
                .and_then(|n| u16::try_from(n).ok()),
            username_fragment: fields.string("usernameFragment"),
        }
    }
}

/// The SDP of a description of that type.
fn description(fields: &impl Fields, of: &str) -> Option<String> {
    let sdp = fields.object("sdp")?;
    let is_of = sdp.string("type").is_some_and(|found| found == of);
    sdp.string("sdp").filter(|_| is_of)
}

/// The fields of a `message`.
pub(crate) fn text(fields: &impl Fields) -> Result<String, Malformed> {
    let text = fields.string("text");
    text.ok_or(Malformed::lacks(Kind::Message, "`text`, a string"))
}
