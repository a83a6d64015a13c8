//! A message that lacks what its type must have.

use crate::kind::Kind;

/// A message whose type is known lacks what that type must have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a `{kind}` message needs {field}")]
pub struct Malformed {
    /// The message's type.
    pub kind: &'static str,
    /// The field that is missing or wrong, in words.
    pub field: &'static str,
}

impl Malformed {
    pub(crate) const fn lacks(kind: Kind, field: &'static str) -> Self {
        Self {
            kind: kind.as_str(),
            field,
        }
    }
}
