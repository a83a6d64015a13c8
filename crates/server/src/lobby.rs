//! Who is there under which name, and who gets which message. No I/O: messages go into queues.

use std::collections::{BTreeMap, HashMap};

use axum::extract::ws::Utf8Bytes;
use holdfast_protocol::{
    ConnectionId, MAX_MESSAGE_BYTES, MAX_NAME_CHARS, Message, Relay, RelayError,
};
use tokio::sync::mpsc;

use crate::session::{Session, Stalled};

/// How many people one person can be in the middle of a call with, as far as we keep track.
const MAX_PARTNERS: usize = 16;

/// What a client without a name of its own is called.
const NO_NAME: &str = "Guest";

/// Types that only a server says. From a client they are refused, or anybody could hand out names.
const SERVER_TYPES: [&str; 9] = [
    "id",
    "rejectusername",
    "userlist",
    "peer-gone",
    "error",
    "resumed",
    // Between one client and the server alone.
    "resume",
    "heard",
    "ping",
];

/// Which session. Not a secret, and never sent.
type Key = u64;

/// A connection's place in the lobby.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seat {
    /// The session, which goes on when another connection takes it over.
    key: Key,
    connection: u64,
}

/// Everybody who is connected.
#[derive(Default)]
pub(crate) struct Lobby {
    connections: u64,
    /// In the order of arrival, which is the order of the user list.
    people: BTreeMap<Key, Person>,
    names: HashMap<String, Key>,
    /// Whose queue was found full.
    stalled: Vec<Key>,
}

struct Person {
    /// The secret that says which session this is, in messages that carry an id.
    id: String,
    /// None until `username` has come.
    name: Option<String>,
    /// Which connection has it now, or had it last.
    connection: u64,
    session: Session,
    /// With whom there is a call under way.
    partners: Vec<Key>,
}

/// Why a message is not passed on. Its text goes to the sender.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error(transparent)]
    NotAMessage(#[from] RelayError),
    #[error("a message has at most {MAX_MESSAGE_BYTES} bytes; this one has {0}")]
    TooLarge(usize),
    #[error("binary frames are not understood here: send JSON as text")]
    Binary,
    #[error("say your name first, with a `username` message")]
    NoName,
    #[error("`username` needs a `name`, a string")]
    NameMissing,
    #[error("the `id` in this message is not yours")]
    WrongId,
    #[error("`{0}` is for the server to say")]
    ServerType(String),
    #[error("nobody here is called {0}")]
    NoSuchUser(String),
    #[error("there is no such session; come in under your name")]
    SessionOver,
}

impl Lobby {
    /// Somebody is connected. Gives the seat, and puts the `id` message into the queue.
    pub(crate) fn connect(
        &mut self,
        queue: mpsc::Sender<Utf8Bytes>,
        resumable: bool,
    ) -> Result<Seat, getrandom::Error> {
        self.connections += 1;
        let connection = self.connections;
        let id = random_token()?;
        let session = Session::new(queue, resumable);
        let hello = Message::Id {
            id: ConnectionId::Text(id.clone()),
            heard: resumable.then_some(0),
        };
        // The queue is empty: it takes one message.
        let _ = session.send_aside(encode(&hello));
        let person = Person {
            id,
            name: None,
            connection,
            session,
            partners: Vec::new(),
        };
        self.people.insert(connection, person);
        let key = connection;
        Ok(Seat { key, connection })
    }

    /// A connection is gone. Whether its session waits for another one: then nobody hears of it
    /// before [`Self::expire`].
    pub(crate) fn disconnect(&mut self, seat: Seat, said_goodbye: bool) -> bool {
        let Some(person) = self.seated(seat) else {
            return false;
        };
        let waits = person.session.is_resumable() && person.name.is_some() && !said_goodbye;
        if waits {
            person.session.detach();
        } else if self.remove(seat.key) {
            self.send_user_list();
        }
        self.drop_stalled();
        waits
    }

    /// The session has waited for long enough. Who is in a call with them hears of it; the call
    /// needs no server.
    pub(crate) fn expire(&mut self, seat: Seat) {
        self.disconnect(seat, true);
    }

    /// The person whose session still has that connection.
    fn seated(&mut self, seat: Seat) -> Option<&mut Person> {
        let person = self.people.get_mut(&seat.key)?;
        (person.connection == seat.connection).then_some(person)
    }

    /// Takes a connection out; whether it had a name that others have seen.
    fn remove(&mut self, key: Key) -> bool {
        let Some(person) = self.people.remove(&key) else {
            return false;
        };
        let Some(name) = person.name else {
            return false;
        };
        self.names.remove(&name);
        let gone = encode(&Message::PeerGone { name });
        for partner in person.partners {
            if let Some(other) = self.people.get_mut(&partner) {
                other.partners.retain(|known| *known != key);
            }
            self.send(partner, gone.clone());
        }
        true
    }

