//! Messages between two pages over the data channel of a call.

use crate::{
    fields::Fields,
    kind::Kind,
    malformed::Malformed,
    signal::{Signal, Tag},
};

/// A message over a data channel: no server is needed, and the sender is beyond doubt.
#[derive(Debug, Clone, PartialEq)]
pub enum ChannelMessage {
    /// A message of the call, the same as through the server.
    Signal(Signal),
    /// `ping`. Answer with [`Self::Pong`]: the path still carries.
    Ping,
    /// `heard`, whose number means nothing here.
    Pong,
}

impl ChannelMessage {
    /// Reads what came over a data channel; none if it is of a type that does not travel there.
    ///
    /// # Errors
    /// When a message of a known type lacks what that type must have.
    pub fn read(fields: &impl Fields) -> Result<Option<Self>, Malformed> {
        let word = fields.string("type").unwrap_or_default();
        let Some(kind) = Kind::from_wire(&word) else {
            return Ok(None);
        };
        if kind == Kind::Message && !Tag::is_in(fields) {
            return Ok(None);
        }
        Ok(if kind == Kind::Ping {
            Some(Self::Ping)
        } else if kind == Kind::Ack {
            Some(Self::Pong)
        } else {
            Signal::read(kind, fields)?.map(Self::Signal)
        })
    }
}
