//! The time.

use std::time::Duration;

use web_sys::window;

/// How long ago the page was opened. It never runs backwards.
#[must_use]
pub fn since_load() -> Duration {
    let performance = window().and_then(|window| window.performance());
    let millis = performance.map_or(0.0, |performance| performance.now());
    Duration::from_secs_f64(millis / 1000.0)
}

/// Milliseconds since 1970, as the system's clock has it.
#[must_use]
pub fn date() -> f64 {
    js_sys::Date::now()
}
