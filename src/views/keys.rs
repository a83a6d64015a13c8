//! Keys that press buttons of the page, and the list of them.

use gloo_events::{EventListener, EventListenerOptions};
use leptos::prelude::document;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlInputElement, KeyboardEvent};

use super::{
    bind::{element, flag, focus, press},
    dialog,
};
use crate::{live::Live, platform::storage::Place};

/// Which key presses what.
const KEYS: [(&str, &str); 7] = [
    ("m", "microphone-button"),
    ("v", "camera-button"),
    ("s", "share-button"),
    ("c", "chat-button"),
    ("f", "full-button"),
    ("p", "pip-button"),
    ("?", "keys-button"),
];

/// Under which it is kept that they are not wanted.
const OFF: &str = "holdfast-no-keys";

/// Where keys are what somebody writes.
const FIELDS: &str = "input, select, textarea";

pub(super) fn bind() {
    let on = Live::new(Place::Browser.load(OFF).is_none());
    flag("keys-on", "checked", move || on.get());
    press("keys-on", move || {
        let wanted = element::<HtmlInputElement>("keys-on").checked();
        Place::Browser.keep(OFF, Some("1").filter(|_| !wanted));
        on.set(wanted);
    });
    dialog::bind("keys", "keys-button", "close-keys", || {});
    let pressed = move |event: &web_sys::Event| {
        let event: &KeyboardEvent = event.unchecked_ref();
        let target = event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok());
        let is_written =
            target.is_some_and(|target| target.closest(FIELDS).is_ok_and(|field| field.is_some()));
        let is_plain =
            !event.ctrl_key() && !event.alt_key() && !event.meta_key() && !event.repeat();
        let is_wanted = on.get_untracked() && is_plain && !is_written && !is_covered();
        if is_wanted && do_as(&event.key()) {
            // A field that has the focus now would have the letter as well.
            event.prevent_default();
        }
    };
    let options = EventListenerOptions::enable_prevent_default();
    EventListener::new_with_options(&document(), "keydown", options, pressed).forget();
}

/// Whether something lies over the page that waits for an answer.
fn is_covered() -> bool {
    dialog::open().is_some() || element::<Element>("page").has_attribute("inert")
}

/// Presses what the key stands for, if it stands for anything.
fn do_as(key: &str) -> bool {
    let Some((_, id)) = KEYS
        .iter()
        .find(|(known, _)| key.eq_ignore_ascii_case(known))
    else {
        return false;
    };
    let is_seen = |id| element::<Element>(id).get_client_rects().length() > 0;
    if *id == "chat-button" && is_seen("text") {
        // It is open: somebody wants to write.
        focus("text");
    } else if is_seen(id) || *id == "keys-button" {
        // In settings that are closed, the list is in nobody's sight.
        element::<HtmlElement>(id).click();
    }
    true
}
