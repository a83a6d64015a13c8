//! What can be done in a call, in one bar.

use super::{
    bind::{attribute, class, does, flag, hidden, press, text},
    drawer::{Drawer, Open},
};
use crate::{
    session::{Action, Dispatch, Model, Source, can_share},
    text::{Word, labels},
};

pub(super) fn bind(model: Model, dispatch: Dispatch, drawer: Drawer) {
    let switch = |id: &'static str, label: &'static str, source, words: [Word; 2]| {
        let on = move || {
            let view = model.local_view.read();
            match source {
                Source::Microphone => view.microphone,
                Source::Camera => view.camera,
            }
        };
        class(id, "off", move || !on());
        // It says what it will do.
        text(label, move || words[usize::from(on())].into());
        does(id, dispatch, Action::Toggle(source));
    };
    switch(
        "microphone-button",
        "microphone-label",
        Source::Microphone,
        [labels::UNMUTE, labels::MUTE],
    );
    switch(
        "camera-button",
        "camera-label",
        Source::Camera,
        [labels::START_CAMERA, labels::STOP_CAMERA],
    );
    // Whoever has another client takes a second picture for the first.
    hidden("share-button", move || {
        !can_share() || !model.call.read().is_ours
    });
    let shares = move || model.sharing.read().is_some();
    class("share-button", "on", shares);
    text("share-label", move || match shares() {
        true => labels::STOP_SHARING.into(),
        false => labels::SHARE_SCREEN.into(),
    });
    does("share-button", dispatch, Action::ToggleScreen);
    text("chat-label", move || labels::unread(drawer.unread()));
    // Where there is no room for words, the number stands alone.
    attribute("chat-button", "data-unread", move || {
        let unread = drawer.unread();
        if unread > 0 {
            unread.to_string()
        } else {
            String::new()
        }
    });
    for (id, what) in [("chat-button", Open::Chat), ("people-button", Open::People)] {
        attribute(id, "aria-expanded", move || drawer.is(what).to_string());
        press(id, move || drawer.toggle(what));
    }
    flag("hangup-button", "disabled", move || {
        !model.call.read().state.is_under_way()
    });
    does("hangup-button", dispatch, Action::HangUp);
}
