//! Camera and microphone: asking for them, and what can go wrong with that.

use holdfast_protocol::Fields;
use js_sys::{Array, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{MediaDevices, MediaStream, MediaStreamConstraints};

use super::DomError;
use crate::json::JsObject;

/// Which kind of local media.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Video.
    Camera,
    /// Audio.
    Microphone,
}

/// What a person wants of one source.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Choice {
    /// Not at all.
    pub off: bool,
    /// This device, by its `deviceId`; whichever the browser likes if none.
    pub device: Option<String>,
    /// The height of the picture in pixels, as near as the camera can.
    pub height: Option<u32>,
}

/// A camera or microphone that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// What kind.
    pub source: Source,
    /// Its `deviceId`.
    pub id: String,
    /// Its name; empty until the person has allowed a device.
    pub label: String,
}

/// Why there is no camera or microphone (Media Capture and Streams, 10.3.1).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MediaError {
    /// `NotAllowedError`: the person, or the browser's settings, said no.
    #[error("not allowed")]
    Refused,
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

/// Asks for camera and microphone as chosen; at least one of them must not be off.
///
/// # Errors
/// As `getUserMedia()` says, in the types above.
pub async fn acquire(camera: &Choice, microphone: &Choice) -> Result<MediaStream, MediaError> {
    let constraints = MediaStreamConstraints::new();
    constraints.set_video(&constraint(camera));
    constraints.set_audio(&constraint(microphone));
    let request = media_devices()?.get_user_media_with_constraints(&constraints)?;
    let stream = JsFuture::from(request).await?;
    Ok(stream.unchecked_into())
}

/// The cameras and microphones there are.
///
/// # Errors
/// [`MediaError::Insecure`] on a page that may not ask.
pub async fn devices() -> Result<Vec<Device>, MediaError> {
    let list = JsFuture::from(media_devices()?.enumerate_devices()?).await?;
    let devices = Array::from(&list).into_iter().filter_map(|entry| {
        let entry = JsObject(entry);
        let source = match entry.string("kind")?.as_str() {
            "videoinput" => Source::Camera,
            "audioinput" => Source::Microphone,
            _ => return None,
        };
        Some(Device {
            source,
            id: entry.string("deviceId")?,
            label: entry.string("label")?,
        })
    });
    Ok(devices.filter(|device| !device.id.is_empty()).collect())
}

/// On a page that is not secure, browsers leave `mediaDevices` out altogether.
fn media_devices() -> Result<MediaDevices, MediaError> {
    let window = web_sys::window().ok_or(MediaError::Insecure)?;
    let devices = window.navigator().media_devices();
    devices
        .ok()
        .filter(|devices| !devices.is_undefined())
        .ok_or(MediaError::Insecure)
}

/// What the person chose, as the browser wants it said.
pub(super) fn constraint(choice: &Choice) -> JsValue {
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
