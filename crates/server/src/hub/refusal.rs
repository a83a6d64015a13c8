//! Why a message is not passed on.

use holdfast_protocol::{ErrorCode, MAX_MESSAGE_BYTES, RelayError};

use crate::limits::{MAX_CANDIDATES, MAX_ROOM_CHARS};

/// Why a message is not passed on. Its text goes to the sender.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error(transparent)]
    NotAMessage(#[from] RelayError),
    #[error("a message has at most {MAX_MESSAGE_BYTES} bytes; this one has {0}")]
    TooLarge(usize),
    #[error("a message to everybody here has at most {most} bytes; this one has {bytes}")]
    TooLargeForAll { bytes: usize, most: usize },
    #[error("binary frames are not understood here: send JSON as text")]
    Binary,
    #[error("say your name first, with a `username` message")]
    NoName,
    #[error("`username` needs a `name`, a string")]
    NameMissing,
    #[error("the `id` in this message is not yours")]
    WrongId,
    #[error("`{0}` is for the server to say")]
    ServerType(&'static str),
    #[error("`target` is a name, a string; a message of a call is for one person")]
    Target,
    #[error("nobody here is called {0}")]
    NoSuchUser(String),
    #[error("{0} cannot take more of your messages just now; wait a moment")]
    ReceiverFull(String),
    #[error("many speak here just now; say it again in a moment")]
    ManySpeak,
    #[error("there is no such session; come in under your name")]
    SessionOver,
    #[error("the name of a room has at most {MAX_ROOM_CHARS} letters, digits, - and _")]
    RoomName,
    #[error("there is no lobby here; come by the link of a room")]
    NoLobby,
    #[error("you are in another room; connect anew to change it")]
    OtherRoom,
    #[error("this room is full: {0} people are in it")]
    RoomFull(usize),
    #[error("a pass is needed to come in here; open this page from the site that gives passes")]
    NoPass,
    #[error("at most {MAX_CANDIDATES} candidates may follow an offer or an answer")]
    Candidates,
}

impl Refusal {
    /// The `code` of the error, for programs.
    pub(crate) fn code(&self) -> ErrorCode {
        match self {
            Self::NotAMessage(_) => ErrorCode::BadJson,
            Self::TooLarge(_) | Self::TooLargeForAll { .. } => ErrorCode::TooLarge,
            Self::Binary => ErrorCode::Binary,
            Self::NoName => ErrorCode::NoName,
            Self::NameMissing => ErrorCode::NameMissing,
            Self::WrongId => ErrorCode::WrongId,
            Self::ServerType(_) => ErrorCode::ServerType,
            Self::Target => ErrorCode::Target,
            Self::NoSuchUser(_) => ErrorCode::NoSuchUser,
            Self::ReceiverFull(_) | Self::ManySpeak => ErrorCode::ReceiverFull,
            Self::SessionOver => ErrorCode::SessionOver,
            Self::RoomName | Self::NoLobby => ErrorCode::RoomName,
            Self::OtherRoom => ErrorCode::OtherRoom,
            Self::RoomFull(_) => ErrorCode::RoomFull,
            Self::NoPass => ErrorCode::NoPass,
            Self::Candidates => ErrorCode::Candidates,
        }
    }
}
