//! The id by which a server knows a connection.

use crate::fields::Fields;

/// The id by which a server knows a connection. It must go back as it came: the sample's server
/// counts, and does not take `"1"` for `1`.
#[derive(Debug, Clone, PartialEq)]
pub enum ConnectionId {
    /// The sample's server: a number counted up from a clock.
    Number(f64),
    /// Our server: a random token.
    Text(String),
}

impl ConnectionId {
    pub(crate) fn read(fields: &impl Fields) -> Option<Self> {
        let text = fields.string("id").map(Self::Text);
        text.or_else(|| fields.number("id").map(Self::Number))
    }
}
