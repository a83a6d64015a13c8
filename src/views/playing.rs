//! What comes is played: also after media keys have paused it, and with a button where the browser wants the
//! person to press something first.

use js_sys::Reflect;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;
use web_sys::HtmlVideoElement;

use super::bind::{effect, element, hidden, on, press};
use crate::{live::Live, session::Model};

pub(super) fn bind(model: Model) {
    let video: HtmlVideoElement = element("received_video");
    let refused = Live::new(false);
    let play = move || {
        let video = video.clone();
        if video.src_object().is_some() {
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
        }
    };
    let (again, first) = (play.clone(), play.clone());
    effect(move || {
        model.remote.track();
        first();
    });
    on("received_video", "pause", move |_| again());
    press("play-button", play);
    hidden("play-button", move || {
        !*refused.read() || model.remote.read().is_none()
    });
}
