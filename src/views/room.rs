//! The room we are in, and the way to another.

use super::bind::{does, hidden, press, text};
use crate::{
    live::Live,
    session::{Action, Dispatch, Model},
    text::labels,
};

pub(super) fn bind(model: Model, dispatch: Dispatch) {
    let in_lobby = move || model.room.read().as_deref() == Some("");
    hidden("room", move || model.room.read().is_none());
    hidden("private-room", in_lobby);
    hidden("new-room", move || !in_lobby());
    hidden("leave-room", in_lobby);
    // There, nobody would be found by it.
    hidden("copy-link", move || *model.unlisted.read());
    does("new-room", dispatch, Action::NewRoom);
    does("leave-room", dispatch, Action::Lobby);
    // Of which room the link was copied.
    let copied = Live::<Option<String>>::new(None);
    press("copy-link", move || {
        dispatch.dispatch(Action::CopyLink);
        copied.set(model.room.get_untracked());
    });
    text("copy-label", move || {
        match copied.get() == model.room.get() && copied.read().is_some() {
            true => labels::COPIED.into(),
            false => labels::COPY_LINK.into(),
        }
    });
}
