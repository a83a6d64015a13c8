//! Coming in under a name.

use super::bind::{attribute, effect, element, flag, on, submit, text, value};
use crate::{
    live::Live,
    session::{Action, Dispatch, LinkView, Model},
    text::labels,
};

pub(super) fn bind(model: Model, dispatch: Dispatch) {
    let problem = Live::new(String::new());
    let typed = Live::new(String::new());
    on("name", "input", move |_| typed.set(value("name")));
    let join = move || {
        let name = match value("name") {
            // The name that this browser had last.
            nothing if nothing.is_empty() => model.known_name.get_untracked(),
            name => name,
        };
        problem.set(match name.is_empty() {
            true => labels::NAME_NEEDED.into(),
            false => String::new(),
        });
        if !name.is_empty() {
            dispatch.dispatch(Action::Join(name));
        }
    };
    submit("join", join);
    effect(move || {
        // boot.js keeps a press that came before this was there.
        let form: web_sys::Element = element("join");
        if *model.ready.read() && form.has_attribute("data-pressed") {
            let _ = form.remove_attribute("data-pressed");
            join();
        }
    });
    attribute("name", "placeholder", move || model.known_name.get());
    text("login", move || {
        let callee = model.callee.read();
        if !callee.is_empty() {
            return labels::call(&callee);
        }
        let known = model.known_name.read();
        match typed.read().is_empty() && !known.is_empty() {
            true => labels::join_as(&known),
            false => labels::JOIN.into(),
        }
    });
    text("name-problem", move || problem.get());
    text("welcome", move || {
        let callee = model.callee.read();
        match model.room.read().as_deref() == Some("") {
            _ if !callee.is_empty() => labels::invited_by(&callee),
            true => labels::WELCOME.into(),
            false => labels::INVITED.into(),
        }
    });
    flag("login", "disabled", move || {
        *model.link.read() == LinkView::Connecting
    });
}
