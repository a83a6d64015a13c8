//! What others have told this browser to show when it calls them, and what its own keys are made from.

use holdfast_call::Secret;

use crate::platform::{JsObject, parse, random, storage::Place, stringify};

/// An object: for each name, what whoever had it has told.
const TOLD: &str = "holdfast-contacts";

/// That nobody is to be met before the yes.
const LATE: &str = "holdfast-late";

/// What our own keys are made from.
const OURS: &str = "holdfast-secret";

/// What the keys that we tell are made from.
pub(super) fn secret() -> Secret {
    let known = Place::Browser.load(OURS);
    known
        .and_then(|known| Secret::read(&known))
        .unwrap_or_else(|| {
            let secret = Secret::new(random::bytes());
            Place::Browser.keep(OURS, Some(&secret.digits()));
            secret
        })
}

/// What whoever has that name has told.
pub(super) fn told_by(name: &str) -> Option<Secret> {
    Secret::read(&load()?.string(name)?)
}

/// They have told that.
pub(super) fn keep(name: &str, secret: &Secret) {
    if let Some(told) = load() {
        told.set(name, &secret.digits().into());
        Place::Browser.keep(TOLD, Some(&stringify(&told.0)));
    }
}

/// Whether whoever has been talked with before may be met while it rings: the two learn each other's addresses then.
pub(super) fn are_met_early() -> bool {
    Place::Browser.load(LATE).is_none()
}

/// They may, or may not, in this tab and in all to come.
pub(super) fn meet_early(early: bool) {
    Place::Browser.keep(LATE, Some("1").filter(|_| !early));
}

/// Nobody is known any more, and nobody knows this browser.
pub(super) fn forget() {
    Place::Browser.keep(TOLD, None);
    Place::Browser.keep(OURS, None);
}

fn load() -> Option<JsObject> {
    let told = Place::Browser.load(TOLD);
    let told = told.and_then(|told| parse(&told));
    told.or_else(|| parse("{}"))
}
