//! A call without any server, by two codes that people carry by hand.

use leptos::{html, prelude::*};

use super::boxed::{content, flag, submit};
use crate::{
    session::{Action, Dispatch, Model},
    text::labels,
};

#[component]
pub(crate) fn Manual(model: Model, dispatch: Dispatch) -> impl IntoView {
    let me = NodeRef::<html::Input>::new();
    let peer = NodeRef::<html::Input>::new();
    let theirs = NodeRef::<html::Input>::new();
    let value = |input: NodeRef<html::Input>| {
        let input = input.get_untracked();
        input.map(|input| input.value().trim().to_owned())
    };
    let invite = submit(move || {
        if let (Some(me), Some(peer)) = (value(me), value(peer)) {
            dispatch.dispatch(Action::Invite { me, peer });
        }
    });
    let open = submit(move || {
        if let Some(code) = value(theirs) {
            dispatch.dispatch(Action::Paste(code));
            if let Some(input) = theirs.get_untracked() {
                input.set_value("");
            }
        }
    });
    let ours = NodeRef::<html::Textarea>::new();
    let copy = move |_| {
        if let Some(ours) = ours.get_untracked() {
            // Where the clipboard is not allowed, it is selected at least.
            ours.select();
            dispatch.dispatch(Action::Copy(ours.value()));
        }
    };
    let joined = move || !model.name.read().is_empty();
    let no_code = move || model.code.read().is_empty();
    let hidden = flag(move || !model.ready.get() || joined() && no_code());
    view! {
        <details class="carried" hidden=hidden open=flag(move || !no_code())>
            <summary>{labels::WITHOUT_A_SERVER}</summary>
            <form on:submit=invite hidden=flag(joined)>
                <p>{labels::TWO_CODES}</p>
                <div class="row">
                    <input id="inviting" aria-label=labels::YOUR_NAME placeholder=labels::YOUR_NAME maxlength="40" required node_ref=me />
                    <input id="invited" aria-label=labels::THEIR_NAME placeholder=labels::THEIR_NAME maxlength="40" required node_ref=peer />
                    <button id="invite">{labels::MAKE_A_CODE}</button>
                </div>
            </form>
            <div hidden=flag(no_code)>
                <label for="our-code">
                    {content(move || labels::code_for(&model.call.read().peer))}
                </label>
                <textarea id="our-code" readonly rows="3" node_ref=ours prop:value=move || model.code.get()></textarea>
                <button id="copy-code" on:click=copy>{labels::COPY}</button>
            </div>
            <form on:submit=open>
                <label for="their-code">{labels::THEIR_CODE}</label>
                <div class="row">
                    <input id="their-code" autocomplete="off" required node_ref=theirs />
                    <button id="open-code">{labels::OPEN_CODE}</button>
                </div>
            </form>
        </details>
    }
}
