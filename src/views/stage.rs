//! The call: both pictures, how it is, and what can be done.

use leptos::prelude::*;

use super::{flag, press, ring::Ring, settings::Settings, text, video::Video};
use crate::{
    rtc::Source,
    session::{Act, Action, Seen},
    words,
};

#[component]
pub(crate) fn Stage(seen: Seen, act: Act) -> impl IntoView {
    let stage = move || seen.call.read().stage;
    let ringing = move || stage() == holdfast_call::Stage::Ringing;
    let switch = move |id: &'static str, name: &'static str, source: Source| {
        let on = move || {
            let view = seen.local_view.read();
            match source {
                Source::Microphone => view.microphone,
                Source::Camera => view.camera,
            }
        };
        let label = text(move || format!("{name} {}", if on() { "on" } else { "off" }));
        view! {
            <button
                id=id
                class="switch"
                aria-label=name
                aria-pressed=text(move || on().to_string())
                class:off=flag(move || !on())
                on:click=press(act, Action::Toggle(source))
            >
                {label}
            </button>
        }
    };
    let interrupted = move || matches!(stage(), holdfast_call::Stage::Interrupted { .. });
    let calling = flag(move || stage().is_call() && !ringing());
    view! {
        <section class="stage" aria-label="Call">
            <div class="pictures" class:calling=calling class:interrupted=flag(interrupted)>
                <Video
                    id="received_video"
                    label="The other side's picture"
                    stream=seen.remote
                    empty=flag(move || !seen.remote_has_video.get())
                />
                <Video
                    id="local_video"
                    label="Your own picture"
                    stream=seen.local
                    empty=flag(move || !seen.local_view.read().has_video)
                />
                <p class="state" hidden=flag(ringing)>
                    <span role="status">{text(move || words::stage(&seen.call.read()))}</span>
                    // Counted for the eye alone.
                    <span aria-hidden="true">{text(move || words::waited(seen.waited.get()))}</span>
                </p>
                {move || ringing().then(|| view! { <Ring seen act /> })}
            </div>
            <div class="controls">
                {switch("microphone-button", "Mic", Source::Microphone)}
                {switch("camera-button", "Camera", Source::Camera)}
                <Settings seen act />
                <button
                    id="hangup-button"
                    disabled=flag(move || !stage().is_call() || ringing())
                    on:click=press(act, Action::HangUp)
                >
                    "Hang up"
                </button>
            </div>
        </section>
    }
}
