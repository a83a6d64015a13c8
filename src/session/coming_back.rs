//! The way back into a call that the end of the browser cut off.

use gloo_timers::callback::Timeout;

use super::input::{Input, Inputs};

/// How long it may take, ms: then the person is called anew.
const LIMIT: u32 = 10_000;

/// On the way back; if the other side knows nothing of the call, they are called anew.
#[derive(Debug)]
pub(super) struct ComingBack {
    /// The other side.
    pub(super) peer: String,
    _limit: Timeout,
}

impl ComingBack {
    pub(super) fn to(peer: String, inputs: &Inputs) -> Self {
        let inputs = inputs.clone();
        Self {
            peer,
            _limit: Timeout::new(LIMIT, move || inputs.send(Input::ComingBackFailed)),
        }
    }
}
