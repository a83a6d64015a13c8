//! The page's address.

use gloo_events::EventListener;
use js_sys::Reflect;
use wasm_bindgen::JsValue;
use web_sys::{Location, Url, window};

use super::{JsObject, property};

fn location() -> Option<Location> {
    window().map(|window| window.location())
}

/// The fragment of the address, with its `#`. It stays in the browser: requests do not carry it.
#[must_use]
pub fn hash() -> String {
    location()
        .and_then(|location| location.hash().ok())
        .unwrap_or_default()
}

/// A part of an address as text has it; empty where it is none.
#[must_use]
pub fn decoded(part: &str) -> String {
    js_sys::decode_uri_component(part).map_or_else(|_| String::new(), String::from)
}

/// Text as a part of an address has it.
#[must_use]
pub fn encoded(text: &str) -> String {
    js_sys::encode_uri_component(text).into()
}

/// Puts another text there. The browser then tells that it has changed.
pub fn set_hash(hash: &str) {
    if let Some(location) = location() {
        // A fragment is never refused.
        let _ = location.set_hash(hash);
    }
}

/// Puts another address in the place of this one, without a load, and tells nobody.
pub fn replace(address: &str) {
    let history = JsObject(property(&js_sys::global(), "history"));
    let _ = history.call(
        "replaceState",
        &[&JsValue::NULL, &"".into(), &address.into()],
    );
}

/// Calls back when it has changed.
#[must_use]
pub fn on_hash_change(changed: impl Fn() + 'static) -> Option<EventListener> {
    let window = window()?;
    Some(EventListener::new(&window, "hashchange", move |_| {
        changed();
    }))
}

/// All of it.
#[must_use]
pub fn href() -> Option<String> {
    location()?.href().ok()
}

/// All before the fragment.
#[must_use]
pub fn without_hash() -> String {
    let href = href().unwrap_or_default();
    href.split('#').next().unwrap_or_default().to_owned()
}

/// A WebSocket beside the page: `wss://host/folder/ws` for `ws` and `https://host/folder/`.
#[must_use]
pub fn socket_beside_the_page(name: &str) -> Option<String> {
    let url = Url::new_with_base(name, &href()?).ok()?;
    url.set_search("");
    url.set_protocol(if url.protocol() == "https:" {
        "wss:"
    } else {
        "ws:"
    });
    Some(url.href())
}

/// Loads the page anew.
pub fn reload() {
    if let Some(location) = location() {
        // The own page may always be loaded.
        let _ = location.reload();
    }
}

/// Whether the page came from this machine.
#[must_use]
pub fn is_local() -> bool {
    let host = location().and_then(|location| location.hostname().ok());
    host.is_some_and(|host| host == "localhost" || host == "127.0.0.1" || host == "[::1]")
}

/// Whether the page came over https.
#[must_use]
pub fn is_https() -> bool {
    let scheme = location().and_then(|location| location.protocol().ok());
    scheme.is_some_and(|scheme| scheme == "https:")
}

/// Calls back when the page is about to close or to be loaded anew. It outlives whoever asks.
pub fn on_close(closes: impl Fn() + Clone + 'static) {
    let Some(window) = window() else { return };
    // Firefox 153 closes sockets between the two.
    for event in ["beforeunload", "pagehide"] {
        let closes = closes.clone();
        EventListener::new(&window, event, move |_| closes()).forget();
    }
    // A page that comes back from the browser's cache has no link and no call any more.
    EventListener::new(&window, "pageshow", |event| {
        let restored = Reflect::get(event, &"persisted".into());
        if restored.is_ok_and(|restored| restored.is_truthy()) {
            reload();
        }
    })
    .forget();
}
