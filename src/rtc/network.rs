//! Signs that the network of this device is another than before.

use std::cell::RefCell;

use gloo_events::EventListener;
use wasm_bindgen::JsCast;
use web_sys::EventTarget;

use crate::platform::{JsObject, property};

/// The values of `navigator.connection`: the kind of network, and guesses about its speed.
const PROPERTIES: [&str; 4] = ["type", "effectiveType", "rtt", "downlink"];

/// Whether this device pays for what it sends, or its owner wants data to be saved, as far as the browser says
/// (Network Information: `saveData` and `type`; Chromium).
#[must_use]
pub fn saves() -> bool {
    let navigator = property(&js_sys::global(), "navigator");
    let connection = JsObject(property(&navigator, "connection"));
    let is_cellular = connection.string("type").as_deref() == Some("cellular");
    is_cellular || property(&connection.0, "saveData").is_truthy()
}

/// Calls `moved` when the browser goes `offline` or `online`, or `navigator.connection` (Chromium)
/// changes: within 10 ms of it in Chromium 156. Firefox says nothing of the kind on Linux; there a
/// leg's `disconnected` tells. Dropping the listeners stops it.
#[must_use]
pub fn on_network_change(moved: impl Fn() + Clone + 'static) -> Vec<EventListener> {
    let window: EventTarget = js_sys::global().unchecked_into();
    let navigator = property(&window, "navigator");
    let connection = property(&navigator, "connection");
    let listen = |target: &EventTarget, name: &'static str, moved: Box<dyn Fn()>| {
        EventListener::new(target, name, move |_| moved())
    };
    let mut listeners = vec![
        listen(&window, "online", Box::new(moved.clone())),
        listen(&window, "offline", Box::new(moved.clone())),
    ];
    if connection.is_object() {
        // It fires as well when no more than an estimate of the speed has changed.
        let target: EventTarget = connection.clone().unchecked_into();
        let properties = move || PROPERTIES.map(|name| property(&connection, name));
        let known = RefCell::new(properties());
        let changed = move || {
            let now = properties();
            let before = known.replace(now.clone());
            let another_kind = before[0] != now[0];
            if another_kind || before[1..] == now[1..] {
                moved();
            }
        };
        listeners.push(listen(&target, "change", Box::new(changed)));
    }
    listeners
}
