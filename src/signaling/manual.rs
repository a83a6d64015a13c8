//! Messages as a code that people carry by hand, in whatever way they have: no server at all.

use holdfast_protocol::{Message, Signal};

use crate::json::{decode, encode};

/// Writes messages as one code: letters, digits, `+`, `/` and `=`, so that no way to carry it
/// changes it.
#[must_use]
pub fn write(messages: &[Message]) -> String {
    let lines: Vec<String> = messages.iter().map(encode).collect();
    // `btoa()` takes a string of bytes.
    let bytes: String = lines.join("\n").bytes().map(char::from).collect();
    let code = web_sys::window().and_then(|window| window.btoa(&bytes).ok());
    code.unwrap_or_default()
}

/// Reads the messages of calls in a code.
///
/// # Errors
/// A sentence, when it is none, or not whole.
pub fn read(code: &str) -> Result<Vec<Signal>, String> {
    let bytes = web_sys::window().and_then(|window| window.atob(code.trim()).ok());
    let bytes = bytes.map(|bytes| bytes.chars().map(|byte| byte as u8).collect());
    let lines = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let signals: Option<Vec<Signal>> = lines.and_then(|lines| {
        let messages = lines.lines().map(|line| match decode(line) {
            Ok(Message::Signal(signal)) => Some(signal),
            Ok(_) | Err(_) => None,
        });
        messages.collect()
    });
    let whole = signals.filter(|signals| !signals.is_empty());
    whole.ok_or_else(|| "This is not a whole code. Copy all of it, and nothing else.".to_owned())
}
