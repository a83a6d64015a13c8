//! The page's address: `#r=` and a room's token, or `#p=` and a pass (docs/deploy.md); and `c=`, whom one calls
//! who comes by that link.

use crate::platform::location;

const ROOM: &str = "r=";
const PASS: &str = "p=";
const CALLEE: &str = "c=";

/// The longest name, bytes: 40 letters of any script.
const NAME: usize = 160;

fn field(key: &str) -> Option<String> {
    let hash = location::hash();
    let mut fields = hash.strip_prefix('#')?.split('&');
    fields
        .find_map(|field| field.strip_prefix(key))
        .map(str::to_owned)
}

/// The room, empty for the lobby; none if a pass says which.
pub(super) fn room() -> Option<String> {
    match pass() {
        Some(_) => None,
        None => Some(field(ROOM).unwrap_or_default()),
    }
}

/// The room, as it is kept: a pass lets people in, and so is not.
pub(super) fn kept() -> String {
    room().unwrap_or_else(|| PASS.to_owned())
}

/// The pass.
pub(super) fn pass() -> Option<String> {
    field(PASS)
}

/// Who is called by whoever comes here; empty if that is for them to say.
pub(super) fn callee() -> String {
    let callee = field(CALLEE).map(|name| location::decoded(&name));
    // A sentence is nobody's name.
    callee.filter(|name| name.len() <= NAME).unwrap_or_default()
}

/// Takes that out of the address, which tells nobody.
pub(super) fn forget_callee() {
    location::replace(&place());
}

/// The link by which somebody comes into our room, and calls whoever has that name if it is not empty.
pub(super) fn link(callee: &str) -> String {
    let mut link = place();
    if !callee.is_empty() {
        let before = if link.contains('#') { "&" } else { "#" };
        link.extend([before, CALLEE, &location::encoded(callee)]);
    }
    link
}

/// The page, and our room in it.
fn place() -> String {
    let page = location::without_hash();
    match room() {
        Some(room) if !room.is_empty() => [&page, "#", ROOM, &room].concat(),
        _ => page,
    }
}

/// Puts a room into the address. The browser then tells that it has changed.
pub(super) fn go_to(room: &str) {
    location::set_hash(&match room {
        "" => String::new(),
        room => format!("#{ROOM}{room}"),
    });
}
