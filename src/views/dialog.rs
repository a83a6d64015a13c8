//! Lists and pictures that lie over the page while somebody reads them.

use leptos::prelude::document;
use web_sys::Element;

use super::bind::{effect, element, kept, press};
use crate::{platform::JsObject, session::Model};

/// Opens that dialog at a press on one button, after `opens`, and closes it at a press on another.
pub(super) fn bind(id: &'static str, opener: &str, closer: &str, opens: impl Fn() + 'static) {
    let dialog = JsObject(element::<Element>(id).into());
    let open = dialog.clone();
    press(opener, move || {
        opens();
        let _ = open.call("showModal", &[]);
    });
    press(closer, move || drop(dialog.call("close", &[])));
}

/// Closes whatever is open when somebody rings, or a call begins or ends: nothing could be pressed behind it.
pub(super) fn give_way(model: Model) {
    let what = kept(move || {
        let call = model.call.read();
        let caller = call.caller().unwrap_or_default();
        format!("{caller}{}", u8::from(call.state.is_under_way()))
    });
    effect(move || {
        what.track();
        while let Some(dialog) = open() {
            if JsObject(dialog.into()).call("close", &[]).is_none() {
                break;
            }
        }
    });
}

/// What lies over the page, if anything does.
pub(super) fn open() -> Option<Element> {
    document().query_selector("dialog[open]").ok()?
}
