//! The language that the page is read in, which style/boot.js chooses.

use super::{JsObject, property};

/// What stands for that in the reader's language; none in English, and where its file lacks it.
#[must_use]
pub fn translated(english: &str) -> Option<String> {
    JsObject(property(&js_sys::global(), "messages")).string(english)
}
