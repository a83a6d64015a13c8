//! Notices about what happened.

use leptos::prelude::*;

use super::boxed::{content, flag};
use crate::{
    session::{Action, Dispatch, EndReason, Ended, Model},
    text::{self, labels},
};

#[component]
pub(crate) fn Notices(model: Model, dispatch: Dispatch) -> impl IntoView {
    let ended = move || {
        let view = model.call.read();
        let ended = view.ended.as_ref().filter(|_| !view.state.is_call());
        ended.and_then(text::end_reason)
    };
    let lost = move || {
        let view = model.call.read();
        let ended = view.ended.as_ref().filter(|_| !view.state.is_call());
        let lost = |ended: &Ended| matches!(ended.reason, EndReason::NoPath | EndReason::Left);
        ended.is_some_and(lost) && !model.name.read().is_empty()
    };
    let again = move |_| {
        let view = model.call.get_untracked();
        if let Some(ended) = view.ended {
            dispatch.dispatch(Action::Dial(ended.peer));
        }
    };
    let fatal = content(move || {
        model
            .fatal
            .read()
            .as_ref()
            .map(text::config_error)
            .unwrap_or_default()
    });
    let link = content(move || text::link(&model.link.read()).unwrap_or_default());
    let told = move || model.notice.read().as_ref().map(text::notice);
    let notice = content(move || told().or_else(ended).unwrap_or_default());
    view! {
        <div class="notices">
            <p class="fatal" role="alert">{fatal}</p>
            <p class="link" role="status">{link}</p>
            <p class="notice" role="status">{notice}</p>
            <button id="again-button" hidden=flag(move || !lost()) on:click=again>
                {labels::CALL_AGAIN}
            </button>
        </div>
    }
}
