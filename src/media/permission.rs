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

/// A permission's state (Permissions, 5.3), the more hopeful the greater; unknown is denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum State {
    Denied,
    Granted,
    Prompt,
}

/// The state of the permission for that.
pub(super) async fn state(source: Source) -> State {
    let Ok(asked) = query(name(source)) else {
        return State::Denied;
    };
    let status = JsFuture::from(asked).await.map(JsObject);
    match status
        .ok()
        .and_then(|status| status.string("state"))
        .as_deref()
    {
        Some("granted") => State::Granted,
        Some("prompt") => State::Prompt,
        _ => State::Denied,
    }
}

/// Whether the site forbids it to itself, where the browser tells (Chromium 74 and later).
pub(super) fn is_forbidden(source: Source) -> bool {
    let document = property(&js_sys::global(), "document");
    let policy = property(&document, "featurePolicy");
    let allows: Result<Function, _> = property(&policy, "allowsFeature").dyn_into();
    let answer = allows.and_then(|allows| allows.call1(&policy, &name(source).into()));
    answer.is_ok_and(|answer| answer.is_falsy())
}

/// Why what was asked for is not given, by the state of its permission; both, or one of them.
pub(super) fn why_refused(state: State, sources: &[Source]) -> MediaError {
    match (state, sources) {
        _ if sources.iter().copied().all(is_forbidden) => MediaError::Forbidden,
        (State::Prompt, _) => MediaError::Dismissed,
        (State::Granted, _) => MediaError::System,
        (State::Denied, [source]) => MediaError::Blocked(*source),
        (State::Denied, _) => MediaError::Refused,
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
