//! Frames as they come from strangers: what is read is passed on to the letter, and reading never
//! fails in any other way than by saying no.

#![no_main]

use holdfast_protocol::{Message, Relay};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|text: &str| {
    let Ok(mut relay) = Relay::parse(text) else {
        return;
    };
    let passed: Value = serde_json::from_str(&relay.to_text()).expect("JSON goes on as JSON");
    if let Ok(came) = serde_json::from_str::<Value>(text) {
        assert_eq!(came, passed);
    }
    relay.set("name", "Ann");
    relay.remove("id");
    let stamped: Value = serde_json::from_str(&relay.to_text()).expect("still JSON");
    assert_eq!(stamped["name"], "Ann");
    assert!(stamped.get("id").is_none());
    // As a client reads it.
    let _ = Message::read(&stamped);
});
