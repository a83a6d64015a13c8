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

/// How many lines of chat are kept.
const KEPT: usize = 500;

/// What has been written here.
#[derive(Debug, Clone, Default)]
pub struct ChatLog {
    /// How many lines there were before those that are kept.
    pub gone: usize,
    /// The latest.
    pub lines: Vec<ChatLine>,
}

impl ChatLog {
    /// How many lines there have been.
    #[must_use]
    pub fn count(&self) -> usize {
        self.gone + self.lines.len()
    }

    pub(super) fn add(&mut self, line: ChatLine) {
        if self.lines.len() == KEPT {
            self.lines.remove(0);
            self.gone += 1;
        }
        self.lines.push(line);
    }

    /// What follows is of another room.
    pub(super) fn clear(&mut self) {
        self.gone = self.count();
        self.lines.clear();
    }
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
