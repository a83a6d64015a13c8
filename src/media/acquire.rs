//! Asking for camera and microphone.

use js_sys::{Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{MediaStream, MediaStreamConstraints};

use super::{device::media_devices, error::MediaError, preference::SourcePreference};

/// The result of a request for a call.
#[derive(Debug)]
pub struct Acquired {
    /// The tracks there are; none if this person only watches.
    pub(super) stream: MediaStream,
    /// Why it is less than was wanted.
    pub(super) problem: Option<MediaError>,
}

/// Asks for camera and microphone as chosen; at least one of them must not be off.
///
/// # Errors
/// As `getUserMedia()` says, in the types above.
pub async fn acquire(
    camera: &SourcePreference,
    microphone: &SourcePreference,
) -> Result<MediaStream, MediaError> {
    let constraints = MediaStreamConstraints::new();
    constraints.set_video(&constraint(camera));
    constraints.set_audio(&constraint(microphone));
    let request = media_devices()?.get_user_media_with_constraints(&constraints)?;
    let stream = JsFuture::from(request).await?;
    Ok(stream.unchecked_into())
}

/// Asks for both, then for one, then is content with none: people without a camera can talk, and
/// people without a microphone can watch. Only a refusal is final.
pub(super) async fn acquire_what_there_is(
    camera: SourcePreference,
    microphone: SourcePreference,
) -> Result<Acquired, MediaError> {
    let any = |choice: &SourcePreference| SourcePreference {
        device: None,
        ..choice.clone()
    };
    let attempts = [
        (camera.clone(), microphone.clone()),
        (any(&camera), any(&microphone)),
        (SourcePreference::OFF, any(&microphone)),
        (any(&camera), SourcePreference::OFF),
    ];
    let mut problem = None;
    let mut tried = None;
    for attempt in attempts {
        let (camera, microphone) = &attempt;
        if camera.off && microphone.off || tried.as_ref() == Some(&attempt) {
            continue;
        }
        match acquire(camera, microphone).await {
            Ok(stream) => return Ok(Acquired { stream, problem }),
            Err(MediaError::Refused) => return Err(MediaError::Refused),
            // The first error is about what the person wanted.
            Err(error) => problem = problem.or(Some(error)),
        }
        tried = Some(attempt);
    }
    let stream = MediaStream::new()?;
    Ok(Acquired { stream, problem })
}

/// The person's choice, as a constraint.
fn constraint(choice: &SourcePreference) -> JsValue {
    if choice.off {
        return JsValue::FALSE;
    }
    let constraint = Object::new();
    let set = |key: &str, value: JsValue| {
        // Setting a property of a plain object cannot fail.
        let _ = Reflect::set(&constraint, &key.into(), &value);
    };
    if let Some(device) = &choice.device {
        let exact = Object::new();
        let _ = Reflect::set(&exact, &"exact".into(), &device.into());
        set("deviceId", exact.into());
    }
    if let Some(height) = choice.height {
        set("height", height.into());
    }
    constraint.into()
}
