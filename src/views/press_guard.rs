//! Presses that are not meant for what has just come under the finger.

use gloo_events::{EventListener, EventListenerOptions};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, PointerEvent, window};

/// How long something new takes no presses by a finger, or by a mouse at rest, ms.
const DEAD: f64 = 700.0;

/// What changes by itself.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// Everything: another screen shows, or somebody calls.
    Screen,
    /// A notice has come.
    Notices,
    /// Rows of the list have moved.
    People,
}

/// Where that is.
const PLACES: [&str; 3] = ["html", ".notices", "#people-list"];

/// Holds back presses on what has just changed.
#[derive(Debug, Clone, Copy)]
pub(super) struct PressGuard {
    /// When each of them has changed last.
    changed: StoredValue<[f64; 3]>,
    /// The mouse has moved since: it points at what is there now.
    moved: StoredValue<bool>,
}

impl PressGuard {
    pub(super) fn new() -> Self {
        let guard = Self {
            changed: StoredValue::new([f64::MIN; 3]),
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
            let target = event.target().and_then(|target| target.dyn_into().ok());
            if press.detail() > 0
                && let Some(target) = target
                && guard.is_too_soon(&press.pointer_type(), &target)
            {
                event.prevent_default();
                event.stop_propagation();
            }
        })
        .forget();
        guard
    }

    /// Something else is there now.
    pub(super) fn changed(&self, place: Place) {
        self.changed
            .update_value(|changed| changed[place as usize] = now());
        self.moved.set_value(false);
    }

    fn is_too_soon(&self, pointer: &str, target: &Element) -> bool {
        let aimed = pointer != "touch" && self.moved.get_value();
        let is_new = |(at, place): (f64, &str)| {
            let inside = || target.closest(place).is_ok_and(|found| found.is_some());
            now() - at < DEAD && inside()
        };
        !aimed && self.changed.get_value().into_iter().zip(PLACES).any(is_new)
    }
}

fn now() -> f64 {
    let performance = window().and_then(|window| window.performance());
    performance.map_or(0.0, |performance| performance.now())
}
