//! The page's address: `#r=` and a room's token, or `#p=` and a pass (docs/deploy.md).

use crate::platform::location;

const ROOM: &str = "#r=";
const PASS: &str = "#p=";

/// The room, empty for the lobby; none if a pass says which.
pub(super) fn room() -> Option<String> {
    let hash = location::hash();
    match hash.strip_prefix(ROOM) {
        Some(room) => Some(room.to_owned()),
        None if hash.starts_with(PASS) => None,
        None => Some(String::new()),
    }
}

/// The room, as it is kept: a pass lets people in, and so is not.
pub(super) fn kept() -> String {
    room().unwrap_or_else(|| PASS.to_owned())
}

/// The pass.
pub(super) fn pass() -> Option<String> {
    location::hash().strip_prefix(PASS).map(str::to_owned)
}

/// Puts a room into the address. The browser then tells that it has changed.
pub(super) fn go_to(room: &str) {
    location::set_hash(&match room {
        "" => String::new(),
        room => format!("{ROOM}{room}"),
    });
}
