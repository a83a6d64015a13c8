//! Golden fixtures: what the sample sends is read, what we send is what the sample reads.

use holdfast_protocol::{
    CallId, Candidate, ConnectionId, HangUpReason, Message, Relay, RelayError, Signal, SignalBody,
    Tag,
};
use serde_json::Value;

const SAMPLE: &str = include_str!("fixtures/sample.jsonl");
const HOLDFAST: &str = include_str!("fixtures/holdfast.jsonl");

fn signal(name: Option<&str>, target: Option<&str>, body: SignalBody) -> Message {
    Message::Signal(Signal {
        name: name.map(Into::into),
        target: target.map(Into::into),
        body,
        tag: None,
    })
}

fn tagged(name: &str, target: &str, body: SignalBody, seq: u32) -> Message {
    Message::Signal(Signal {
        name: Some(name.into()),
        target: Some(target.into()),
        body,
        tag: Some(Tag {
            call: CallId {
                page: "7f3a".into(),
                nth: 2,
            },
            leg: 0,
            seq,
            heard: 3,
            life: 1,
            to_life: 2,
        }),
    })
}

fn candidate() -> Candidate {
    Candidate {
        candidate: "candidate:1 1 udp 2113937151 192.0.2.1 50000 typ host".into(),
        sdp_mid: Some("0".into()),
        sdp_m_line_index: Some(0),
        username_fragment: Some("abcd".into()),
    }
}

#[test]
fn every_message_of_the_sample_is_read() {
    let mut lines = SAMPLE.lines();
    // The sample's own server counts its ids.
    assert_eq!(
        read(lines.next()),
        Message::Id {
            id: ConnectionId::Number(1.7e12),
            heard: None,
        }
    );
    let id = || ConnectionId::Text("c2VjcmV0".into());
    let expected = [
        Message::Id {
            id: id(),
            heard: None,
        },
        Message::Username {
            name: "Ann".into(),
            id: id(),
            date: 1.7e12,
            room: None,
            pass: None,
        },
        Message::RejectUsername {
            id: Some(id()),
            name: "Ann1".into(),
        },
        Message::UserList {
            users: vec!["Ann".into(), "Bob".into()],
        },
        Message::Text {
            name: Some("Ann".into()),
            text: "Hello".into(),
            id: Some(id()),
            date: Some(1.7e12),
            target: None,
        },
        signal(
            Some("Ann"),
            Some("Bob"),
            SignalBody::Offer("v=0\r\n".into()),
        ),
        signal(
            Some("Bob"),
            Some("Ann"),
            SignalBody::Answer("v=0\r\n".into()),
        ),
        signal(None, Some("Bob"), SignalBody::Candidate(candidate())),
        signal(
            Some("Ann"),
            Some("Bob"),
            SignalBody::HangUp(HangUpReason::HungUp),
        ),
        signal(Some("Ann"), None, SignalBody::HangUp(HangUpReason::HungUp)),
        Message::Unknown {
            kind: "sparkle".into(),
        },
    ];
    for expected in expected {
        assert_eq!(read(lines.next()), expected);
    }
    assert_eq!(lines.next(), None);
}

#[test]
fn every_message_of_ours_is_written_as_the_fixture_says_and_read_back() {
    let id = ConnectionId::Text("c2VjcmV0".into());
    let messages = [
        Message::Username {
            name: "Ann".into(),
            id: id.clone(),
            date: 1.7e12,
            room: None,
            pass: None,
        },
        Message::Text {
            name: None,
            text: "Hello".into(),
            id: Some(id.clone()),
            date: Some(1.7e12),
            target: Some("Bob".into()),
        },
        tagged("Ann", "Bob", SignalBody::Offer("v=0\r\n".into()), 0),
        tagged("Bob", "Ann", SignalBody::Ringing, 0),
        tagged("Bob", "Ann", SignalBody::Accepted, 1),
        tagged("Bob", "Ann", SignalBody::Answer("v=0\r\n".into()), 1),
        tagged("Ann", "Bob", SignalBody::Candidate(candidate()), 1),
        tagged("Ann", "Bob", SignalBody::HangUp(HangUpReason::NoAnswer), 2),
        Message::PeerGone { name: "Bob".into() },
        Message::RejectUsername {
            id: Some(id.clone()),
            name: "Ann2".into(),
        },
        Message::UserList {
            users: vec!["Ann".into(), "Ann2".into()],
        },
        Message::Error {
            code: "no-such-user".into(),
            text: "Nobody here is called Zoe.".into(),
            target: Some("Zoe".into()),
        },
        tagged("Ann", "Bob", SignalBody::KeepLeg, 3),
        tagged("Ann", "Bob", SignalBody::Away, 4),
        tagged("Ann", "Bob", SignalBody::Rejoin, 0),
        Message::Resume {
            id: "c2VjcmV0".into(),
            heard: Some(17),
            people: Some(3),
        },
        Message::Resume {
            id: "c2VjcmV0".into(),
            heard: None,
            people: None,
        },
        Message::Resumed { heard: 4 },
        Message::Heard { heard: 32 },
        Message::Ping,
        Message::Id {
            id: id.clone(),
            heard: Some(0),
        },
        Message::Username {
            name: "Ann".into(),
            id,
            date: 1.7e12,
            room: Some("b7Qk".into()),
            pass: Some("e.y.J".into()),
        },
        Message::People {
            version: 3,
            free: vec!["Ann".into(), "Bob".into()],
            busy: vec!["Zoe".into()],
        },
        Message::Changes {
            free: vec!["Zoe".into()],
            busy: vec!["Ann".into()],
            gone: vec!["Bob".into()],
        },
        Message::Changes {
            free: vec!["Bob".into()],
            busy: vec![],
            gone: vec![],
        },
    ];
    let mut lines = HOLDFAST.lines();
    for message in messages {
        let line = lines.next().expect("a fixture for each message");
        let written = serde_json::to_value(&message).expect("messages are JSON");
        let golden: Value = serde_json::from_str(line).expect("the fixture is JSON");
        assert_eq!(written, golden);
        assert_eq!(read(Some(line)), message);
    }
    assert_eq!(lines.next(), None);
}

