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
    let mut known = Known::default();
    effect(move || {
        let room = model.room.get();
        if place.replace(room.clone()) != Some(room.clone()) {
            known = Known::default();
        }
        let (presence, me) = (model.presence.read(), model.name.read());
        if presence.len() > MOST {
            known = Known::default();
        }
        if presence.len() > MOST || !presence.contains(&me) {
            return;
        }
        let others = presence.named_like("").map(|person| person.name.clone());
        let here: Vec<String> = others.filter(|name| *name != *me).collect();
        let said = came.get_untracked();
        if !said.is_empty() && !here.contains(&said) {
            came.set(String::new());
        }
        let (was_alone, new) = known.follow(&here, clock::since_load().as_secs());
        let is_waiting = was_alone || room.as_deref() != Some("");
        let blocked = model.blocked.read_untracked();
        let new = new.into_iter().find(|name| !blocked.contains(name));
        if let Some(name) = new.filter(|_| is_waiting)
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

/// The others who are here, and those who were lately, with when they went, s; none before the first list.
#[derive(Default)]
struct Known(Option<Vec<(String, Option<u64>)>>);

impl Known {
    /// These are here now; gives whether nobody was, and who has come.
    fn follow(&mut self, here: &[String], now: u64) -> (bool, Vec<String>) {
        let is_first = self.0.is_none();
        let known = self.0.get_or_insert_default();
        known.retain(|(_, left)| left.is_none_or(|left| now < left + RECENT));
        let was_alone = known.is_empty();
        for (name, left) in known.iter_mut() {
            *left = match here.contains(name) {
                true => None,
                false => left.or(Some(now)),
            };
        }
        let is_new = |name: &&String| known.iter().all(|(known, _)| known != *name);
        let new: Vec<String> = here.iter().filter(is_new).cloned().collect();
        known.extend(new.iter().map(|name| (name.clone(), None)));
        match is_first {
            true => (was_alone, Vec::new()),
            false => (was_alone, new),
        }
    }
}
