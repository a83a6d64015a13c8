//! Whether one's own microphone hears anything.

use std::{cell::RefCell, rc::Rc};

use gloo_timers::callback::Interval;
use web_sys::Element;

use super::bind::{effect, element, hidden, text};
use crate::{
    live::Live,
    platform::JsObject,
    session::{Level, Model},
    text::labels,
};

/// How often it is looked at, ms.
const EVERY: u32 = 100;

/// After how many looks without any sound the person is told: 8 s. Rooms are never that still.
const SILENT: u32 = 80;

/// What no microphone that works stays below, of 1.
const NOTHING: f32 = 0.0005;

pub(super) fn bind(model: Model) {
    let is_silent = Live::new(false);
    let in_call = move || model.call.read().state.is_under_way();
    hidden("level", move || model.local.read().is_none() || in_call());
    text("silent", move || match is_silent.get() {
        true => labels::HEARS_NOTHING.into(),
        false => String::new(),
    });
    let meter = JsObject(element::<Element>("level").into());
    let listening: Rc<RefCell<Option<Interval>>> = Rc::default();
    effect(move || {
        let stream = model.local.read();
        let is_on = model.local_view.read().microphone;
        let level = Option::as_ref(&stream)
            .filter(|_| is_on)
            .and_then(Level::of);
        is_silent.set(false);
        meter.set("value", &0.into());
        let (meter, mut still) = (meter.clone(), 0);
        let look = move |level: &Level| {
            let Some(peak) = level.peak() else { return };
            // As the ear has it: half as loud is one tenth of the amplitude.
            meter.set("value", &peak.cbrt().into());
            still = if peak > NOTHING { 0 } else { still + 1 };
            if (still >= SILENT) != is_silent.get_untracked() {
                is_silent.set(still >= SILENT);
            }
        };
        let mut look = look;
        *listening.borrow_mut() = level.map(|level| Interval::new(EVERY, move || look(&level)));
    });
}
