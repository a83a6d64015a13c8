//! Requests to the host that the page came from (Fetch), by the browser's own objects: those of gloo-net made the
//! first load 0.7 kB larger.

use js_sys::{Object, Promise};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::{DomError, JsObject, property};

/// What the host answers.
#[derive(Debug)]
pub struct Response(JsObject);

/// A signal that ends a request after so long, ms (`AbortSignal.timeout()`: Chromium 103, Firefox 100 and later); where
/// the browser has none, nothing does.
#[must_use]
pub fn within(limit: u32) -> JsValue {
    let signals = JsObject(property(&js_sys::global(), "AbortSignal"));
    signals
        .call("timeout", &[&limit.into()])
        .unwrap_or_default()
}

/// Asks for a file, by its address beside the page; `options` are those of a `RequestInit`. Begins at once,
/// whenever the future is polled.
pub fn get(
    url: &str,
    options: &[(&str, &JsValue)],
) -> impl Future<Output = Result<Response, DomError>> + use<> {
    let init = JsObject(Object::new().into());
    for (field, value) in options {
        init.set(field, value);
    }
    let asked = JsObject(js_sys::global().into()).call("fetch", &[&url.into(), &init.0]);
    async move { Ok(Response(JsObject(settled(asked).await?))) }
}

impl Response {
    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.0.number("status").unwrap_or_default() as u16
    }

    /// Its text.
    ///
    /// # Errors
    /// The connection has ended before all of it was there.
    pub async fn text(&self) -> Result<String, DomError> {
        let text = settled(self.0.call("text", &[])).await?;
        Ok(text.as_string().unwrap_or_default())
    }
}

async fn settled(promise: Option<JsValue>) -> Result<JsValue, DomError> {
    let promise: Promise = promise.unwrap_or_default().unchecked_into();
    Ok(JsFuture::from(promise).await?)
}
