//! What the page's address says: `#r=` and a room's token, or `#p=` and a pass (docs/deploy.md). It
//! stays in the browser: what comes after `#` is never asked for over the network.

use leptos::prelude::window;

const ROOM: &str = "#r=";
const PASS: &str = "#p=";

/// The room, empty for the lobby; none if a pass says which.
#[must_use]
pub fn room() -> Option<String> {
    let hash = hash();
    match hash.strip_prefix(ROOM) {
        Some(room) => Some(room.to_owned()),
        None if hash.starts_with(PASS) => None,
        None => Some(String::new()),
    }
}

/// The pass.
#[must_use]
pub fn pass() -> Option<String> {
    hash().strip_prefix(PASS).map(str::to_owned)
}

/// Puts a room into the address. The browser then tells that it has changed.
pub fn go_to(room: &str) {
    set_hash(&match room {
        "" => String::new(),
        room => format!("{ROOM}{room}"),
    });
}

/// Puts all of this into the address.
pub fn set_hash(hash: &str) {
    // A fragment is never refused.
    let _ = window().location().set_hash(hash);
}

/// All of it.
#[must_use]
pub fn hash() -> String {
    window().location().hash().unwrap_or_default()
}
