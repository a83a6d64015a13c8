//! What keeps one from being heard or seen: a microphone that hears nothing, somebody who speaks and is muted, a
//! system that holds a device back, a network without room.

use std::{cell::RefCell, rc::Rc};

use gloo_timers::callback::Interval;
use wasm_bindgen::JsCast;
use web_sys::{Element, MediaStream, MediaStreamTrack};

use super::bind::{effect, element, hidden, kept, text};
use crate::{
    live::Live,
    platform::{JsObject, clock},
    session::{Level, Model, Source},
    text::{Word, labels},
};

/// How often it is looked at, ms.
const EVERY: u32 = 100;

/// How long a microphone may hear nothing at all from its beginning before the person is told, s. Later silence
/// is what noise suppression makes of a quiet room.
const PATIENCE: u64 = 8;

/// In how many looks it has to hear something to be believed: one may be the click of its beginning.
const HEARD: u32 = 5;

/// What no microphone that works stays below, of 1.
const NOTHING: f32 = 0.0005;

/// What nobody who speaks into a microphone stays below, of 1; and by how much looks that reach it, two each, outweigh
/// those that do not, one each, before they are told that they are muted. A door, or a cough, is less.
const SPEECH: f32 = 0.06;
const SPEAKS: u32 = 8;

pub(super) fn bind(model: Model, narrow: Live<bool>) {
    let hint = Live::<Option<Word>>::new(None);
    let in_call = move || model.call.read().state.is_under_way();
    hidden("level", move || model.local.read().is_none() || in_call());
    let words = kept(move || {
        let hinted = match model.local_view.read().held_back {
            Some(Source::Camera) => Some(labels::CAMERA_HELD_BACK),
            Some(Source::Microphone) => Some(labels::MICROPHONE_HELD_BACK),
            None => hint.get().or(narrow.get().then_some(labels::NARROW)),
        };
        hinted.map(String::from).unwrap_or_default()
    });
    text("silent", move || words.get());
    let listened_to = kept(move || {
        let stream = model.local.read();
        let is_on = model.local_view.read().microphone;
        let stream = Option::as_ref(&stream).filter(|_| is_on || in_call());
        let mut listened_to = stream.map(MediaStream::id).unwrap_or_default();
        if is_on {
            listened_to.push('+');
        }
        listened_to
    });
    let looking: Rc<RefCell<Option<Interval>>> = Rc::default();
    effect(move || {
        let is_listened_to = !listened_to.read().is_empty();
        let is_on = model.local_view.read_untracked().microphone;
        show(0.0);
        hint.set(None);
        let stream = model.local.get_untracked().filter(|_| is_listened_to);
        *looking.borrow_mut() = stream.map(|stream| {
            let mut listener = None;
            Interval::new(EVERY, move || {
                let hinted = look(&stream, is_on, &mut listener);
                if hinted != hint.get_untracked() {
                    hint.set(hinted);
                }
            })
        });
    });
}

/// What is listened to.
struct Listener {
    track: MediaStreamTrack,
    level: Option<Level>,
    /// When it began, s since the page did.
    since: u64,
    /// In how many looks it has heard something; while it is muted, in how many lately somebody spoke.
    heard: u32,
    /// Somebody who is muted is told so, until they are quiet.
    tells: bool,
}

/// Shows the level as it is; gives what the person is to be told, if anything. Another microphone is another
/// track of the same stream.
fn look(stream: &MediaStream, is_on: bool, listener: &mut Option<Listener>) -> Option<Word> {
    let now = clock::since_load().as_secs();
    let track = stream.get_audio_tracks().get(0);
    let Ok(track) = track.dyn_into::<MediaStreamTrack>() else {
        *listener = None;
        return None;
    };
    let fresh = || Listener {
        level: match is_on {
            true => Level::of(stream),
            false => Level::of_muted(&track),
        },
        // `track.clone()` would be the browser's own: another track, which stays open.
        track: Clone::clone(&track),
        since: now,
        heard: 0,
        tells: false,
    };
    let known = listener.take().filter(|listener| listener.track == track);
    let listener = listener.insert(known.unwrap_or_else(fresh));
    let Some(peak) = listener.level.as_ref().and_then(Level::peak) else {
        listener.since = now;
        return None;
    };
    if !is_on {
        return listener.spoken(peak);
    }
    show(peak);
    listener.heard += u32::from(peak > NOTHING);
    match listener.heard < HEARD && now >= listener.since + PATIENCE {
        true => Some(labels::HEARS_NOTHING),
        false => None,
    }
}

impl Listener {
    /// Somebody who is muted was as loud as that.
    fn spoken(&mut self, peak: f32) -> Option<Word> {
        self.heard = match peak > SPEECH {
            true => (self.heard + 2).min(3 * SPEAKS),
            false => self.heard.saturating_sub(1),
        };
        self.tells = self.heard > SPEAKS || self.tells && self.heard > 0;
        self.tells.then_some(labels::SPEAKS_MUTED)
    }
}

/// Shows a peak. What sounds half as loud has a third of the amplitude, so its root is nearer to the ear.
fn show(peak: f32) {
    let meter = JsObject(element::<Element>("level").into());
    meter.set("value", &peak.sqrt().into());
}
