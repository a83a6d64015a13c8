//! The page's link for others: shared by the system's own means, or as a code for cameras.

use js_sys::Object;
use leptos::prelude::document;
use qrcodegen::{QrCode, QrCodeEcc};
use web_sys::Element;

use super::bind::{element, hidden, press};
use crate::platform::{JsObject, location, property};

/// The border that a code needs to be found, in modules (ISO/IEC 18004, 6.3.8).
const BORDER: i32 = 4;

pub(super) fn bind() {
    let navigator = JsObject(property(&js_sys::global(), "navigator"));
    let can = navigator.can("share");
    hidden("share-link", move || !can);
    press("share-link", move || {
        let what = JsObject(Object::new().into());
        what.set("title", &document().title().into());
        what.set("url", &location::href().unwrap_or_default().into());
        navigator.attempt("share", &[&what.0]);
    });
    let dialog = JsObject(element::<Element>("code").into());
    let open = dialog.clone();
    press("code-button", move || {
        let link = location::href().unwrap_or_default();
        draw(&link);
        element::<Element>("code-link").set_text_content(Some(&link));
        let _ = open.call("showModal", &[]);
    });
    press("close-code", move || drop(dialog.call("close", &[])));
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
