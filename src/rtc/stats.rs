//! Statistics of a connection.

use js_sys::{Map, Promise};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;

use crate::platform::JsObject;

/// Bytes that have come over the network, media and its control alike, in all: those of every
/// candidate pair (webrtc-stats, `RTCIceCandidatePairStats.bytesReceived`, which leaves out
/// connectivity checks). None when the browser does not say.
pub(super) async fn bytes_received(report: Promise) -> Option<u64> {
    let report: Map = JsFuture::from(report).await.ok()?.unchecked_into();
    let mut received = 0.0;
    report.for_each(&mut |stats, _| {
        let stats = JsObject(stats);
        if stats.string("type").as_deref() == Some("candidate-pair") {
            received += stats.number("bytesReceived").unwrap_or_default();
        }
    });
    Some(received as u64)
}
