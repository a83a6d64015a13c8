//! Coming in under a name.

use leptos::{html, prelude::*};

use super::{Flag, flag, submit, text};
use crate::session::{Act, Action, LinkStatus, Seen};

#[component]
pub(crate) fn Join(seen: Seen, act: Act, hidden: Flag) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    let (problem, set_problem) = signal("");
    let join = submit(move || {
        let name = input
            .get_untracked()
            .map(|input| input.value())
            .unwrap_or_default();
        let name = name.trim().to_owned();
        set_problem.set(match name.is_empty() {
            true => "Others need something to call you by.",
            false => "",
        });
        if !name.is_empty() {
            act.act(Action::Join(name));
        }
    });
    let waiting = flag(move || *seen.link.read() == LinkStatus::Connecting);
    view! {
        <form class="join" hidden=hidden on:submit=join>
            <p>"Video calls from browser to browser. Say your name, and pick somebody to talk to."</p>
            <label for="name">"Your name"</label>
            <div class="row">
                <input
                    id="name"
                    node_ref=input
                    maxlength="40"
                    autocomplete="nickname"
                    aria-describedby="name-problem"
                />
                <button name="login" class="primary" disabled=waiting>
                    "Join"
                </button>
            </div>
            <p id="name-problem" class="problem" role="alert">
                {text(move || problem.get().into())}
            </p>
        </form>
    }
}
