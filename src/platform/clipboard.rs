//! The clipboard.

use wasm_bindgen::JsCast;
use web_sys::{Clipboard, window};

use super::json::property;

/// Puts text on the clipboard, where the browser allows it: a page that did not come over https has
/// none (Clipboard API, 7.1).
pub fn write(text: &str) {
    let Some(window) = window() else { return };
    let clipboard = property(&window.navigator(), "clipboard");
    if !clipboard.is_undefined() {
        // A page that is refused can do nothing about it; the text can still be selected.
        let _ = clipboard.unchecked_into::<Clipboard>().write_text(text);
    }
}
