//! Presses that are not meant for what has just come under the finger.

use gloo_events::{EventListener, EventListenerOptions};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{PointerEvent, window};

/// How long something new takes no presses by a finger, or by a mouse at rest, ms.
const DEAD: f64 = 700.0;

/// Holds back presses after a change of the screen.
#[derive(Debug, Clone, Copy)]
pub(super) struct PressGuard {
    changed_at: StoredValue<f64>,
    /// The mouse has moved since: it points at what is there now.
    moved: StoredValue<bool>,
}

impl PressGuard {
    pub(super) fn new() -> Self {
        let guard = Self {
            changed_at: StoredValue::new(f64::MIN),
            moved: StoredValue::new(true),
        };
        let document = document();
        EventListener::new(&document, "pointermove", move |_| {
            guard.moved.set_value(true)
        })
        .forget();
        let capture = EventListenerOptions {
            phase: gloo_events::EventListenerPhase::Capture,
            passive: false,
        };
        // It lasts as long as the page.
        EventListener::new_with_options(&document, "click", capture, move |event| {
            let press: &PointerEvent = event.unchecked_ref();
            // A press by keyboard or by a program goes where the focus is, and counts no clicks.
            if press.detail() > 0 && guard.is_too_soon(&press.pointer_type()) {
                event.prevent_default();
                event.stop_propagation();
            }
        })
        .forget();
        guard
    }

    /// Something else is there now.
    pub(super) fn changed(&self) {
        self.changed_at.set_value(now());
        self.moved.set_value(false);
    }

    fn is_too_soon(&self, pointer: &str) -> bool {
        let aimed = pointer != "touch" && self.moved.get_value();
        !aimed && now() - self.changed_at.get_value() < DEAD
    }
}

fn now() -> f64 {
    let performance = window().and_then(|window| window.performance());
    performance.map_or(0.0, |performance| performance.now())
}
