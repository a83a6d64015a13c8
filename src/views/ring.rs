//! Somebody calls.

use std::time::Duration;

use gloo_events::EventListener;
use leptos::prelude::{document, set_timeout};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlTemplateElement};

use super::bind::{effect, element, focus, hidden, listen, text};
use crate::{
    live::Live,
    session::{Action, CallState, Dispatch, Model},
    text,
};

/// When the screen that follows has taken the focus, if there is one.
const SETTLED: Duration = Duration::from_millis(100);

/// Elements in which people type.
const FIELDS: [&str; 3] = ["INPUT", "TEXTAREA", "SELECT"];

/// Shows the ring while there is a caller.
pub(super) fn bind(model: Model, dispatch: Dispatch, caller: Live<String>) {
    let mut ring: Option<Ring> = None;
    effect(move || {
        let peer = caller.get();
        // One goes before the next comes.
        drop(ring.take());
        ring = (!peer.is_empty()).then(|| Ring::show(model, dispatch, &peer));
    });
}

/// The dialog, as long as it is there.
struct Ring {
    dialog: HtmlElement,
    /// The page's title without it.
    title: String,
    /// What had the focus, if it was taken.
    focused: Option<HtmlElement>,
    _answers: [EventListener; 4],
}

impl Ring {
    fn show(model: Model, dispatch: Dispatch, peer: &str) -> Self {
        let template: HtmlTemplateElement = element("ring-template");
        // The dialog alone: the space around it would stay when it goes.
        let dialog = template.content().first_element_child();
        let copy = dialog.and_then(|dialog| dialog.clone_node_with_deep(true).ok());
        if let (Some(body), Some(copy)) = (document().body(), copy) {
            let _ = body.append_child(&copy);
        }
        element::<Element>("ring-avatar").set_text_content(Some(&text::initial(peer)));
        element::<Element>("ring-title").set_text_content(Some(&text::is_calling(peer)));
        hidden("ring-hint", move || {
            model.call.read().state == CallState::Ringing
        });
        text("ring-hint", move || {
            text::ends_interrupted(&model.call.read().peer)
        });
        let focused = document().active_element();
        let types = focused
            .as_ref()
            .is_some_and(|element| FIELDS.contains(&&*element.tag_name()));
        // Whoever types goes on; for all others, the next key is about the call.
        if !types {
            let _ = element::<Element>("ring").set_attribute("aria-modal", "true");
            page().set_inert(true);
            // The box, and no button: neither Space nor Enter answers by mistake.
            focus("ring");
        }
        // For whoever looks at another tab.
        let title = document().title();
        document().set_title(&text::is_calling(peer));
        let answer = |id: &str, action: Action| {
            listen(id, "click", move |_| dispatch.dispatch(action.clone()))
        };
        let block = Action::Block {
            peer: peer.to_owned(),
            blocked: true,
        };
        Self {
            dialog: element("ring"),
            title,
            focused: focused
                .filter(|_| !types)
                .and_then(|element| element.dyn_into().ok()),
            _answers: [
                answer("accept-button", Action::Accept),
                answer("accept-audio-button", Action::AcceptAudio),
                answer("decline-button", Action::Decline),
                answer("block-button", block),
            ],
        }
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        self.dialog.remove();
        document().set_title(&self.title);
        page().set_inert(false);
        // Where the screen stays, so does the place on it; a new one has its own.
        if let Some(focused) = self.focused.take() {
            let go_back = move || {
                let now = document().active_element();
                if now.is_none_or(|element| element.tag_name() == "BODY") {
                    let _ = focused.focus();
                }
            };
            set_timeout(go_back, SETTLED);
        }
    }
}

/// All that lies behind.
fn page() -> HtmlElement {
    element::<Element>("page").unchecked_into()
}
