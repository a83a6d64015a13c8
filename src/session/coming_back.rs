//! The way back into a call that the end of the browser cut off.

use gloo_timers::callback::Timeout;

use super::input::{Input, Inputs};

/// How long it may take, ms, once camera and microphone are there: then the person is called anew.
const LIMIT: u32 = 10_000;

/// On the way back; if the other side knows nothing of the call, they are called anew.
#[derive(Debug)]
pub(super) struct ComingBack {
    /// The other side.
    pub(super) peer: String,
    limit: Option<Timeout>,
}

impl ComingBack {
    pub(super) fn to(peer: String) -> Self {
        Self { peer, limit: None }
    }

    /// Camera and microphone are there; nobody has been hurried until now.
    pub(super) fn media_is_there(&mut self, inputs: &Inputs) {
        let inputs = inputs.clone();
        let failed = move || inputs.send(Input::ComingBackFailed);
        self.limit
            .get_or_insert_with(|| Timeout::new(LIMIT, failed));
    }
}
