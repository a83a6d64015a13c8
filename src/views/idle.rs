//! Where nobody moves, the controls give way to the picture; all but the button that hangs up.

use std::{cell::RefCell, rc::Rc};

use gloo_events::EventListener;
use gloo_timers::callback::Timeout;
use leptos::prelude::document;
use web_sys::Element;

use super::bind::{effect, element};
use crate::session::{CallState, Model};

/// How long nothing may move, ms.
const PATIENCE: u32 = 3_000;

/// What holds them: a focus on them, settings that are open.
const HELD: &str = ".controls :focus-visible, .corner :focus-visible, #settings[open]";

/// What tells that somebody is there.
const SIGNS: [&str; 4] = ["pointermove", "pointerdown", "keydown", "focusin"];

pub(super) fn bind(model: Model) {
    let timer: Rc<RefCell<Option<Timeout>>> = Rc::default();
    let awake = move || {
        let _ = element::<Element>("stage").class_list().remove_1("idle");
        let again = timer.clone();
        let sleeps = Timeout::new(PATIENCE, move || sleep(model, &again));
        *timer.borrow_mut() = Some(sleeps);
    };
    for sign in SIGNS {
        let awake = awake.clone();
        EventListener::new(&document(), sign, move |_| awake()).forget();
    }
    effect(move || {
        model.call.track();
        model.local_view.track();
        model.chat.track();
        awake();
    });
}

fn sleep(model: Model, timer: &Rc<RefCell<Option<Timeout>>>) {
    let view = model.local_view.get_untracked();
    let connected = matches!(
        model.call.read_untracked().state,
        CallState::Connected { .. }
    );
    let held = document().query_selector(HELD).is_ok_and(|it| it.is_some());
    // Whoever is muted is to see it.
    if connected && view.microphone && view.camera && !held {
        let _ = element::<Element>("stage").class_list().add_1("idle");
    } else if held {
        let again = timer.clone();
        let later = Timeout::new(PATIENCE, move || sleep(model, &again));
        *timer.borrow_mut() = Some(later);
    }
}
