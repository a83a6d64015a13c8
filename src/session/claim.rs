//! The name that this browser had last, and what shows that it had it.

use crate::platform::storage::Place;

const KEY: &str = "holdfast-name";

/// The name.
pub(super) fn name() -> Option<String> {
    let kept = Place::Browser.load(KEY)?;
    Some(kept.split_once('\n')?.0.to_owned())
}

/// What shows that the name was this browser's, if it was.
pub(super) fn load(name: &str) -> Option<String> {
    let kept = Place::Browser.load(KEY)?;
    let (known, claim) = kept.split_once('\n')?;
    (known == name).then(|| claim.to_owned())
}

/// Keeps a name, and what shows that it is this browser's: without it, a name is whoever's is faster.
pub(super) fn keep(name: &str, claim: &str) {
    Place::Browser.keep(KEY, Some(&format!("{name}\n{claim}")));
}

/// Forgets it.
pub(super) fn forget() {
    Place::Browser.keep(KEY, None);
}
