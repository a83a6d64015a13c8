//! The call: both pictures, how it is, and what can be done.

use leptos::prelude::*;

use super::{
    boxed::{content, flag, press},
    ring::Ring,
    settings::Settings,
    video::Video,
};
use crate::{
    session::{Action, CallState, Dispatch, Model, Source},
    text::{self, labels},
};

#[component]
pub(crate) fn Stage(model: Model, dispatch: Dispatch) -> impl IntoView {
    let stage = move || model.call.read().state;
    let ringing = move || stage() == CallState::Ringing;
    let interrupted = move || matches!(stage(), CallState::Interrupted { .. });
    let calling = flag(move || stage().is_call() && !ringing());
    let state = move || {
        let call = model.call.read();
        text::call_state(&call, model.presence.read().is_away(&call.peer))
    };
    view! {
        <section class="stage" aria-label=labels::CALL>
            <div class="pictures" class:calling=calling class:interrupted=flag(interrupted)>
                <Video
                    id="received_video"
                    label=labels::THEIR_PICTURE
                    stream=model.remote
                    empty=flag(move || !model.remote_has_video.get())
                />
                <Video
                    id="local_video"
                    label=labels::YOUR_PICTURE
                    stream=model.local
                    empty=flag(move || !model.local_view.read().has_video)
                />
                <p class="state" hidden=flag(ringing)>
                    <span role="status">{content(state)}</span>
                    // Counted for the eye alone.
                    <span aria-hidden="true">{content(move || text::waited(model.waited.get()))}</span>
                </p>
                {move || ringing().then(|| view! { <Ring model dispatch /> })}
            </div>
            <div class="controls">
                {switch(model, dispatch, "microphone-button", labels::MIC, Source::Microphone)}
                {switch(model, dispatch, "camera-button", labels::CAMERA, Source::Camera)}
                <Settings model dispatch />
                <button
                    id="hangup-button"
                    disabled=flag(move || !stage().is_call() || ringing())
                    on:click=press(dispatch, Action::HangUp)
                >
                    {labels::HANG_UP}
                </button>
            </div>
        </section>
    }
}

/// A button that turns a source on or off.
fn switch(
    model: Model,
    dispatch: Dispatch,
    id: &'static str,
    name: &'static str,
    source: Source,
) -> impl IntoView {
    let on = move || {
        let view = model.local_view.read();
        match source {
            Source::Microphone => view.microphone,
            Source::Camera => view.camera,
        }
    };
    let label = content(move || labels::switch(name, on()));
    view! {
        <button
            id=id
            class="switch"
            aria-label=name
            aria-pressed=content(move || on().to_string())
            class:off=flag(move || !on())
            on:click=press(dispatch, Action::Toggle(source))
        >
            {label}
        </button>
    }
}
