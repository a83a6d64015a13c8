//! Text chat: which way a line takes.

use holdfast_protocol::ClientMessage;

use crate::platform::clock;

/// A line of chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatLine {
    /// The author.
    pub from: String,
    /// The text.
    pub text: String,
    /// To whom, if not to all.
    pub to: Option<String>,
}

/// A line for the server to pass on: to one person, or to all.
pub(super) fn by_server(text: String, target: Option<String>) -> ClientMessage {
    ClientMessage::Text {
        text,
        id: None,
        date: Some(clock::date()),
        target,
    }
}
