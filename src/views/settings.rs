//! Which camera, microphone and picture size; and the states of the connection.

use leptos::prelude::*;

use super::{
    boxed::{content, press},
    choice::{Options, choice},
};
use crate::{
    session::{Action, Dispatch, Model, PeerState, Source},
    text::labels,
};

/// Picture heights that can be asked for, in pixels.
const HEIGHTS: [&str; 4] = ["180", "360", "720", "1080"];

#[component]
pub(crate) fn Settings(model: Model, dispatch: Dispatch) -> impl IntoView {
    let devices = move |source: Source, label: &'static str| {
        move || {
            let devices = model.devices.get().into_iter();
            let named = devices
                .filter(|device| device.source == source)
                .map(|device| {
                    let unnamed = device.label.is_empty();
                    (
                        device.id,
                        if unnamed {
                            label.to_owned()
                        } else {
                            device.label
                        },
                    )
                });
            automatic().into_iter().chain(named).collect()
        }
    };
    let heights = || {
        let heights = HEIGHTS.map(|height| (height.to_owned(), labels::lines(height)));
        automatic().into_iter().chain(heights).collect()
    };
    let cameras = devices(Source::Camera, labels::CAMERA);
    let microphones = devices(Source::Microphone, labels::MICROPHONE);
    let choose = move |source| move |device| dispatch.dispatch(Action::Choose(source, device));
    let resize = move |height: Option<String>| {
        dispatch.dispatch(Action::Quality(
            height.and_then(|height| height.parse().ok()),
        ));
    };
    let state = move |name: &'static str, state: fn(&PeerState) -> &String| {
        let state = content(move || state(&model.peer_state.read()).clone());
        view! { <div><dt>{name}</dt><dd>{state}</dd></div> }
    };
    view! {
        <details class="settings">
            <summary>{labels::SETTINGS}</summary>
            <div class="panel">
                {choice("camera-choice", labels::CAMERA, cameras, choose(Source::Camera))}
                {choice("microphone-choice", labels::MICROPHONE, microphones, choose(Source::Microphone))}
                {choice("quality", labels::PICTURE_SIZE, heights, resize)}
                <button id="forget-device" on:click=press(dispatch, Action::ForgetDevice)>
                    {labels::FORGET_DEVICE}
                </button>
                <dl class="peer-state" aria-label=labels::STATES>
                    {state(labels::SIGNALING, |state| &state.signaling)}
                    {state(labels::GATHERING, |state| &state.gathering)}
                    {state(labels::ICE, |state| &state.ice)}
                    {state(labels::CONNECTION, |state| &state.connection)}
                </dl>
            </div>
        </details>
    }
}

fn automatic() -> Options {
    vec![(String::new(), labels::AUTOMATIC.into())]
}
