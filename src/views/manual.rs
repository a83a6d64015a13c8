//! A call without any server, by two codes that people carry by hand.

use web_sys::HtmlTextAreaElement;

use super::bind::{effect, element, flag, hidden, press, set_value, submit, text, value};
use crate::{
    platform::{clipboard, task},
    session::{Action, Dispatch, Model},
    text::labels,
};

pub(super) fn bind(model: Model, dispatch: Dispatch) {
    let joined = move || !model.name.read().is_empty();
    let no_code = move || model.code.read().is_empty();
    hidden("manual", move || {
        !*model.ready.read() || joined() && no_code()
    });
    // Whoever has opened it finds it open.
    effect(move || {
        if !no_code() {
            let manual: web_sys::Element = element("manual");
            let _ = manual.set_attribute("open", "");
        }
    });
    hidden("invite-form", joined);
    submit("invite-form", move || {
        let (me, peer) = (value("inviting"), value("invited"));
        if !me.is_empty() && !peer.is_empty() {
            dispatch.dispatch(Action::Invite { me, peer });
        }
    });
    hidden("our-code-box", no_code);
    text("our-code-label", move || {
        labels::code_for(&model.call.read().peer)
    });
    effect(move || set_value("our-code", &model.code.read()));
    flag("copy-code", "disabled", no_code);
    press("copy-code", move || {
        let ours: HtmlTextAreaElement = element("our-code");
        // Where the clipboard is not allowed, it is selected at least.
        ours.select();
        let copied = clipboard::write(&ours.value());
        task::spawn(async { _ = copied.await });
    });
    submit("paste-form", move || {
        let code = value("their-code");
        if !code.is_empty() {
            dispatch.dispatch(Action::Paste(code));
            set_value("their-code", "");
        }
    });
}
