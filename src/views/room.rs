//! The room we are in, and the way to another.

use leptos::prelude::*;

use super::{flag, press, text};
use crate::session::{Act, Action, Seen};

#[component]
pub(crate) fn Room(seen: Seen, act: Act) -> impl IntoView {
    let in_lobby = move || seen.room.read().as_deref() == Some("");
    // Of which room the link was copied.
    let (copied, set_copied) = signal(None);
    let copy: Box<dyn FnMut(leptos::ev::MouseEvent)> = Box::new(move |_| {
        if let Ok(address) = window().location().href() {
            // Where that is not allowed, it can be copied from the address bar.
            let _ = window().navigator().clipboard().write_text(&address);
            set_copied.set(seen.room.get_untracked());
        }
    });
    view! {
        <div class="room" hidden=flag(move || seen.room.read().is_none())>
            <p class="hint" hidden=flag(in_lobby)>
                "A room of its own: only who has the link can come in."
            </p>
            <div class="row">
                <button id="new-room" hidden=flag(move || !in_lobby()) on:click=press(act, Action::NewRoom)>
                    "New room"
                </button>
                <button id="copy-link" hidden=flag(in_lobby) on:click=copy>
                    {text(move || match copied.get() == seen.room.get() {
                        true => "Copied".into(),
                        false => "Copy link".into(),
                    })}
                </button>
                <button id="leave-room" hidden=flag(in_lobby) on:click=press(act, Action::Lobby)>
                    "To the lobby"
                </button>
            </div>
        </div>
    }
}
