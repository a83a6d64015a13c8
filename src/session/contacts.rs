//! What others have told this browser to show when it calls them, and what its own keys are made from.

use holdfast_call::Secret;

use crate::platform::{JsObject, parse, random, storage::Place, stringify};

/// An object: for each name, what whoever had it has told.
const TOLD: &str = "holdfast-contacts";

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
