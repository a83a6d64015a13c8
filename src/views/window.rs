//! The window that the call is in: all of the screen if wanted, and a screen that stays on.

use std::{cell::RefCell, rc::Rc};

use gloo_events::EventListener;
use leptos::prelude::document;

use super::bind::{effect, hidden, kept, press, text};
use crate::{
    live::Live,
    platform::{JsObject, property, task, visibility},
    session::Model,
    text::labels,
};

pub(super) fn bind(model: Model) {
    full_screen(model);
    stay_on(model);
}

fn full_screen(model: Model) {
    let page = JsObject(document().into());
    let is_full = Live::new(false);
    let now = page.clone();
    EventListener::new(&document(), "fullscreenchange", move |_| {
        is_full.set(now.object("fullscreenElement").is_some());
    })
    .forget();
    text("full-label", move || match is_full.get() {
        true => labels::LEAVE_FULL_SCREEN.into(),
        false => labels::FULL_SCREEN.into(),
    });
    // Safari on phones has it for videos alone.
    let can = property(&page.0, "fullscreenEnabled").is_truthy();
    let in_call = move || model.call.read().state.is_under_way();
    hidden("full-button", move || !can || !in_call());
    let back = page.clone();
    press("full-button", move || match is_full.get_untracked() {
        true => page.attempt("exitFullscreen", &[]),
        false => {
            let all = page.object("documentElement");
            all.iter()
                .for_each(|all| all.attempt("requestFullscreen", &[]));
        }
    });
    effect(move || {
        if !in_call() && is_full.get_untracked() {
            back.attempt("exitFullscreen", &[]);
        }
    });
}

/// Keeps the screen on during a call, while the page is seen: a page that is hidden loses that by itself.
fn stay_on(model: Model) {
    let navigator = JsObject(property(&js_sys::global(), "navigator"));
    let Some(locks) = navigator.object("wakeLock") else {
        return;
    };
    let seen = Live::new(!visibility::is_hidden());
    if let Some(listener) = visibility::on_change(move || seen.set(!visibility::is_hidden())) {
        listener.forget();
    }
    let wanted = kept(move || {
        let wanted = *seen.read() && model.call.read().state.is_under_way();
        if wanted { "screen" } else { "" }.into()
    });
    let held: Rc<RefCell<Option<JsObject>>> = Rc::default();
    effect(move || {
        if let Some(before) = held.take() {
            before.attempt("release", &[]);
        }
        let what = wanted.get();
        if !what.is_empty() {
            let (asked, held) = (locks.ask("request", &[&what.into()]), held.clone());
            task::spawn(async move {
                let Some(lock) = asked.await else { return };
                // What comes too late, or a second time, is let go.
                let extra = match wanted.read_untracked().is_empty() {
                    true => Some(lock),
                    false => held.replace(Some(lock)),
                };
                extra.iter().for_each(|lock| lock.attempt("release", &[]));
            });
        }
    });
}
