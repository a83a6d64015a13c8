//! One's own picture in a call: in which corner it is, that it is the large one, or that it is hidden.

use std::{cell::Cell, rc::Rc};

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, PointerEvent};

use super::{
    bind::{attribute, class, does, effect, element, hidden, on, press},
    choice,
};
use crate::{
    live::Live,
    platform::{JsObject, property, storage::Place},
    session::{Action, Dispatch, Model},
    text::{Word, labels},
};

/// Under which it is kept where it is.
const KEPT: &str = "holdfast-self-view";

/// The places, as the style sheet calls them, besides the corner at the lower right.
const PLACES: [(&str, Word); 5] = [
    ("left", labels::LOWER_LEFT),
    ("top left", labels::UPPER_LEFT),
    ("top", labels::UPPER_RIGHT),
    (LARGE, labels::LARGE),
    (HIDDEN, labels::HIDDEN),
];
const LARGE: &str = "large";
const HIDDEN: &str = "hidden";

/// A press that moves less is none to move it, px.
const SLACK: f64 = 6.0;

pub(super) fn bind(model: Model, dispatch: Dispatch) {
    hidden("turn-button", move || {
        !model.local_view.read().can_turn || !model.call.read().state.is_under_way()
    });
    does("turn-button", dispatch, Action::TurnCamera);
    let place = Live::new(Place::Browser.load(KEPT).unwrap_or_default());
    let before = Rc::new(Cell::new(String::new()));
    let can_be_large = move || {
        let has_both = model.remote_has_video.get() && model.local_view.read().has_video;
        has_both && model.remote_screen.read().is_none()
    };
    attribute("stage", "data-self", move || match place.get() {
        // Until there is something to swap it with.
        large if large == LARGE && !can_be_large() => String::new(),
        place => place,
    });
    class("stage", "swapped", move || {
        *place.read() == LARGE && can_be_large()
    });
    effect(move || {
        let kept = place.get();
        // Which picture is the large one is a matter of the call.
        if kept != LARGE {
            Place::Browser.keep(KEPT, Some(&*kept).filter(|place| !place.is_empty()));
        }
    });
    let corner = before.clone();
    effect(move || {
        if !model.call.read().state.is_under_way() && *place.read_untracked() == LARGE {
            place.set(corner.take());
        }
    });
    let options = || choice::options(labels::LOWER_RIGHT, &PLACES);
    let chosen = move |chosen: Option<String>| place.set(chosen.unwrap_or_default());
    choice::bind("self-choice", options, move || place.get(), chosen);
    let swap = move || match place.get_untracked() {
        large if large == LARGE => place.set(before.take()),
        corner if can_be_large() => {
            before.set(corner);
            place.set(LARGE.into());
        }
        _ => {}
    };
    let back = swap.clone();
    press("received_video", move || {
        if *place.read_untracked() == LARGE {
            back();
        }
    });
    let may_move = move || model.call.read_untracked().state.is_under_way();
    drag(place, may_move, swap);
}

/// Lets it be dragged into a corner; `tapped` is called where it has not moved.
fn drag(place: Live<String>, may_move: impl Fn() -> bool + 'static, tapped: impl Fn() + 'static) {
    let style = JsObject(property(&element::<HtmlElement>("local_video"), "style"));
    let begun = Rc::new(Cell::new(None));
    let from = begun.clone();
    on("local_video", "pointerdown", move |event| {
        let event: &PointerEvent = event.unchecked_ref();
        if may_move() && event.button() == 0 {
            let target = JsObject(property(event, "target"));
            let _ = target.call("setPointerCapture", &[&event.pointer_id().into()]);
            from.set(Some(at(event)));
        }
    });
    let (from, follows) = (begun.clone(), style.clone());
    on("local_video", "pointermove", move |event| {
        if let Some((x, y)) = from.get().filter(|_| *place.read_untracked() != LARGE) {
            let (to_x, to_y) = at(event.unchecked_ref());
            let moved = format!("{}px {}px", (to_x - x) as i32, (to_y - y) as i32);
            follows.set("translate", &moved.into());
        }
    });
    let (from, back) = (begun.clone(), style.clone());
    on("local_video", "pointercancel", move |_| {
        from.set(None);
        back.set("translate", &"".into());
    });
    on("local_video", "pointerup", move |event| {
        let Some((x, y)) = begun.take() else { return };
        style.set("translate", &"".into());
        let (to_x, to_y) = at(event.unchecked_ref());
        if (to_x - x).abs().max((to_y - y).abs()) < SLACK {
            tapped();
        } else if *place.read_untracked() != LARGE {
            place.set(corner(to_x, to_y).into());
        }
    });
}

/// The corner of the stage that is nearest to that place.
fn corner(x: f64, y: f64) -> &'static str {
    let stage: Element = element("stage");
    let is_top = y * 2.0 < f64::from(stage.client_height());
    let is_left = x * 2.0 < f64::from(stage.client_width());
    match (is_top, is_left) {
        (true, true) => "top left",
        (true, false) => "top",
        (false, true) => "left",
        (false, false) => "",
    }
}

fn at(event: &PointerEvent) -> (f64, f64) {
    (event.client_x().into(), event.client_y().into())
}
