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

/// The name that this browser had last, and what shows that it had it (`localStorage`).
const CLAIM: &str = "holdfast-name";

/// What shows that the name was this browser's, if it was.
#[must_use]
pub fn claim(name: &str) -> Option<String> {
    let kept = window()?.local_storage().ok()??.get_item(CLAIM).ok()??;
    let (known, claim) = kept.split_once('\n')?;
    (known == name).then(|| claim.to_owned())
}

/// Keeps a name, and what shows that it is this browser's; or nothing.
pub fn keep_claim(claim: Option<(&str, &str)>) {
    let Some(Ok(Some(storage))) = window().map(|window| window.local_storage()) else {
        return;
    };
    // Without it, a name is whoever's is faster.
    let _ = match claim {
        Some((name, claim)) => storage.set_item(CLAIM, &format!("{name}\n{claim}")),
        None => storage.remove_item(CLAIM),
    };
}
