//! What comes is played: also after media keys have paused it, and with a button where the browser wants the
//! person to press something first.

use js_sys::Reflect;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlVideoElement, MediaStream};

use super::bind::{effect, element, hidden, on, press};
use crate::{
    live::Live,
    session::{Model, Shown},
};

pub(super) fn bind(model: Model) {
    let refused = [
        follow("received_video", model.remote),
        follow("screen_video", model.remote_screen),
    ];
    hidden("play-button", move || {
        !*refused[0].read() && !*refused[1].read()
    });
}

/// Plays what is shown there; gives whether the browser wants a press first.
fn follow(id: &'static str, stream: Shown<Option<MediaStream>>) -> Live<bool> {
    let refused = Live::new(false);
    let play = move || {
        let video: HtmlVideoElement = element(id);
        if video.src_object().is_none() {
            return refused.set(false);
        }
        spawn_local(async move {
            let playing = match video.play() {
                Ok(playing) => JsFuture::from(playing).await,
                Err(error) => Err(error),
            };
            let name = playing
                .err()
                .map(|error| Reflect::get(&error, &"name".into()));
            let name = name.and_then(|name| name.ok()?.as_string());
            // Anything else, such as another stream meanwhile, is no matter of the person's.
            refused.set(name.as_deref() == Some("NotAllowedError"));
        });
    };
    effect(move || {
        stream.track();
        play();
    });
    on(id, "pause", move |_| play());
    press("play-button", play);
    refused
}
