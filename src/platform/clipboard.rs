//! The clipboard.

use super::json::{JsObject, property};

/// Puts text on the clipboard, at once; gives whether the browser lets it: a page that did not come over https has
/// none (Clipboard API, 7.1).
pub fn write(text: &str) -> impl Future<Output = bool> + use<> {
    let navigator = property(&js_sys::global(), "navigator");
    let written = JsObject(property(&navigator, "clipboard")).ask("writeText", &[&text.into()]);
    async { written.await.is_some() }
}
