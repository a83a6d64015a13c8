//! Golden fixtures: what the sample sends is read, what we send is what the sample reads.

use holdfast_protocol::{
    CallId, Candidate, ChannelMessage, ClientMessage, ConnectionId, ErrorCode, HangUpReason, Kind,
    MediaState, Paths, Relay, RelayError, ServerMessage, Signal, SignalBody, StandbyPath, Tag,
};
use serde::Serialize;
use serde_json::Value;

const SAMPLE: &str = include_str!("fixtures/sample.jsonl");
const HOLDFAST: &str = include_str!("fixtures/holdfast.jsonl");

fn signal(name: Option<&str>, target: Option<&str>, body: SignalBody) -> Signal {
    Signal {
        name: name.map(Into::into),
        target: target.map(Into::into),
        from: None,
        to: None,
        body,
        tag: None,
    }
}

fn tagged(name: &str, target: &str, body: SignalBody, seq: u32) -> Signal {
    Signal {
        tag: Some(Tag {
            call: CallId {
                page: "7f3a".into(),
                nth: 2,
            },
            leg: 0,
            seq,
            acked: 3,
            epoch: 1,
            peer_epoch: 2,
            proof: None,
        }),
        ..signal(Some(name), Some(target), body)
    }
}

/// A message with everything that only our server and our pages write.
fn proved() -> Signal {
    let person = "9f3c".to_owned();
    let mut signal = tagged("Ann", "Bob", SignalBody::Here { person, asks: true }, 5);
    signal.from = Some("9f3c".into());
    signal.to = Some("77ab".into());
    if let Some(tag) = &mut signal.tag {
        tag.proof = Some("c0de".into());
    }
    signal
}

fn candidate() -> Candidate {
    Candidate {
        candidate: "candidate:1 1 udp 2113937151 192.0.2.1 50000 typ host".into(),
        sdp_mid: Some("0".into()),
        sdp_m_line_index: Some(0),
        username_fragment: Some("abcd".into()),
    }
}

fn id() -> ConnectionId {
    ConnectionId::Text("c2VjcmV0".into())
}

#[test]
fn every_message_of_the_samples_server_is_read() {
    let (name, text) = (Some("Ann".into()), "Hello".into());
    let expected = [
        // The sample's own server counts its ids.
        ServerMessage::Id {
            id: ConnectionId::Number(1.7e12),
            acked: None,
            person: None,
        },
        ServerMessage::Id {
            id: id(),
            acked: None,
            person: None,
        },
        ServerMessage::Unknown {
            kind: "username".into(),
        },
        ServerMessage::RejectUsername {
            id: Some(id()),
            name: "Ann1".into(),
        },
        ServerMessage::UserList {
            users: vec!["Ann".into(), "Bob".into()],
        },
        ServerMessage::Text {
            name,
            text,
            date: Some(1.7e12),
            target: None,
        },
    ];
    let rest = signals_of_the_sample().map(ServerMessage::Signal);
    let unknown = ServerMessage::Unknown {
        kind: "sparkle".into(),
    };
    let expected = expected.into_iter().chain(rest).chain([unknown]);
    let read: Vec<_> = SAMPLE.lines().map(server).collect();
    assert_eq!(read, expected.collect::<Vec<_>>());
}

#[test]
fn every_message_of_the_samples_client_is_read() {
    let username = ClientMessage::Username {
        name: "Ann".into(),
        id: id(),
        date: 1.7e12,
        room: None,
        pass: None,
        claim: None,
    };
    let text = ClientMessage::Text {
        text: "Hello".into(),
        id: Some(id()),
        date: Some(1.7e12),
        target: None,
    };
    let expected = [None, None, Some(username), None, None, Some(text)].into_iter();
    let rest = signals_of_the_sample().map(|signal| Some(ClientMessage::Signal(signal)));
    let expected = expected.chain(rest).chain([None]);
    let read: Vec<_> = SAMPLE.lines().map(client).collect();
    assert_eq!(read, expected.collect::<Vec<_>>());
}

fn signals_of_the_sample() -> impl Iterator<Item = Signal> {
    let hang_up = || SignalBody::HangUp(HangUpReason::HungUp);
    [
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
        signal(Some("Ann"), Some("Bob"), hang_up()),
        signal(Some("Ann"), None, hang_up()),
    ]
    .into_iter()
}

/// A message of ours, by who sends it.
#[derive(Debug, PartialEq, Serialize)]
#[serde(untagged)]
enum Ours {
    Client(ClientMessage),
    Server(ServerMessage),
    /// Read the same by everybody.
    Signal(ClientMessage),
    Channel(ChannelMessage),
}

