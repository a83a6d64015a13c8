//! Exceptions of the browser, as a type.

use wasm_bindgen::JsValue;

use super::json::JsObject;

/// An exception of the browser: a `DOMException`, or a JavaScript error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {message}")]
pub struct DomError {
    /// Its name, such as `InvalidStateError`: what programs tell exceptions apart by.
    pub name: String,
    /// Its message, in the browser's words.
    pub message: String,
}

impl From<JsValue> for DomError {
    fn from(value: JsValue) -> Self {
        let error = JsObject(value);
        Self {
            name: error.string("name").unwrap_or_else(|| "Error".into()),
            message: error.string("message").unwrap_or_default(),
        }
    }
}
