//! Messages from a client to its server.

use crate::{
    connection_id::ConnectionId,
    fields::Fields,
    kind::Kind,
    malformed::Malformed,
    signal::{self, Signal},
};

/// A message from a client to its server. [`Signal`]s and chat are passed on to others; the rest is
/// between the two.
#[derive(Debug, Clone, PartialEq)]
pub enum ClientMessage {
    /// `username`. In answer to `id`, and later to rename.
    Username {
        /// The name asked for.
        name: String,
        /// The id that the server gave.
        id: ConnectionId,
        /// Milliseconds since 1970.
        date: f64,
        /// The room to come into; the lobby if none. Only our server knows rooms.
        room: Option<String>,
        /// A pass, which has room and name, where the server asks for one.
        pass: Option<String>,
        /// What shows that the name is the client's; a server has given it with `named`.
        claim: Option<String>,
    },
    /// `message`: text chat to everybody, or to one person outside a call.
    Text {
        /// The text.
        text: String,
        /// The sender's id.
        id: Option<ConnectionId>,
        /// Milliseconds since 1970.
        date: Option<f64>,
        /// For this person only.
        target: Option<String>,
    },
    /// A message of a call.
    Signal(Signal),
    /// `resume`. In answer to `id`: this connection takes the place of an earlier one. Only in the
    /// subprotocol `holdfast`, like those that follow.
    Resume {
        /// The id that the server gave to the first connection of the session.
        id: String,
        /// `heard`: messages of the session that have come from the server; none from a page that
        /// was loaded anew and has forgotten them.
        acked: Option<u32>,
        /// `people`: the version of presence that the client knows; none from one that has to be
        /// told all.
        presence: Option<u32>,
    },
    /// `heard`. So many messages of the session have come, and need not be kept.
    Ack {
        /// How many.
        acked: u32,
    },
    /// `ping`. Answer with [`ServerMessage::Ack`](crate::ServerMessage::Ack).
    Ping,
}

impl ClientMessage {
    /// Reads a client's message from a JSON object; none if it is of a type that clients do not
    /// send.
    ///
    /// # Errors
    /// When a message of a known type lacks what that type must have.
    pub fn read(fields: &impl Fields) -> Result<Option<Self>, Malformed> {
        let word = fields.string("type").unwrap_or_default();
        let Some(kind) = Kind::from_wire(&word) else {
            return Ok(None);
        };
        let missing = |field| Malformed::lacks(kind, field);
        Ok(Some(match kind {
            Kind::Username => Self::Username {
                name: fields.string("name").ok_or(missing("`name`, a string"))?,
                id: ConnectionId::read(fields).ok_or(missing("`id`"))?,
                date: fields.number("date").unwrap_or_default(),
                room: fields.string("room"),
                pass: fields.string("pass"),
                claim: fields.string("claim"),
            },
            Kind::Message => Self::Text {
                text: signal::text(fields)?,
                id: ConnectionId::read(fields),
                date: fields.number("date"),
                target: fields.string("target"),
            },
            Kind::Resume => Self::Resume {
                id: fields.string("id").ok_or(missing("`id`"))?,
                acked: fields.whole("heard"),
                presence: fields.whole("people"),
            },
            Kind::Ack => Self::Ack {
                acked: fields.whole("heard").ok_or(missing("`heard`, a count"))?,
            },
            Kind::Ping => Self::Ping,
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
            | Kind::Secret
            | Kind::ContactKey
            | Kind::Media
            | Kind::Paths
            | Kind::Id
            | Kind::RejectUsername
            | Kind::Named
            | Kind::UserList
            | Kind::Presence
            | Kind::PeerGone
            | Kind::Error
            | Kind::Resumed => return Ok(Signal::read(kind, fields)?.map(Self::Signal)),
        }))
    }
}
