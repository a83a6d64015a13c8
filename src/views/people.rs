//! Who is here; a click on a name calls. Of thousands, only those in sight are there as elements.

use gloo_events::EventListener;
use leptos::{html, prelude::*};

use super::{effect, flag, press, room::Room, rows, text};
use crate::session::{Act, Action, Person, Seen};

/// The height of a row in pixels, as the style sheet has it.
const ROW: i32 = 50;

/// Rows above and below those in sight.
const SPARE: usize = 5;

/// Rows that fill any but the highest window.
const USUAL: usize = 40;

/// Of more people than this, some are searched for.
const MOST_AT_A_GLANCE: usize = 20;

#[component]
pub(crate) fn People(seen: Seen, act: Act) -> impl IntoView {
    let list = NodeRef::<html::Div>::new();
    let search = NodeRef::<html::Input>::new();
    let letters = RwSignal::new(String::new());
    // The rows that are there: from which, and how many.
    let (first, set_first) = signal(0);
    let (many, set_many) = signal(USUAL);
    let look = move || {
        if let Some(list) = list.get_untracked() {
            let rows = |pixels: i32| usize::try_from(pixels / ROW).unwrap_or_default();
            let top = rows(list.scroll_top()).saturating_sub(SPARE);
            let height = rows(list.client_height()) + 2 * SPARE + 1;
            if top != first.get_untracked() {
                set_first.set(top);
            }
            if height > many.get_untracked() {
                set_many.set(height);
            }
        }
    };
    effect(move || {
        if let (Some(list), Some(search)) = (list.get(), search.get()) {
            let seek = search.clone();
            // Both elements last as long as the page.
            EventListener::new(&list, "scroll", move |_| look()).forget();
            EventListener::new(&search, "input", move |_| letters.set(seek.value())).forget();
        }
    });
    effect(move || {
        let people = seen.people.read();
        if people.len() <= MOST_AT_A_GLANCE && !letters.read_untracked().is_empty() {
            // The field is hidden: it must not hide anybody.
            letters.set(String::new());
            if let Some(search) = search.get_untracked() {
                search.set_value("");
            }
        }
        let found = people.named_like(&letters.read()).count();
        if let Some(list) = list.get() {
            let list: &web_sys::HtmlElement = &list;
            for (name, rows) in [("--rows", found), ("--first", first.get())] {
                // The style sheet makes heights of them.
                let _ = list.style().set_property(name, &rows.to_string());
            }
        }
    });
    let in_sight = move || {
        let people = seen.people.read();
        let letters = letters.read();
        let rest = people.named_like(&letters).skip(first.get());
        rest.take(many.get()).cloned().collect::<Vec<_>>()
    };
    let person = move |Person { name, busy }: Person| {
        let own = name.clone();
        let hint = text(move || {
            let me = *seen.name.read() == own;
            (match (me, busy) {
                (true, _) => "you",
                (false, true) => "in a call",
                (false, false) => "call",
            })
            .into()
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
    let crowd = move || seen.people.read().len() > MOST_AT_A_GLANCE;
    view! {
        <section class="people" aria-labelledby="people-title">
            <h2 id="people-title">
                {text(move || match crowd() {
                    true => format!("Here now: {}", seen.people.read().len()),
                    false => "Here now".into(),
                })}
            </h2>
            <input
                id="search"
                type="search"
                aria-label="Search a name"
                placeholder="Search"
                autocomplete="off"
                hidden=flag(move || !crowd())
                node_ref=search
            />
            <div class="scroll" node_ref=list>
                <div>
                    <ul class="userlistbox">
                        {rows(move || in_sight().into_iter().map(person).collect())}
                    </ul>
                </div>
            </div>
            <p class="hint" hidden=flag(move || seen.people.read().len() > 1)>
                "Nobody else yet. Give somebody this page's address."
            </p>
            <Room seen act />
        </section>
    }
}
