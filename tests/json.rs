//! The golden fixtures of the wire, through the browser's own JSON.

use holdfast::{
    platform::parse,
    wire::{decode, decode_channel, encode},
};
use holdfast_protocol::{ChannelMessage, ClientMessage, ServerMessage};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const SAMPLE: &str = include_str!("../crates/protocol/tests/fixtures/sample.jsonl");
const HOLDFAST: &str = include_str!("../crates/protocol/tests/fixtures/holdfast.jsonl");

#[wasm_bindgen_test]
fn every_message_of_the_sample_is_read() {
    for line in SAMPLE.lines() {
        let message = decode(line).expect("a message");
        let unknown = matches!(message, ServerMessage::Unknown { .. });
        let is_for_servers = line.contains("\"username\"");
        assert_eq!(
            unknown,
            line.contains("sparkle") || is_for_servers,
            "{line}"
        );
    }
}

#[wasm_bindgen_test]
fn every_message_of_ours_comes_back_as_it_went() {
    for line in HOLDFAST.lines() {
        let server = decode(line).expect("a message");
        let client = parse(line).and_then(|json| ClientMessage::read(&json).expect("well formed"));
        let direct = decode_channel(line);
        let is_direct = |message: &ChannelMessage| {
            matches!(
                message,
                ChannelMessage::Secret(_)
                    | ChannelMessage::Text { .. }
                    | ChannelMessage::Media(_)
                    | ChannelMessage::Paths(_)
            )
        };
        let written = match (direct.filter(is_direct), client) {
            (Some(message), _) => {
                let written = encode(&message);
                assert_eq!(decode_channel(&written), Some(message), "{written}");
                written
            }
            (None, Some(message)) => encode(&message),
            (None, None) => encode(&server),
        };
        assert_eq!(decode(&written), Ok(server), "{written}");
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
fn what_comes_over_a_data_channel_is_of_a_call_or_nothing() {
    for message in [ChannelMessage::Ping, ChannelMessage::Ack { acked: 7 }] {
        assert_eq!(decode_channel(&encode(&message)), Some(message));
    }
    for text in [
        "",
        "{",
        r#"{"type":"userlist","users":[]}"#,
        r#"{"type":"video-offer"}"#,
    ] {
        assert_eq!(decode_channel(text), None, "{text}");
    }
}

#[wasm_bindgen_test]
fn what_is_no_message_is_refused() {
    for text in ["", "{", r#"{"type":"video-offer"}"#] {
        assert!(decode(text).is_err(), "{text}");
    }
}
