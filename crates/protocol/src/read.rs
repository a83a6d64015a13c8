//! Messages from JSON, field by field: in a WebAssembly bundle a derived implementation of an
//! internally tagged enum weighs ten times as much.

use crate::{
    CallId, Candidate, ConnectionId, Fields, HangUpReason, Malformed, Message, Signal, SignalBody,
    Tag,
};

impl Message {
    /// Reads a message from a JSON object.
    ///
    /// # Errors
    /// When a message of a known type lacks what that type must have.
    pub fn read(fields: &impl Fields) -> Result<Self, Malformed> {
        let Some(kind) = fields.string("type") else {
            return Ok(Self::Changes {
                free: fields.strings("+").unwrap_or_default(),
                busy: fields.strings("busy").unwrap_or_default(),
                gone: fields.strings("-").unwrap_or_default(),
            });
        };
        let missing = |field| Malformed {
            kind: kind.clone(),
            field,
        };
        let name = || fields.string("name");
        let named = || name().ok_or(missing("`name`, a string"));
        let text = || fields.string("text");
        let target = || fields.string("target");
        let description = |kind: &str| {
            let sdp = fields.object("sdp")?;
            let of_kind = sdp.string("type").is_some_and(|found| found == kind);
            sdp.string("sdp").filter(|_| of_kind)
        };
        let tag = fields.object("holdfast").and_then(|tag| Tag::read(&tag));
        let body = match kind.as_str() {
            "video-offer" => {
                let sdp = description("offer").ok_or(missing("`sdp`, an object with an offer"))?;
                SignalBody::Offer(sdp)
            }
            "video-answer" => {
                let sdp =
                    description("answer").ok_or(missing("`sdp`, an object with an answer"))?;
                SignalBody::Answer(sdp)
            }
            "new-ice-candidate" => {
                let candidate = fields
                    .object("candidate")
                    .ok_or(missing("`candidate`, an object"))?;
                SignalBody::Candidate(Candidate::read(&candidate))
            }
            "hang-up" => {
                let reason = fields.string("reason").unwrap_or_default();
                SignalBody::HangUp(HangUpReason::from_wire(&reason))
            }
            "ringing" => SignalBody::Ringing,
            "accepted" => SignalBody::Accepted,
            "keep-leg" => SignalBody::KeepLeg,
            "away" => SignalBody::Away,
            "rejoin" => SignalBody::Rejoin,
            "id" => {
                let id = ConnectionId::read(fields).ok_or(missing("`id`"))?;
                let heard = whole(fields, "heard");
                return Ok(Self::Id { id, heard });
            }
            "username" => {
                return Ok(Self::Username {
                    name: named()?,
                    id: ConnectionId::read(fields).ok_or(missing("`id`"))?,
                    date: fields.number("date").unwrap_or_default(),
                    room: fields.string("room"),
                    pass: fields.string("pass"),
                });
            }
            "rejectusername" => {
                return Ok(Self::RejectUsername {
                    id: ConnectionId::read(fields),
                    name: named()?,
                });
            }
            "userlist" => {
                let users = fields.strings("users").ok_or(missing("`users`, a list"))?;
                let users = users.into_iter().filter(|name| !name.is_empty());
                return Ok(Self::UserList {
                    users: users.collect(),
                });
            }
            "people" => {
                return Ok(Self::People {
                    version: whole(fields, "version").ok_or(missing("`version`, a count"))?,
                    free: fields.strings("free").unwrap_or_default(),
                    busy: fields.strings("busy").unwrap_or_default(),
                });
            }
            "message" if tag.is_some() => {
                SignalBody::Text(text().ok_or(missing("`text`, a string"))?)
            }
            "message" => {
                return Ok(Self::Text {
                    name: name(),
                    text: text().ok_or(missing("`text`, a string"))?,
                    id: ConnectionId::read(fields),
                    date: fields.number("date"),
                    target: target(),
                });
            }
            "peer-gone" => return Ok(Self::PeerGone { name: named()? }),
            "error" => {
                return Ok(Self::Error {
                    code: fields.string("code").unwrap_or_default(),
                    text: text().unwrap_or_default(),
                    target: target(),
                });
            }
            "resume" => {
                return Ok(Self::Resume {
                    id: fields.string("id").ok_or(missing("`id`"))?,
                    heard: whole(fields, "heard"),
                    people: whole(fields, "people"),
                });
            }
            "resumed" | "heard" => {
                let heard = whole(fields, "heard").ok_or(missing("`heard`, a count"))?;
                return Ok(match kind.as_str() {
                    "heard" => Self::Heard { heard },
                    _ => Self::Resumed { heard },
                });
            }
            "ping" => return Ok(Self::Ping),
            _ => return Ok(Self::Unknown { kind }),
        };
        Ok(Self::Signal(Signal {
            name: name(),
            target: target(),
            body,
            tag,
        }))
    }
}

impl Tag {
    fn read(fields: &impl Fields) -> Option<Self> {
        let call = fields.object("call")?;
        Some(Self {
            call: CallId {
                page: call.string("page")?,
                nth: whole(&call, "nth")?,
            },
            leg: whole(fields, "leg").unwrap_or_default(),
            seq: whole(fields, "seq")?,
            heard: whole(fields, "heard").unwrap_or_default(),
            life: whole(fields, "life").unwrap_or_default(),
            to_life: whole(fields, "toLife").unwrap_or_default(),
        })
    }
}

impl Candidate {
    /// Reads an `RTCIceCandidateInit`; every field of it may be absent.
    pub fn read(fields: &impl Fields) -> Self {
        Self {
            candidate: fields.string("candidate").unwrap_or_default(),
            sdp_mid: fields.string("sdpMid"),
            sdp_m_line_index: whole(fields, "sdpMLineIndex").and_then(|n| u16::try_from(n).ok()),
            username_fragment: fields.string("usernameFragment"),
        }
    }
}

impl ConnectionId {
    fn read(fields: &impl Fields) -> Option<Self> {
        let text = fields.string("id").map(Self::Text);
        text.or_else(|| fields.number("id").map(Self::Number))
    }
}

/// A whole number from 0 to 2³² − 1.
fn whole(fields: &impl Fields, field: &str) -> Option<u32> {
    let number = fields.number(field)?;
    let whole = number as u32;
    (f64::from(whole) == number).then_some(whole)
}
