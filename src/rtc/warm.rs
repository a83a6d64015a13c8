//! What it takes to keep a connection warm beside another.

use js_sys::{Array, JsString, RegExp};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::RtcRtpTransceiver;

use super::peer_connection::PeerConnection;
use crate::platform::{JsObject, property};

/// The RTP timestamps of the sound that was played last, added up: another number each time that more of it has
/// been (`RTCRtpReceiver.getSynchronizationSources()`, WebRTC 1.0, 5.3). None before the first.
#[must_use]
pub fn played(connection: &PeerConnection) -> Option<f64> {
    let mut timestamp = None;
    for transceiver in transceivers(connection) {
        let receiver = transceiver.receiver();
        if receiver.track().kind() == "audio" {
            for source in receiver.get_synchronization_sources() {
                let of = property(&source, "rtpTimestamp").as_f64();
                timestamp = of.map(|of| of + timestamp.unwrap_or_default());
            }
        }
    }
    timestamp
}

/// Sends pictures over that connection, of each source at most so many kbit/s, or makes none for it; sound goes
/// on (`RTCRtpEncodingParameters`, WebRTC 1.0, 5.2.8).
pub fn send_pictures(connection: &PeerConnection, active: bool, limit: Option<u32>) {
    let active = JsValue::from_bool(active && limit != Some(0));
    let rate = limit.filter(|limit| *limit > 0);
    let rate = rate.map_or(JsValue::UNDEFINED, |rate| rate.saturating_mul(1000).into());
    for transceiver in transceivers(connection) {
        if transceiver.receiver().track().kind() == "video" {
            let sender = JsObject(transceiver.sender().into());
            let Some(parameters) = sender.call("getParameters", &[]) else {
                continue;
            };
            for encoding in Array::from(&property(&parameters, "encodings")) {
                let encoding = JsObject(encoding);
                encoding.set("active", &active);
                encoding.set("maxBitrate", &rate);
            }
            sender.attempt("setParameters", &[&parameters]);
        }
    }
}

fn transceivers(connection: &PeerConnection) -> impl Iterator<Item = RtcRtpTransceiver> {
    let all = connection.get_transceivers().into_iter();
    all.map(JsCast::unchecked_into)
}

/// A description of the other side's after which the first pictures are sent at that rate, kbit/s: Chromium 156
/// begins at 300, which is a quarter of the picture for seconds.
pub(super) fn start_at(sdp: &JsString, rate: u32) -> JsString {
    let video = RegExp::new(r"a=rtpmap:(\d+) (?:VP8|VP9|H264|AV1)/.*", "g");
    let line = format!("$&\r\na=fmtp:$1 x-google-start-bitrate={rate}");
    sdp.replace_by_pattern(&video, &line)
}
