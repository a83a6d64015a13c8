//! The people here; a click on a name calls. Of thousands, only those in sight are there as elements.

use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement};

use super::{
    bind::{effect, element, hidden, on, set_value, text, value},
    press_guard::{Place, PressGuard},
    rows::{self, Rows},
};
use crate::{
    live::Live,
    session::{Action, Dispatch, Model, PersonStatus},
    text::{Word, labels},
};

/// The height of a row in pixels, as the style sheet has it.
const ROW: i32 = 56;

/// Rows above and below those in sight.
const SPARE: usize = 5;

/// Rows that fill any but the highest window.
const USUAL: usize = 40;

/// Of more people than this, some are searched for.
const MOST_AT_A_GLANCE: usize = 20;

/// The rows that are there as elements.
#[derive(Clone, Copy)]
struct Window {
    /// Of those whose names hold these letters,
    letters: Live<String>,
    /// from which,
    first: Live<usize>,
    /// and how many.
    many: Live<usize>,
}

pub(super) fn bind(model: Model, dispatch: Dispatch, guard: PressGuard) {
    let window = Window {
        letters: Live::new(String::new()),
        first: Live::new(0),
        many: Live::new(USUAL),
    };
    listen(window);
    keep_heights(model, window);
    let count = move || model.presence.read().len();
    let crowd = move || count() > MOST_AT_A_GLANCE;
    text("people-title", move || match crowd() {
        true => labels::people(count()),
        false => labels::HERE_NOW.into(),
    });
    hidden("choose", move || count() < 2);
    hidden("alone", move || count() > 1 || *model.unlisted.read());
    hidden("unlisted", move || !*model.unlisted.read());
    hidden("search", move || !crowd());
    text("nobody-found", move || {
        let found = in_sight(model, window);
        match found.is_empty() && !window.letters.read().is_empty() {
            true => labels::NOBODY_FOUND.into(),
            false => String::new(),
        }
    });
    let mut rows = Rows::default();
    let mut before = (0, String::new(), Vec::new());
    effect(move || {
        let names = in_sight(model, window);
        rows.show(&names);
        let now = (window.first.get(), window.letters.get(), names);
        // What one scrolls, or searches for, moves as one wants it to.
        let by_itself = (before.0, &before.1) == (now.0, &now.1);
        if by_itself
            && before
                .2
                .iter()
                .zip(&now.2)
                .any(|(before, now)| before != now)
        {
            guard.changed(Place::People);
        }
        before = now;
        rows.describe(|name| describe(model, name));
    });
    on("people-list", "click", move |event| {
        pressed(model, dispatch, event)
    });
}

fn in_sight(model: Model, window: Window) -> Vec<String> {
    let people = model.presence.read();
    let letters = window.letters.read();
    let rest = people.named_like(&letters).skip(window.first.get());
    let rest = rest.take(window.many.get());
    rest.map(|person| person.name.clone()).collect()
}

/// Follows the list's scrolling, and what is searched for.
fn listen(window: Window) {
    let list: HtmlElement = element("people-scroll");
    on("people-scroll", "scroll", move |_| {
        let rows = |pixels: i32| usize::try_from(pixels / ROW).unwrap_or_default();
        let top = rows(list.scroll_top()).saturating_sub(SPARE);
        let height = rows(list.client_height()) + 2 * SPARE + 1;
        if top != window.first.get_untracked() {
            window.first.set(top);
        }
        if height > window.many.get_untracked() {
            window.many.set(height);
        }
    });
    on("search", "input", move |_| {
        window.letters.set(value("search"))
    });
}

/// Gives the list the height of all rows that are found.
fn keep_heights(model: Model, window: Window) {
    let list: HtmlElement = element("people-scroll");
    effect(move || {
        let people = model.presence.read();
        if people.len() <= MOST_AT_A_GLANCE && !window.letters.read_untracked().is_empty() {
            // The field is hidden: it must not hide anybody.
            window.letters.set(String::new());
            set_value("search", "");
        }
        let found = people.named_like(&window.letters.read()).count();
        for (name, rows) in [("--rows", found), ("--first", window.first.get())] {
            // The style sheet makes heights of them.
            let _ = list.style().set_property(name, &rows.to_string());
        }
    });
}

/// A row was pressed: its name calls, the button beside it blocks.
fn pressed(model: Model, dispatch: Dispatch, event: &Event) {
    let target = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok());
    let Some(button) = target.and_then(|target| target.closest("button").ok()?) else {
        return;
    };
    let Some(peer) = rows::name_of(&button) else {
        return;
    };
    let blocked = !model.blocked.read_untracked().contains(&peer);
    dispatch.dispatch(match button.class_list().contains("block") {
        true => Action::Block { peer, blocked },
        false => Action::Dial(peer),
    });
}

/// What stands beside a name, and what the button there would do; none for our own.
fn describe(model: Model, name: &str) -> (Word, Option<String>) {
    if *model.name.read() == name {
        return (labels::YOU, None);
    }
    let is_blocked = model.blocked.read().iter().any(|blocked| blocked == name);
    let status = match model.presence.read().status(name) {
        _ if is_blocked => labels::BLOCKED,
        Some(PersonStatus::Busy) => labels::IN_A_CALL,
        Some(PersonStatus::Away) => labels::AWAY,
        Some(PersonStatus::Free) | None => labels::CALL_THEM,
    };
    (status, Some(labels::block(name, is_blocked)))
}
