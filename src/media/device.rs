//! The cameras and microphones there are.

use gloo_events::EventListener;
use js_sys::Array;
use wasm_bindgen_futures::JsFuture;
use web_sys::{MediaDevices, MediaStreamTrack};

use super::{error::MediaError, preference::Source};
use crate::platform::JsObject;

/// A camera or microphone that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// The kind.
    pub source: Source,
    /// Its `deviceId`.
    pub id: String,
    /// Its name; empty until the person has allowed a device.
    pub label: String,
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

/// Calls back when a device is plugged in or out.
#[must_use]
pub(super) fn on_change(changed: impl Fn() + 'static) -> Option<EventListener> {
    let devices = media_devices().ok()?;
    Some(EventListener::new(&devices, "devicechange", move |_| {
        changed();
    }))
}

/// The `deviceId` of a track's device.
pub(super) fn device_of(track: &MediaStreamTrack) -> Option<String> {
    JsObject(track.get_settings().into()).string("deviceId")
}

/// On a page that is not secure, browsers leave `mediaDevices` out altogether.
pub(super) fn media_devices() -> Result<MediaDevices, MediaError> {
    let window = web_sys::window().ok_or(MediaError::Insecure)?;
    let devices = window.navigator().media_devices();
    devices
        .ok()
        .filter(|devices| !devices.is_undefined())
        .ok_or(MediaError::Insecure)
}
