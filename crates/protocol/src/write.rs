//! Messages to JSON, through one flat struct that holds every field there is.

use serde::Serialize;

use crate::{Candidate, ConnectionId, Description, Message, SdpType, SignalBody, Tag};

/// All fields of all messages, as they stand in JSON.
#[derive(Default, Serialize)]
pub(crate) struct Flat {
    #[serde(rename = "type", skip_serializing_if = "String::is_empty")]
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<ConnectionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    users: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sdp: Option<Description>,
    #[serde(skip_serializing_if = "Option::is_none")]
    candidate: Option<Candidate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    holdfast: Option<Tag>,
    #[serde(skip_serializing_if = "Option::is_none")]
    heard: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pass: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    people: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    free: Vec<String>,
    #[serde(rename = "+", skip_serializing_if = "Vec::is_empty")]
    plus: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    busy: Vec<String>,
    #[serde(rename = "-", skip_serializing_if = "Vec::is_empty")]
    minus: Vec<String>,
}

impl From<Message> for Flat {
    fn from(message: Message) -> Self {
        fn flat(kind: impl Into<String>) -> Flat {
            Flat {
                kind: kind.into(),
                ..Flat::default()
            }
        }
        match message {
            Message::Id { id, heard } => Self {
                id: Some(id),
                heard,
                ..flat("id")
            },
            Message::Username {
                name,
                id,
                date,
                room,
                pass,
            } => Self {
                name: Some(name),
                id: Some(id),
                date: Some(date),
                room,
                pass,
                ..flat("username")
            },
            Message::RejectUsername { id, name } => Self {
                id,
                name: Some(name),
                ..flat("rejectusername")
            },
            Message::UserList { users } => Self {
                users: Some(users),
                ..flat("userlist")
            },
            Message::People {
                version,
                free,
                busy,
            } => Self {
                version: Some(version),
                free,
                busy,
                ..flat("people")
            },
            Message::Changes { free, busy, gone } => Self {
                plus: free,
                busy,
                minus: gone,
                ..flat("")
            },
            Message::Text {
                name,
                text,
                id,
                date,
                target,
            } => Self {
                name,
                text: Some(text),
                id,
                date,
                target,
                ..flat("message")
            },
            Message::PeerGone { name } => Self {
                name: Some(name),
                ..flat("peer-gone")
            },
            Message::Error { code, text, target } => Self {
                code: Some(code),
                text: Some(text),
                target,
                ..flat("error")
            },
            Message::Resume { id, heard, people } => Self {
                id: Some(ConnectionId::Text(id)),
                heard,
                people,
                ..flat("resume")
            },
            Message::Resumed { heard } => Self {
                heard: Some(heard),
                ..flat("resumed")
            },
            Message::Heard { heard } => Self {
                heard: Some(heard),
                ..flat("heard")
            },
            Message::Ping => flat("ping"),
            Message::Unknown { kind } => flat(kind),
            Message::Signal(signal) => {
                let mut flat = flat(signal.kind());
                flat.name = signal.name;
                flat.target = signal.target;
                flat.holdfast = signal.tag;
                match signal.body {
                    SignalBody::Offer(sdp) => flat.sdp = Some(describe(SdpType::Offer, sdp)),
                    SignalBody::Answer(sdp) => flat.sdp = Some(describe(SdpType::Answer, sdp)),
                    SignalBody::Candidate(candidate) => flat.candidate = Some(candidate),
                    SignalBody::HangUp(reason) => {
                        flat.reason = Some(reason.to_wire().to_owned());
                    }
                    SignalBody::Text(text) => flat.text = Some(text),
                    SignalBody::Ringing
                    | SignalBody::Accepted
                    | SignalBody::KeepLeg
                    | SignalBody::Away
                    | SignalBody::Rejoin => {}
                }
                flat
            }
        }
    }
}

fn describe(kind: SdpType, sdp: String) -> Description {
    Description { kind, sdp }
}
