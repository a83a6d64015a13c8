//! Locks among the tabs of this browser (Web Locks).

use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;

use super::json::property;

/// Takes a lock for as long as the page lives, however it ends. False if another tab has it.
pub async fn take(name: &str) -> bool {
    match request(name) {
        Ok(taken) => JsFuture::from(taken)
            .await
            .is_ok_and(|granted| granted.is_truthy()),
        // A page without secure origin has no locks, and no camera either.
        Err(_) => true,
    }
}

fn request(name: &str) -> Result<Promise, JsValue> {
    let locks = property(&property(&js_sys::global(), "navigator"), "locks");
    let request: Function = property(&locks, "request").dyn_into()?;
    let options = Object::new();
    Reflect::set(&options, &"ifAvailable".into(), &JsValue::TRUE)?;
    Ok(Promise::new(&mut |resolve, _| {
        let callback = Closure::once_into_js(move |lock: JsValue| {
            let granted = JsValue::from_bool(lock.is_object());
            let _ = resolve.call1(&JsValue::NULL, &granted);
            // Held for ever: the promise is never resolved.
            match lock.is_object() {
                true => Promise::new(&mut |_, _| {}).into(),
                false => JsValue::UNDEFINED,
            }
        });
        let arguments = Array::of3(&name.into(), &options, &callback);
        let _ = request.apply(&locks, &arguments);
    }))
}
