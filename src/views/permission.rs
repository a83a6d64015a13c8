//! A permission that is given after all: in the browser's own menus, or in the page where the browser has an
//! element for that. What it was missing for goes on by itself.

use js_sys::Array;
use leptos::prelude::document;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, MediaStream, MediaStreamTrack};

use super::bind::{effect, element, hidden};
use crate::{
    platform::{JsObject, property, visibility},
    session::{Action, Dispatch, EndReason, MediaError, Model, Notice, Source, on_granted},
};

pub(super) fn bind(model: Model, dispatch: Dispatch) {
    for source in Source::ALL {
        on_granted(source, move || given(source, model, dispatch));
    }
    hidden("where", move || {
        let is_asked_again = Some(Notice::Media(MediaError::Dismissed));
        missing(model).is_empty() || *model.notice.read() == is_asked_again
    });
    if property(&js_sys::global(), "HTMLUserMediaElement").is_function() {
        ask_in_the_page(model);
    }
}

/// What a notice says is missing, as the attribute `type` has it; empty if nothing is.
fn missing(model: Model) -> &'static str {
    match &*model.notice.read() {
        Some(Notice::Media(MediaError::Refused | MediaError::Dismissed)) => "camera microphone",
        Some(Notice::Media(MediaError::Blocked(source))) => kind(*source),
        _ => "",
    }
}

fn kind(source: Source) -> &'static str {
    match source {
        Source::Camera => "camera",
        Source::Microphone => "microphone",
    }
}

/// Goes on with what it was missing for; a call that could not be made is made while somebody looks.
fn given(source: Source, model: Model, dispatch: Dispatch) {
    let call = model.call.get_untracked();
    let refused = call
        .ended
        .filter(|ended| ended.reason == EndReason::MediaRefused);
    match refused.filter(|_| !call.state.is_call() && !visibility::is_hidden()) {
        Some(ended) => dispatch.dispatch(Action::Dial(ended.peer)),
        None => dispatch.dispatch(Action::Allowed(source)),
    }
}

/// A button of the browser's own beside the notice, which asks also where it was refused before (`<usermedia>`,
/// Chromium 151 and later).
fn ask_in_the_page(model: Model) {
    let mut shown: Option<Element> = None;
    effect(move || {
        if let Some(before) = shown.take() {
            before.remove();
        }
        let missing = missing(model);
        if missing.is_empty() {
            return;
        }
        shown = button(missing);
        if let Some(button) = &shown {
            let _ = element::<Element>("told").append_child(button);
        }
    });
}

fn button(missing: &str) -> Option<Element> {
    let button = document().create_element("usermedia").ok()?;
    button.set_attribute("type", missing).ok()?;
    let given = JsObject(button.clone().into());
    let stop = Closure::<dyn Fn()>::new(move || {
        // Only the permission is wanted: the page opens what it needs by itself.
        if let Some(stream) = given.object("stream") {
            let stream: MediaStream = stream.0.unchecked_into();
            let tracks: Array = stream.get_tracks().unchecked_into();
            for track in tracks.iter() {
                track.unchecked_into::<MediaStreamTrack>().stop();
            }
        }
    });
    let button_object = JsObject(button.clone().into());
    button_object.set("onstream", &stop.into_js_value());
    Some(button)
}
