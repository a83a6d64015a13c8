//! The clipboard.

use web_sys::window;

/// Puts text on the clipboard, where the browser allows it.
pub fn write(text: &str) {
    if let Some(window) = window() {
        // A page that is refused can do nothing about it; the text can still be selected.
        let _ = window.navigator().clipboard().write_text(text);
    }
}
