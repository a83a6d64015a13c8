//! Which camera, microphone and picture size; and the states of the connection.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement};

use super::{
    bind::{does, element, flag, hidden, on, press, set_value, text, value},
    choice,
};
use crate::{
    platform::{location, storage::Place},
    session::{Action, Dispatch, LinkView, Model, Sound, Source, can_isolate},
    text::{Word, labels},
};

/// The highest rates of pictures that can be asked for, kbit/s. An hour at the first is some 130 MB each way, with
/// its sound.
const LIMITS: [(&str, Word); 2] = [("250", labels::LESS_DATA), ("0", labels::SOUND_ONLY)];

/// Under which style/boot.js looks for the language.
const LANGUAGE: &str = "holdfast-language";

pub(super) fn bind(model: Model, dispatch: Dispatch) {
    devices(model, dispatch);
    amounts(model, dispatch);
    set_value(
        "language-choice",
        &Place::Browser.load(LANGUAGE).unwrap_or_default(),
    );
    // A call that is under way goes on; but for one by codes, which no reload survives.
    on("language-choice", "change", move |_| {
        let chosen = value("language-choice");
        Place::Browser.keep(LANGUAGE, Some(&*chosen).filter(|chosen| !chosen.is_empty()));
        if *model.link.read_untracked() != LinkView::Manual {
            location::reload();
        }
    });
    close_by_a_press_beside();
    flag("quiet", "checked", move || *model.quiet.read());
    press("quiet", move || {
        let quiet: HtmlInputElement = element("quiet");
        dispatch.dispatch(Action::Quiet(quiet.checked()));
    });
    flag("early", "checked", move || *model.early.read());
    press("early", move || {
        let early: HtmlInputElement = element("early");
        dispatch.dispatch(Action::Early(early.checked()));
    });
    hidden("notify-button", move || !*model.can_ask.read());
    does("notify-button", dispatch, Action::Notify);
    does("forget-device", dispatch, Action::ForgetDevice);
    text("signaling-state", move || {
        model.peer_state.read().signaling.clone()
    });
    text("gathering-state", move || {
        model.peer_state.read().gathering.clone()
    });
    text("ice-state", move || model.peer_state.read().ice.clone());
    text("connection-state", move || {
        model.peer_state.read().connection.clone()
    });
}

/// What is sent, of which device.
fn devices(model: Model, dispatch: Dispatch) {
    let devices = move |source: Source, label: Word| {
        move || {
            let mut options = choice::options(labels::AUTOMATIC, &[]);
            for device in model.devices.get() {
                if device.source == source {
                    let is_named = !device.label.is_empty();
                    let name = if is_named { device.label } else { label.into() };
                    options.push((device.id, name));
                }
            }
            options
        }
    };
    let choose = move |source| move |device| dispatch.dispatch(Action::Choose(source, device));
    choice::bind(
        "camera-choice",
        devices(Source::Camera, labels::CAMERA),
        move || model.chosen.read().camera.clone(),
        choose(Source::Camera),
    );
    choice::bind(
        "microphone-choice",
        devices(Source::Microphone, labels::MICROPHONE),
        move || model.chosen.read().microphone.clone(),
        choose(Source::Microphone),
    );
    let sounds = move || {
        let voice = (Sound::Voice.key(), labels::VOICE_ALONE);
        let all = (Sound::Everything.key(), labels::ALL_SOUND);
        let is_voice = model.chosen.read().sound == Sound::Voice;
        match is_voice || Option::as_ref(&model.local.read()).is_some_and(can_isolate) {
            true => choice::options(labels::AUTOMATIC, &[voice, all]),
            false => choice::options(labels::AUTOMATIC, &[all]),
        }
    };
    choice::bind(
        "sound-choice",
        sounds,
        move || model.chosen.read().sound.key().to_owned(),
        move |sound| dispatch.dispatch(Action::Sound(Sound::of(&sound.unwrap_or_default()))),
    );
}

/// How much of it is sent.
fn amounts(model: Model, dispatch: Dispatch) {
    let heights = || choice::options(labels::AUTOMATIC, &labels::HEIGHTS);
    let resize = move |height: Option<String>| {
        let height = height.and_then(|height| height.parse().ok());
        dispatch.dispatch(Action::Quality(height));
    };
    let height = move || model.chosen.read().height.clone();
    choice::bind("quality", heights, height, resize);
    let limits = || choice::options(labels::AUTOMATIC, &LIMITS);
    choice::bind(
        "data-choice",
        limits,
        move || model.limit.get(),
        move |limit| dispatch.dispatch(Action::Limit(limit.unwrap_or_default())),
    );
}

fn close_by_a_press_beside() {
    on("page", "click", |event| {
        let target = event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok());
        let inside = target.and_then(|target| target.closest("#settings").ok()?);
        if inside.is_none() {
            let _ = element::<Element>("settings").remove_attribute("open");
        }
    });
}
