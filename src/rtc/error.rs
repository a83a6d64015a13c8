//! What the browser throws, as a type.

use js_sys::{JsString, Reflect};
use wasm_bindgen::{JsCast, JsValue};

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
        let text = |key: &str| {
            let text = Reflect::get(&value, &key.into()).ok()?;
            Some(String::from(text.dyn_into::<JsString>().ok()?))
        };
        Self {
            name: text("name").unwrap_or_else(|| "Error".into()),
            message: text("message").unwrap_or_default(),
        }
    }
}
