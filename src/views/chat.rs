//! Text chat, to all and to one.

use leptos::prelude::{document, request_animation_frame};
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};

use super::{
    bind::{effect, element, focus, kept, on, press, set_value, submit, value},
    choice::{self, Options},
    drawer::{Drawer, Open},
};
use crate::{
    live::Live,
    session::{Action, ChatLine, Dispatch, Model, PersonStatus, Presence},
    text::labels,
};

/// Of more people than this, only those who have written something can be written to.
const MOST_TO_CHOOSE: usize = 50;

pub(super) fn bind(model: Model, dispatch: Dispatch, drawer: Drawer) {
    let to = Live::<Option<String>>::new(None);
    let partner = kept(move || partner(model));
    // What is written in a call is for the other side. What is half written stays for whom it was
    // meant.
    let is_late = Live::new(false);
    let follow = move || {
        is_late.set(!value("text").is_empty());
        if !*is_late.read_untracked() {
            to.set(Some(partner.get_untracked()).filter(|name| !name.is_empty()));
        }
    };
    effect(move || {
        partner.track();
        follow();
    });
    let say = move || {
        let text = value("text");
        if !text.is_empty() {
            let to = to.get_untracked();
            dispatch.dispatch(Action::Chat { text, to });
            set_value("text", "");
            if *is_late.read_untracked() {
                follow();
            }
        }
    };
    submit("chat-form", say);
    on("text", "keydown", move |event| {
        let key: &KeyboardEvent = event.unchecked_ref();
        // Not the key that ends a word in the making, as in Korean.
        if key.key() == "Enter" && !key.shift_key() && !key.is_composing() {
            event.prevent_default();
            say();
        }
    });
    press("close-chat", move || {
        drawer.toggle(Open::Chat);
        focus("chat-button");
    });
    let chosen = move || to.get().unwrap_or_default();
    choice::bind(
        "to",
        move || receivers(model, to),
        chosen,
        move |name| to.set(name),
    );
    show_lines(model);
}

/// Shows what is said.
fn show_lines(model: Model) {
    let (mut first, mut next) = (0, 0);
    effect(move || {
        let chat = model.chat.read();
        let place: Element = element("chat-lines");
        // The oldest of many go, and all of a room that is left. Whoever hears what is added hears nothing twice.
        for _ in first..chat.gone.min(next) {
            if let Some(oldest) = place.first_element_child() {
                oldest.remove();
            }
        }
        first = chat.gone;
        for line in chat.lines.iter().skip(next - first.min(next)) {
            drop(place.append_with_node_1(&show(line)));
        }
        next = chat.count();
        request_animation_frame(move || place.set_scroll_top(place.scroll_height()));
    });
}

/// The other side of a call that the person wants; empty if there is none.
fn partner(model: Model) -> String {
    let call = model.call.read();
    let wanted = call.state.is_under_way();
    match wanted {
        true => call.peer.clone(),
        false => String::new(),
    }
}

fn show(line: &ChatLine) -> Element {
    let paragraph = make("p", "");
    let _ = paragraph.append_child(&make(
        "strong",
        &labels::author(&line.from, line.to.as_deref()),
    ));
    let _ = paragraph.append_with_str_1(" ");
    let words = make("span", "");
    for part in parts(&line.text) {
        let _ = match part {
            Part::Text(text) => words.append_with_str_1(&text),
            Part::Link(url) => {
                let link = make("a", &url);
                // The page that it leads to learns nothing of this one.
                for (name, value) in [
                    ("href", &*url),
                    ("target", "_blank"),
                    ("rel", "noopener noreferrer"),
                ] {
                    let _ = link.set_attribute(name, value);
                }
                words.append_with_node_1(&link)
            }
        };
    }
    let _ = paragraph.append_child(&words);
    paragraph
}

/// An element that says that, in the direction of its own words.
fn make(tag: &str, text: &str) -> Element {
    let element = document().create_element(tag).expect("all tags are known");
    element.set_text_content(Some(text));
    let _ = element.set_attribute("dir", "auto");
    element
}

/// A part of a line.
enum Part {
    Text(String),
    Link(String),
}

/// A line, with the addresses of pages told apart.
fn parts(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    for word in text.split_inclusive(char::is_whitespace) {
        let bare = word.trim_end();
        // Punctuation after an address is the sentence's.
        let url = bare.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '\'', '"']);
        let is_link = ["https://", "http://"].iter().any(|scheme| {
            url.strip_prefix(scheme)
                .is_some_and(|rest| !rest.is_empty())
        });
        let rest = match word.strip_prefix(url).filter(|_| is_link) {
            Some(rest) => {
                parts.push(Part::Link(url.to_owned()));
                rest
            }
            None => word,
        };
        parts.push(Part::Text(rest.to_owned()));
    }
    parts
}

/// People who can be written to.
fn receivers(model: Model, to: Live<Option<String>>) -> Options {
    let me = model.name.get();
    let mut names = match model.presence.read().len() {
        0..=MOST_TO_CHOOSE => model.presence.get(),
        _ => Presence::default(),
    };
    if names.is_empty() {
        for line in model.chat.read().lines.iter() {
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
    [(String::new(), labels::EVERYBODY.into())]
        .into_iter()
        .chain(others)
        .collect()
}
