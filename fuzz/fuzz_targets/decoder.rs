//! Frames as they come from strangers: what is read is passed on to the letter, and reading never
//! fails in any other way than by saying no.

#![no_main]

use holdfast_protocol::{ClientMessage, Relay, ServerMessage};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|text: &str| {
    let Ok(mut relay) = Relay::parse(text) else {
        return;
    };
    let passed = relay.to_text();
    assert!(Relay::parse(&passed).is_ok(), "JSON goes on as JSON");
    // JSON may hold more than Rust's numbers and strings can: 1e999, half a surrogate pair. And a
    // `Value` takes one name, which serde_json keeps for itself, for something else.
    let is_value = !text.contains("$serde_json::private");
    if let Ok(came) = serde_json::from_str::<Value>(text)
        && is_value
    {
        assert_eq!(Some(came), serde_json::from_str(&passed).ok());
    }
    relay.set("name", "Ann");
    relay.remove("id");
    let stamped = relay.to_text();
    let again = Relay::parse(&stamped).expect("still JSON");
    assert_eq!(again.string("name").as_deref(), Some("Ann"));
    assert!(again.string("id").is_none());
    if let Ok(stamped) = serde_json::from_str::<Value>(&stamped)
        && is_value
    {
        assert!(stamped.get("id").is_none());
        // As a client reads it, and as another server would.
        let _ = ServerMessage::read(&stamped);
        let _ = ClientMessage::read(&stamped);
    }
});
