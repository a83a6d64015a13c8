//! The top view: which screen shows.

use gloo_events::EventListener;
use js_sys::Reflect;
use leptos::prelude::*;

use crate::{
    session::{self, Action, Seen},
    views::{Carried, Chat, Join, Notices, People, Stage, flag, text},
};

/// Mounts the app into the page.
pub fn mount() {
    leptos::mount::mount_to_body(App);
}

/// The whole app.
#[component]
pub fn App() -> impl IntoView {
    let seen = Seen::new();
    let act = session::start(seen);
    tell_when_the_page_closes(act);
    let joined = move || !seen.name.read().is_empty();
    let outside = flag(move || joined() || !seen.ready.get());
    view! {
        <header>
            <h1>"Holdfast"</h1>
            <p hidden=flag(move || !joined())>
                "You are "<strong>{text(move || seen.name.get())}</strong>
            </p>
        </header>
        <Notices seen act />
        <Join seen act hidden=outside />
        <Carried seen act />
        <main hidden=flag(move || !joined()) class:calling=flag(move || seen.call.read().stage.is_call())>
            <People seen act />
            <Stage seen act />
            <Chat seen act />
        </main>
    }
}

/// A call must not wait for somebody who has closed the page.
fn tell_when_the_page_closes(act: session::Act) {
    // Firefox 153 closes sockets between the two.
    let listeners = ["beforeunload", "pagehide"]
        .map(|event| EventListener::new(&window(), event, move |_| act.act(Action::Leave)));
    // A page that comes back from the browser's cache has no link and no call any more.
    let back = EventListener::new(&window(), "pageshow", |event| {
        let restored = Reflect::get(event, &"persisted".into());
        if restored.is_ok_and(|restored| restored.is_truthy()) {
            // Reloading the own page is always allowed.
            let _ = window().location().reload();
        }
    });
    // The page outlives the app.
    for listener in listeners {
        listener.forget();
    }
    back.forget();
}
