//! Messages from a server to its clients.

use crate::{
    connection_id::ConnectionId,
    error_code::ErrorCode,
    fields::Fields,
    kind::Kind,
    malformed::Malformed,
    signal::{self, Signal},
};

/// A message from a server to a client.
#[derive(Debug, Clone, PartialEq)]
pub enum ServerMessage {
    /// `id`. First of all: the secret that says which connection this is.
    Id {
        /// Not guessable; goes back to the server in `username`, to nobody else.
        id: ConnectionId,
        /// `heard`: 0 from a server that counts messages, so that the session can be resumed.
        acked: Option<u32>,
        /// The session's public name, which no other session gets: see [`Signal::from`].
        person: Option<String>,
    },
    /// `rejectusername`. The name was taken, or no name; this one is yours.
    RejectUsername {
        /// The id that the server gave.
        id: Option<ConnectionId>,
        /// The name given instead.
        name: String,
    },
    /// `named`. Whoever shows this claim gets the name back: after the session is over, or the server
    /// has restarted.
    Named {
        /// Not guessable, and for nobody else.
        claim: String,
    },
    /// `userlist`. At every join, leave and rename. The sample's server may list `null` and `""` for
    /// people who have not said their name; these are left out here.
    UserList {
        /// The names, in the order of the server.
        users: Vec<String>,
    },
    /// `people`. Everybody who is here, and what follows are changes to that. Only in the
    /// subprotocol `holdfast`.
    Presence {
        /// Counts the changes in this room.
        version: u32,
        /// People who can be called, in the order of the alphabet: large and small letters side by side.
        free: Vec<String>,
        /// People who are in a call, in the same order.
        busy: Vec<String>,
        /// People whose link to the server is lost, in the same order.
        away: Vec<String>,
    },
    /// Without a `type`, because it goes to everybody all the time: what has changed since `people`,
    /// or since the last of these.
    PresenceChanges {
        /// `+`. Who can be called now: they have come in, or their call is over.
        free: Vec<String>,
        /// `busy`. Who is in a call now.
        busy: Vec<String>,
        /// `away`. Whose link to the server is lost.
        away: Vec<String>,
        /// `-`. Who is gone.
        gone: Vec<String>,
    },
    /// `message`: text chat.
    Text {
        /// The author; our server fills it in.
        name: Option<String>,
        /// The text.
        text: String,
        /// Milliseconds since 1970.
        date: Option<f64>,
        /// For this person only.
        target: Option<String>,
    },
    /// A message of a call, from another client.
    Signal(Signal),
    /// `peer-gone`. The other side of your call has lost its link to the server. It says nothing
    /// about the call itself, which does not need that link.
    PeerGone {
        /// The name of the person whose link it is.
        name: String,
        /// The session that is over.
        person: Option<String>,
    },
    /// `error`. Your message was not passed on.
    Error {
        /// The kind of error, for programs.
        code: ErrorCode,
        /// The error as a sentence.
        text: String,
        /// The target that the refused message named.
        target: Option<String>,
    },
    /// `resumed`. Done; send again what comes after that.
    Resumed {
        /// `heard`: messages of the session that have come from the client.
        acked: u32,
        /// The session's public name, which a page that was loaded anew has forgotten.
        person: Option<String>,
    },
    /// `heard`. So many messages of the session have come, and need not be kept.
    Ack {
        /// How many.
        acked: u32,
    },
    /// A type that this version does not know, or that no server sends.
    Unknown {
        /// The unknown `type`.
        kind: String,
    },
}

impl ServerMessage {
    /// Reads a server's message from a JSON object.
    ///
    /// # Errors
    /// When a message of a known type lacks what that type must have.
    pub fn read(fields: &impl Fields) -> Result<Self, Malformed> {
        let Some(word) = fields.string("type") else {
            return Ok(Self::changes(fields));
        };
        let Some(kind) = Kind::from_wire(&word) else {
            return Ok(Self::Unknown { kind: word });
        };
        let missing = |field| Malformed::lacks(kind, field);
        let named = || fields.string("name").ok_or(missing("`name`, a string"));
        let acked = || fields.whole("heard").ok_or(missing("`heard`, a count"));
        Ok(match kind {
            Kind::Id => Self::id(fields)?,
            Kind::RejectUsername => Self::RejectUsername {
                id: ConnectionId::read(fields),
                name: named()?,
            },
            Kind::Named => Self::Named {
                claim: fields.string("claim").ok_or(missing("`claim`, a string"))?,
            },
            Kind::UserList => Self::UserList {
                users: users(fields).ok_or(missing("`users`, a list"))?,
            },
            Kind::Presence => Self::presence(fields)?,
            Kind::Message => Self::chat(fields)?,
            Kind::PeerGone => Self::PeerGone {
                name: named()?,
                person: fields.string("person"),
            },
            Kind::Error => Self::error(fields),
            Kind::Resumed => Self::Resumed {
                acked: acked()?,
                person: fields.string("person"),
            },
            Kind::Ack => Self::Ack { acked: acked()? },
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
            | Kind::Username
            | Kind::Resume
            | Kind::Ping => match Signal::read(kind, fields)? {
                Some(signal) => Self::Signal(signal),
                None => Self::Unknown { kind: word },
            },
        })
    }

    /// An `id`.
    fn id(fields: &impl Fields) -> Result<Self, Malformed> {
        let id = ConnectionId::read(fields);
        Ok(Self::Id {
            id: id.ok_or(Malformed::lacks(Kind::Id, "`id`"))?,
            acked: fields.whole("heard"),
            person: fields.string("person"),
        })
    }

    /// A `message`.
    fn chat(fields: &impl Fields) -> Result<Self, Malformed> {
        Ok(Self::Text {
            name: fields.string("name"),
            text: signal::text(fields)?,
            date: fields.number("date"),
            target: fields.string("target"),
        })
    }

    /// A `people`.
    fn presence(fields: &impl Fields) -> Result<Self, Malformed> {
        let names = |field| fields.strings(field).unwrap_or_default();
        let version = fields.whole("version");
        Ok(Self::Presence {
            version: version.ok_or(Malformed::lacks(Kind::Presence, "`version`, a count"))?,
            free: names("free"),
            busy: names("busy"),
            away: names("away"),
        })
    }

    /// An `error`.
    fn error(fields: &impl Fields) -> Self {
        Self::Error {
            code: ErrorCode::read(fields),
            text: fields.string("text").unwrap_or_default(),
            target: fields.string("target"),
        }
    }

    /// A message without a `type`.
    fn changes(fields: &impl Fields) -> Self {
        let names = |field| fields.strings(field).unwrap_or_default();
        Self::PresenceChanges {
            free: names("+"),
            busy: names("busy"),
            away: names("away"),
            gone: names("-"),
        }
    }
}

/// The names of a list, but for those of people who have none.
fn users(fields: &impl Fields) -> Option<Vec<String>> {
    let mut users = fields.strings("users")?;
    users.retain(|name| !name.is_empty());
    Some(users)
}
