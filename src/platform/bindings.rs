//! Every binding that web-sys 0.3 lacks, but for those of WebRTC.

use js_sys::Function;
use wasm_bindgen::prelude::*;
use web_sys::{HtmlVideoElement, ReadableWritablePair};

#[wasm_bindgen]
extern "C" {
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
