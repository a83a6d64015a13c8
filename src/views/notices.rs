//! What there is to be said about what happened.

use leptos::prelude::*;

use super::text;
use crate::{session::Seen, words};

#[component]
pub(crate) fn Notices(seen: Seen) -> impl IntoView {
    let ended = move || {
        let view = seen.call.read();
        let ended = view.ended.as_ref().filter(|_| !view.stage.is_call());
        ended.and_then(words::ended)
    };
    let fatal = text(move || seen.fatal.get().unwrap_or_default());
    let link = text(move || words::link(&seen.link.read()).unwrap_or_default());
    let notice = text(move || seen.notice.get().or_else(ended).unwrap_or_default());
    view! {
        <div class="notices">
            <p class="fatal" role="alert">{fatal}</p>
            <p class="link" role="status">{link}</p>
            <p class="notice" role="status">{notice}</p>
        </div>
    }
}
