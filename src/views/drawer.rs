//! Chat and people during a call: beside the picture where there is room, over it where there is none.

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
    model: Model,
}

impl Drawer {
    pub(super) fn new(model: Model) -> Self {
        Self {
            open: Live::new(Open::Nothing),
            seen: Live::new(0),
            model,
        }
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
        (self.open.get() == what) != (what == Open::Chat && is_beside())
    }

    /// Opens that, or closes it.
    pub(super) fn toggle(&self, what: Open) {
        let is_open = self.open.get_untracked() == what;
        self.open.set(if is_open { Open::Nothing } else { what });
        self.seen.set(self.model.chat.read_untracked().len());
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
        let lines = self.model.chat.read().len();
        // Another room has another chat.
        if lines < *self.seen.read_untracked() {
            self.seen.set(0);
        }
        lines.saturating_sub(self.seen.get())
    }
}

/// Whether the window is so wide that the chat stands beside: there it is open until it is closed.
fn is_beside() -> bool {
    let window = JsObject(js_sys::global().into());
    let list = window.call("matchMedia", &[&"(min-width: 75rem)".into()]);
    list.is_some_and(|list| property(&list, "matches").is_truthy())
}
