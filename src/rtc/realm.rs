//! A fresh view of the network.
//!
//! Chromium learns of a new interface 1.5 to 3.5 s late (156, Linux), and until then every
//! connection of the page gathers on the old one. A connection of a new realm, that is, of a frame
//! just made, asks the system anew.

use js_sys::Reflect;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::HtmlElement;

/// Other browsers gather anew anywhere, and Firefox in a frame only on the interface of the default
/// route: it shows all of them to pages that use the camera, and the frame does not.
pub(super) fn sees_the_network_late() -> bool {
    web_sys::window().is_some_and(|window| {
        let navigator: JsValue = window.navigator().into();
        // Chromium alone has it.
        Reflect::has(&navigator, &"connection".into()).unwrap_or_default()
    })
}

/// A hidden frame of this origin. The connections made from it live as long as it does.
#[derive(Debug)]
pub(super) struct Realm {
    frame: HtmlElement,
}

impl Realm {
    /// None where it would not help, or the page has no body yet.
    pub(super) fn new() -> Option<Self> {
        if !sees_the_network_late() {
            return None;
        }
        let document = web_sys::window()?.document()?;
        let frame = document.create_element("iframe").ok()?;
        let frame: HtmlElement = frame.unchecked_into();
        frame.set_hidden(true);
        document.body()?.append_child(&frame).ok()?;
        Some(Self { frame })
    }

    /// The realm's `window`.
    pub(super) fn window(&self) -> Option<JsValue> {
        let window = Reflect::get(&self.frame, &"contentWindow".into()).ok()?;
        window.is_object().then_some(window)
    }
}

impl Drop for Realm {
    fn drop(&mut self) {
        self.frame.remove();
    }
}
