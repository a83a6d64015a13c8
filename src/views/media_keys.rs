//! The keys of headsets and keyboards, and what the system shows of the call (Media Session Standard).

use js_sys::{Array, Function, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};

use super::bind::effect;
use crate::{
    platform::{JsObject, property},
    session::{Action, Dispatch, Model, Source},
};

pub(super) fn bind(model: Model, dispatch: Dispatch) {
    let navigator = JsObject(property(&js_sys::global(), "navigator"));
    let Some(session) = navigator.object("mediaSession") else {
        return;
    };
    let actions = [
        ("hangup", Action::HangUp),
        ("togglemicrophone", Action::Toggle(Source::Microphone)),
        ("togglecamera", Action::Toggle(Source::Camera)),
    ];
    let handlers = actions.map(|(name, action)| {
        let handler: Closure<dyn Fn()> = Closure::new(move || dispatch.dispatch(action.clone()));
        (name, handler.into_js_value())
    });
    let of_call = session.clone();
    effect(move || {
        let call = model.call.read();
        let is_under_way = call.state.is_under_way();
        for (name, handler) in &handlers {
            let handler = if is_under_way {
                handler
            } else {
                &JsValue::NULL
            };
            // An action that the browser does not know is refused.
            let _ = of_call.call("setActionHandler", &[&(*name).into(), handler]);
        }
        let shown = metadata(&call.peer).filter(|_| is_under_way);
        of_call.set("metadata", &shown.unwrap_or(JsValue::NULL));
    });
    effect(move || {
        let view = model.local_view.read();
        session.attempt("setMicrophoneActive", &[&view.microphone.into()]);
        session.attempt("setCameraActive", &[&view.camera.into()]);
    });
}

fn metadata(title: &str) -> Option<JsValue> {
    let constructor = property(&js_sys::global(), "MediaMetadata");
    let init = JsObject(Object::new().into());
    init.set("title", &title.into());
    let constructor: &Function = constructor.dyn_ref()?;
    Reflect::construct(constructor, &Array::of1(&init.0)).ok()
}
