//! One mark for how well the call gets through; in words at a press.

use std::cell::RefCell;

use gloo_timers::callback::Interval;

use super::bind::{attribute, effect, flag, hidden, press, text};
use crate::{
    live::Live,
    platform::visibility,
    session::{Action, CallState, Dispatch, Model, Quality, Report},
    text,
};

/// How often the connection is asked, ms.
const EVERY: u32 = 2_000;

pub(super) fn bind(model: Model, dispatch: Dispatch) {
    let is_connected = move || matches!(model.call.read().state, CallState::Connected { .. });
    let asking = RefCell::new(None);
    let mut was_connected = false;
    let quality = Live::<Option<Quality>>::new(None);
    let mut before: Option<Report> = None;
    let mut last: Option<Quality> = None;
    let mut of_call = 0;
    let calls = Live::new(0);
    effect(move || {
        let Some(mut report) = Option::as_ref(&model.report.read()).map(Report::read) else {
            return;
        };
        // A screen that stands still is no fault.
        if model.remote_screen.read_untracked().is_some() {
            report.frozen = 0.0;
        }
        if std::mem::replace(&mut of_call, calls.get_untracked()) != of_call {
            (before, last) = (None, None);
        }
        let now = before.replace(report).map(|before| report.since(&before));
        // A single bad moment is none of the call's.
        let is_settled = now.map(|now| now.grade) == last.map(|last| last.grade);
        last = now;
        if is_settled && now.is_some() {
            quality.set(now);
        }
    });
    effect(move || {
        let is_connected = is_connected();
        if std::mem::replace(&mut was_connected, is_connected) != is_connected {
            quality.set(None);
            calls.set(calls.get_untracked() + 1);
            let ask = move || {
                if !visibility::is_hidden() {
                    dispatch.dispatch(Action::Measure);
                }
            };
            *asking.borrow_mut() = is_connected.then(|| Interval::new(EVERY, ask));
        }
    });
    show(model, quality);
    let is_open = Live::new(false);
    press("quality-mark", move || {
        is_open.set(!is_open.get_untracked())
    });
    attribute("quality-mark", "aria-expanded", move || {
        is_open.get().to_string()
    });
    flag("quality-mark", "data-open", move || is_open.get());
}

fn show(model: Model, quality: Live<Option<Quality>>) {
    hidden("quality-mark", move || quality.read().is_none());
    attribute("quality-mark", "data-grade", move || {
        let grade = Option::as_ref(&quality.read()).map(|quality| quality.grade as u8);
        grade.map_or_else(String::new, |grade| {
            ["good", "fair", "bad"][usize::from(grade)].into()
        })
    });
    let words = move || {
        let call = model.call.read();
        let words =
            Option::as_ref(&quality.read()).map(|quality| text::quality(quality, &call.peer));
        words.unwrap_or_default()
    };
    text("quality-label", words);
}
