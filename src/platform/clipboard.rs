//! The clipboard.

use super::json::{JsObject, property};

/// Puts text on the clipboard, where the browser allows it: a page that did not come over https has
/// none (Clipboard API, 7.1).
pub fn write(text: &str) {
    let navigator = property(&js_sys::global(), "navigator");
    // A page that is refused can do nothing about it; the text can still be selected.
    JsObject(property(&navigator, "clipboard")).attempt("writeText", &[&text.into()]);
}
