//! What a connection tells of itself.

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

/// The certificate that the other side has shown to the transport, by its fingerprint as in a
/// description (webrtc-stats, `RTCTransportStats.remoteCertificateId`). None where the browser does not say,
/// as Firefox 140.
pub(super) async fn remote_certificate(report: Promise) -> Option<String> {
    let report: Map = JsFuture::from(report).await.ok()?.unchecked_into();
    let mut id = None;
    report.for_each(&mut |stats, _| {
        let stats = JsObject(stats);
        if stats.string("type").as_deref() == Some("transport") {
            id = stats.string("remoteCertificateId").or(id.take());
        }
    });
    let certificate = JsObject(report.get(&id?.into()));
    let algorithm = certificate.string("fingerprintAlgorithm")?;
    Some(format!(
        "{algorithm} {}",
        certificate.string("fingerprint")?
    ))
}
