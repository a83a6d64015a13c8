//! Views read signals and emit actions, nothing more.
//!
//! Every closure type that a view holds is compiled anew, with all of Leptos around it. The helpers
//! here box them, so that there is one type a purpose: a third of the page's weight.

#![allow(unreachable_pub, reason = "the component macro writes `pub`")]

mod carried;
mod chat;
mod choice;
mod join;
mod notices;
mod people;
mod ring;
mod room;
mod settings;
mod stage;
mod video;

use leptos::{
    ev::{MouseEvent, SubmitEvent},
    prelude::Effect,
};

pub(crate) use carried::Carried;
pub(crate) use chat::Chat;
pub(crate) use join::Join;
pub(crate) use notices::Notices;
pub(crate) use people::People;
pub(crate) use stage::Stage;

use crate::session::{Act, Action};

/// Text that changes.
pub(crate) type Text = Box<dyn FnMut() -> String + Send>;

/// A property that is there or not.
pub(crate) type Flag = Box<dyn FnMut() -> bool + Send>;

/// Rows of one kind; the n-th keeps its element when the list changes.
type Rows<T> = Box<dyn FnMut() -> Vec<T> + Send>;

pub(crate) fn text(text: impl FnMut() -> String + Send + 'static) -> Text {
    Box::new(text)
}

pub(crate) fn flag(flag: impl FnMut() -> bool + Send + 'static) -> Flag {
    Box::new(flag)
}

/// Rows that change.
fn rows<T: 'static>(rows: impl FnMut() -> Vec<T> + Send + 'static) -> Rows<T> {
    Box::new(rows)
}

/// What follows from a change.
fn effect(effect: impl FnMut() + 'static) {
    let effect: Box<dyn FnMut()> = Box::new(effect);
    Effect::new(effect);
}

/// What a click does.
fn press(act: Act, action: Action) -> Box<dyn FnMut(MouseEvent)> {
    Box::new(move |_| act.act(action.clone()))
}

/// What sending a form does.
fn submit(mut submit: impl FnMut() + 'static) -> Box<dyn FnMut(SubmitEvent)> {
    Box::new(move |event: SubmitEvent| {
        event.prevent_default();
        submit();
    })
}
