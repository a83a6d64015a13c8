//! Notices about what happened, over what is there.

use std::{cell::Cell, rc::Rc, time::Duration};

use leptos::prelude::set_timeout;

use super::{
    bind::{class, does, effect, hidden, kept, press, text},
    press_guard::{Place, PressGuard},
};
use crate::{
    live::Live,
    session::{Action, Dispatch, EndReason, Ended, HangUpReason, Model, Notice},
    text::{self, labels},
};

/// How long a notice stays that needs no answer.
const SHOWN: Duration = Duration::from_secs(12);

pub(super) fn bind(model: Model, dispatch: Dispatch, guard: PressGuard) {
    let ended = move || {
        let view = model.call.read();
        view.ended.clone().filter(|_| !view.state.is_call())
    };
    let is_told = move || model.notice.read().is_some();
    let can_call_again = move || {
        // A button beside a sentence about somebody else would be about them.
        let offers = |ended: Ended| match is_told() {
            true => ended.reason == EndReason::MediaRefused,
            false => ended.lasted.is_some() || needs_answer(&ended),
        };
        ended().is_some_and(offers) && !model.name.read().is_empty()
    };
    let notice = kept(move || {
        let told = Option::as_ref(&model.notice.read()).map(text::notice);
        let ended = move || ended().as_ref().and_then(text::end_reason);
        told.or_else(ended).unwrap_or_default()
    });
    let nothing = move || notice.read().is_empty();
    text("fatal", move || {
        let error = Option::as_ref(&model.fatal.read()).map(text::config_error);
        error.unwrap_or_default()
    });
    text("link", move || {
        text::link(&model.link.read()).unwrap_or_default()
    });
    text("notice", move || notice.get());
    class("told", "empty", nothing);
    hidden("dismiss-button", nothing);
    does("dismiss-button", dispatch, Action::Dismiss);
    hidden("again-button", move || !can_call_again() || nothing());
    let is_refusal = |ended: &Ended| ended.reason == EndReason::MediaRefused;
    text("again-label", move || {
        match ended().as_ref().is_some_and(is_refusal) {
            true => labels::CONTINUE_WITHOUT.into(),
            false => labels::CALL_AGAIN.into(),
        }
    });
    press("again-button", move || {
        if let Some(ended) = model.call.read_untracked().ended.clone() {
            dispatch.dispatch(match is_refusal(&ended) {
                true => Action::DialWithout(ended.peer),
                false => Action::Dial(ended.peer),
            });
        }
    });
    let shown = kept(move || {
        let again = if can_call_again() { "+" } else { "" };
        notice.get() + again
    });
    effect(move || {
        shown.track();
        guard.changed(Place::Notices);
    });
    pass(model, dispatch, notice, can_call_again);
}

/// Takes down what needs no answer.
fn pass(
    model: Model,
    dispatch: Dispatch,
    notice: Live<String>,
    can_call_again: impl Fn() -> bool + 'static,
) {
    let mut shown = 0;
    let latest = Rc::new(Cell::new(0));
    effect(move || {
        shown += 1;
        latest.set(shown);
        let passes = Option::as_ref(&model.notice.read()).is_none_or(passes);
        if passes && !notice.read().is_empty() && !can_call_again() {
            let (latest, shown) = (latest.clone(), shown);
            let pass = move || {
                if latest.get() == shown {
                    dispatch.dispatch(Action::Dismiss);
                }
            };
            set_timeout(pass, SHOWN);
        }
    });
}

/// Whether the person may want to call them after all.
fn needs_answer(ended: &Ended) -> bool {
    let is_missed = |reason: &EndReason| {
        matches!(
            reason,
            EndReason::Missed | EndReason::There(HangUpReason::Cancelled | HangUpReason::NoAnswer)
        )
    };
    !ended.outgoing && is_missed(&ended.reason)
        || matches!(
            ended.reason,
            EndReason::NoPath | EndReason::Left | EndReason::MediaRefused | EndReason::Impostor(_)
        )
}

/// Whether something is a confirmation, which has been read in a moment. What says how to go on stays.
fn passes(notice: &Notice) -> bool {
    matches!(
        notice,
        Notice::DeviceGone(_) | Notice::Forgotten | Notice::NotConnected | Notice::NotHere(_)
    )
}
