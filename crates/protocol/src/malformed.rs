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
    /// A page does not say which field: those words were half a kilobyte of it, for its log alone.
    pub(crate) const fn lacks(kind: Kind, field: &'static str) -> Self {
        let is_page = cfg!(target_family = "wasm");
        Self {
            kind: kind.as_str(),
            field: if is_page { "another field" } else { field },
        }
    }
}
