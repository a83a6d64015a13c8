//! Somebody calls.

use std::time::Duration;

use gloo_events::EventListener;
use leptos::prelude::{document, set_timeout};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlTemplateElement, KeyboardEvent};

use super::bind::{effect, element, focus, hidden, listen, text};
use crate::{
    live::Live,
    session::{Action, CallState, Dispatch, Model},
    text,
};

/// When the screen that follows has taken the focus, if there is one.
const SETTLED: Duration = Duration::from_millis(100);

/// The page's icon, and while somebody calls.
const ICON: &str = "icon.svg";
const RINGING: &str = "icon-ring.svg";

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
    /// What had the focus, if it was taken.
    focused: Option<HtmlElement>,
    _answers: [EventListener; 5],
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
        hidden("accept-audio-button", move || {
            !model.local_view.read().begins_with_camera
        });
        hidden("ring-hint", move || {
            model.call.read().state == CallState::Ringing
        });
        text("ring-hint", move || {
            text::ends_interrupted(&model.call.read().peer)
        });
        let focused = take_focus();
        element::<Element>("ring-title").set_text_content(Some(&text::is_calling(peer)));
        set_icon(RINGING);
        let answer = |id: &str, action: Action| {
            listen(id, "click", move |_| dispatch.dispatch(action.clone()))
        };
        let block = Action::Block {
            peer: peer.to_owned(),
            blocked: true,
        };
        Self {
            dialog: element("ring"),
            focused,
            _answers: [
                answer("accept-button", Action::Accept),
                answer("accept-audio-button", Action::AcceptAudio),
                answer("decline-button", Action::Decline),
                answer("block-button", block),
                EventListener::new(&document(), "keydown", move |event| {
                    let key: &KeyboardEvent = event.unchecked_ref();
                    if key.key() == "Escape" {
                        dispatch.dispatch(Action::Silence);
                    }
                }),
            ],
        }
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        self.dialog.remove();
        set_icon(ICON);
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

/// Takes the focus, unless somebody types; gives what had it.
fn take_focus() -> Option<HtmlElement> {
    let focused = document().active_element();
    let types = focused
        .as_ref()
        .is_some_and(|element| FIELDS.contains(&&*element.tag_name()));
    if types {
        // No focus comes here that would have it read.
        let _ = element::<Element>("ring-title").set_attribute("role", "alert");
        return None;
    }
    // For all others, the next key is about the call.
    let _ = element::<Element>("ring").set_attribute("aria-modal", "true");
    page().set_inert(true);
    // The box, and no button: neither Space nor Enter answers by mistake.
    focus("ring");
    focused?.dyn_into().ok()
}

/// Shows that among the browser's tabs.
fn set_icon(icon: &str) {
    if let Ok(Some(link)) = document().query_selector("link[rel=icon]") {
        let _ = link.set_attribute("href", icon);
    }
}

/// All that lies behind.
fn page() -> HtmlElement {
    element::<Element>("page").unchecked_into()
}
