//! The room we are in, and the way to another.

use leptos::prelude::*;

use super::boxed::{content, flag, press};
use crate::{
    session::{Action, Dispatch, Model},
    text::labels,
};

#[component]
pub(crate) fn Room(model: Model, dispatch: Dispatch) -> impl IntoView {
    let in_lobby = move || model.room.read().as_deref() == Some("");
    // Of which room the link was copied.
    let (copied, set_copied) = signal(None);
    let copy: Box<dyn FnMut(leptos::ev::MouseEvent)> = Box::new(move |_| {
        dispatch.dispatch(Action::CopyLink);
        set_copied.set(model.room.get_untracked());
    });
    view! {
        <div class="room" hidden=flag(move || model.room.read().is_none())>
            <p class="hint" hidden=flag(in_lobby)>
                {labels::OWN_ROOM}
            </p>
            <div class="row">
                <button id="new-room" hidden=flag(move || !in_lobby()) on:click=press(dispatch, Action::NewRoom)>
                    {labels::NEW_ROOM}
                </button>
                <button id="copy-link" hidden=flag(in_lobby) on:click=copy>
                    {content(move || match copied.get() == model.room.get() {
                        true => labels::COPIED.into(),
                        false => labels::COPY_LINK.into(),
                    })}
                </button>
                <button id="leave-room" hidden=flag(in_lobby) on:click=press(dispatch, Action::Lobby)>
                    {labels::TO_THE_LOBBY}
                </button>
            </div>
        </div>
    }
}
