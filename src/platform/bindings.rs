//! Every binding that web-sys 0.3 lacks, and nothing else.

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use web_sys::{HtmlVideoElement, ReadableWritablePair, RtcPeerConnection};

#[wasm_bindgen]
extern "C" {
    /// `RTCPeerConnection` as WebRTC 1.0 has it today; reach it with `unchecked_ref`.
    #[wasm_bindgen(extends = RtcPeerConnection, js_name = RTCPeerConnection)]
    #[derive(Debug, Clone)]
    pub type PeerConnection;

    /// `restartIce()` (4.4.2).
    #[wasm_bindgen(method, js_name = restartIce)]
    pub fn restart_ice(this: &PeerConnection);

    /// `setLocalDescription()` without argument: the browser makes the offer or answer itself.
    #[wasm_bindgen(method, js_name = setLocalDescription)]
    pub fn set_local_description_implicitly(this: &PeerConnection) -> Promise;

    /// `setConfiguration()`, with its exceptions.
    #[wasm_bindgen(method, catch, js_name = setConfiguration)]
    pub fn try_set_configuration(
        this: &PeerConnection,
        configuration: &web_sys::RtcConfiguration,
    ) -> Result<(), JsValue>;

    /// `HTMLVideoElement` with `requestVideoFrameCallback()`; reach it with `unchecked_into`.
    #[wasm_bindgen(extends = HtmlVideoElement, js_name = HTMLVideoElement)]
    #[derive(Debug, Clone)]
    pub type VideoElement;

    /// `requestVideoFrameCallback()`: once, when the next picture is decoded.
    #[wasm_bindgen(method, js_name = requestVideoFrameCallback)]
    pub fn request_video_frame_callback(this: &VideoElement, callback: &Function) -> u32;

    /// `DecompressionStream` of the Compression Standard.
    #[wasm_bindgen(extends = ReadableWritablePair)]
    #[derive(Debug, Clone)]
    pub type DecompressionStream;

    /// Its constructor; `deflate-raw` is RFC 1951.
    #[wasm_bindgen(constructor, catch)]
    pub fn new(format: &str) -> Result<DecompressionStream, JsValue>;
}
