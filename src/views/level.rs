//! Whether one's own microphone hears anything.

use std::{cell::RefCell, rc::Rc};

use gloo_timers::callback::Interval;
use wasm_bindgen::JsCast;
use web_sys::{Element, MediaStream, MediaStreamTrack};

use super::bind::{effect, element, hidden, kept, text};
use crate::{
    live::Live,
    platform::{JsObject, clock},
    session::{Level, Model},
    text::labels,
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

pub(super) fn bind(model: Model) {
    let is_silent = Live::new(false);
    let in_call = move || model.call.read().state.is_under_way();
    hidden("level", move || model.local.read().is_none() || in_call());
    text("silent", move || match is_silent.get() {
        true => labels::HEARS_NOTHING.into(),
        false => String::new(),
    });
    let stream_on = kept(move || {
        let stream = model.local.read();
        let stream = Option::as_ref(&stream).filter(|_| model.local_view.read().microphone);
        stream.map(MediaStream::id).unwrap_or_default()
    });
    let looking: Rc<RefCell<Option<Interval>>> = Rc::default();
    effect(move || {
        let is_on = !stream_on.read().is_empty();
        show(0.0);
        is_silent.set(false);
        let stream = model.local.get_untracked().filter(|_| is_on);
        *looking.borrow_mut() = stream.map(|stream| {
            let mut listener = None;
            Interval::new(EVERY, move || {
                let silent = look(&stream, &mut listener);
                if silent != is_silent.get_untracked() {
                    is_silent.set(silent);
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
    /// In how many looks it has heard something.
    heard: u32,
}

/// Shows the level as it is; gives whether the microphone has heard nothing for too long. Another microphone
/// is another track of the same stream.
fn look(stream: &MediaStream, listener: &mut Option<Listener>) -> bool {
    let now = clock::since_load().as_secs();
    let track = stream.get_audio_tracks().get(0);
    let Ok(track) = track.dyn_into::<MediaStreamTrack>() else {
        *listener = None;
        return false;
    };
    let fresh = || Listener {
        level: Level::of(stream),
        // `track.clone()` would be the browser's own: another track, which stays open.
        track: Clone::clone(&track),
        since: now,
        heard: 0,
    };
    let known = listener.take().filter(|listener| listener.track == track);
    let listener = listener.insert(known.unwrap_or_else(fresh));
    let Some(peak) = listener.level.as_ref().and_then(Level::peak) else {
        listener.since = now;
        return false;
    };
    show(peak);
    listener.heard += u32::from(peak > NOTHING);
    listener.heard < HEARD && now >= listener.since + PATIENCE
}

/// Shows a peak. What sounds half as loud has a third of the amplitude, so its root is nearer to the ear.
fn show(peak: f32) {
    let meter = JsObject(element::<Element>("level").into());
    meter.set("value", &peak.sqrt().into());
}
