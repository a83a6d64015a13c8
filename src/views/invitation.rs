//! The page's link for others, shared by the system's own means or as a code for cameras; and what it does for
//! who comes by it.

use js_sys::Object;
use leptos::prelude::document;
use qrcodegen::{QrCode, QrCodeEcc};
use web_sys::Element;

use super::{
    bind::{effect, element, hidden, press, text},
    dialog,
};
use crate::{
    live::Live,
    platform::{JsObject, property, visibility},
    session::{Action, Dispatch, Model},
    text::labels,
};

/// The border that a code needs to be found, in modules (ISO/IEC 18004, 6.3.8).
const BORDER: i32 = 4;

pub(super) fn bind(model: Model, dispatch: Dispatch, calls_us: Live<bool>) {
    let link = move || model.link_to_here(*calls_us.read_untracked());
    call_who_has_invited(model, dispatch);
    let navigator = JsObject(property(&js_sys::global(), "navigator"));
    let can = navigator.can("share");
    hidden("share-link", move || !can || *model.unlisted.read());
    hidden("code-button", move || *model.unlisted.read());
    press("share-link", move || {
        let what = JsObject(Object::new().into());
        what.set("title", &document().title().into());
        what.set("url", &link().into());
        navigator.attempt("share", &[&what.0]);
    });
    dialog::bind("code", "code-button", "close-code", move || {
        let link = link();
        draw(&link);
        element::<Element>("code-link").set_text_content(Some(&link));
    });
}

/// Who has come by somebody's link, and pressed Join, calls them once: when both are here, the page is seen, and
/// nobody else is talked to.
fn call_who_has_invited(model: Model, dispatch: Dispatch) {
    // A pass lets in by itself, and nobody is called by a link that was opened meanwhile.
    let asked = match model.room.read_untracked().is_some() {
        true => model.callee.get_untracked(),
        false => String::new(),
    };
    let awaited = Live::new(asked);
    let seen = Live::new(!visibility::is_hidden());
    if let Some(listener) = visibility::on_change(move || seen.set(!visibility::is_hidden())) {
        listener.forget();
    }
    let is_free = move || {
        let is_me = model.name.read().is_empty() || *model.name.read() == *awaited.read();
        let is_blocked = model.blocked.read().contains(&awaited.read());
        !awaited.read().is_empty() && !is_me && !is_blocked && !model.call.read().state.is_call()
    };
    text("awaited", move || match is_free() {
        true => labels::awaited(&awaited.read()),
        false => String::new(),
    });
    effect(move || {
        let callee = awaited.get();
        if is_free() && seen.get() && model.presence.read().contains(&callee) {
            awaited.set(String::new());
            // The page's next life calls nobody.
            model.forget_callee();
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
