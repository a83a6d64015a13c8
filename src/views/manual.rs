//! A call without any server, by two codes that people carry by hand.

use leptos::{html, prelude::*};

use super::{flag, submit, text};
use crate::session::{Act, Action, Seen};

#[component]
pub(crate) fn Carried(seen: Seen, act: Act) -> impl IntoView {
    let me = NodeRef::<html::Input>::new();
    let peer = NodeRef::<html::Input>::new();
    let theirs = NodeRef::<html::Input>::new();
    let value = |input: NodeRef<html::Input>| {
        let input = input.get_untracked();
        input.map(|input| input.value().trim().to_owned())
    };
    let invite = submit(move || {
        if let (Some(me), Some(peer)) = (value(me), value(peer)) {
            act.act(Action::Invite { me, peer });
        }
    });
    let open = submit(move || {
        if let Some(code) = value(theirs) {
            act.act(Action::Paste(code));
            if let Some(input) = theirs.get_untracked() {
                input.set_value("");
            }
        }
    });
    let ours = NodeRef::<html::Textarea>::new();
    let copy = move |_| {
        if let Some(ours) = ours.get_untracked() {
            ours.select();
            let clipboard = window().navigator().clipboard();
            // Where that is not allowed, it is selected at least.
            let _ = clipboard.write_text(&ours.value());
        }
    };
    let joined = move || !seen.name.read().is_empty();
    let no_code = move || seen.code.read().is_empty();
    let hidden = flag(move || !seen.ready.get() || joined() && no_code());
    view! {
        <details class="carried" hidden=hidden open=flag(move || !no_code())>
            <summary>"Without a server"</summary>
            <form on:submit=invite hidden=flag(joined)>
                <p>"Two codes, carried by mail or messenger, make a call as well."</p>
                <div class="row">
                    <input id="inviting" aria-label="Your name" placeholder="Your name" maxlength="40" required node_ref=me />
                    <input id="invited" aria-label="Their name" placeholder="Their name" maxlength="40" required node_ref=peer />
                    <button id="invite">"Make a code"</button>
                </div>
            </form>
            <div hidden=flag(no_code)>
                <label for="our-code">
                    {text(move || format!("Get this code to {}:", seen.call.read().peer))}
                </label>
                <textarea id="our-code" readonly rows="3" node_ref=ours prop:value=move || seen.code.get()></textarea>
                <button id="copy-code" on:click=copy>"Copy"</button>
            </div>
            <form on:submit=open>
                <label for="their-code">"Have they sent you a code?"</label>
                <div class="row">
                    <input id="their-code" autocomplete="off" required node_ref=theirs />
                    <button id="open-code">"Open it"</button>
                </div>
            </form>
        </details>
    }
}
