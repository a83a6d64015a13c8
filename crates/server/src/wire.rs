//! A server's messages as frames.

use std::io::Write;

use flate2::{Compression, write::DeflateEncoder};
use holdfast_protocol::ServerMessage;
use tungstenite::{Message as Frame, Utf8Bytes};

/// From this many bytes on, presence is compressed.
const PACKED_FROM: usize = 512;

/// A message as text.
pub(crate) fn encode(message: &ServerMessage) -> Utf8Bytes {
    // Strings and numbers only: this cannot fail.
    serde_json::to_string(message).unwrap_or_default().into()
}

/// One frame for however many receivers; a long one is compressed (RFC 1951), which names bear well.
pub(crate) fn pack(message: &ServerMessage) -> Frame {
    let text = encode(message);
    if text.len() < PACKED_FROM {
        return Frame::Text(text);
    }
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::fast());
    // Writing to memory cannot fail.
    let written = packed.write_all(text.as_bytes());
    match written.and_then(|()| packed.finish()) {
        Ok(packed) => Frame::Binary(packed.into()),
        Err(_) => Frame::Text(text),
    }
}
