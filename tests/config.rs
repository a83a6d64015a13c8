//! The fields of config.json, and the sentences when they are wrong.

use std::time::Duration;

use holdfast::{config::Config, signaling::SignalingServer, text::config_error};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

fn refused(text: &str) -> String {
    config_error(&Config::parse(text).expect_err("refused"))
}

#[wasm_bindgen_test]
fn an_empty_object_will_do() {
    let config = Config::parse("{}").expect("taken");
    assert_eq!(config.signaling, SignalingServer::Auto);
    assert_eq!(config.limits.no_path, Duration::from_secs(120));
}

#[wasm_bindgen_test]
fn c35_every_field_is_taken() {
    let text = r#"{"signaling":"wss://example.org/x","noPathLimitSeconds":30,
        "iceServers":[{"urls":"stun:example.org"},
            {"urls":["turn:example.org","turns:example.org"],"username":"u","credential":"c"}],
        "iceTransportPolicy":"relay","bundlePolicy":"balanced","rtcpMuxPolicy":"require",
        "iceCandidatePoolSize":1}"#;
    let config = Config::parse(text).expect("taken");
    assert_eq!(
        config.signaling,
        SignalingServer::Url("wss://example.org/x".into())
    );
    assert_eq!(config.limits.no_path, Duration::from_secs(30));
    let keys = js_sys::Object::keys(config.rtc.as_browser());
    assert_eq!(keys.length(), 5);
}

#[wasm_bindgen_test]
fn what_is_wrong_is_named() {
    for (text, name) in [
        ("", "JSON object"),
        ("[]", "JSON object"),
        (r#"{"signalling":"auto"}"#, "`signalling`"),
        (r#"{"signaling":"http://example.org"}"#, "`signaling`"),
        (r#"{"signaling":"wss://"}"#, "`signaling`"),
        (r#"{"signaling":7}"#, "`signaling`"),
        (r#"{"noPathLimitSeconds":"long"}"#, "`noPathLimitSeconds`"),
        (r#"{"iceServers":{}}"#, "`iceServers`"),
        (r#"{"iceServers":[{}]}"#, "`iceServers[0].urls`"),
        (
            r#"{"iceServers":[{"urls":"http://x"}]}"#,
            "`iceServers[0].urls`",
        ),
        (
            r#"{"iceServers":[{"urls":"stun:x"},{"urls":"turn:x","username":"u"}]}"#,
            "`iceServers[1].credential`",
        ),
        (r#"{"iceTransportPolicy":"none"}"#, "`iceTransportPolicy`"),
        (r#"{"bundlePolicy":1}"#, "`bundlePolicy`"),
        (r#"{"iceCandidatePoolSize":1.5}"#, "`iceCandidatePoolSize`"),
    ] {
        let sentence = refused(text);
        assert!(sentence.contains(name), "{text}: {sentence}");
    }
}
