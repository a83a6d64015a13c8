//! The messages on the wire: JSON objects told apart by their `type`.
//!
//! They are those of the well-known WebSocket video-chat sample, so that either end also works
//! with the sample's other end. What Holdfast adds travels as types and fields that the sample
//! passes on without reading. docs/protocol.md describes them all.
//!
//! | type | who sends it to whom |
//! |---|---|
//! | [`ClientMessage`] | a client to its server |
//! | [`ServerMessage`] | a server to a client |
//! | [`Signal`] | one client to another, through the server or over a data channel |
//! | [`ChannelMessage`] | one client to another, over a data channel |
//!
#![cfg_attr(
    feature = "relay",
    doc = "```
use holdfast_protocol::{ClientMessage, Kind, Relay, ServerMessage, SignalBody};
use serde_json::{Value, json};

// A client's chat, as it leaves the client …
let said = ClientMessage::Text {
    text: \"Hello\".into(),
    id: None,
    date: None,
    target: Some(\"Bob\".into()),
};
let frame = serde_json::to_string(&said).expect(\"JSON\");

// … as a server passes it on, every other field to the letter …
let mut relay = Relay::parse(&frame).expect(\"a message\");
assert_eq!(relay.known_kind(), Some(Kind::Message));
relay.set(\"name\", \"Ann\");

// … and as the other client reads it.
let json: Value = serde_json::from_str(&relay.to_text()).expect(\"JSON\");
let ServerMessage::Text { name, text, .. } = ServerMessage::read(&json).expect(\"known\") else {
    panic!(\"not chat\");
};
assert_eq!((name.as_deref(), text.as_str()), (Some(\"Ann\"), \"Hello\"));

// What only a server may say is not passed on.
assert!(!Kind::RejectUsername.is_relayed());
```"
)]

mod channel;
mod client;
mod connection_id;
mod error_code;
mod fields;
mod kind;
mod malformed;
#[cfg(feature = "relay")]
mod relay;
mod sequence;
mod server;
mod signal;
mod wire_words;
mod write;

pub use channel::{ChannelMessage, MediaState, Paths};
pub use client::ClientMessage;
pub use connection_id::ConnectionId;
pub use error_code::ErrorCode;
pub use fields::Fields;
pub use kind::Kind;
pub use malformed::Malformed;
#[cfg(feature = "relay")]
pub use relay::{Relay, RelayError};
pub use sequence::{ACK_EVERY, Sequence};
pub use server::ServerMessage;
pub use signal::{
    CallId, Candidate, Description, HangUpReason, SdpType, Signal, SignalBody, StandbyPath, Tag,
};
pub use write::{JsonFields, JsonValue};

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
