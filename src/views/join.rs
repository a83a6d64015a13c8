//! Coming in under a name.

use leptos::{html, prelude::*};

use super::boxed::{Flag, content, flag, submit};
use crate::{
    session::{Action, Dispatch, LinkView, Model},
    text::labels,
};

#[component]
pub(crate) fn Join(model: Model, dispatch: Dispatch, hidden: Flag) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    let (problem, set_problem) = signal("");
    let join = submit(move || {
        let name = input
            .get_untracked()
            .map(|input| input.value())
            .unwrap_or_default();
        let name = name.trim().to_owned();
        set_problem.set(match name.is_empty() {
            true => labels::NAME_NEEDED,
            false => "",
        });
        if !name.is_empty() {
            dispatch.dispatch(Action::Join(name));
        }
    });
    let waiting = flag(move || *model.link.read() == LinkView::Connecting);
    view! {
        <form class="join" hidden=hidden on:submit=join>
            <p>{labels::WELCOME}</p>
            <label for="name">{labels::YOUR_NAME}</label>
            <div class="row">
                <input
                    id="name"
                    node_ref=input
                    maxlength="40"
                    autocomplete="nickname"
                    aria-describedby="name-problem"
                />
                <button name="login" class="primary" disabled=waiting>
                    {labels::JOIN}
                </button>
            </div>
            <p id="name-problem" class="problem" role="alert">
                {content(move || problem.get().into())}
            </p>
        </form>
    }
}
