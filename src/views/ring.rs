//! Somebody calls.

use leptos::{html, prelude::*};

use super::{effect, press, text};
use crate::{
    session::{Act, Action, Seen},
    words,
};

#[component]
pub(crate) fn Ring(seen: Seen, act: Act) -> impl IntoView {
    let accept = NodeRef::<html::Button>::new();
    effect(move || {
        // Whoever is typing would accept with the next space.
        let focused = document().active_element();
        let typing = focused.is_some_and(|element| element.tag_name() == "INPUT");
        if let (Some(button), false) = (accept.get(), typing) {
            // A button that has just been made can always take the focus.
            let _ = button.focus();
        }
    });
    // For whoever looks at another tab.
    let title = document().title();
    document().set_title(&words::stage(&seen.call.get_untracked()));
    on_cleanup(move || document().set_title(&title));
    view! {
        <div class="ring" role="alertdialog" aria-labelledby="ring-title">
            <p id="ring-title">{text(move || words::stage(&seen.call.read()))}</p>
            <button
                id="accept-button"
                class="primary"
                node_ref=accept
                on:click=press(act, Action::Accept)
            >
                "Accept"
            </button>
            <button id="decline-button" on:click=press(act, Action::Decline)>
                "Decline"
            </button>
        </div>
    }
}
