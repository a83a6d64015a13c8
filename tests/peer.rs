//! The typed peer connection, on the browser's own.

mod common;

use common::{End, connect, negotiated, plain};
use holdfast::{
    platform::DomError,
    rtc::{Configuration, Peer},
    session::Notice,
    text,
};
use js_sys::{Array, JSON, Object};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

fn configuration(json: &str) -> Configuration {
    let json: Object = JSON::parse(json).expect("JSON").unchecked_into();
    let mut configuration = Configuration::default();
    for field in Object::keys(&json).iter().filter_map(|key| key.as_string()) {
        let value = common::property(&json, &field);
        configuration.set(&field, &value).expect("a known field");
    }
    configuration
}

#[wasm_bindgen_test]
async fn c37_without_configuration_local_peers_connect() {
    let (one, other) = negotiated().await;
    connect(&one, &other).await;
}

#[wasm_bindgen_test]
fn c35_every_field_of_the_configuration_reaches_the_browser() {
    let given = r#"{"iceServers":[{"urls":["turn:192.0.2.1"],"username":"u","credential":"c"}],
        "iceTransportPolicy":"relay","bundlePolicy":"max-bundle","rtcpMuxPolicy":"require",
        "iceCandidatePoolSize":2}"#;
    let peer = Peer::new(&configuration(given), false, |_| {}).expect("the browser takes it");
    let taken = peer.connection().get_configuration();
    for (field, expected) in [
        ("iceTransportPolicy", "relay"),
        ("bundlePolicy", "max-bundle"),
        ("rtcpMuxPolicy", "require"),
    ] {
        let value = common::property(&taken, field);
        assert_eq!(value.as_string().as_deref(), Some(expected));
    }
    assert_eq!(common::property(&taken, "iceCandidatePoolSize"), 2);
    let servers: Array = common::property(&taken, "iceServers").unchecked_into();
    assert_eq!(servers.length(), 1);
    let server = servers.get(0);
    let urls: Array = common::property(&server, "urls").unchecked_into();
    assert_eq!(urls.get(0).as_string().as_deref(), Some("turn:192.0.2.1"));
    for (field, expected) in [("username", "u"), ("credential", "c")] {
        let value = common::property(&server, field);
        assert_eq!(value.as_string().as_deref(), Some(expected));
    }
}

#[wasm_bindgen_test]
fn x38_new_servers_leave_the_rest_of_the_configuration_as_it_is() {
    let given = r#"{"bundlePolicy":"max-bundle","iceTransportPolicy":"relay"}"#;
    let peer = Peer::new(&configuration(given), false, |_| {}).expect("the browser takes it");
    let servers = JSON::parse(r#"[{"urls":"stun:192.0.2.1"}]"#).expect("JSON");
    peer.set_ice_servers(&servers)
        .expect("a change of servers alone");
    let taken = peer.connection().get_configuration();
    assert_eq!(common::property(&taken, "bundlePolicy"), "max-bundle");
    assert_eq!(common::property(&taken, "iceTransportPolicy"), "relay");
    let servers: Array = common::property(&taken, "iceServers").unchecked_into();
    assert_eq!(servers.length(), 1);
    // Setting replaces, and never adds.
    peer.set_ice_servers(&Array::new()).expect("no servers");
    let taken = peer.connection().get_configuration();
    assert_eq!(
        common::property(&taken, "iceServers")
            .unchecked_into::<Array>()
            .length(),
        0
    );
}

#[wasm_bindgen_test]
fn x38_what_the_browser_refuses_is_told_in_sentences() {
    let refused = |json: &str| {
        let peer = Peer::new(&plain(), false, |_| {}).expect("a connection");
        let servers = JSON::parse(json).expect("JSON");
        peer.set_ice_servers(&servers).expect_err("refused")
    };
    let syntax = refused(r#"[{"urls":"nonsense"}]"#);
    assert_eq!(syntax.name, "SyntaxError");
    let access = refused(r#"[{"urls":"turn:192.0.2.1"}]"#);
    assert_eq!(access.name, "InvalidAccessError");

    let closed = Peer::new(&plain(), false, |_| {}).expect("a connection");
    closed.connection().close();
    let state = closed.set_ice_servers(&Array::new()).expect_err("refused");
    assert_eq!(state.name, "InvalidStateError");

    let peer = Peer::new(
        &configuration(r#"{"bundlePolicy":"max-bundle"}"#),
        false,
        |_| {},
    );
    let peer = peer.expect("a connection");
    let other = configuration(r#"{"bundlePolicy":"balanced"}"#);
    let modification = peer
        .connection()
        .try_set_configuration(other.as_browser())
        .expect_err("refused");
    let modification = DomError::from(modification);
    assert_eq!(modification.name, "InvalidModificationError");

    let mut sentences = Vec::new();
    for error in [syntax, access, state, modification] {
        let sentence = text::notice(&Notice::Configuration(error));
        assert!(
            sentence.contains("config.json") && !sentence.contains("Error"),
            "{sentence}"
        );
        assert!(!sentences.contains(&sentence));
        sentences.push(sentence);
    }
}

#[wasm_bindgen_test]
async fn s21_signaling_gathering_and_connection_states_can_be_observed() {
    let end = End::new();
    let state = end.peer.state();
    assert_eq!(
        [
            state.signaling,
            state.gathering,
            state.ice,
            state.connection
        ],
        ["stable", "new", "new", "new"]
    );
    let (one, other) = negotiated().await;
    connect(&one, &other).await;
    let state = one.peer.state();
    assert_eq!(
        [state.signaling.as_str(), state.connection.as_str()],
        ["stable", "connected"]
    );
    common::until("gathering is complete", || {
        one.peer.state().gathering == "complete"
    })
    .await;
}

#[wasm_bindgen_test]
async fn s19_a_dropped_peer_is_closed_and_silent() {
    let end = End::new();
    let connection = end.peer.connection().clone();
    drop(end);
    assert_eq!(
        connection.signaling_state(),
        web_sys::RtcSignalingState::Closed
    );
}