fn username(room: Option<&str>, pass: Option<&str>) -> ClientMessage {
    ClientMessage::Username {
        name: "Ann".into(),
        id: id(),
        date: 1.7e12,
        room: room.map(Into::into),
        pass: pass.map(Into::into),
        claim: None,
    }
}

fn ours() -> Vec<Ours> {
    use Ours::{Channel, Client, Server};
    let call = |from: &str, to: &str, body, seq| {
        Ours::Signal(ClientMessage::Signal(tagged(from, to, body, seq)))
    };
    vec![
        Client(username(None, None)),
        Client(ClientMessage::Text {
            text: "Hello".into(),
            id: Some(id()),
            date: Some(1.7e12),
            target: Some("Bob".into()),
        }),
        call("Ann", "Bob", SignalBody::Offer("v=0\r\n".into()), 0),
        call("Bob", "Ann", SignalBody::Ringing, 0),
        call("Bob", "Ann", SignalBody::Accepted, 1),
        call("Bob", "Ann", SignalBody::Answer("v=0\r\n".into()), 1),
        call("Ann", "Bob", SignalBody::Candidate(candidate()), 1),
        call("Ann", "Bob", SignalBody::HangUp(HangUpReason::NoAnswer), 2),
        Server(ServerMessage::PeerGone {
            name: "Bob".into(),
            person: None,
        }),
        Server(ServerMessage::RejectUsername {
            id: Some(id()),
            name: "Ann2".into(),
        }),
        Server(ServerMessage::UserList {
            users: vec!["Ann".into(), "Ann2".into()],
        }),
        Server(ServerMessage::Error {
            code: ErrorCode::NoSuchUser,
            text: "Nobody here is called Zoe.".into(),
            target: Some("Zoe".into()),
        }),
        call("Ann", "Bob", SignalBody::KeepLeg, 3),
        call("Ann", "Bob", SignalBody::Standby(StandbyPath::Relay), 4),
        call(
            "Ann",
            "Bob",
            SignalBody::Standby(StandbyPath::OtherNetwork),
            4,
        ),
        call("Ann", "Bob", SignalBody::TakeOver, 5),
        Channel(ChannelMessage::Paths(Paths {
            relay: true,
            saves: false,
            other_network: Some(true),
        })),
        call("Ann", "Bob", SignalBody::Away, 4),
        call("Ann", "Bob", SignalBody::Rejoin, 0),
        Client(ClientMessage::Resume {
            id: "c2VjcmV0".into(),
            acked: Some(17),
            presence: Some(3),
        }),
        Client(ClientMessage::Resume {
            id: "c2VjcmV0".into(),
            acked: None,
            presence: None,
        }),
        Server(ServerMessage::Resumed {
            acked: 4,
            person: Some("9f3c".into()),
        }),
        Client(ClientMessage::Ack { acked: 32 }),
        Server(ServerMessage::Ack { acked: 32 }),
        Channel(ChannelMessage::Ack { acked: 0 }),
        Client(ClientMessage::Ping),
        Channel(ChannelMessage::Ping),
        Server(ServerMessage::Id {
            id: id(),
            acked: Some(0),
            person: Some("9f3c".into()),
        }),
        Client(ClientMessage::Username {
            name: "Ann".into(),
            id: id(),
            date: 1.7e12,
            room: None,
            pass: None,
            claim: Some("1.2.ab".into()),
        }),
        Client(username(Some("b7Qk"), Some("e.y.J"))),
        Server(ServerMessage::Presence {
            version: 3,
            free: vec!["Ann".into(), "Bob".into()],
            busy: vec!["Zoe".into()],
            away: vec!["Max".into()],
        }),
        Server(ServerMessage::PresenceChanges {
            free: vec!["Zoe".into()],
            busy: vec!["Ann".into()],
            away: vec!["Max".into()],
            gone: vec!["Bob".into()],
        }),
        Server(ServerMessage::PresenceChanges {
            free: vec!["Bob".into()],
            busy: vec![],
            away: vec![],
            gone: vec![],
        }),
        Ours::Signal(ClientMessage::Signal(proved())),
        Server(ServerMessage::Named {
            claim: "1.2.ab".into(),
        }),
        Channel(ChannelMessage::Secret("00ff".into())),
        Channel(ChannelMessage::Text {
            nth: 5,
            text: "Hello".into(),
        }),
        Server(ServerMessage::PeerGone {
            name: "Bob".into(),
            person: Some("9f3c".into()),
        }),
        Channel(ChannelMessage::Media(MediaState {
            camera: false,
            microphone: true,
            screen: None,
            limit: Some(0),
        })),
        Channel(ChannelMessage::Media(MediaState {
            camera: true,
            microphone: false,
            screen: Some("3f2a".into()),
            limit: None,
        })),
    ]
}

