//! Text chat, to all and to one.

use leptos::{html, prelude::*};

use super::{choice::choice, effect, rows, submit};
use crate::session::{Act, Action, ChatLine, Seen};

/// Of more people than this, only those who have written something can be written to.
const MOST_TO_CHOOSE: usize = 50;

#[component]
pub(crate) fn Chat(seen: Seen, act: Act) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    let to = RwSignal::new(None::<String>);
    let lines = NodeRef::<html::Div>::new();
    effect(move || {
        seen.chat.track();
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
            act.act(Action::Say { text, to });
            input.set_value("");
        }
    });
    let receivers = move || {
        let me = seen.name.get();
        let mut names: Vec<String> = match seen.people.read().len() {
            0..=MOST_TO_CHOOSE => seen
                .people
                .read()
                .named_like("")
                .map(|p| p.name.clone())
                .collect(),
            _ => seen
                .chat
                .read()
                .iter()
                .map(|line| line.from.clone())
                .collect(),
        };
        names.push(seen.call.read().peer.clone());
        // Who was chosen stays chosen, and is not taken for everybody when gone.
        names.extend(to.get());
        names.sort();
        names.dedup();
        let others = names
            .into_iter()
            .filter(|name| *name != me && !name.is_empty());
        let others = others.map(|name| (name.clone(), name));
        [(String::new(), "everybody".to_owned())]
            .into_iter()
            .chain(others)
            .collect()
    };
    let line = |line: ChatLine| {
        let from = match line.to {
            Some(to) => format!("{} to {to}", line.from),
            None => line.from,
        };
        view! { <p><strong>{from}</strong>" "{line.text}</p> }
    };
    view! {
        <section class="chat" aria-labelledby="chat-title">
            <h2 id="chat-title">"Chat"</h2>
            <div class="chatbox" role="log" tabindex="0" aria-labelledby="chat-title" node_ref=lines>
                {rows(move || seen.chat.get().into_iter().map(line).collect())}
            </div>
            <form on:submit=say>
                {choice("to", "To", receivers, move |name| to.set(name))}
                <div class="row">
                    <input id="text" aria-label="Message" autocomplete="off" maxlength="2000" node_ref=input />
                    <button id="send">"Send"</button>
                </div>
            </form>
        </section>
    }
}
