//! One's own picture in a call: moved to a corner, swapped with the other's, or hidden.

use std::{cell::Cell, rc::Rc};

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlInputElement, PointerEvent};

use super::bind::{class, effect, element, flag, on, press};
use crate::{
    live::Live,
    platform::{JsObject, property, storage::Place},
    session::Model,
};

/// Under which it is kept that it is hidden, and in which corner it is.
const HIDDEN: &str = "holdfast-hide-self";
const CORNER: &str = "holdfast-corner";

/// A press that moves less is none to move it, px.
const SLACK: f64 = 6.0;

pub(super) fn bind(model: Model) {
    let is_hidden = Live::new(Place::Browser.load(HIDDEN).is_some());
    flag("hide-self", "checked", move || is_hidden.get());
    press("hide-self", move || {
        let wanted = element::<HtmlInputElement>("hide-self").checked();
        Place::Browser.keep(HIDDEN, Some("1").filter(|_| wanted));
        is_hidden.set(wanted);
    });
    class("stage", "alone", move || is_hidden.get());
    let is_swapped = Live::new(false);
    let can_swap = move || model.remote_has_video.get() && model.remote_screen.read().is_none();
    class("stage", "swapped", move || {
        is_swapped.get() && can_swap() && !is_hidden.get()
    });
    effect(move || {
        if !model.call.read().state.is_under_way() && is_swapped.get_untracked() {
            is_swapped.set(false);
        }
    });
    let swap = move || is_swapped.set(!is_swapped.get_untracked());
    press("received_video", move || {
        if is_swapped.get_untracked() {
            swap();
        }
    });
    let in_call = move || model.call.read_untracked().state.is_under_way();
    drag(in_call, swap);
}

/// Lets it be dragged into a corner; `tapped` is called where it has not moved.
fn drag(in_call: impl Fn() -> bool + 'static, tapped: impl Fn() + 'static) {
    let video: HtmlElement = element("local_video");
    let place = JsObject(property(&video, "style"));
    move_to(Place::Browser.load(CORNER).unwrap_or_default());
    let begun = Rc::new(Cell::new(None));
    let from = begun.clone();
    on("local_video", "pointerdown", move |event| {
        let event: &PointerEvent = event.unchecked_ref();
        if in_call() && event.button() == 0 {
            let target = JsObject(property(event, "target"));
            let _ = target.call("setPointerCapture", &[&event.pointer_id().into()]);
            from.set(Some(at(event)));
        }
    });
    let (from, follows) = (begun.clone(), place.clone());
    on("local_video", "pointermove", move |event| {
        if let Some((x, y)) = from.get() {
            let (to_x, to_y) = at(event.unchecked_ref());
            let moved = format!("{}px {}px", (to_x - x) as i32, (to_y - y) as i32);
            follows.set("translate", &moved.into());
        }
    });
    let from = begun.clone();
    let back = place.clone();
    on("local_video", "pointercancel", move |_| {
        from.set(None);
        back.set("translate", &"".into());
    });
    on("local_video", "pointerup", move |event| {
        let Some((x, y)) = begun.take() else { return };
        place.set("translate", &"".into());
        let (to_x, to_y) = at(event.unchecked_ref());
        if (to_x - x).abs().max((to_y - y).abs()) < SLACK {
            return tapped();
        }
        let stage: Element = element("stage");
        let (width, height) = (stage.client_width(), stage.client_height());
        let corner = match (
            to_y * 2.0 < f64::from(height),
            to_x * 2.0 < f64::from(width),
        ) {
            (true, true) => "top left",
            (true, false) => "top",
            (false, true) => "left",
            (false, false) => "",
        };
        Place::Browser.keep(CORNER, Some(corner));
        move_to(corner.into());
    });
}

fn move_to(corner: String) {
    let _ = element::<Element>("stage").set_attribute("data-corner", &corner);
}

fn at(event: &PointerEvent) -> (f64, f64) {
    (event.client_x().into(), event.client_y().into())
}