#[test]
fn every_message_of_ours_is_written_as_the_fixture_says_and_read_back() {
    let mut lines = HOLDFAST.lines();
    for message in ours() {
        let line = lines.next().expect("a fixture for each message");
        let written = serde_json::to_value(&message).expect("messages are JSON");
        let golden: Value = serde_json::from_str(line).expect("the fixture is JSON");
        assert_eq!(written, golden);
        match message {
            Ours::Client(message) => assert_eq!(client(line), Some(message)),
            Ours::Server(message) => assert_eq!(server(line), message),
            Ours::Channel(message) => assert_eq!(channel(line), Some(message)),
            Ours::Signal(message) => {
                let ClientMessage::Signal(signal) = message else {
                    panic!("a signal");
                };
                assert_eq!(client(line), Some(ClientMessage::Signal(signal.clone())));
                assert_eq!(server(line), ServerMessage::Signal(signal.clone()));
                assert_eq!(channel(line), Some(ChannelMessage::Signal(signal)));
            }
        }
    }
    assert_eq!(lines.next(), None);
}

#[test]
fn a_message_over_a_data_channel_is_of_a_call_or_none() {
    for text in [
        r#"{"type":"userlist","users":["Zoe"]}"#,
        r#"{"type":"rejectusername","name":"Zoe"}"#,
        r#"{"type":"sparkle"}"#,
        r#"{"+":["Zoe"]}"#,
    ] {
        assert_eq!(channel(text), None, "{text}");
    }
}

#[test]
fn every_kind_and_code_has_a_word_of_its_own() {
    for line in HOLDFAST.lines().chain(SAMPLE.lines()) {
        let json: Value = serde_json::from_str(line).expect("JSON");
        let Some(word) = json["type"].as_str().filter(|word| *word != "sparkle") else {
            continue;
        };
        let kind = Kind::from_wire(word).expect("a known type");
        assert_eq!(kind.as_str(), word);
    }
    assert_eq!(Kind::from_wire("sparkle"), None);
    assert_eq!(ErrorCode::from_wire("room-full"), Some(ErrorCode::RoomFull));
    assert_eq!(ErrorCode::Candidates.as_str(), "candidates");
    let later = server(r#"{"type":"error","code":"too-blue","text":"Too blue."}"#);
    assert_eq!(
        later,
        ServerMessage::Error {
            code: ErrorCode::Unknown,
            text: "Too blue.".into(),
            target: None,
        }
    );
}

#[test]
fn an_unknown_reason_or_field_does_no_harm() {
    let text = r#"{"type":"hang-up","name":"Ann","target":"Bob","reason":"bored","mood":[1,2]}"#;
    let hung_up = signal(
        Some("Ann"),
        Some("Bob"),
        SignalBody::HangUp(HangUpReason::HungUp),
    );
    assert_eq!(server(text), ServerMessage::Signal(hung_up));
}

#[test]
fn a_message_that_lacks_a_field_names_it() {
    let refused = |text| {
        let json: Value = serde_json::from_str(text).expect("JSON");
        ServerMessage::read(&json)
            .expect_err("malformed")
            .to_string()
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

#[test]
fn what_a_server_may_pass_on_is_known_by_its_type() {
    let kind = |text| Relay::parse(text).expect("a message").known_kind();
    assert_eq!(kind(r#"{"type":"hang-up"}"#), Some(Kind::HangUp));
    assert_eq!(kind(r#"{"type":"sparkle"}"#), None);
    for forged in [
        "id", "userlist", "people", "error", "resumed", "heard", "ping",
    ] {
        let kind = Kind::from_wire(forged).expect("known");
        assert!(!kind.is_relayed(), "{forged}");
    }
}

fn json(line: &str) -> Value {
    serde_json::from_str(line).expect("JSON")
}

fn server(line: &str) -> ServerMessage {
    ServerMessage::read(&json(line)).expect("well formed")
}

fn client(line: &str) -> Option<ClientMessage> {
    ClientMessage::read(&json(line)).expect("well formed")
}

fn channel(line: &str) -> Option<ChannelMessage> {
    ChannelMessage::read(&json(line)).expect("well formed")
}
