//! What a page may do with camera and microphone.

use js_sys::{Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use wasm_bindgen_futures::JsFuture;

use super::{error::MediaError, preference::Source};
use crate::platform::{JsObject, property, task};

/// Its name as a permission (Media Capture and Streams, 14), and as a policy.
fn name(source: Source) -> &'static str {
    match source {
        Source::Camera => "camera",
        Source::Microphone => "microphone",
    }
}

/// Whether the person has blocked that for this site. Unknown is no.
pub(super) async fn is_blocked(source: Source) -> bool {
    match query(name(source)) {
        Ok(asked) => JsFuture::from(asked)
            .await
            .is_ok_and(|status| JsObject(status).string("state").as_deref() == Some("denied")),
        Err(_) => false,
    }
}

/// Whether the site forbids it to itself, where the browser tells (Chromium 74 and later).
fn is_forbidden(source: Source) -> bool {
    let document = property(&js_sys::global(), "document");
    let policy = property(&document, "featurePolicy");
    let allows: Result<Function, _> = property(&policy, "allowsFeature").dyn_into();
    let answer = allows.and_then(|allows| allows.call1(&policy, &name(source).into()));
    answer.is_ok_and(|answer| answer.is_falsy())
}

/// Why neither is given.
pub(super) fn why_refused() -> MediaError {
    match Source::ALL.into_iter().all(is_forbidden) {
        true => MediaError::Forbidden,
        false => MediaError::Refused,
    }
}

/// Calls back when the browser lets the page use it, where it tells.
pub fn on_granted(source: Source, granted: impl Fn() + 'static) {
    let Ok(asked) = query(name(source)) else {
        return;
    };
    task::spawn(async move {
        let Ok(status) = JsFuture::from(asked).await else {
            return;
        };
        let status = JsObject(status);
        let now = status.clone();
        let changed: Closure<dyn Fn()> = Closure::new(move || {
            if now.string("state").as_deref() == Some("granted") {
                granted();
            }
        });
        status.set("onchange", &changed.into_js_value());
    });
}

fn query(name: &str) -> Result<Promise, JsValue> {
    let permissions = property(&property(&js_sys::global(), "navigator"), "permissions");
    let query: Function = property(&permissions, "query").dyn_into()?;
    let descriptor = Object::new();
    Reflect::set(&descriptor, &"name".into(), &name.into())?;
    query.call1(&permissions, &descriptor)?.dyn_into()
}
