//! A labelled choice of one thing among several.

use leptos::{ev::Event, prelude::*};

use super::boxed::rows;

/// An option: a value, and the name that people know it by.
pub(super) type Options = Vec<(String, String)>;

pub(super) fn choice(
    id: &'static str,
    label: &'static str,
    options: impl Fn() -> Options + Send + 'static,
    choose: impl Fn(Option<String>) + 'static,
) -> impl IntoView {
    boxed(id, label, Box::new(options), Box::new(choose))
}

fn boxed(
    id: &'static str,
    label: &'static str,
    options: Box<dyn Fn() -> Options + Send>,
    choose: Box<dyn Fn(Option<String>)>,
) -> impl IntoView {
    let (chosen, set_chosen) = signal(String::new());
    let options = rows(move || {
        let chosen = chosen.get();
        let option = |(value, name): (String, String)| {
            let selected = value == chosen;
            view! { <option value=value selected=selected>{name}</option> }
        };
        options().into_iter().map(option).collect()
    });
    let change: Box<dyn FnMut(Event)> = Box::new(move |event| {
        let value = event_target_value(&event);
        set_chosen.set(value.clone());
        choose(Some(value).filter(|value| !value.is_empty()));
    });
    view! {
        <label class="choice">
            <span>{label}</span>
            <select id=id on:change=change>{options}</select>
        </label>
    }
}
