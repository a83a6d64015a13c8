//! Who is here; a click on a name calls.

use leptos::prelude::*;

use super::{flag, press, rows, text};
use crate::session::{Act, Action, Seen};

#[component]
pub(crate) fn People(seen: Seen, act: Act) -> impl IntoView {
    let person = move |name: String| {
        let own = name.clone();
        let hint = text(move || {
            let me = *seen.name.read() == own;
            (if me { "you" } else { "call" }).into()
        });
        let call = press(act, Action::Dial(name.clone()));
        view! {
            <li>
                <button on:click=call>
                    <span class="name">{name}</span>
                    <span class="hint">{hint}</span>
                </button>
            </li>
        }
    };
    view! {
        <section class="people" aria-labelledby="people-title">
            <h2 id="people-title">"Here now"</h2>
            <ul class="userlistbox">
                {rows(move || seen.people.get().into_iter().map(person).collect())}
            </ul>
            <p class="hint" hidden=flag(move || seen.people.read().len() > 1)>
                "Nobody else yet. Give somebody this page's address."
            </p>
        </section>
    }
}
