//! Which way cameras look: those of phones, each its own.

use web_sys::MediaStreamTrack;

use crate::platform::JsObject;

/// Which way a camera looks (Media Capture and Streams, 4.3.5: `facingMode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Facing {
    /// At its owner.
    User,
    /// Away from its owner.
    Environment,
}

impl Facing {
    /// As constraints have it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Environment => "environment",
        }
    }

    /// The way that a track's camera looks, where the browser says: those of computers look no particular way.
    pub(super) fn of(track: &MediaStreamTrack) -> Option<Self> {
        Self::read(&JsObject(track.get_settings().into()).string("facingMode")?)
    }

    /// As settings have it.
    pub(super) fn read(word: &str) -> Option<Self> {
        let mut known = [Self::User, Self::Environment].into_iter();
        known.find(|known| known.word() == word)
    }

    /// The other way.
    pub(super) fn turned(self) -> Self {
        match self {
            Self::User => Self::Environment,
            Self::Environment => Self::User,
        }
    }
}
