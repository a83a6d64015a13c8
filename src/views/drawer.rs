//! Chat and people during a call: beside the picture where there is room, over it where there is none.

use gloo_events::EventListener;
use wasm_bindgen::{JsCast, JsValue};

use super::bind::effect;
use crate::{
    live::Live,
    platform::{JsObject, property},
    session::Model,
};

/// What is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Open {
    /// As the window has room for it.
    Nothing,
    Chat,
    People,
}

/// The drawer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Drawer {
    open: Live<Open>,
    /// How many lines of chat have been in sight.
    seen: Live<usize>,
    /// The window is so wide that the chat stands beside: there it is open until it is closed.
    is_beside: Live<bool>,
    model: Model,
}

impl Drawer {
    pub(super) fn new(model: Model) -> Self {
        let drawer = Self {
            open: Live::new(Open::Nothing),
            seen: Live::new(0),
            is_beside: is_beside(),
            model,
        };
        let mut was_open = false;
        effect(move || {
            let is_open = drawer.is(Open::Chat);
            if std::mem::replace(&mut was_open, is_open) && !is_open {
                drawer.seen.set(model.chat.read_untracked().count());
            }
        });
        drawer
    }

    /// As the style sheet reads it.
    pub(super) fn name(&self) -> &'static str {
        match self.open.get() {
            Open::Nothing => "",
            Open::Chat => "chat",
            Open::People => "people",
        }
    }

    pub(super) fn is(&self, what: Open) -> bool {
        (self.open.get() == what) != (what == Open::Chat && self.is_beside.get())
    }

    /// Opens that, or closes it.
    pub(super) fn toggle(&self, what: Open) {
        let is_open = self.open.get_untracked() == what;
        self.open.set(if is_open { Open::Nothing } else { what });
    }

    pub(super) fn close(&self) {
        let open = self.open.get_untracked();
        if open != Open::Nothing {
            self.toggle(open);
        }
    }

    /// Lines of chat that have come while it was closed.
    pub(super) fn unread(&self) -> usize {
        if self.is(Open::Chat) {
            return 0;
        }
        let chat = self.model.chat.read();
        chat.count() - chat.gone.max(self.seen.get())
    }
}

/// Whether the window is that wide, as it is from now on.
fn is_beside() -> Live<bool> {
    let window = JsObject(js_sys::global().into());
    let list = window.call("matchMedia", &[&"(min-width: 75rem)".into()]);
    let matches = |list: &JsValue| property(list, "matches").is_truthy();
    let is_beside = Live::new(list.as_ref().is_some_and(matches));
    if let Some(list) = list {
        let target = list.clone().unchecked_into();
        let changed = move |_: &_| is_beside.set(matches(&list));
        EventListener::new(&target, "change", changed).forget();
    }
    is_beside
}
