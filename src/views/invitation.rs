//! The page's link for others, shared by the system's own means or as a code for cameras; and what it does for
//! who comes by it.

use js_sys::Object;
use leptos::prelude::document;
use qrcodegen::{QrCode, QrCodeEcc};
use web_sys::Element;

use super::bind::{effect, element, hidden, press, text};
use crate::{
    live::Live,
    platform::{JsObject, property, storage::Place},
    session::{Action, Dispatch, Model},
    text::labels,
};

/// The border that a code needs to be found, in modules (ISO/IEC 18004, 6.3.8).
const BORDER: i32 = 4;

/// Under which it is kept by this tab who has been called because of a link.
const CALLED: &str = "holdfast-called";

pub(super) fn bind(model: Model, dispatch: Dispatch) {
    call_who_has_invited(model, dispatch);
    let navigator = JsObject(property(&js_sys::global(), "navigator"));
    let can = navigator.can("share");
    hidden("share-link", move || !can);
    press("share-link", move || {
        let what = JsObject(Object::new().into());
        what.set("title", &document().title().into());
        what.set("url", &model.link_of_us().into());
        navigator.attempt("share", &[&what.0]);
    });
    let dialog = JsObject(element::<Element>("code").into());
    let open = dialog.clone();
    press("code-button", move || {
        let link = model.link_of_us();
        draw(&link);
        element::<Element>("code-link").set_text_content(Some(&link));
        let _ = open.call("showModal", &[]);
    });
    press("close-code", move || drop(dialog.call("close", &[])));
}

/// Who has come by somebody's link calls them: once, and not anew when the page is loaded anew.
fn call_who_has_invited(model: Model, dispatch: Dispatch) {
    let called = Live::new(Place::Tab.load(CALLED).unwrap_or_default());
    let awaits = move || {
        let callee = model.callee.read();
        !callee.is_empty() && !model.name.read().is_empty() && called.get() != *callee
    };
    text("awaited", move || match awaits() {
        true => labels::awaited(&model.callee.read()),
        false => String::new(),
    });
    effect(move || {
        let callee = model.callee.get();
        if awaits() && model.presence.read().contains(&callee) {
            Place::Tab.keep(CALLED, Some(&callee));
            called.set(callee.clone());
            dispatch.dispatch(Action::Dial(callee));
        }
    });
}

/// Draws the code, each dark module as a square of one unit.
fn draw(link: &str) {
    // An address that is too long for a code is copied.
    let Ok(code) = QrCode::encode_binary(link.as_bytes(), QrCodeEcc::Medium) else {
        return;
    };
    let modules = (0..code.size()).flat_map(|y| (0..code.size()).map(move |x| (x, y)));
    let dark = modules.filter(|(x, y)| code.get_module(*x, *y));
    let path: String = dark.map(|(x, y)| format!("M{x} {y}h1v1h-1z")).collect();
    let size = code.size() + 2 * BORDER;
    let view = format!("-{BORDER} -{BORDER} {size} {size}");
    let _ = element::<Element>("code-image").set_attribute("viewBox", &view);
    let _ = element::<Element>("code-path").set_attribute("d", &path);
}