    /// Drops everybody whose queue was found full, and those found full in telling so.
    fn drop_stalled(&mut self) {
        while !self.stalled.is_empty() {
            let mut was_seen = false;
            for key in std::mem::take(&mut self.stalled) {
                tracing::info!(key, "dropped: it does not read what it is sent");
                was_seen |= self.remove(key);
            }
            if was_seen {
                self.send_user_list();
            }
        }
    }

    /// A text frame came in: it goes where it is meant to go, or back as an error. The connection
    /// may have another seat afterwards.
    pub(crate) fn receive(&mut self, seat: Seat, text: &str) -> Seat {
        let seat = match self.route(seat, text) {
            Ok(seat) => seat,
            Err(refusal) => {
                self.refuse(seat, &refusal);
                seat
            }
        };
        self.drop_stalled();
        seat
    }

    /// Tells the sender why its frame went nowhere.
    pub(crate) fn refuse(&mut self, seat: Seat, refusal: &Refusal) {
        tracing::debug!(seat.key, code = refusal.code(), "refused");
        let target = if let Refusal::NoSuchUser(target) = refusal {
            Some(target.clone())
        } else {
            None
        };
        let error = Message::Error {
            code: refusal.code().to_owned(),
            text: refusal.to_string(),
            target,
        };
        if matches!(refusal, Refusal::SessionOver) {
            self.send_aside(seat.key, &error);
        } else {
            self.send(seat.key, encode(&error));
        }
    }

    /// Whether that connection has not been dropped.
    pub(crate) fn knows(&mut self, seat: Seat) -> bool {
        self.seated(seat).is_some()
    }

    /// Whether that connection's session goes on over another.
    pub(crate) fn has_moved(&self, seat: Seat) -> bool {
        let person = self.people.get(&seat.key);
        person.is_some_and(|person| person.connection != seat.connection)
    }

    fn route(&mut self, seat: Seat, text: &str) -> Result<Seat, Refusal> {
        let parsed = match text.len() {
            0..=MAX_MESSAGE_BYTES => Relay::parse(text).map_err(Refusal::NotAMessage),
            _ => Err(Refusal::TooLarge(text.len())),
        };
        let key = seat.key;
        let Some(person) = self.seated(seat) else {
            return Ok(seat);
        };
        let mut message = match parsed {
            Ok(message) => message,
            Err(refusal) => {
                // What is refused has come all the same.
                person.session.received();
                return Err(refusal);
            }
        };
        let kind = message.kind();
        if person.session.is_resumable() {
            match kind.as_str() {
                "resume" => return self.resume(seat, &message),
                "heard" => {
                    person
                        .session
                        .heard(message.number("heard").unwrap_or_default());
                    return Ok(seat);
                }
                "ping" => {
                    let heard = person.session.received_count();
                    self.send_aside(key, &Message::Heard { heard });
                    return Ok(seat);
                }
                "username" => {}
                _ => {
                    if let Some(heard) = person.session.received() {
                        self.send_aside(key, &Message::Heard { heard });
                    }
                }
            }
        }
        let Some(person) = self.people.get(&key) else {
            return Ok(seat);
        };
        if message.string("id").is_some_and(|id| id != person.id) {
            return Err(Refusal::WrongId);
        }
        if kind == "username" {
            let wanted = message.string("name").ok_or(Refusal::NameMissing)?;
            self.name(key, &wanted);
            return Ok(seat);
        }
        if SERVER_TYPES.contains(&kind.as_str()) {
            return Err(Refusal::ServerType(kind));
        }
        let name = person.name.clone().ok_or(Refusal::NoName)?;
        message.set("name", &name);
        message.remove("id");
        match message.string("target").filter(|target| !target.is_empty()) {
            Some(target) => {
                let receiver = self.names.get(&target).copied();
                let receiver = receiver.ok_or(Refusal::NoSuchUser(target))?;
                self.follow_call(key, receiver, &kind);
                self.send(receiver, message.to_text().into());
            }
            None => self.send_all(&message.to_text().into()),
        }
        Ok(seat)
    }

