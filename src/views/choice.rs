//! A choice of one thing among several.

use leptos::prelude::document;
use web_sys::Element;

use super::bind::{effect, element, on, set_value, value};

/// An option: a value, and the name that people know it by.
pub(super) type Options = Vec<(String, String)>;

/// Offers these options; the value that is chosen is empty for the first, which stands for no choice.
pub(super) fn bind(
    id: &'static str,
    options: impl Fn() -> Options + 'static,
    chosen: impl Fn() -> String + 'static,
    choose: impl Fn(Option<String>) + 'static,
) {
    let mut shown = Options::new();
    effect(move || {
        let options = options();
        if options != shown {
            offer(&element(id), &options);
            shown = options;
        }
        set_value(id, &chosen());
    });
    on(id, "change", move |_| {
        choose(Some(value(id)).filter(|value| !value.is_empty()));
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
