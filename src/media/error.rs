//! Why there is no camera or microphone.

use wasm_bindgen::JsValue;

use super::preference::Source;
use crate::platform::DomError;

/// Why there is no camera or microphone (Media Capture and Streams, 10.3.1).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MediaError {
    /// `NotAllowedError`: the person, or the browser's settings, said no.
    #[error("not allowed")]
    Refused,
    /// The same, and the browser would ask again: the person said no for once, or did not answer.
    #[error("not allowed for now")]
    Dismissed,
    /// The same, though the browser allows it: the system does not.
    #[error("not allowed by the system")]
    System,
    /// The person, or the browser's settings, said no to this one alone.
    #[error("not allowed: {0:?}")]
    Blocked(Source),
    /// The site itself forbids both (Permissions Policy).
    #[error("forbidden by the site")]
    Forbidden,
    /// There is no such device, but the other.
    #[error("no {0:?}")]
    None(Source),
    /// `NotFoundError`: there is no such device.
    #[error("no such device")]
    NotFound,
    /// `NotReadableError`: another program has it, or the hardware failed.
    #[error("in use or broken")]
    InUse,
    /// `OverconstrainedError`: the device that was chosen is gone, or cannot do that.
    #[error("the chosen device is not there")]
    ChoiceGone,
    /// `AbortError`: it failed for a reason that the browser does not tell.
    #[error("aborted")]
    Aborted,
    /// `SecurityError`, or no `mediaDevices` at all: the page came over plain http.
    #[error("only on a secure page")]
    Insecure,
    /// Anything else.
    #[error(transparent)]
    Other(DomError),
}

impl From<JsValue> for MediaError {
    fn from(value: JsValue) -> Self {
        let error = DomError::from(value);
        match error.name.as_str() {
            "NotAllowedError" | "PermissionDeniedError" => Self::Refused,
            "NotFoundError" | "DevicesNotFoundError" => Self::NotFound,
            "NotReadableError" | "TrackStartError" => Self::InUse,
            "OverconstrainedError" | "ConstraintNotSatisfiedError" => Self::ChoiceGone,
            "AbortError" => Self::Aborted,
            "SecurityError" => Self::Insecure,
            _ => Self::Other(error),
        }
    }
}
