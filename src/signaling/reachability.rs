//! Whether anything can be reached: a request over HTTP, to the host that the page came from.

use web_sys::AbortController;

use crate::platform::{http, task};

/// A request under way. Dropping it takes it back.
#[derive(Debug)]
pub(super) struct Probe(AbortController);

impl Probe {
    /// Calls `reached` if an answer comes, whatever it is. None where the browser cannot ask.
    pub(super) fn send(reached: impl FnOnce() + 'static) -> Option<Self> {
        let controller = AbortController::new().ok()?;
        let options = [
            ("cache", &"no-store".into()),
            ("signal", &controller.signal().into()),
        ];
        let asked = http::get("config.json", &options);
        task::spawn(async move {
            if asked.await.is_ok() {
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
