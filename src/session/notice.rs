//! Notices to a person, besides the state of the call; `text` has the words.

use crate::{
    media::{MediaError, Source},
    platform::DomError,
};

/// Something to tell the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// Camera or microphone are missing.
    Media(MediaError),
    /// A camera or microphone went by itself.
    DeviceGone(Source),
    /// The browser does not take the configuration of a connection.
    Configuration(DomError),
    /// Something asked of the call is not done.
    Call(holdfast_call::Notice),
    /// Text that is no code, or not a whole one.
    NotACode,
    /// A code that is not for a call there is now.
    StaleCode,
    /// Nothing can be written yet.
    NotConnected,
    /// Somebody to whom something was to be sent has gone.
    NotHere(String),
    /// The server takes everybody into one room.
    NoRooms,
    /// The address was changed to another room during a call.
    CallInRoom,
    /// The call goes on in the tab that this one was duplicated from.
    AnotherTab,
    /// What this browser was known by is forgotten.
    Forgotten,
    /// No path was found, and this server would not help.
    Relay {
        /// Its URL.
        url: String,
        /// It was reached, and has refused.
        refused: bool,
    },
    /// The browser shares no screen, for another reason than that nothing was picked.
    NotShared,
    /// The server's error, in its own words.
    Server(String),
    /// Why the server closed our connection, in its own words.
    Closed(String),
}
