//! The whole page: which screen shows.

use leptos::{
    prelude::{document, mount_to_body, request_animation_frame},
    task::spawn_local,
};

use super::{
    bind::{attribute, effect, element, focus, hidden, kept, text},
    controls,
    drawer::Drawer,
    join, later, notices, people,
    press_guard::{Place, PressGuard},
    ring, stage, title,
};
use crate::{
    live::Live,
    platform::JsObject,
    session::{self, Model},
};

/// Brings index.html to life.
pub fn mount() {
    // Nothing is put in: Leptos follows what is bound, for as long as the page is there.
    mount_to_body(app);
}

fn app() {
    let (model, dispatch) = session::start();
    let drawer = Drawer::new(model);
    let screen = kept(move || screen(model).into());
    let caller = kept(move || {
        let call = model.call.read();
        call.caller().unwrap_or_default().to_owned()
    });
    let came = title::bind(caller);
    let guard = PressGuard::new();
    let mut before = (String::new(), String::new());
    effect(move || {
        let now = (screen.get(), caller.get());
        // What html has shown from the beginning comes under nobody's finger.
        if now != before && !before.0.is_empty() {
            guard.changed(Place::Screen);
        }
        before = now;
    });
    effect(move || {
        let screen = screen.read();
        if **screen != *"call" {
            drawer.close();
        }
        // What boot.js has found shows until this knows better.
        if !screen.is_empty() {
            let page: web_sys::Element = element("page");
            let _ = page.set_attribute("data-screen", &screen);
        }
    });
    attribute("main", "data-drawer", move || drawer.name().into());
    hidden("tagline", move || !model.name.read().is_empty());
    hidden("me", move || model.name.read().is_empty());
    text("my-name", move || model.name.get());
    keep_focus(screen);
    join::bind(model, dispatch);
    stage::bind(model, dispatch);
    controls::bind(model, dispatch, drawer);
    people::bind(model, dispatch, guard);
    notices::bind(model, dispatch, guard);
    ring::bind(model, dispatch, caller);
    spawn_local(later::bind(model, dispatch, drawer, came));
}

/// Which screen shows, as the style sheet calls it; empty until that is known.
fn screen(model: Model) -> &'static str {
    match model.call.read().state.is_under_way() {
        true => "call",
        false if !model.name.read().is_empty() => "lobby",
        false if *model.ready.read() || model.fatal.read().is_some() => "join",
        false => "",
    }
}

/// Whoever works by keyboard goes on where the new screen begins, if the old one took the focus with
/// it.
fn keep_focus(screen: Live<String>) {
    effect(move || {
        let place = match &**screen.read() {
            "" => return,
            "join" => "name",
            "lobby" => "people-title",
            _ => "state",
        };
        request_animation_frame(move || {
            let is_lost = |element: web_sys::Element| {
                // What is hidden or disabled has it until the next picture.
                let shows = JsObject(element.clone().into()).call("checkVisibility", &[]);
                let is_hidden = shows.is_some_and(|shows| shows.is_falsy());
                is_hidden || element.has_attribute("disabled") || element.tag_name() == "BODY"
            };
            if document().active_element().is_none_or(is_lost) {
                focus(place);
            }
        });
    });
}
