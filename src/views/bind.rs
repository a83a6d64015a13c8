//! Elements of index.html: what they follow, and what people do with them.
//!
//! What never changes is html, which browsers paint before any of this has arrived; a view says only what
//! does change. As `view!` all of it would weigh a fifth of the page.

use gloo_events::EventListener;
use leptos::prelude::{Effect, document};
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement};

use crate::{
    live::Live,
    session::{Action, Dispatch},
};

/// The element of that id. index.html has all that views name (`cargo xtask test walls`).
pub(super) fn element<T: JsCast>(id: &str) -> T {
    let element = document().get_element_by_id(id);
    let element = element.and_then(|element| element.dyn_into().ok());
    element.expect("index.html has it")
}

/// What stands in a field, without the space around it.
pub(super) fn value(id: &str) -> String {
    let value = js_sys::Reflect::get(&element::<Element>(id), &"value".into());
    let value = value.ok().and_then(|value| value.as_string());
    value.unwrap_or_default().trim().to_owned()
}

/// Puts that into a field.
pub(super) fn set_value(id: &str, value: &str) {
    // Setting a property of an element that has it cannot fail.
    let _ = js_sys::Reflect::set(&element::<Element>(id), &"value".into(), &value.into());
}

// What elements follow. Each closure is boxed: as a type of its own it would be compiled anew, with all
// of Leptos around it.

/// The effect of a change.
pub(super) fn effect(effect: impl FnMut() + 'static) {
    let effect: Box<dyn FnMut()> = Box::new(effect);
    Effect::new(effect);
}

/// Text that changes, and that tells so only where it is another. (A `Memo` weighs more.)
pub(super) fn kept(text: impl FnMut() -> String + 'static) -> Live<String> {
    let kept = Live::new(String::new());
    tell(Box::new(text), move |text| {
        if *kept.read_untracked() != text {
            kept.set(text);
        }
    });
    kept
}

/// Its text.
pub(super) fn text(id: &str, text: impl FnMut() -> String + 'static) {
    let element: Element = element(id);
    tell(Box::new(text), move |text| {
        element.set_text_content(Some(&text));
    });
}

/// One of its attributes.
pub(super) fn attribute(id: &str, name: &'static str, value: impl FnMut() -> String + 'static) {
    let element: Element = element(id);
    // Names are all known, and good.
    tell(Box::new(value), move |value| {
        drop(element.set_attribute(name, &value));
    });
}

fn tell(mut text: Box<dyn FnMut() -> String>, tell: impl Fn(String) + 'static) {
    effect(move || tell(text()));
}

/// Whether it has an attribute, such as `hidden` or `disabled`.
pub(super) fn flag(id: &str, name: &'static str, is_set: impl FnMut() -> bool + 'static) {
    let element: Element = element(id);
    decide(Box::new(is_set), move |is_set| {
        drop(element.toggle_attribute_with_force(name, is_set));
    });
}

/// Whether it is of a class.
pub(super) fn class(id: &str, name: &'static str, is_of: impl FnMut() -> bool + 'static) {
    let element: Element = element(id);
    decide(Box::new(is_of), move |is_of| {
        drop(element.class_list().toggle_with_force(name, is_of));
    });
}

fn decide(mut is_so: Box<dyn FnMut() -> bool>, decide: impl Fn(bool) + 'static) {
    effect(move || decide(is_so()));
}

/// Whether it is hidden. What takes the focus with it gives it on.
pub(super) fn hidden(id: &str, is_hidden: impl FnMut() -> bool + 'static) {
    let element: Element = element(id);
    decide(Box::new(is_hidden), move |is_hidden| {
        // Of those who work by keyboard: a finger is on its way elsewhere.
        let focused = document().query_selector(":focus-visible").ok().flatten();
        let has_focus = focused.is_some() && element.contains(focused.as_deref());
        drop(element.toggle_attribute_with_force("hidden", is_hidden));
        if is_hidden && has_focus {
            let page = self::element::<Element>("page").get_attribute("data-screen");
            focus(match page.as_deref() {
                Some("lobby") => "people-title",
                Some("call") => "state",
                _ => "name",
            });
        }
    });
}

// What people do.

/// Calls back for each event, until it is dropped.
pub(super) fn listen(
    id: &str,
    event: &'static str,
    act: impl FnMut(&Event) + 'static,
) -> EventListener {
    EventListener::new_with_options(
        &element::<Element>(id),
        event,
        gloo_events::EventListenerOptions::enable_prevent_default(),
        act,
    )
}

/// Calls back for each event, as long as the page is there.
pub(super) fn on(id: &str, event: &'static str, act: impl FnMut(&Event) + 'static) {
    listen(id, event, act).forget();
}

/// A press calls back.
pub(super) fn press(id: &str, mut act: impl FnMut() + 'static) {
    on(id, "click", move |_| act());
}

/// A press dispatches that.
pub(super) fn does(id: &str, dispatch: Dispatch, action: Action) {
    press(id, move || dispatch.dispatch(action.clone()));
}

/// Sending a form calls back.
pub(super) fn submit(id: &str, mut act: impl FnMut() + 'static) {
    on(id, "submit", move |event| {
        event.prevent_default();
        act();
    });
}

/// Gives the focus to an element; one that is hidden does not take it.
pub(super) fn focus(id: &str) {
    let _ = element::<HtmlElement>(id).focus();
}
