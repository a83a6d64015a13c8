//! What others have told this browser to show when it calls them, and what its own keys are made from.

use holdfast_call::Secret;

use crate::platform::{random, storage::Place};

/// Our secret, then the keys that others have told, each with a name after it; the latest first.
const KEY: &str = "holdfast-contacts";

/// The keys that are kept.
const MOST: usize = 50;

/// What the keys that we tell are made from.
pub(super) fn secret() -> Secret {
    let known = load().first().and_then(|line| Secret::read(line));
    known.unwrap_or_else(|| {
        let secret = Secret::new(random::bytes());
        keep(&[secret.digits()]);
        secret
    })
}

/// What whoever has that name has told.
pub(super) fn key(name: &str) -> Option<Secret> {
    let lines = load();
    let mut told = lines.iter().skip(1).filter_map(|line| line.split_once(' '));
    Secret::read(told.find(|(_, known)| *known == name)?.0)
}

/// They have told it.
pub(super) fn told(name: &str, key: &Secret) {
    let mut lines = load();
    lines.retain(|line| line.split_once(' ').is_none_or(|(_, known)| known != name));
    lines.insert(1.min(lines.len()), key.digits() + " " + name);
    lines.truncate(1 + MOST);
    keep(&lines);
}

/// Nobody is known any more, and nobody knows this browser.
pub(super) fn forget() {
    Place::Browser.keep(KEY, None);
}

fn load() -> Vec<String> {
    let kept = Place::Browser.load(KEY).unwrap_or_default();
    kept.lines().map(str::to_owned).collect()
}

fn keep(lines: &[String]) {
    Place::Browser.keep(KEY, Some(&lines.join("\n")));
}
