//! How messages get to the others: one trait, one file a transport.

pub mod carried;
mod reach;
mod tabs;
mod websocket;

use holdfast_protocol::Message;

pub use reach::Reach;
pub use tabs::Tabs;
pub use websocket::WebSocketLink;

/// A way for messages. Whatever it is, it behaves towards us like the server of docs/protocol.md:
/// it says `id`, waits for `username`, and tells who is there.
pub trait Transport {
    /// Sends, or keeps until it can.
    fn send(&self, message: Message);

    /// Says that nobody will come back.
    fn leave(&self) {}
}

/// News from a transport.
#[derive(Debug)]
pub enum TransportEvent {
    /// A message came.
    Received(Message),
    /// Something came that is no message.
    Unreadable(String),
    /// The way is closed; `opened` says whether it ever was open.
    Closed {
        /// Whether it ever was open.
        opened: bool,
        /// The other end's reason, if it gave one.
        reason: String,
    },
}

/// How the link is, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkStatus {
    /// Nobody has joined yet.
    Off,
    /// On the way.
    Connecting,
    /// The server at this URL does not answer; it is tried again and again.
    Down(String),
    /// The server knows us.
    Up,
    /// No server: only the tabs of this browser.
    Tabs,
    /// No server: what is said is carried by hand.
    Carried,
}
