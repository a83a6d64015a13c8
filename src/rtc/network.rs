//! Signs that the network of this device is another than before.

use gloo_events::EventListener;
use js_sys::Reflect;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::EventTarget;

/// Calls `moved` when the browser goes `offline` or `online`, or `navigator.connection` (Chromium)
/// changes: within 10 ms of it in Chromium 156. Firefox says nothing of the kind on Linux; there a
/// leg's `disconnected` tells. Dropping the listeners stops it.
#[must_use]
pub fn on_network_change(moved: impl Fn() + Clone + 'static) -> Vec<EventListener> {
    let window: EventTarget = js_sys::global().unchecked_into();
    let navigator = property(&window, "navigator");
    let connection = property(&navigator, "connection");
    let mut targets = vec![(window.clone(), "online"), (window, "offline")];
    if connection.is_object() {
        targets.push((connection.unchecked_into(), "change"));
    }
    let listen = |(target, name): (EventTarget, &'static str)| {
        let moved = moved.clone();
        let moved: Box<dyn Fn()> = Box::new(moved);
        EventListener::new(&target, name, move |_| moved())
    };
    targets.into_iter().map(listen).collect()
}

fn property(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or_default()
}
