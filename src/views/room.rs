//! The room we are in, the links that lead there, and the way to another.

use web_sys::{HtmlElement, HtmlInputElement};

use super::bind::{does, element, hidden, press, text};
use crate::{
    live::Live,
    platform::{JsObject, clipboard, task},
    session::{Action, Dispatch, Model},
    text::labels,
};

/// Gives whether whoever opens a link calls us.
pub(super) fn bind(model: Model, dispatch: Dispatch) -> Live<bool> {
    let in_lobby = move || model.room.read().as_deref() == Some("");
    hidden("room", move || model.room.read().is_none());
    hidden("private-room", in_lobby);
    hidden("new-room", move || !in_lobby());
    hidden("leave-room", in_lobby);
    // There, nobody would be found by a link.
    for id in ["copy-link", "calls-me-box"] {
        hidden(id, move || *model.unlisted.read());
    }
    does("new-room", dispatch, Action::NewRoom);
    does("leave-room", dispatch, Action::Lobby);
    // A browser may have kept it over a reload.
    let is_checked = || element::<HtmlInputElement>("calls-me").checked();
    let calls_me = Live::new(is_checked());
    press("calls-me", move || calls_me.set(is_checked()));
    let link = move || model.link_to_here(calls_me.get());
    let copied = Live::<Option<String>>::new(None);
    press("copy-link", move || {
        let link = link();
        let copying = clipboard::write(&link);
        task::spawn(async move {
            match copying.await {
                true => copied.set(Some(link)),
                // There it can be copied by hand.
                false if model.call.read_untracked().caller().is_none() => {
                    element::<HtmlElement>("code-button").click();
                    select("code-link");
                }
                false => {}
            }
        });
    });
    text("copy-label", move || match *copied.read() == Some(link()) {
        true => labels::COPIED.into(),
        false => labels::COPY_LINK.into(),
    });
    calls_me
}

fn select(id: &str) {
    let selection = JsObject(js_sys::global().into()).call("getSelection", &[]);
    let selection = JsObject(selection.unwrap_or_default());
    let _ = selection.call("selectAllChildren", &[&element::<HtmlElement>(id)]);
}
