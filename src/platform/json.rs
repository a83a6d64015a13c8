//! Objects of the browser, and JSON by the browser's own parser.

use js_sys::{Array, Function, JSON, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::task;

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

    /// Whether it has a method of that name.
    #[must_use]
    pub fn can(&self, method: &str) -> bool {
        property(&self.0, method).is_function()
    }

    /// Calls a method. None where the browser has none of that name, or refuses.
    pub fn call(&self, method: &str, arguments: &[&JsValue]) -> Option<JsValue> {
        let method: Function = property(&self.0, method).dyn_into().ok()?;
        let arguments: Array = arguments.iter().collect();
        method.apply(&self.0, &arguments).ok()
    }

    /// Calls a method that gives a promise: at once, whenever the future is polled. None as above, or where the
    /// promise is rejected.
    pub fn ask(
        &self,
        method: &str,
        arguments: &[&JsValue],
    ) -> impl Future<Output = Option<Self>> + use<> {
        settled(self.call(method, arguments))
    }

    /// What a promise in that field brings.
    pub fn settled(&self, field: &str) -> impl Future<Output = Option<Self>> + use<> {
        settled(Some(property(&self.0, field)))
    }

    /// The same, where nothing can be done about a refusal.
    pub fn attempt(&self, method: &str, arguments: &[&JsValue]) {
        let asked = self.ask(method, arguments);
        task::spawn(async { drop(asked.await) });
    }

    /// Sets a property, where it can be set.
    pub fn set(&self, field: &str, value: &JsValue) {
        let _ = Reflect::set(&self.0, &field.into(), value);
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

async fn settled(promise: Option<JsValue>) -> Option<JsObject> {
    let promise: Promise = promise?.dyn_into().ok()?;
    JsFuture::from(promise).await.ok().map(JsObject)
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
