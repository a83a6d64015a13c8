//! The bindings of `RTCPeerConnection` that web-sys 0.3 lacks.

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use web_sys::{RtcConfiguration, RtcPeerConnection};

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
        configuration: &RtcConfiguration,
    ) -> Result<(), JsValue>;
}
