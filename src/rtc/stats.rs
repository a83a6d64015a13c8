//! What a connection tells of itself.

use js_sys::{Map, Promise};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;

use crate::platform::{JsObject, property};

/// What goes over a connection, as far as the browser says.
#[derive(Debug, Clone, Default)]
pub struct Traffic {
    /// Bytes that have come over the network, media and its control alike, in all: those of every candidate
    /// pair (webrtc-stats, `RTCIceCandidatePairStats.bytesReceived`, which leaves out connectivity checks).
    pub received: u64,
    /// How much may be sent, as the browser reckons, bit/s (`availableOutgoingBitrate`; Chromium).
    pub available: f64,
    /// It goes through a relay, of either side.
    pub relayed: bool,
    /// The address of this device that it goes out from; empty where that is not known.
    pub address: String,
}

pub(super) async fn traffic(report: Promise) -> Option<Traffic> {
    let report: Map = JsFuture::from(report).await.ok()?.unchecked_into();
    let mut traffic = Traffic::default();
    let is_relay =
        |candidate: &JsObject| candidate.string("candidateType").as_deref() == Some("relay");
    let mut selected = |pair: &JsObject| {
        let end = |end| JsObject(report.get(&property(&pair.0, end)));
        let [local, remote] = ["localCandidateId", "remoteCandidateId"].map(end);
        traffic.relayed = is_relay(&local) || is_relay(&remote);
        // What a relay's candidate is related to is the address that the relay has seen.
        let address = match local.string("candidateType").as_deref() {
            Some("host") => local.string("address"),
            Some("relay") => None,
            Some(_) | None => local.string("relatedAddress"),
        };
        traffic.address = address.unwrap_or_default();
    };
    report.for_each(&mut |stats, _| {
        let stats = JsObject(stats);
        if stats.string("type").as_deref() == Some("candidate-pair") {
            traffic.received += stats.number("bytesReceived").unwrap_or_default() as u64;
            traffic.available += stats.number("availableOutgoingBitrate").unwrap_or_default();
        }
        // A transport (webrtc-stats, `RTCTransportStats`) names the pair that it uses; where there is none of
        // these, as in Firefox of before, the pair says so itself.
        if let Some(id) = stats.string("selectedCandidatePairId") {
            selected(&JsObject(report.get(&id.into())));
        } else if property(&stats.0, "selected").is_truthy() {
            selected(&stats);
        }
    });
    Some(traffic)
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
