//! The top view: which screen shows.

use leptos::prelude::*;

use super::{
    boxed::{content, flag},
    chat::Chat,
    join::Join,
    manual::Manual,
    notices::Notices,
    people::People,
    stage::Stage,
};
use crate::{session, text::labels};

/// Mounts the app into the page.
pub fn mount() {
    mount_to_body(App);
}

/// The whole app.
#[component]
pub fn App() -> impl IntoView {
    let (model, dispatch) = session::start();
    let joined = move || !model.name.read().is_empty();
    let outside = flag(move || joined() || !model.ready.get());
    let calling = move || model.call.read().state.is_call();
    view! {
        <header>
            <h1>{labels::HOLDFAST}</h1>
            <p hidden=flag(move || !joined())>
                {labels::YOU_ARE}<strong>{content(move || model.name.get())}</strong>
            </p>
        </header>
        <Notices model dispatch />
        <Join model dispatch hidden=outside />
        <Manual model dispatch />
        <main hidden=flag(move || !joined()) class:calling=flag(calling)>
            <People model dispatch />
            <Stage model dispatch />
            <Chat model dispatch />
        </main>
    }
}