    /// A new connection takes the place of an earlier one: whoever knows the secret is the person.
    fn resume(&mut self, seat: Seat, message: &Relay<'_>) -> Result<Seat, Refusal> {
        let id = message.string("id").unwrap_or_default();
        let earlier = self.people.iter().find(|(key, person)| {
            **key != seat.key
                && person.id == id
                && person.name.is_some()
                && person.session.is_resumable()
        });
        let key = *earlier.ok_or(Refusal::SessionOver)?.0;
        let heard = message.number("heard");
        // Whoever has a name already has a session of their own.
        let fresh = self.people.get(&seat.key).is_some_and(|p| p.name.is_none());
        if !fresh {
            return Err(Refusal::SessionOver);
        }
        let next = self.people.remove(&seat.key);
        let (Some(next), Some(person)) = (next, self.people.get_mut(&key)) else {
            return Err(Refusal::SessionOver);
        };
        person.connection = seat.connection;
        let again = person.session.attach(next.session, heard);
        let resumed = Message::Resumed {
            heard: person.session.received_count(),
        };
        // What was missed comes first: who comes back may be told there what they would ask.
        for text in again {
            self.send_text_aside(key, text);
        }
        self.send_aside(key, &resumed);
        if heard.is_none() {
            let list = self.user_list();
            self.send(key, list);
        }
        let connection = seat.connection;
        Ok(Seat { key, connection })
    }

    /// Gives a connection its name: what it asks for, or the nearest that is free.
    fn name(&mut self, key: Key, wanted: &str) {
        let plain: String = wanted.chars().filter(|c| !c.is_control()).collect();
        let plain: String = plain.trim().chars().take(MAX_NAME_CHARS).collect();
        let plain = plain.trim_end();
        let base = if plain.is_empty() { NO_NAME } else { plain };
        let taken = |name: &str| self.names.get(name).is_some_and(|owner| *owner != key);
        let mut name = base.to_owned();
        let mut suffix = 2_u32;
        while taken(&name) {
            name = format!("{base}{suffix}");
            suffix += 1;
        }
        let Some(person) = self.people.get_mut(&key) else {
            return;
        };
        if let Some(old) = person.name.replace(name.clone()) {
            self.names.remove(&old);
        }
        self.names.insert(name.clone(), key);
        if name != wanted {
            let id = Some(ConnectionId::Text(person.id.clone()));
            let given = encode(&Message::RejectUsername { id, name });
            self.send(key, given);
        }
        self.send_user_list();
    }

    /// Remembers who is in a call with whom, by the messages that make and end one.
    fn follow_call(&mut self, sender: Key, receiver: Key, kind: &str) {
        for (one, other) in [(sender, receiver), (receiver, sender)] {
            let Some(person) = self.people.get_mut(&one) else {
                continue;
            };
            match kind {
                "video-offer" | "video-answer" if !person.partners.contains(&other) => {
                    person.partners.truncate(MAX_PARTNERS - 1);
                    person.partners.insert(0, other);
                }
                "hang-up" => person.partners.retain(|known| *known != other),
                _ => {}
            }
        }
    }

    fn send_user_list(&mut self) {
        let list = self.user_list();
        self.send_all(&list);
    }

    fn user_list(&self) -> Utf8Bytes {
        let users = self
            .people
            .values()
            .filter_map(|person| person.name.clone());
        encode(&Message::UserList {
            users: users.collect(),
        })
    }

    /// To everybody who has a name.
    fn send_all(&mut self, text: &Utf8Bytes) {
        let keys: Vec<Key> = self.names.values().copied().collect();
        for key in keys {
            self.send(key, text.clone());
        }
    }

    /// A message of the session; a reader whose queue is full has stalled, and is dropped soon
    /// after.
    fn send(&mut self, key: Key, text: Utf8Bytes) {
        let Some(person) = self.people.get_mut(&key) else {
            return;
        };
        if let Err(Stalled) = person.session.send(text) {
            self.stalled.push(key);
        }
    }

    /// A message of the connection alone.
    fn send_aside(&mut self, key: Key, message: &Message) {
        self.send_text_aside(key, encode(message));
    }

    fn send_text_aside(&mut self, key: Key, text: Utf8Bytes) {
        let Some(person) = self.people.get(&key) else {
            return;
        };
        if let Err(Stalled) = person.session.send_aside(text) {
            self.stalled.push(key);
        }
    }
}

impl Refusal {
    /// The `code` of the error, for programs.
    fn code(&self) -> &'static str {
        match self {
            Self::NotAMessage(_) => "bad-json",
            Self::TooLarge(_) => "too-large",
            Self::Binary => "binary",
            Self::NoName => "no-name",
            Self::NameMissing => "name-missing",
            Self::WrongId => "wrong-id",
            Self::ServerType(_) => "server-type",
            Self::NoSuchUser(_) => "no-such-user",
            Self::SessionOver => "session-over",
        }
    }
}

fn encode(message: &Message) -> Utf8Bytes {
    // Strings and numbers only: this cannot fail.
    serde_json::to_string(message).unwrap_or_default().into()
}

/// 128 bits that nobody can guess, as hexadecimal digits.
fn random_token() -> Result<String, getrandom::Error> {
    Ok(format!(
        "{:016x}{:016x}",
        getrandom::u64()?,
        getrandom::u64()?
    ))
}
