//! The golden fixtures of the wire, through the browser's own JSON.

use holdfast::json::{decode, encode};
use holdfast_protocol::Message;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const SAMPLE: &str = include_str!("../crates/protocol/tests/fixtures/sample.jsonl");
const HOLDFAST: &str = include_str!("../crates/protocol/tests/fixtures/holdfast.jsonl");

#[wasm_bindgen_test]
fn every_message_of_the_sample_is_read() {
    for line in SAMPLE.lines() {
        let message = decode(line).expect("a message");
        let unknown = matches!(message, Message::Unknown { .. });
        assert_eq!(unknown, line.contains("sparkle"), "{line}");
    }
}

#[wasm_bindgen_test]
fn every_message_of_ours_comes_back_as_it_went() {
    for line in HOLDFAST.lines() {
        let message = decode(line).expect("a message");
        let written = encode(&message);
        assert_eq!(decode(&written), Ok(message), "{written}");
        // Numbers aside, which Rust writes with a point, what we write is what the fixture says.
        let sorted = |text: &str| {
            let text = text.replace(".0", "");
            let mut bytes = text.into_bytes();
            bytes.sort_unstable();
            bytes
        };
        assert_eq!(sorted(&written), sorted(line));
    }
}

#[wasm_bindgen_test]
fn what_is_no_message_is_refused() {
    for text in ["", "{", r#"{"type":"video-offer"}"#] {
        assert!(decode(text).is_err(), "{text}");
    }
}
