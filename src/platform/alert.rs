//! What a page does to be noticed that nobody looks at.

use js_sys::{Function, Reflect};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{Notification, NotificationOptions, NotificationPermission, window};

use super::json::property;

/// Whether the person can be asked to let this page notify them.
#[must_use]
pub fn can_ask() -> bool {
    exists() && Notification::permission() == NotificationPermission::Default
}

/// Asks; `answered` is called back.
pub fn ask(answered: impl FnOnce() + 'static) {
    if exists()
        && let Ok(asked) = Notification::request_permission()
    {
        super::task::spawn(async move {
            let _ = wasm_bindgen_futures::JsFuture::from(asked).await;
            answered();
        });
    }
}

/// Shakes the device, where it can, in that rhythm, ms.
pub fn vibrate(rhythm: &[u32]) {
    let navigator = property(&js_sys::global(), "navigator");
    let vibrate: Result<Function, _> = property(&navigator, "vibrate").dyn_into();
    if let Ok(vibrate) = vibrate {
        let rhythm: js_sys::Array = rhythm.iter().map(|ms| JsValue::from(*ms)).collect();
        let _ = vibrate.call1(&navigator, &rhythm);
    }
}

/// A notification of the system, until it is dropped.
#[derive(Debug)]
pub struct Alert {
    notification: Notification,
    _pressed: Closure<dyn FnMut()>,
}

impl Alert {
    /// Says that; a press on it shows the page. None where the person has not allowed it.
    #[must_use]
    pub fn new(sentence: &str) -> Option<Self> {
        if !exists() || Notification::permission() != NotificationPermission::Granted {
            return None;
        }
        let options = NotificationOptions::new();
        options.set_tag("holdfast");
        let _ = Reflect::set(&options, &"requireInteraction".into(), &JsValue::TRUE);
        // Chromium on Android has it for service workers alone.
        let notification = Notification::new_with_options(sentence, &options).ok()?;
        let pressed = Closure::new(|| drop(window().map(|window| window.focus())));
        notification.set_onclick(Some(pressed.as_ref().unchecked_ref()));
        Some(Self {
            notification,
            _pressed: pressed,
        })
    }
}

impl Drop for Alert {
    fn drop(&mut self) {
        self.notification.close();
    }
}

fn exists() -> bool {
    property(&js_sys::global(), "Notification").is_function()
}
