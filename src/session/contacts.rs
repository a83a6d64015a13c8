//! What others have told this browser to show when it calls them, and what its own keys are made from.

use holdfast_call::Secret;

use crate::platform::{JsObject, parse, random, storage::Place, stringify};

/// An object: for each name, what whoever had it has told; and [`OURS`].
const KEY: &str = "holdfast-contacts";

/// Nobody's name, under which that is kept which our own keys are made from.
const OURS: &str = "";

/// What the keys that we tell are made from.
pub(super) fn secret() -> Secret {
    told_by(OURS).unwrap_or_else(|| {
        let secret = Secret::new(random::bytes());
        keep(OURS, &secret);
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
        Place::Browser.keep(KEY, Some(&stringify(&told.0)));
    }
}

/// Nobody is known any more, and nobody knows this browser.
pub(super) fn forget() {
    Place::Browser.keep(KEY, None);
}

fn load() -> Option<JsObject> {
    parse(&Place::Browser.load(KEY).unwrap_or_else(|| "{}".into()))
}
