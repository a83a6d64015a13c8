//! Whether anybody sees the page.

use gloo_events::EventListener;
use web_sys::window;

/// Whether nobody sees it.
#[must_use]
pub fn is_hidden() -> bool {
    let document = window().and_then(|window| window.document());
    document.is_some_and(|document| document.hidden())
}

/// Calls back when the page is shown or hidden; while it is hidden, its timers are slow.
#[must_use]
pub fn on_change(changed: impl Fn() + 'static) -> Option<EventListener> {
    let document = window()?.document()?;
    Some(EventListener::new(
        &document,
        "visibilitychange",
        move |_| changed(),
    ))
}
