//! What a page does to be noticed that nobody looks at.

use js_sys::{Array, Object};
use wasm_bindgen::{JsValue, closure::Closure};

use super::{
    json::{JsObject, property},
    task,
};

/// Whether the person can be asked to let this page notify them.
#[must_use]
pub fn can_ask() -> bool {
    workers().0.is_object() && permission("default")
}

/// Asks; `answered` is called back.
pub fn ask(answered: impl FnOnce() + 'static) {
    let asked = global("Notification").ask("requestPermission", &[]);
    task::spawn(async move {
        let _ = asked.await;
        answered();
    });
}

/// Shakes the device, where it can, in that rhythm, ms.
pub fn vibrate(rhythm: &[u32]) {
    let rhythm: Array = rhythm.iter().map(|ms| JsValue::from(*ms)).collect();
    global("navigator").call("vibrate", &[&rhythm]);
}

/// A notification of the system, until it is dropped. The service worker shows it (style/service-worker.js): with
/// answers, which those of pages cannot have, and on Android too, where pages have none.
#[derive(Debug)]
pub struct Alert(());

impl Alert {
    /// Says that; a press on it shows the page, and one on an answer, each with what it is called, tells
    /// [`on_answer`]. None where the person has not allowed it.
    #[must_use]
    pub fn new(sentence: &str, answers: &[(String, String)]) -> Option<Self> {
        if !permission("granted") {
            return None;
        }
        let buttons: Array = answers
            .iter()
            .map(|(action, title)| object(&[("action", action), ("title", title)]))
            .collect();
        let told = object(&[("title", sentence)]);
        JsObject(told.clone()).set("actions", &buttons);
        tell_worker(told);
        Some(Self(()))
    }
}

impl Drop for Alert {
    fn drop(&mut self) {
        // One that says nothing takes down the last.
        tell_worker(object(&[]));
    }
}

/// Calls back with the answer that was pressed in a notification; for as long as the page is there.
pub fn on_answer(answered: impl Fn(String) + 'static) {
    let heard: Closure<dyn Fn(JsValue)> = Closure::new(move |event: JsValue| {
        answered(JsObject(event).string("data").unwrap_or_default());
    });
    workers().set("onmessage", &heard.into_js_value());
}

/// Tells it once there is one; they hear things in their order.
fn tell_worker(told: JsValue) {
    let workers = workers();
    task::spawn(async move {
        if let Some(registration) = workers.settled("ready").await
            && let Some(worker) = registration.object("active")
        {
            worker.call("postMessage", &[&told]);
        }
    });
}

fn permission(state: &str) -> bool {
    global("Notification").string("permission").as_deref() == Some(state)
}

fn workers() -> JsObject {
    JsObject(property(&global("navigator").0, "serviceWorker"))
}

fn global(name: &str) -> JsObject {
    JsObject(property(&js_sys::global(), name))
}

fn object(fields: &[(&str, &str)]) -> JsValue {
    let object = JsObject(Object::new().into());
    for (field, value) in fields {
        object.set(field, &(*value).into());
    }
    object.0
}
