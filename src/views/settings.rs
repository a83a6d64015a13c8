//! Which camera, microphone and picture size; and the states of the connection.

use leptos::prelude::*;

use super::{
    choice::{Options, choice},
    text,
};
use crate::{
    rtc::{PeerState, Source},
    session::{Act, Action, Seen},
};

/// Picture heights that can be asked for, in pixels.
const HEIGHTS: [&str; 4] = ["180", "360", "720", "1080"];

#[component]
pub(crate) fn Settings(seen: Seen, act: Act) -> impl IntoView {
    let devices = move |source: Source, label: &'static str| {
        move || {
            let devices = seen.devices.get().into_iter();
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
        let heights = HEIGHTS.map(|height| (height.to_owned(), format!("{height} lines")));
        automatic().into_iter().chain(heights).collect()
    };
    let cameras = devices(Source::Camera, "Camera");
    let microphones = devices(Source::Microphone, "Microphone");
    let choose = move |source| move |device| act.act(Action::Choose(source, device));
    let resize = move |height: Option<String>| {
        act.act(Action::Quality(
            height.and_then(|height| height.parse().ok()),
        ));
    };
    let state = move |name: &'static str, state: fn(&PeerState) -> &String| {
        let state = text(move || state(&seen.peer_state.read()).clone());
        view! { <div><dt>{name}</dt><dd>{state}</dd></div> }
    };
    view! {
        <details class="settings">
            <summary>"Settings"</summary>
            <div class="panel">
                {choice("camera-choice", "Camera", cameras, choose(Source::Camera))}
                {choice("microphone-choice", "Microphone", microphones, choose(Source::Microphone))}
                {choice("quality", "Picture size", heights, resize)}
                <dl class="peer-state" aria-label="States of the connection">
                    {state("Signaling", |state| &state.signaling)}
                    {state("Gathering", |state| &state.gathering)}
                    {state("ICE", |state| &state.ice)}
                    {state("Connection", |state| &state.connection)}
                </dl>
            </div>
        </details>
    }
}

fn automatic() -> Options {
    vec![(String::new(), "Automatic".into())]
}
