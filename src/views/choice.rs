//! A choice of one thing among several: the first stands for none, which is the usual.

use leptos::prelude::document;
use web_sys::Element;

use super::bind::{effect, element, on, set_value, value};
use crate::text::Word;

/// An option: a value, and the name that people know it by.
pub(super) type Options = Vec<(String, String)>;

/// The usual, under that name, and others.
pub(super) fn options(usual: Word, others: &[(&str, Word)]) -> Options {
    let mut options = vec![(String::new(), usual.into())];
    for (value, name) in others {
        options.push(((*value).to_owned(), (*name).into()));
    }
    options
}

/// Offers these options; the value that is chosen is empty for the first. Each closure is boxed, as everywhere in
/// [`bind`](super::bind).
pub(super) fn bind(
    id: &'static str,
    options: impl Fn() -> Options + 'static,
    chosen: impl Fn() -> String + 'static,
    choose: impl Fn(Option<String>) + 'static,
) {
    follow(id, Box::new(options), Box::new(chosen));
    let choose: Box<dyn Fn(Option<String>)> = Box::new(choose);
    on(id, "change", move |_| {
        choose(Some(value(id)).filter(|value| !value.is_empty()));
    });
}

fn follow(id: &'static str, options: Box<dyn Fn() -> Options>, chosen: Box<dyn Fn() -> String>) {
    let mut shown = Options::new();
    effect(move || {
        let options = options();
        if options != shown {
            offer(&element(id), &options);
            shown = options;
        }
        set_value(id, &chosen());
    });
}

fn offer(select: &Element, options: &[(String, String)]) {
    select.set_text_content(None);
    for (value, name) in options {
        if let Ok(option) = document().create_element("option") {
            let _ = option.set_attribute("value", value);
            option.set_text_content(Some(name));
            let _ = select.append_child(&option);
        }
    }
}
