//! Notices about what happened, over what is there.

use std::time::Duration;

use leptos::prelude::set_timeout;

use super::bind::{class, does, effect, hidden, kept, press, text};
use crate::{
    session::{Action, Dispatch, EndReason, Ended, Model},
    text::{self, labels},
};

/// How long a notice stays that needs no answer.
const SHOWN: Duration = Duration::from_secs(12);

pub(super) fn bind(model: Model, dispatch: Dispatch) {
    let ended = move || {
        let view = model.call.read();
        view.ended.clone().filter(|_| !view.state.is_call())
    };
    let can_call_again = move || {
        let again = |ended: Ended| ended.lasted.is_some() || needs_answer(&ended.reason);
        ended().is_some_and(again) && !model.name.read().is_empty()
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
    effect(move || {
        let shown = notice.get();
        if !shown.is_empty() && !can_call_again() {
            let pass = move || {
                if *notice.read_untracked() == shown {
                    dispatch.dispatch(Action::Dismiss);
                }
            };
            set_timeout(pass, SHOWN);
        }
    });
}

/// Whether the person may want to call them after all.
fn needs_answer(reason: &EndReason) -> bool {
    matches!(
        reason,
        EndReason::NoPath | EndReason::Left | EndReason::Missed | EndReason::MediaRefused
    )
}
