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
        if let Some(button) = accept.get() {
            // A button that has just been made can always take the focus.
            let _ = button.focus();
        }
    });
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
