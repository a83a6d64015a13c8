//! Closures in boxes.
//!
//! Every closure type that a view holds is compiled anew, with all of Leptos around it. With one type
//! a purpose, the page is a third lighter.

use leptos::{
    ev::{MouseEvent, SubmitEvent},
    prelude::Effect,
};

use crate::session::{Action, Dispatch};

/// Text that changes.
pub(super) type Content = Box<dyn FnMut() -> String + Send>;

/// A property that is there or not.
pub(super) type Flag = Box<dyn FnMut() -> bool + Send>;

/// Rows of one kind; the n-th keeps its element when the list changes.
pub(super) type Rows<T> = Box<dyn FnMut() -> Vec<T> + Send>;

pub(super) fn content(text: impl FnMut() -> String + Send + 'static) -> Content {
    Box::new(text)
}

pub(super) fn flag(flag: impl FnMut() -> bool + Send + 'static) -> Flag {
    Box::new(flag)
}

/// Rows that change.
pub(super) fn rows<T: 'static>(rows: impl FnMut() -> Vec<T> + Send + 'static) -> Rows<T> {
    Box::new(rows)
}

/// The effect of a change.
pub(super) fn effect(effect: impl FnMut() + 'static) {
    let effect: Box<dyn FnMut()> = Box::new(effect);
    Effect::new(effect);
}

/// The effect of a click.
pub(super) fn press(dispatch: Dispatch, action: Action) -> Box<dyn FnMut(MouseEvent)> {
    Box::new(move |_| dispatch.dispatch(action.clone()))
}

/// The effect of sending a form.
pub(super) fn submit(mut submit: impl FnMut() + 'static) -> Box<dyn FnMut(SubmitEvent)> {
    Box::new(move |event: SubmitEvent| {
        event.prevent_default();
        submit();
    })
}
