//! Messages between two pages over the data channel of a call.

use crate::{fields::Fields, kind::Kind, malformed::Malformed, signal::Signal};

/// A message over a data channel: no server is needed, none hears it, and the sender is beyond
/// doubt.
#[derive(Debug, Clone, PartialEq)]
pub enum ChannelMessage {
    /// A message of the call, the same as through the server.
    Signal(Signal),
    /// `secret`. What the sender's messages through a server will be proved with.
    Secret(String),
    /// `contact-key`. What the receiver can show in later calls, so that a path is found while it rings.
    ContactKey(String),
    /// `message`. Text chat of the call, kept until it is acknowledged.
    Text {
        /// Counts the sender's chat in the call, from 0.
        nth: u32,
        /// The text.
        text: String,
    },
    /// `media`. What the sender sends from now on; what is off may be heard or seen for a moment yet.
    Media(MediaState),
    /// `paths`. Which ways the sender has besides, and that it knows legs that are kept warm.
    Paths(Paths),
    /// `ping`. Answer with [`Self::Ack`]: the path still carries.
    Ping,
    /// `heard`. So much of the receiver's chat has come.
    Ack {
        /// How many of its texts, from the first.
        acked: u32,
    },
}

/// Which sources are on, and how much of the other side's is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MediaState {
    /// There is a picture.
    pub camera: bool,
    /// There is sound.
    pub microphone: bool,
    /// The id of the stream that a shared screen is sent in (`a=msid` in SDP, RFC 8830); none if none
    /// is shared.
    pub screen: Option<String>,
    /// The highest rate of pictures that the sender wants to receive, kbit/s; 0 for none; none if as high as
    /// can be.
    pub limit: Option<u32>,
}

/// What one side of a call has for a leg that is kept warm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Paths {
    /// A TURN server is configured.
    pub relay: bool,
    /// Its connection is metered, or its person wants data to be saved: nothing is to be kept warm.
    pub saves: bool,
    /// Its device is in another network besides the one that the call goes over; none of a page that knows no legs over
    /// such.
    pub other_network: Option<bool>,
}

impl ChannelMessage {
    /// Reads what came over a data channel; none if it is of a type that does not travel there.
    ///
    /// # Errors
    /// When a message of a known type lacks what that type must have.
    pub fn read(fields: &impl Fields) -> Result<Option<Self>, Malformed> {
        let word = fields.string("type").unwrap_or_default();
        let Some(kind) = Kind::from_wire(&word) else {
            return Ok(None);
        };
        let missing = |field| Malformed::lacks(kind, field);
        let secret = || {
            let secret = fields.string("secret");
            secret.ok_or(missing("`secret`, a string"))
        };
        let is_on = |field| fields.whole(field).map(|is_on| is_on != 0);
        Ok(match kind {
            Kind::Ping => Some(Self::Ping),
            Kind::Ack => Some(Self::Ack {
                acked: fields.whole("heard").ok_or(missing("`heard`, a count"))?,
            }),
            Kind::Secret => Some(Self::Secret(secret()?)),
            Kind::ContactKey => Some(Self::ContactKey(secret()?)),
            Kind::Paths => Some(Self::Paths(Paths {
                relay: is_on("relay").unwrap_or_default(),
                saves: is_on("saves").unwrap_or_default(),
                other_network: is_on("otherNetwork"),
            })),
            Kind::Media => Some(Self::Media(MediaState {
                camera: is_on("camera").ok_or(missing("`camera`, 0 or 1"))?,
                microphone: is_on("microphone").ok_or(missing("`microphone`, 0 or 1"))?,
                screen: fields.string("screen"),
                limit: fields.whole("limit"),
            })),
            Kind::Message => Some(Self::Text {
                nth: fields.whole("nth").ok_or(missing("`nth`, a count"))?,
                text: fields.string("text").ok_or(missing("`text`, a string"))?,
            }),
            Kind::VideoOffer
            | Kind::VideoAnswer
            | Kind::Candidate
            | Kind::HangUp
            | Kind::Ringing
            | Kind::Contact
            | Kind::Accepted
            | Kind::KeepLeg
            | Kind::Standby
            | Kind::TakeOver
            | Kind::Away
            | Kind::Rejoin
            | Kind::Here
            | Kind::Id
            | Kind::Username
            | Kind::RejectUsername
            | Kind::Named
            | Kind::UserList
            | Kind::Presence
            | Kind::PeerGone
            | Kind::Error
            | Kind::Resume
            | Kind::Resumed => Signal::read(kind, fields)?.map(Self::Signal),
        })
    }
}
