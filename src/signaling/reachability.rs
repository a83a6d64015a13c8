//! Whether anything can be reached: a request over HTTP, to the host that the page came from.

use gloo_net::http::Request;
use web_sys::{AbortController, RequestCache};

use crate::platform::task;

/// A request under way. Dropping it takes it back.
#[derive(Debug)]
pub(super) struct Probe(AbortController);

impl Probe {
    /// Calls `reached` if an answer comes, whatever it is. None where the browser cannot ask.
    pub(super) fn send(reached: impl FnOnce() + 'static) -> Option<Self> {
        let controller = AbortController::new().ok()?;
        let request = Request::get("config.json")
            .cache(RequestCache::NoStore)
            .abort_signal(Some(&controller.signal()));
        task::spawn(async move {
            if request.send().await.is_ok() {
                reached();
            }
        });
        Some(Self(controller))
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.0.abort();
    }
}
