//! Camera and microphone.

use crate::media::{MediaError, Source};

/// Why camera or microphone are missing.
#[must_use]
pub fn media_error(error: &MediaError) -> String {
    match error {
        MediaError::Refused => "Your browser is blocking your camera and microphone. Click the \
            symbol by the address, choose Allow, then try again."
            .into(),
        MediaError::Blocked(Source::Camera) => {
            "Your browser is blocking your camera; you can still \
            talk. To be seen, click the symbol by the address and choose Allow."
                .into()
        }
        MediaError::Blocked(Source::Microphone) => "Your browser is blocking your microphone; you \
            can still be seen. To be heard, click the symbol by the address and choose Allow."
            .into(),
        MediaError::Forbidden => "This site does not let its pages use camera and microphone. Ask \
            whoever runs it to change its Permissions-Policy."
            .into(),
        MediaError::None(Source::Camera) => "No camera found; you can still talk.".into(),
        MediaError::None(Source::Microphone) => {
            "No microphone found; you can still be seen. Plug one in to be heard.".into()
        }
        MediaError::NotFound => "No camera and no microphone found. Plug one in; until then you \
            can watch and listen."
            .into(),
        MediaError::InUse => "Your camera or microphone is in use by another program. Close that \
            program and turn it on again here."
            .into(),
        MediaError::ChoiceGone => "The camera or microphone you chose is not there any more, or \
            cannot do that. Choose another under Settings."
            .into(),
        MediaError::Aborted => "The camera or microphone stopped while starting. Unplug it, plug \
            it in again, and turn it on here."
            .into(),
        MediaError::Insecure => "Browsers give camera and microphone only to secure pages. Open \
            this page with https://."
            .into(),
        MediaError::Other(error) => {
            format!("Camera or microphone cannot be used: {}", error.message)
        }
    }
}

/// A device has gone by itself; another is being looked for.
#[must_use]
pub(super) fn device_gone(source: Source) -> String {
    match source {
        Source::Camera => "Your camera stopped. Trying another…".into(),
        Source::Microphone => "Your microphone stopped. Trying another…".into(),
    }
}
