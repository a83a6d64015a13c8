//! Lines for whoever reads the browser's log.

pub(super) fn log(line: &str) {
    leptos::logging::log!("holdfast: {line}");
}
