//! What there is to be said about what happened.

use holdfast_call::{EndReason, Ended};
use leptos::prelude::*;

use super::{flag, text};
use crate::{
    session::{Act, Action, Seen},
    words,
};

#[component]
pub(crate) fn Notices(seen: Seen, act: Act) -> impl IntoView {
    let ended = move || {
        let view = seen.call.read();
        let ended = view.ended.as_ref().filter(|_| !view.stage.is_call());
        ended.and_then(words::ended)
    };
    let lost = move || {
        let view = seen.call.read();
        let ended = view.ended.as_ref().filter(|_| !view.stage.is_call());
        let lost = |ended: &Ended| matches!(ended.reason, EndReason::NoPath | EndReason::Left);
        ended.is_some_and(lost) && !seen.name.read().is_empty()
    };
    let again = move |_| {
        let view = seen.call.get_untracked();
        if let Some(ended) = view.ended {
            act.act(Action::Dial(ended.peer));
        }
    };
    let fatal = text(move || seen.fatal.get().unwrap_or_default());
    let link = text(move || words::link(&seen.link.read()).unwrap_or_default());
    let notice = text(move || seen.notice.get().or_else(ended).unwrap_or_default());
    view! {
        <div class="notices">
            <p class="fatal" role="alert">{fatal}</p>
            <p class="link" role="status">{link}</p>
            <p class="notice" role="status">{notice}</p>
            <button id="again-button" hidden=flag(move || !lost()) on:click=again>
                "Call again"
            </button>
        </div>
    }
}
