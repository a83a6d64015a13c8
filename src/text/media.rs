//! Camera and microphone.

use crate::media::MediaError;

/// Why camera or microphone are missing.
#[must_use]
pub fn media_error(error: &MediaError) -> String {
    match error {
        MediaError::Refused => "Camera and microphone were not allowed. To allow them, use the \
            symbol beside the address, then call again."
            .into(),
        MediaError::NotFound => "No camera or no microphone was found. Plug one in, or go on \
            without: others can still see or hear what there is."
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
