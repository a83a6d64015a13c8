//! Base64 (RFC 4648, 4), by the browser's own `btoa()` and `atob()`.

use web_sys::window;

/// Text as base64 of its UTF-8.
#[must_use]
pub fn encode(text: &str) -> String {
    // `btoa()` takes a string of bytes.
    let bytes: String = text.bytes().map(char::from).collect();
    let code = window().and_then(|window| window.btoa(&bytes).ok());
    code.unwrap_or_default()
}

/// The text, if it is base64 of UTF-8.
#[must_use]
pub fn decode(code: &str) -> Option<String> {
    let bytes = window()?.atob(code).ok()?;
    String::from_utf8(bytes.chars().map(|byte| byte as u8).collect()).ok()
}
