//! Who is here; a click on a name calls. Of thousands, only those in sight are there as elements.

use leptos::{ev::Event, html, prelude::*};

use super::{flag, press, room::Room, rows, text};
use crate::session::{Act, Action, Person, Seen};

/// The height of a row in pixels, as the style sheet has it.
const ROW: i32 = 50;

/// Rows above and below those in sight.
const SPARE: usize = 5;

/// Of more people than this, some are searched for.
const MOST_AT_A_GLANCE: usize = 20;

#[component]
pub(crate) fn People(seen: Seen, act: Act) -> impl IntoView {
    let list = NodeRef::<html::Div>::new();
    let letters = RwSignal::new(String::new());
    // The rows that are there: from which, and how many.
    let (first, set_first) = signal(0);
    let (many, set_many) = signal(MOST_AT_A_GLANCE);
    let look: Box<dyn FnMut(Event)> = Box::new(move |_| {
        if let Some(list) = list.get_untracked() {
            let rows = |pixels: i32| usize::try_from(pixels / ROW).unwrap_or_default();
            let top = rows(list.scroll_top()).saturating_sub(SPARE);
            let height = rows(list.client_height()) + 2 * SPARE + 1;
            if (top, height) != (first.get_untracked(), many.get_untracked()) {
                set_first.set(top);
                set_many.set(height.max(MOST_AT_A_GLANCE));
            }
        }
    });
    let search: Box<dyn FnMut(Event)> = Box::new(move |event| {
        letters.set(event_target_value(&event));
        set_first.set(0);
        if let Some(list) = list.get_untracked() {
            list.set_scroll_top(0);
        }
    });
    let found = Memo::new(move |_| seen.people.read().named_like(&letters.read()).count());
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
                on:input=search
            />
            <div class="scroll" node_ref=list on:scroll=look>
                <div style:height=text(move || format!("{}px", found.get() * ROW as usize))>
                    <ul
                        class="userlistbox"
                        style:top=text(move || format!("{}px", first.get() * ROW as usize))
                    >
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
