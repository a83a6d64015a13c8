//! Camera and microphone.

use super::say::{fill, say};
use crate::media::{MediaError, Source};

/// Why camera or microphone are missing.
#[must_use]
pub fn media_error(error: &MediaError) -> String {
    say(match error {
        MediaError::Refused => {
            "Your browser is blocking your camera and microphone. Click the symbol by the address, \
             choose Allow, then try again."
        }
        MediaError::Dismissed => {
            "Your camera and microphone were not allowed. Try again, and choose Allow."
        }
        MediaError::System => {
            "Your system keeps camera and microphone from this browser. Allow them in its privacy settings."
        }
        MediaError::Blocked(Source::Camera) => {
            "Your browser is blocking your camera; you can still talk. To be seen, click the symbol \
             by the address and choose Allow."
        }
        MediaError::Blocked(Source::Microphone) => {
            "Your browser is blocking your microphone; you can still be seen. To be heard, click the \
             symbol by the address and choose Allow."
        }
        MediaError::Forbidden => {
            "This site does not let its pages use camera or microphone. Ask whoever runs it to change \
             its Permissions-Policy."
        }
        MediaError::None(Source::Camera) => "No camera found; you can still talk.",
        MediaError::None(Source::Microphone) => {
            "No microphone found; you can still be seen. Plug one in to be heard."
        }
        MediaError::NotFound => {
            "No camera and no microphone found. Plug one in; until then you can watch and listen."
        }
        MediaError::InUse => {
            "Your camera or microphone is in use by another program. Close that program and turn it \
             on again here."
        }
        MediaError::ChoiceGone => {
            "The camera or microphone you chose is not there any more, or cannot do that. Choose \
             another under Settings."
        }
        MediaError::Aborted => {
            "The camera or microphone stopped while starting. Unplug it, plug it in again, and turn \
             it on here."
        }
        MediaError::Insecure => {
            "Browsers give camera and microphone only to secure pages. Open this page with https://."
        }
        MediaError::Other(error) => {
            return fill(
                "Camera or microphone cannot be used: {why}",
                &[("why", &error.message)],
            );
        }
    })
}

/// A device has gone by itself; another is being looked for.
#[must_use]
pub(super) fn device_gone(source: Source) -> String {
    say(match source {
        Source::Camera => "Your camera stopped. Trying another…",
        Source::Microphone => "Your microphone stopped. Trying another…",
    })
}
