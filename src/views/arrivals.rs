//! Whoever is waited for has come: heard softly, and in the title of a page that nobody looks at.

use super::bind::effect;
use crate::{
    live::Live,
    platform::{clock, visibility},
    session::{Action, Dispatch, Model},
};

/// Among more people than this, nobody is waited for.
const MOST: usize = 20;

/// Who was here so recently has not come, but was away, or met another server, s.
const RECENT: u64 = 60;

/// `came` is where the title says so, until the page is seen, or they have gone.
pub(super) fn bind(model: Model, dispatch: Dispatch, came: Live<String>) {
    let mut place = None;
    // The others who are here, or were, and when they were last; none before we are here ourselves.
    let mut known: Option<Vec<(String, u64)>> = None;
    effect(move || {
        let room = model.room.get();
        if place.replace(room.clone()) != Some(room.clone()) {
            known = None;
        }
        let Some(here) = others(model) else { return };
        let now = clock::since_load().as_secs();
        let is_first = known.is_none();
        let before = known.get_or_insert_default();
        before.retain(|(_, last)| now < last + RECENT);
        let is_waiting = before.is_empty() || room.as_deref() != Some("");
        let blocked = model.blocked.read_untracked();
        let is_new = |name: &&String| {
            before.iter().all(|(known, _)| known != *name) && !blocked.contains(name)
        };
        let new = here.iter().find(is_new).cloned();
        before.retain(|(name, _)| !here.contains(name));
        before.extend(here.iter().map(|name| (name.clone(), now)));
        if !here.contains(&came.read_untracked()) && !came.read_untracked().is_empty() {
            came.set(String::new());
        }
        if let Some(name) = new.filter(|_| is_waiting && !is_first)
            && !model.call.read_untracked().state.is_call()
        {
            dispatch.dispatch(Action::Chime);
            if visibility::is_hidden() {
                came.set(name);
            }
        }
    });
    let seen = move || {
        if !visibility::is_hidden() {
            came.set(String::new());
        }
    };
    if let Some(listener) = visibility::on_change(seen) {
        listener.forget();
    }
}

/// The others, if we are here and they are not too many.
fn others(model: Model) -> Option<Vec<String>> {
    let (presence, me) = (model.presence.read(), model.name.read());
    if presence.len() > MOST || !presence.contains(&me) {
        return None;
    }
    let others = presence.named_like("").filter(|person| person.name != *me);
    Some(others.map(|person| person.name.clone()).collect())
}
