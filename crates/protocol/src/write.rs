//! Messages to JSON, field by field: a derived implementation weighs six times as much in a
//! WebAssembly bundle.

use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::{
    channel::{ChannelMessage, MediaState, Paths},
    client::ClientMessage,
    connection_id::ConnectionId,
    error_code::ErrorCode,
    kind::Kind,
    server::ServerMessage,
    signal::{CallId, Candidate, SdpType, Signal, SignalBody, StandbyPath, Tag},
};

/// The value of a field.
#[derive(Clone, Copy)]
pub enum JsonValue<'a> {
    /// A string.
    Text(&'a str),
    /// A number.
    Number(f64),
    /// A list of strings.
    Texts(&'a [String]),
    /// An object, by its fields.
    Object(&'a dyn JsonFields),
}

/// An object's fields, one after the other.
pub trait JsonFields {
    /// Shows each field that there is.
    fn each(&self, show: &mut dyn FnMut(&'static str, JsonValue<'_>));
}

/// Where fields are shown.
type Show<'a> = dyn FnMut(&'static str, JsonValue<'_>) + 'a;

impl JsonFields for ClientMessage {
    fn each(&self, show: &mut Show<'_>) {
        match self {
            Self::Username {
                name,
                id,
                date,
                room,
                pass,
                claim,
            } => {
                identify(show, Kind::Username, Some(id));
                show("name", JsonValue::Text(name));
                show("date", JsonValue::Number(*date));
                text(show, "room", room);
                text(show, "pass", pass);
                text(show, "claim", claim);
            }
            Self::Text {
                text: said,
                id,
                date,
                target,
            } => {
                chat(show, said, *date, target);
                if let Some(id) = id {
                    show("id", id.into());
                }
            }
            Self::Signal(signal) => signal.each(show),
            Self::Resume {
                id,
                acked,
                presence,
            } => {
                kind(show, Kind::Resume);
                show("id", JsonValue::Text(id));
                number(show, "heard", acked.map(f64::from));
                number(show, "people", presence.map(f64::from));
            }
            Self::Ack { acked } => ack(show, Kind::Ack, *acked),
            Self::Ping => kind(show, Kind::Ping),
        }
    }
}

impl JsonFields for ServerMessage {
    fn each(&self, show: &mut Show<'_>) {
        match self {
            Self::Id { id, acked, person } => {
                identify(show, Kind::Id, Some(id));
                number(show, "heard", acked.map(f64::from));
                text(show, "person", person);
            }
            Self::RejectUsername { id, name } => rename(show, id.as_ref(), name),
            Self::Named { claim } => {
                kind(show, Kind::Named);
                show("claim", JsonValue::Text(claim));
            }
            Self::UserList { users } => {
                kind(show, Kind::UserList);
                show("users", JsonValue::Texts(users));
            }
            Self::Presence {
                version,
                free,
                busy,
                away,
            } => {
                kind(show, Kind::Presence);
                number(show, "version", Some((*version).into()));
                people(show, "free", [free, busy, away]);
            }
            Self::PresenceChanges {
                free,
                busy,
                away,
                gone,
            } => {
                people(show, "+", [free, busy, away]);
                texts(show, "-", gone);
            }
            Self::Text {
                name,
                text: said,
                date,
                target,
            } => {
                chat(show, said, *date, target);
                text(show, "name", name);
            }
            Self::Signal(signal) => signal.each(show),
            Self::PeerGone { name, person } => gone(show, name, person),
            Self::Error {
                code,
                text: sentence,
                target,
            } => {
                refuse(show, *code, sentence, target);
            }
            Self::Resumed { acked, person } => resume(show, *acked, person),
            Self::Ack { acked } => ack(show, Kind::Ack, *acked),
            // Read, and never written.
            Self::Unknown { .. } => {}
        }
    }
}

impl JsonFields for ChannelMessage {
    fn each(&self, show: &mut Show<'_>) {
        match self {
            Self::Signal(signal) => signal.each(show),
            Self::Ping => kind(show, Kind::Ping),
            Self::Ack { acked } => ack(show, Kind::Ack, *acked),
            Self::Secret(secret) => tell(show, Kind::Secret, secret),
            Self::ContactKey(secret) => tell(show, Kind::ContactKey, secret),
            Self::Media(MediaState {
                camera,
                microphone,
                screen,
                limit,
            }) => {
                kind(show, Kind::Media);
                flag(show, "camera", *camera);
                flag(show, "microphone", *microphone);
                if let Some(screen) = screen {
                    show("screen", JsonValue::Text(screen));
                }
                number(show, "limit", limit.map(f64::from));
            }
            Self::Paths(Paths {
                relay,
                saves,
                other_network,
            }) => {
                kind(show, Kind::Paths);
                flag(show, "relay", *relay);
                flag(show, "saves", *saves);
                if let Some(other_network) = other_network {
                    flag(show, "otherNetwork", *other_network);
                }
            }
            Self::Text { nth, text } => {
                kind(show, Kind::Message);
                show("nth", JsonValue::Number((*nth).into()));
                show("text", JsonValue::Text(text));
            }
        }
    }
}

impl JsonFields for Signal {
    fn each(&self, show: &mut Show<'_>) {
        kind(show, self.kind());
        text(show, "name", &self.name);
        text(show, "target", &self.target);
        text(show, "from", &self.from);
        text(show, "to", &self.to);
        match &self.body {
            SignalBody::Offer(sdp) => describe(show, SdpType::Offer, sdp),
            SignalBody::Answer(sdp) => describe(show, SdpType::Answer, sdp),
            SignalBody::Candidate(candidate) => show("candidate", JsonValue::Object(candidate)),
            SignalBody::HangUp(reason) => show("reason", JsonValue::Text(reason.as_str())),
            SignalBody::Here { person, asks } => {
                show("person", JsonValue::Text(person));
                flag(show, "asks", *asks);
            }
            SignalBody::Standby(path) => {
                flag(show, "relayed", *path == StandbyPath::Relay);
                if *path == StandbyPath::OtherNetwork {
                    flag(show, "otherNetwork", true);
                }
            }
            SignalBody::Ringing
            | SignalBody::Contact
            | SignalBody::Accepted
            | SignalBody::KeepLeg
            | SignalBody::TakeOver
            | SignalBody::Away
            | SignalBody::Rejoin => {}
        }
        if let Some(tag) = &self.tag {
            show("holdfast", JsonValue::Object(tag));
        }
    }
}

impl<'a> From<&'a ConnectionId> for JsonValue<'a> {
    fn from(id: &'a ConnectionId) -> Self {
        match id {
            ConnectionId::Text(id) => Self::Text(id),
            ConnectionId::Number(id) => Self::Number(*id),
        }
    }
}

/// An `RTCSessionDescriptionInit`, by its parts.
struct Sdp<'a>(SdpType, &'a str);

