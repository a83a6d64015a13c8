//! The common part of every way for messages.

use holdfast_protocol::{ClientMessage, ServerMessage};

/// A way for messages. Whatever it is, it behaves towards us like the server of docs/protocol.md:
/// it says `id`, waits for `username`, and tells who is there.
pub trait Transport {
    /// Sends, or keeps until it can.
    fn send(&self, message: ClientMessage);

    /// Says that nobody will come back.
    fn leave(&self) {}
}

/// News of a transport.
#[derive(Debug)]
pub enum TransportEvent {
    /// A message came.
    Received(ServerMessage),
    /// Something came that is no message; what is wrong with it, for the log.
    Unreadable(String),
    /// Everything that is to be carried by hand, as one code.
    Code(String),
    /// The way is closed.
    Closed {
        /// Whether it ever was open.
        opened: bool,
        /// The other end's reason, if it gave one.
        reason: String,
    },
}
