//! Whether this device is in another network besides the one that the call goes over: then a leg can be kept warm there.

use gloo_timers::future::TimeoutFuture;

use super::input::{Input, Inputs};
use crate::{
    platform::task::{self, Running},
    rtc::{addresses, is_known, is_other},
};

/// How long after a look it is looked for again, ms, and when at first: once the first pictures are there.
const EVERY: u32 = 5_000;
const FIRST: u32 = 1_000;

/// The networks that this device is in.
#[derive(Debug, Default)]
pub(super) struct Networks {
    addresses: Vec<String>,
    has_other: bool,
    looking: Option<Running>,
}

impl Networks {
    /// These are the addresses of this device now.
    pub(super) fn found(&mut self, addresses: Vec<String>) {
        self.addresses = addresses;
    }

    /// Whether one of them is another than that of an address. Until that is known it is as it was: what a leg is kept
    /// warm for is not gone because the call has changed over to that leg.
    pub(super) fn has_other(&mut self, than: &str) -> bool {
        if is_known(than) {
            let mut addresses = self.addresses.iter();
            self.has_other = addresses.any(|address| is_other(address, than));
        }
        self.has_other
    }

    /// Looks for another one from now on, or no more.
    pub(super) fn look(&mut self, looks: bool, inputs: &Inputs) {
        if looks != self.looking.is_some() {
            self.looking = looks.then(|| task::spawn_while_held(look(inputs.clone())));
        }
    }

    /// The call is over, and the next may be elsewhere.
    pub(super) fn forget(&mut self) {
        self.addresses.clear();
        self.has_other = false;
    }
}

async fn look(inputs: Inputs) {
    let mut wait = FIRST;
    loop {
        TimeoutFuture::new(wait).await;
        if let Some(addresses) = addresses().await {
            inputs.send(Input::Addresses(addresses));
        }
        wait = EVERY;
    }
}
