//! The types of messages, and who sends which.

use crate::wire_words::wire_words;

wire_words! {
    /// The `type` of a message that this version knows.
    pub enum Kind {
        /// Server to client, first of all.
        Id = "id",
        /// Client to server.
        Username = "username",
        /// Server to client.
        RejectUsername = "rejectusername",
        /// Server to our clients.
        Named = "named",
        /// Server to the sample's clients.
        UserList = "userlist",
        /// Server to our clients.
        Presence = "people",
        /// Client to server, server to client, and client to client.
        Message = "message",
        /// Client to client.
        VideoOffer = "video-offer",
        /// Client to client.
        VideoAnswer = "video-answer",
        /// Client to client.
        Candidate = "new-ice-candidate",
        /// Client to client.
        HangUp = "hang-up",
        /// Client to client.
        Ringing = "ringing",
        /// Client to client.
        Contact = "contact",
        /// Client to client.
        Accepted = "accepted",
        /// Client to client.
        KeepLeg = "keep-leg",
        /// Client to client.
        Standby = "standby",
        /// Client to client.
        TakeOver = "take-over",
        /// Client to client.
        Away = "away",
        /// Client to client.
        Rejoin = "rejoin",
        /// Client to client.
        Here = "here",
        /// Client to client, over a data channel alone.
        Secret = "secret",
        /// Client to client, over a data channel alone.
        ContactKey = "contact-key",
        /// Client to client, over a data channel alone.
        Media = "media",
        /// Client to client, over a data channel alone.
        Paths = "paths",
        /// Server to client.
        PeerGone = "peer-gone",
        /// Server to client.
        Error = "error",
        /// Client to server.
        Resume = "resume",
        /// Server to client.
        Resumed = "resumed",
        /// Either way between client and server.
        Ack = "heard",
        /// Client to server.
        Ping = "ping",
    }
}

impl Kind {
    /// Whether it is the type of a message of a call, from one client to another.
    #[must_use]
    pub const fn is_signal(self) -> bool {
        self.is_relayed() && !matches!(self, Self::Message)
    }

    /// Whether it is for one person, never for everybody. (The sample's client hangs up towards
    /// everybody.)
    #[must_use]
    pub const fn needs_target(self) -> bool {
        self.is_signal() && !matches!(self, Self::HangUp)
    }

    /// Whether a server passes it on from one client to others. The rest is said by servers, or
    /// between one client and its server, where it would forge the server's word; or it is for no server
    /// to know.
    #[must_use]
    pub const fn is_relayed(self) -> bool {
        match self {
            Self::Message
            | Self::VideoOffer
            | Self::VideoAnswer
            | Self::Candidate
            | Self::HangUp
            | Self::Ringing
            | Self::Contact
            | Self::Accepted
            | Self::KeepLeg
            | Self::Standby
            | Self::TakeOver
            | Self::Away
            | Self::Rejoin
            | Self::Here => true,
            Self::Id
            | Self::Username
            | Self::RejectUsername
            | Self::Named
            | Self::UserList
            | Self::Presence
            | Self::PeerGone
            | Self::Error
            | Self::Resume
            | Self::Resumed
            | Self::Ack
            | Self::Ping
            | Self::Secret
            | Self::ContactKey
            | Self::Media
            | Self::Paths => false,
        }
    }
}
