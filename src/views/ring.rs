//! Somebody calls.

use leptos::{html, prelude::*};

use super::boxed::{content, effect, press};
use crate::{
    session::{Action, Dispatch, Model},
    text::{self, labels},
};

#[component]
pub(crate) fn Ring(model: Model, dispatch: Dispatch) -> impl IntoView {
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
    document().set_title(&text::call_state(&model.call.get_untracked(), false));
    on_cleanup(move || document().set_title(&title));
    view! {
        <div class="ring" role="alertdialog" aria-labelledby="ring-title">
            <p id="ring-title">{content(move || text::call_state(&model.call.read(), false))}</p>
            <button
                id="accept-button"
                class="primary"
                node_ref=accept
                on:click=press(dispatch, Action::Accept)
            >
                {labels::ACCEPT}
            </button>
            <button id="decline-button" on:click=press(dispatch, Action::Decline)>
                {labels::DECLINE}
            </button>
        </div>
    }
}
