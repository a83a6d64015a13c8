//! A fresh view of the network.
//!
//! Chromium learns of a new interface 1.5 to 3.5 s late (156, Linux), and until then every
//! connection of the page gathers on the old one. A connection of a new realm, that is, of a frame
//! just made, asks the system anew.

use js_sys::Reflect;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::HtmlElement;

/// A hidden frame of this origin. The connections made from it live as long as it does.
#[derive(Debug)]
pub(super) struct Realm {
    frame: HtmlElement,
}

impl Realm {
    /// None where the page has no body yet, or frames are not allowed.
    pub(super) fn new() -> Option<Self> {
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
