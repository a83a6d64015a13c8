//! Why a server did not do what a message asked for.

use crate::{fields::Fields, wire_words::wire_words};

wire_words! {
    /// The `code` of an `error`.
    pub enum ErrorCode {
        /// Not a JSON object, no `type`, or too many fields.
        BadJson = "bad-json",
        /// More bytes than a message may have, or a message to everybody may.
        TooLarge = "too-large",
        /// A binary frame.
        Binary = "binary",
        /// A message before `username`.
        NoName = "no-name",
        /// A `username` without `name`.
        NameMissing = "name-missing",
        /// An `id` that is not this connection's.
        WrongId = "wrong-id",
        /// A type that is not for clients to send to each other.
        ServerType = "server-type",
        /// A `target` that is neither a string nor `null`; or none, where one is needed.
        Target = "target",
        /// Nobody in the room has the name in `target`.
        NoSuchUser = "no-such-user",
        /// The person in `target` has not taken earlier messages of the sender yet.
        ReceiverFull = "receiver-full",
        /// A `resume` of a session that the server does not have.
        SessionOver = "session-over",
        /// A room name with other characters, or too many.
        RoomName = "room-name",
        /// A `username` that names another room than before.
        OtherRoom = "other-room",
        /// A room that takes nobody more.
        RoomFull = "room-full",
        /// No pass, or one that is not good.
        NoPass = "no-pass",
        /// Too many candidates for one description.
        Candidates = "candidates",
        /// The sentence of a later version; also what an unknown code is read as.
        Unknown = "unknown",
    }
}

impl ErrorCode {
    /// The code of an `error`.
    pub(crate) fn read(fields: &impl Fields) -> Self {
        let code = fields.string("code").unwrap_or_default();
        Self::from_wire(&code).unwrap_or(Self::Unknown)
    }
}
