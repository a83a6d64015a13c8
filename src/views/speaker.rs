//! Which speaker the other side is heard from.

use leptos::task::spawn_local;

use super::{
    bind::{effect, element, hidden, press},
    choice::{self, Options},
};
use crate::{
    live::Live,
    session::{Model, Speakers},
    text::labels,
};

pub(super) fn bind(model: Model) {
    let there = Live::new(Options::new());
    let chosen = Live::new(Speakers::chosen());
    hidden("speaker", move || there.read().is_empty());
    press("sound-test", Speakers::test);
    hidden("speaker-button", || !Speakers::can_ask());
    let elements = ["received_video", "screen_video"].map(element);
    let Some(speakers) = Speakers::of(elements.into()) else {
        return;
    };
    let heard = speakers.clone();
    let look = move || {
        let speakers = speakers.clone();
        spawn_local(async move { there.set(speakers.look().await) });
    };
    let (again, asked) = (look.clone(), heard.clone());
    let found = look.clone();
    press("speaker-button", move || {
        let (asked, found) = (asked.clone(), found.clone());
        spawn_local(async move {
            if let Some(id) = asked.ask().await {
                chosen.set(id);
                found();
            }
        });
    });
    if let Some(listener) = Speakers::on_change(again) {
        listener.forget();
    }
    // Their names are known once a microphone is allowed.
    effect(move || {
        model.local.track();
        look();
    });
    let options = move || {
        let mut options = choice::options(labels::AUTOMATIC, &[]);
        options.append(&mut there.get());
        options
    };
    choice::bind(
        "speaker-choice",
        options,
        move || {
            let chosen = chosen.get();
            let is_there = there.read().iter().any(|(id, _)| *id == chosen);
            if is_there { chosen } else { String::new() }
        },
        move |id| {
            let id = id.unwrap_or_default();
            heard.choose(&id);
            chosen.set(id);
        },
    );
}
