//! The room that the page's address names: `#r=` and a token. Who has the address can come in.

use leptos::prelude::window;

const PREFIX: &str = "#r=";

/// The room in the address; empty for the lobby.
pub(super) fn named() -> String {
    let hash = window().location().hash().unwrap_or_default();
    hash.strip_prefix(PREFIX).unwrap_or_default().to_owned()
}

/// Puts a room into the address. The browser then tells that it has changed.
pub(super) fn go_to(room: &str) {
    let hash = match room {
        "" => String::new(),
        room => format!("{PREFIX}{room}"),
    };
    // A fragment is never refused.
    let _ = window().location().set_hash(&hash);
}
