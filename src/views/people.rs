//! The people here; a click on a name calls. Of thousands, only those in sight are there as elements.

use gloo_events::EventListener;
use leptos::{html, prelude::*};

use super::{
    boxed::{content, effect, flag, press, rows},
    room::Room,
};
use crate::{
    session::{Action, Dispatch, Model, Person, PersonStatus},
    text::labels,
};

/// The height of a row in pixels, as the style sheet has it.
const ROW: i32 = 50;

/// Rows above and below those in sight.
const SPARE: usize = 5;

/// Rows that fill any but the highest window.
const USUAL: usize = 40;

/// Of more people than this, some are searched for.
const MOST_AT_A_GLANCE: usize = 20;

/// The rows that are there as elements: from which, and how many.
#[derive(Clone, Copy)]
struct Window {
    first: RwSignal<usize>,
    many: RwSignal<usize>,
}

#[component]
pub(crate) fn People(model: Model, dispatch: Dispatch) -> impl IntoView {
    let list = NodeRef::<html::Div>::new();
    let search = NodeRef::<html::Input>::new();
    let letters = RwSignal::new(String::new());
    let window = Window {
        first: RwSignal::new(0),
        many: RwSignal::new(USUAL),
    };
    listen(list, search, letters, window);
    keep_heights(model, list, search, letters, window);
    let in_sight = move || {
        let people = model.presence.read();
        let letters = letters.read();
        let rest = people.named_like(&letters).skip(window.first.get());
        rest.take(window.many.get()).cloned().collect::<Vec<_>>()
    };
    let person = move |person| row(model, dispatch, person);
    let crowd = move || model.presence.read().len() > MOST_AT_A_GLANCE;
    view! {
        <section class="people" aria-labelledby="people-title">
            <h2 id="people-title">
                {content(move || match crowd() {
                    true => labels::people(model.presence.read().len()),
                    false => labels::HERE_NOW.into(),
                })}
            </h2>
            <input
                id="search"
                type="search"
                aria-label=labels::SEARCH_A_NAME
                placeholder=labels::SEARCH
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
            <p class="hint" hidden=flag(move || model.presence.read().len() > 1)>
                {labels::NOBODY_ELSE}
            </p>
            <Room model dispatch />
        </section>
    }
}

/// Follows the list's scrolling, and what is searched for.
fn listen(
    list: NodeRef<html::Div>,
    search: NodeRef<html::Input>,
    letters: RwSignal<String>,
    window: Window,
) {
    let look = move || {
        if let Some(list) = list.get_untracked() {
            let rows = |pixels: i32| usize::try_from(pixels / ROW).unwrap_or_default();
            let top = rows(list.scroll_top()).saturating_sub(SPARE);
            let height = rows(list.client_height()) + 2 * SPARE + 1;
            if top != window.first.get_untracked() {
                window.first.set(top);
            }
            if height > window.many.get_untracked() {
                window.many.set(height);
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
}

/// Gives the list the height of all rows that are found.
fn keep_heights(
    model: Model,
    list: NodeRef<html::Div>,
    search: NodeRef<html::Input>,
    letters: RwSignal<String>,
    window: Window,
) {
    effect(move || {
        let people = model.presence.read();
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
            for (name, rows) in [("--rows", found), ("--first", window.first.get())] {
                // The style sheet makes heights of them.
                let _ = list.style().set_property(name, &rows.to_string());
            }
        }
    });
}

fn row(model: Model, dispatch: Dispatch, Person { name, status }: Person) -> impl IntoView {
    let own = name.clone();
    let hint = content(move || {
        let me = *model.name.read() == own;
        (match (me, status) {
            (true, _) => labels::YOU,
            (false, PersonStatus::Busy) => labels::IN_A_CALL,
            (false, PersonStatus::Away) => labels::AWAY,
            (false, PersonStatus::Free) => labels::CALL_THEM,
        })
        .into()
    });
    let call = press(dispatch, Action::Dial(name.clone()));
    view! {
        <li>
            <button on:click=call>
                <span class="name">{name}</span>
                <span class="hint">{hint}</span>
            </button>
        </li>
    }
}
