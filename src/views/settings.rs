//! Which camera, microphone and picture size; and the states of the connection.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement};

use super::{
    bind::{does, element, flag, hidden, on, press, text},
    choice::{self, Options},
};
use crate::{
    session::{Action, Dispatch, Model, Source},
    text::labels,
};

/// Picture heights that can be asked for, in pixels.
const HEIGHTS: [&str; 4] = ["180", "360", "720", "1080"];

pub(super) fn bind(model: Model, dispatch: Dispatch) {
    let devices = move |source: Source, label: &'static str| {
        move || {
            let devices = model.devices.get().into_iter();
            let devices = devices.filter(|device| device.source == source);
            let named = devices.map(|device| match device.label.is_empty() {
                true => (device.id, label.to_owned()),
                false => (device.id, device.label),
            });
            automatic().into_iter().chain(named).collect()
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
    let heights = || {
        let heights = HEIGHTS.map(|height| (height.to_owned(), labels::lines(height)));
        automatic().into_iter().chain(heights).collect()
    };
    let resize = move |height: Option<String>| {
        let height = height.and_then(|height| height.parse().ok());
        dispatch.dispatch(Action::Quality(height));
    };
    let height = move || model.chosen.read().height.clone();
    choice::bind("quality", heights, height, resize);
    close_by_a_press_beside();
    flag("quiet", "checked", move || *model.quiet.read());
    press("quiet", move || {
        let quiet: HtmlInputElement = element("quiet");
        dispatch.dispatch(Action::Quiet(quiet.checked()));
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

fn automatic() -> Options {
    vec![(String::new(), labels::AUTOMATIC.into())]
}
