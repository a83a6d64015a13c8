//! Whether anything can be reached: a question over HTTP, to the host that the page came from.
//!
//! Chromium (156) puts off a page's WebSockets by up to 5 s once some sixteen have failed within a
//! minute or two; questions over HTTP it does not count. So the way is sought by these, and a
//! WebSocket made once there is one.

use gloo_net::http::Request;
use web_sys::{AbortController, RequestCache};

use crate::task;

/// A question under way. Dropping it takes it back.
#[derive(Debug)]
pub struct Reach(AbortController);

impl Reach {
    /// Calls `reached` if an answer comes, whatever it is. None where the browser cannot ask.
    pub fn ask(reached: impl FnOnce() + 'static) -> Option<Self> {
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

impl Drop for Reach {
    fn drop(&mut self) {
        self.0.abort();
    }
}
