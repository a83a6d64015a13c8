//! Running futures.

use std::pin::Pin;

use wasm_bindgen_futures::spawn_local;

/// Runs a future to its end. Boxed, so that what runs it is compiled once and not for each.
pub fn spawn(future: impl Future<Output = ()> + 'static) {
    let future: Pin<Box<dyn Future<Output = ()>>> = Box::pin(future);
    spawn_local(future);
}
