//! The call: both pictures, and how it is.

use web_sys::{HtmlVideoElement, MediaStream};

use super::bind::{class, does, effect, element, hidden, text};
use crate::{
    session::{Action, CallState, Dispatch, MediaState, Model, Shown},
    text::{self, labels},
};

pub(super) fn bind(model: Model, dispatch: Dispatch) {
    let stage = move || model.call.read().state;
    let calls = move || stage().is_under_way();
    class("stage", "interrupted", move || {
        matches!(stage(), CallState::Interrupted { .. })
    });
    // One's own voice, heard late, is an echo: index.html mutes it.
    follow("local_video", model.local);
    class("local_video", "empty", move || {
        !model.local_view.read().has_video
    });
    class("local_video", "mirrored", move || {
        model.local_view.read().mirrored
    });
    follow("received_video", model.remote);
    class("received_video", "empty", move || !has_picture(model));
    follow("screen_video", model.remote_screen);
    let shares = move || model.remote_screen.read().is_some();
    class("screen_video", "empty", move || !shares());
    class("stage", "shared", shares);
    hidden("peer-avatar", move || !calls() || has_picture(model));
    text("peer-avatar", move || {
        text::initial(&model.call.read().peer)
    });
    hidden("preview-button", move || {
        calls() || model.local.read().is_some()
    });
    does("preview-button", dispatch, Action::Preview);
    hidden("state", move || !calls());
    text("state-text", move || {
        let call = model.call.read();
        text::call_state(&call, model.presence.read().is_away(&call.peer))
    });
    let peer_says = move |id, says: fn(&MediaState) -> bool| {
        hidden(id, move || {
            !model.call.read().peer_media.as_ref().is_some_and(says)
        });
    };
    peer_says("peer-muted", |media| !media.microphone);
    peer_says("peer-dark", |media| !media.camera);
    peer_says("peer-listens", |media| media.limit == Some(0));
    text("shares", move || {
        let surface = &model.sharing.read();
        let surface = surface.as_deref();
        surface.map(labels::shared).unwrap_or_default()
    });
    // Counted for the eye alone.
    text("state-time", move || {
        text::lasting(stage(), model.seconds.get())
    });
}

/// Whether there is a picture of the other side: a track that sends nothing shows its last one for ever.
pub(super) fn has_picture(model: Model) -> bool {
    let call = model.call.read();
    let media = call.peer_media.as_ref();
    *model.remote_has_video.read() && media.is_none_or(|media| media.camera)
}

/// Keeps a video element at what the signal holds, and so clears it when that is none.
fn follow(id: &str, stream: Shown<Option<MediaStream>>) {
    let video: HtmlVideoElement = element(id);
    effect(move || video.set_src_object(Option::as_ref(&stream.read())));
}
