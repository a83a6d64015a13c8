//! The messages on the wire: JSON objects told apart by their `type`.
//!
//! They are those of the well-known WebSocket video-chat sample, so that either end also works
//! with the sample's other end. What Holdfast adds travels as types and fields that the sample
//! passes on without reading: `ringing`, `peer-gone`, `error`, a `reason` on `hang-up`, and one
//! object, `holdfast`, on every message of a call. docs/protocol.md describes them all.

mod fields;
mod message;
mod read;
#[cfg(feature = "relay")]
mod relay;
mod write;

pub use fields::Fields;
pub use message::{
    CallId, Candidate, ConnectionId, Description, HangUpReason, Malformed, Message, SdpType,
    Signal, SignalBody, Tag,
};
#[cfg(feature = "relay")]
pub use relay::{Relay, RelayError};

/// The WebSocket subprotocol of the sample, which both our ends speak too.
pub const SUBPROTOCOL: &str = "json";

/// Our own subprotocol: the same messages, and sessions that outlive their connections.
pub const SESSION_SUBPROTOCOL: &str = "holdfast";

/// How long the server keeps a session without a connection, in seconds.
pub const SESSION_SECONDS: u64 = 60;

/// Where the server listens and serves the page, unless told otherwise.
pub const DEFAULT_PORT: u16 = 6503;

/// The longest name a person can have, in characters.
pub const MAX_NAME_CHARS: usize = 40;

/// The largest message a server takes, in bytes. An offer with every codec of a browser is
/// about 10 kB.
pub const MAX_MESSAGE_BYTES: usize = 64 * 1024;
