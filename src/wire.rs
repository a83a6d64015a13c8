//! Messages to text and back, by the browser's own JSON.

use holdfast_protocol::{Fields, Message};
use js_sys::{Array, JSON, Reflect};
use wasm_bindgen::JsValue;

/// Writes a message.
#[must_use]
pub fn encode(message: &Message) -> String {
    // Strings, numbers and plain objects: neither step can fail.
    let value = serde_wasm_bindgen::to_value(message).unwrap_or_default();
    let text = JSON::stringify(&value).map(String::from);
    text.unwrap_or_default()
}

/// Reads a message.
///
/// # Errors
/// What is wrong with the text.
pub fn decode(text: &str) -> Result<Message, String> {
    let value = JSON::parse(text).map_err(|_| "not JSON".to_owned())?;
    Message::read(&JsObject(value)).map_err(|error| error.to_string())
}

/// An object of the browser's.
#[derive(Debug, Clone)]
pub struct JsObject(pub JsValue);

impl JsObject {
    fn get(&self, field: &str) -> JsValue {
        Reflect::get(&self.0, &field.into()).unwrap_or_default()
    }
}

impl Fields for JsObject {
    fn string(&self, field: &str) -> Option<String> {
        self.get(field).as_string()
    }

    fn number(&self, field: &str) -> Option<f64> {
        self.get(field).as_f64()
    }

    fn object(&self, field: &str) -> Option<Self> {
        Some(Self(self.get(field))).filter(|value| value.0.is_object())
    }

    fn strings(&self, field: &str) -> Option<Vec<String>> {
        let list = self.get(field);
        let strings = Array::is_array(&list).then(|| Array::from(&list))?;
        Some(
            strings
                .iter()
                .filter_map(|value| value.as_string())
                .collect(),
        )
    }
}
