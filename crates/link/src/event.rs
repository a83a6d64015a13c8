//! Events: the input of a link.

use holdfast_protocol::{ClientMessage, ServerMessage};

use crate::medium::Medium;

/// A connection to the server, numbered by the link in the order of its attempts.
pub type SocketId = u32;

/// A request by which the link finds out whether anything can be reached.
pub type ProbeId = u32;

/// The person who comes in, and the room.
#[derive(Debug, Clone, PartialEq)]
pub struct Introduction {
    /// The name asked for.
    pub name: String,
    /// The room; the lobby if none.
    pub room: Option<String>,
    /// A pass, which has room and name, where the server asks for one.
    pub pass: Option<String>,
    /// What shows that the name is theirs, if a server has given it to them before.
    pub claim: Option<String>,
    /// When the person said so, milliseconds since 1970.
    pub date: f64,
}

/// Something happened that a link has to know of.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The person comes in, or takes another name.
    Join(Introduction),
    /// The page was loaded anew, and comes back into this session of a server that counts, or into
    /// none.
    Restore {
        /// Under which name.
        introduction: Introduction,
        /// The id that the server gave to the session's first connection.
        session: Option<String>,
    },
    /// A message came over that connection.
    Received(SocketId, ServerMessage),
    /// Something came over it that is no message. It counts as one of the session's.
    Unreadable(SocketId),
    /// That connection is closed, or could not be made.
    Closed(SocketId),
    /// A probe was answered, whatever the answer.
    Reachable,
    /// The network of this device is another than before, or may be.
    NetworkMoved {
        /// The system has a network at all.
        online: bool,
    },
    /// Somebody needs to know whether the server can be reached; answered with
    /// [`News::Up`](crate::News::Up) or [`News::NoServer`](crate::News::NoServer), if at all.
    Probe,
    /// A message for the server, or for others through it. It is sent now, or kept until it can be.
    Send(ClientMessage),
    /// The page is about to close. If it is still there 2 s later, it connects anew.
    Leave,
    /// There is no server: messages take another way from now on. What waits to be sent goes there.
    Reroute(Medium),
    /// Everything is as before anybody joined.
    Reset,
}