#[test]
fn an_unknown_reason_or_field_does_no_harm() {
    let text = r#"{"type":"hang-up","name":"Ann","target":"Bob","reason":"bored","mood":[1,2]}"#;
    let hung_up = signal(
        Some("Ann"),
        Some("Bob"),
        SignalBody::HangUp(HangUpReason::HungUp),
    );
    assert_eq!(read(Some(text)), hung_up);
}

#[test]
fn a_message_that_lacks_a_field_names_it() {
    let refused = |text| {
        let json: Value = serde_json::from_str(text).expect("JSON");
        Message::read(&json).expect_err("malformed").to_string()
    };
    let no_sdp = refused(r#"{"type":"video-offer","name":"Ann"}"#);
    assert!(no_sdp.contains("`video-offer`") && no_sdp.contains("`sdp`"));
    let wrong = refused(r#"{"type":"video-offer","sdp":{"type":"answer","sdp":""}}"#);
    assert!(wrong.contains("an offer"), "{wrong}");
    assert!(refused(r#"{"type":"userlist"}"#).contains("`users`"));
}

#[test]
fn s01_unknown_types_and_fields_pass_to_the_letter() {
    let text = r#"{"type":"sparkle","name":"forged","n":1e999,"big":12345678901234567890,"deep":{"a":[ 1 ]},"esc":"\u00e9\ud83d"}"#;
    let mut relay = Relay::parse(text).expect("a message");
    assert_eq!(relay.kind(), "sparkle");
    relay.set("name", "Ann \"A\"");
    assert_eq!(
        relay.to_text(),
        r#"{"type":"sparkle","n":1e999,"big":12345678901234567890,"deep":{"a":[ 1 ]},"esc":"\u00e9\ud83d","name":"Ann \"A\""}"#
    );
}

#[test]
fn a_field_given_twice_counts_once() {
    let relay = Relay::parse(r#"{"type":"a","target":"x","type":"b"}"#).expect("a message");
    assert_eq!(relay.kind(), "b");
    assert_eq!(relay.to_text(), r#"{"target":"x","type":"b"}"#);
}

#[test]
fn what_is_no_message_is_refused_with_a_reason() {
    for text in ["", "{", "null", "[]", "\"x\"", "{\"type\":1} x"] {
        assert!(
            matches!(Relay::parse(text), Err(RelayError::NotAnObject(_))),
            "{text}"
        );
    }
    for text in [
        "{}",
        r#"{"type":1}"#,
        r#"{"type":null}"#,
        r#"{"type":"","-":["Ann"]}"#,
    ] {
        assert_eq!(Relay::parse(text).err(), Some(RelayError::NoType), "{text}");
    }
    let crowded: String = (0..100).map(|n| format!("\"{n}\":0,")).collect();
    let crowded = format!("{{{crowded}\"type\":\"x\"}}");
    let refused = Relay::parse(&crowded).expect_err("too many fields");
    assert!(refused.to_string().contains("at most 64 fields"));
}

fn read(line: Option<&str>) -> Message {
    let json: Value = serde_json::from_str(line.expect("a fixture")).expect("JSON");
    Message::read(&json).expect("a known message")
}
