//! Text chat, to all and to one.

use leptos::{html, prelude::*};

use super::{
    boxed::{effect, rows, submit},
    choice::{Options, choice},
};
use crate::{
    session::{Action, ChatLine, Dispatch, Model, PersonStatus, Presence},
    text::labels,
};

/// Of more people than this, only those who have written something can be written to.
const MOST_TO_CHOOSE: usize = 50;

#[component]
pub(crate) fn Chat(model: Model, dispatch: Dispatch) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    let to = RwSignal::new(None::<String>);
    let lines = NodeRef::<html::Div>::new();
    effect(move || {
        model.chat.track();
        if let Some(lines) = lines.get() {
            request_animation_frame(move || lines.set_scroll_top(lines.scroll_height()));
        }
    });
    let say = submit(move || {
        let Some(input) = input.get_untracked() else {
            return;
        };
        let text = input.value().trim().to_owned();
        if !text.is_empty() {
            let to = to.get_untracked();
            dispatch.dispatch(Action::Chat { text, to });
            input.set_value("");
        }
    });
    let line = |line: ChatLine| {
        let from = match line.to {
            Some(to) => format!("{} to {to}", line.from),
            None => line.from,
        };
        view! { <p><strong>{from}</strong>" "{line.text}</p> }
    };
    view! {
        <section class="chat" aria-labelledby="chat-title">
            <h2 id="chat-title">{labels::CHAT}</h2>
            <div class="chatbox" role="log" tabindex="0" aria-labelledby="chat-title" node_ref=lines>
                {rows(move || model.chat.get().into_iter().map(line).collect())}
            </div>
            <form on:submit=say>
                {choice("to", labels::TO, move || receivers(model, to), move |name| to.set(name))}
                <div class="row">
                    <input id="text" aria-label=labels::MESSAGE autocomplete="off" maxlength="2000" node_ref=input />
                    <button id="send">{labels::SEND}</button>
                </div>
            </form>
        </section>
    }
}

/// People who can be written to.
fn receivers(model: Model, to: RwSignal<Option<String>>) -> Options {
    let me = model.name.get();
    let mut names = match model.presence.read().len() {
        0..=MOST_TO_CHOOSE => model.presence.get(),
        _ => Presence::default(),
    };
    if names.is_empty() {
        for line in model.chat.read().iter() {
            names.put(line.from.clone(), PersonStatus::Free);
        }
    }
    names.put(model.call.read().peer.clone(), PersonStatus::Free);
    // Who was chosen stays chosen, and is not taken for everybody when gone.
    to.get()
        .into_iter()
        .for_each(|name| names.put(name, PersonStatus::Free));
    let others = names.named_like("").map(|person| person.name.clone());
    let others = others.filter(|name| *name != me && !name.is_empty());
    let others: Vec<_> = others.map(|name| (name.clone(), name)).collect();
    [(String::new(), labels::EVERYBODY.to_owned())]
        .into_iter()
        .chain(others)
        .collect()
}
