//! The page's title, by which people find it among the browser's tabs, and learn what has happened there.

use leptos::prelude::document;

use super::bind::effect;
use crate::{live::Live, text};

/// Shows who calls; gives the place for the name of who has come, empty for nobody.
pub(super) fn bind(caller: Live<String>) -> Live<String> {
    let came = Live::new(String::new());
    let usual = document().title();
    effect(move || {
        let title = match (&**caller.read(), &**came.read()) {
            ("", "") => usual.clone(),
            ("", came) => text::has_come(came),
            (caller, _) => text::is_calling(caller),
        };
        document().set_title(&title);
    });
    came
}
