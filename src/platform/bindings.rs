//! Every binding that web-sys 0.3 lacks, but for those of WebRTC.

use wasm_bindgen::prelude::*;
use web_sys::ReadableWritablePair;

#[wasm_bindgen]
extern "C" {
    /// `DecompressionStream` of the Compression Standard.
    #[wasm_bindgen(extends = ReadableWritablePair)]
    #[derive(Debug, Clone)]
    pub type DecompressionStream;

    /// Its constructor; `deflate-raw` is RFC 1951.
    #[wasm_bindgen(constructor, catch)]
    pub fn new(format: &str) -> Result<DecompressionStream, JsValue>;
}
