//! Values that this tab keeps through a reload (`sessionStorage`).

use web_sys::{Storage, window};

fn storage() -> Option<Storage> {
    window()?.session_storage().ok()?
}

/// The value under that key.
#[must_use]
pub fn load(key: &str) -> Option<String> {
    storage()?.get_item(key).ok()?
}

/// Keeps text under that key, or nothing.
pub fn keep(key: &str, text: Option<&str>) {
    let Some(storage) = storage() else { return };
    // A full or forbidden storage means a page that does not come back.
    let _ = match text {
        Some(text) => storage.set_item(key, text),
        None => storage.remove_item(key),
    };
}
