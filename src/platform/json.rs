//! Objects of the browser, and JSON by the browser's own parser.

use js_sys::{Array, JSON, Reflect};
use wasm_bindgen::JsValue;

/// An object of the browser. A field of another kind than asked for is as good as absent.
#[derive(Debug, Clone)]
pub struct JsObject(pub JsValue);

impl JsObject {
    /// A string.
    #[must_use]
    pub fn string(&self, field: &str) -> Option<String> {
        property(&self.0, field).as_string()
    }

    /// A number.
    #[must_use]
    pub fn number(&self, field: &str) -> Option<f64> {
        property(&self.0, field).as_f64()
    }

    /// An object.
    #[must_use]
    pub fn object(&self, field: &str) -> Option<Self> {
        Some(Self(property(&self.0, field))).filter(|value| value.0.is_object())
    }

    /// The strings of a list; what is no string in it is passed over.
    #[must_use]
    pub fn strings(&self, field: &str) -> Option<Vec<String>> {
        let list = property(&self.0, field);
        let strings = Array::is_array(&list).then(|| Array::from(&list))?;
        Some(
            strings
                .iter()
                .filter_map(|value| value.as_string())
                .collect(),
        )
    }
}

/// A property, or undefined, also of what is no object.
#[must_use]
pub fn property(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or_default()
}

/// Text as JSON has it; none if it is not JSON.
#[must_use]
pub fn parse(text: &str) -> Option<JsObject> {
    JSON::parse(text).ok().map(JsObject)
}

/// An object as JSON text.
#[must_use]
pub fn stringify(object: &JsValue) -> String {
    // Of plain objects it cannot fail.
    let text = JSON::stringify(object).map(String::from);
    text.unwrap_or_default()
}