impl JsonFields for Sdp<'_> {
    fn each(&self, show: &mut Show<'_>) {
        let kind = match self.0 {
            SdpType::Offer => "offer",
            SdpType::Answer => "answer",
        };
        show("type", JsonValue::Text(kind));
        show("sdp", JsonValue::Text(self.1));
    }
}

impl JsonFields for Candidate {
    fn each(&self, show: &mut Show<'_>) {
        show("candidate", JsonValue::Text(&self.candidate));
        text(show, "sdpMid", &self.sdp_mid);
        text(show, "usernameFragment", &self.username_fragment);
        if let Some(index) = self.sdp_m_line_index {
            show("sdpMLineIndex", JsonValue::Number(index.into()));
        }
    }
}

impl JsonFields for Tag {
    fn each(&self, show: &mut Show<'_>) {
        show("call", JsonValue::Object(&self.call));
        for (name, value) in [
            ("leg", self.leg),
            ("seq", self.seq),
            ("heard", self.acked),
            ("life", self.epoch),
            ("toLife", self.peer_epoch),
        ] {
            show(name, JsonValue::Number(value.into()));
        }
        text(show, "proof", &self.proof);
    }
}

impl JsonFields for CallId {
    fn each(&self, show: &mut Show<'_>) {
        show("page", JsonValue::Text(&self.page));
        show("nth", JsonValue::Number(self.nth.into()));
    }
}

