//! Running futures.

use std::pin::Pin;

use futures_util::future::{AbortHandle, Abortable};
use wasm_bindgen_futures::spawn_local;

/// Runs a future to its end. Boxed, so that what runs it is compiled once and not for each.
pub fn spawn(future: impl Future<Output = ()> + 'static) {
    let future: Pin<Box<dyn Future<Output = ()>>> = Box::pin(future);
    spawn_local(future);
}

/// A future that runs as long as this is held. What it has made goes with it.
#[derive(Debug)]
pub struct Running(AbortHandle);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Runs a future as long as what is returned is held.
#[must_use]
pub fn spawn_while_held(future: impl Future<Output = ()> + 'static) -> Running {
    let (handle, registration) = AbortHandle::new_pair();
    let future = Abortable::new(future, registration);
    spawn(async {
        let _ = future.await;
    });
    Running(handle)
}