fn kind(show: &mut Show<'_>, kind: Kind) {
    show("type", JsonValue::Text(kind.as_str()));
}

fn tell(show: &mut Show<'_>, of: Kind, secret: &str) {
    kind(show, of);
    show("secret", JsonValue::Text(secret));
}

fn identify(show: &mut Show<'_>, of: Kind, id: Option<&ConnectionId>) {
    kind(show, of);
    if let Some(id) = id {
        show("id", id.into());
    }
}

fn people(show: &mut Show<'_>, name: &'static str, [free, busy, away]: [&[String]; 3]) {
    texts(show, name, free);
    texts(show, "busy", busy);
    texts(show, "away", away);
}

fn rename(show: &mut Show<'_>, id: Option<&ConnectionId>, name: &str) {
    identify(show, Kind::RejectUsername, id);
    show("name", JsonValue::Text(name));
}

fn resume(show: &mut Show<'_>, acked: u32, person: &Option<String>) {
    ack(show, Kind::Resumed, acked);
    text(show, "person", person);
}

fn gone(show: &mut Show<'_>, name: &str, person: &Option<String>) {
    kind(show, Kind::PeerGone);
    show("name", JsonValue::Text(name));
    text(show, "person", person);
}

fn refuse(show: &mut Show<'_>, code: ErrorCode, sentence: &str, target: &Option<String>) {
    kind(show, Kind::Error);
    show("code", JsonValue::Text(code.as_str()));
    show("text", JsonValue::Text(sentence));
    text(show, "target", target);
}

fn chat(show: &mut Show<'_>, said: &str, date: Option<f64>, target: &Option<String>) {
    kind(show, Kind::Message);
    show("text", JsonValue::Text(said));
    number(show, "date", date);
    text(show, "target", target);
}

fn ack(show: &mut Show<'_>, of: Kind, acked: u32) {
    kind(show, of);
    show("heard", JsonValue::Number(acked.into()));
}

fn describe(show: &mut Show<'_>, kind: SdpType, sdp: &str) {
    show("sdp", JsonValue::Object(&Sdp(kind, sdp)));
}

fn text(show: &mut Show<'_>, name: &'static str, value: &Option<String>) {
    if let Some(value) = value {
        show(name, JsonValue::Text(value));
    }
}

fn number(show: &mut Show<'_>, name: &'static str, value: Option<f64>) {
    if let Some(value) = value {
        show(name, JsonValue::Number(value));
    }
}

fn flag(show: &mut Show<'_>, name: &'static str, value: bool) {
    show(name, JsonValue::Number(u8::from(value).into()));
}

fn texts(show: &mut Show<'_>, name: &'static str, value: &[String]) {
    if !value.is_empty() {
        show(name, JsonValue::Texts(value));
    }
}

/// By serde, for those who have it: servers, tests, and programs that are clients.
struct AsMap<'a>(&'a dyn JsonFields);

impl Serialize for AsMap<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let mut done = Ok(());
        self.0.each(&mut |name, value| {
            if done.is_ok() {
                done = map.serialize_entry(name, &value);
            }
        });
        done?;
        map.end()
    }
}

impl Serialize for JsonValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Number(number) => {
                let whole = number as u32;
                match f64::from(whole) == number {
                    true => serializer.serialize_u32(whole),
                    false => serializer.serialize_f64(number),
                }
            }
            Self::Texts(texts) => texts.serialize(serializer),
            Self::Object(fields) => AsMap(fields).serialize(serializer),
        }
    }
}

impl Serialize for ClientMessage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        AsMap(self).serialize(serializer)
    }
}

impl Serialize for ServerMessage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        AsMap(self).serialize(serializer)
    }
}

impl Serialize for Candidate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        AsMap(self).serialize(serializer)
    }
}

impl Serialize for ChannelMessage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        AsMap(self).serialize(serializer)
    }
}
