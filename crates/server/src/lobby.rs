//! Who is there under which name, and who gets which message. No I/O: messages go into queues.

use std::collections::{BTreeMap, HashMap};

use axum::extract::ws::Utf8Bytes;
use holdfast_protocol::{
    ConnectionId, MAX_MESSAGE_BYTES, MAX_NAME_CHARS, Message, Relay, RelayError,
};
use tokio::sync::mpsc;

/// How many messages may wait for a reader before it is dropped.
pub(crate) const QUEUE: usize = 256;

/// How many people one person can be in the middle of a call with, as far as we keep track.
const MAX_PARTNERS: usize = 16;

/// What a client without a name of its own is called.
const NO_NAME: &str = "Guest";

/// Types that only a server says. From a client they are refused, or anybody could hand out names.
const SERVER_TYPES: [&str; 5] = ["id", "rejectusername", "userlist", "peer-gone", "error"];

/// Which connection. Not a secret, and never sent.
pub(crate) type Key = u64;

/// Everybody who is connected.
#[derive(Default)]
pub(crate) struct Lobby {
    next: Key,
    /// In the order of arrival, which is the order of the user list.
    people: BTreeMap<Key, Person>,
    names: HashMap<String, Key>,
    /// Whose queue was found full.
    stalled: Vec<Key>,
}

struct Person {
    /// The secret that says which connection this is, in messages that carry an id.
    id: String,
    /// None until `username` has come.
    name: Option<String>,
    queue: mpsc::Sender<Utf8Bytes>,
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
}

impl Lobby {
    /// Somebody is connected. Gives the key, and puts the `id` message into the queue.
    pub(crate) fn connect(
        &mut self,
        queue: mpsc::Sender<Utf8Bytes>,
    ) -> Result<Key, getrandom::Error> {
        let key = self.next;
        self.next += 1;
        let id = random_token()?;
        let hello = encode(&Message::Id {
            id: ConnectionId::Text(id.clone()),
        });
        let person = Person {
            id,
            name: None,
            queue,
            partners: Vec::new(),
        };
        self.people.insert(key, person);
        self.send(key, hello);
        Ok(key)
    }

    /// Somebody is gone. Who is in a call with them hears of it; the call needs no server.
    pub(crate) fn disconnect(&mut self, key: Key) {
        if self.remove(key) {
            self.send_user_list();
        }
        self.drop_stalled();
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

    /// A text frame came in: it goes where it is meant to go, or back as an error.
    pub(crate) fn receive(&mut self, key: Key, text: &str) {
        if let Err(refusal) = self.route(key, text) {
            self.refuse(key, &refusal);
        }
        self.drop_stalled();
    }

    /// Tells the sender why its frame went nowhere.
    pub(crate) fn refuse(&mut self, key: Key, refusal: &Refusal) {
        tracing::debug!(key, code = refusal.code(), "refused");
        let target = if let Refusal::NoSuchUser(target) = refusal {
            Some(target.clone())
        } else {
            None
        };
        let error = encode(&Message::Error {
            code: refusal.code().to_owned(),
            text: refusal.to_string(),
            target,
        });
        self.send(key, error);
    }

    /// Whether that connection has not been dropped.
    pub(crate) fn knows(&self, key: Key) -> bool {
        self.people.contains_key(&key)
    }

    fn route(&mut self, key: Key, text: &str) -> Result<(), Refusal> {
        if text.len() > MAX_MESSAGE_BYTES {
            return Err(Refusal::TooLarge(text.len()));
        }
        let mut message = Relay::parse(text)?;
        let Some(person) = self.people.get(&key) else {
            return Ok(());
        };
        if message.string("id").is_some_and(|id| id != person.id) {
            return Err(Refusal::WrongId);
        }
        let kind = message.kind();
        if kind == "username" {
            let wanted = message.string("name").ok_or(Refusal::NameMissing)?;
            self.name(key, &wanted);
            return Ok(());
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
        Ok(())
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
        let users = self
            .people
            .values()
            .filter_map(|person| person.name.clone());
        let list = Message::UserList {
            users: users.collect(),
        };
        self.send_all(&encode(&list));
    }

    /// To everybody who has a name.
    fn send_all(&mut self, text: &Utf8Bytes) {
        let keys: Vec<Key> = self.names.values().copied().collect();
        for key in keys {
            self.send(key, text.clone());
        }
    }

    /// Into the queue; a reader whose queue is full has stalled, and is dropped soon after.
    fn send(&mut self, key: Key, text: Utf8Bytes) {
        let Some(person) = self.people.get(&key) else {
            return;
        };
        if let Err(mpsc::error::TrySendError::Full(_)) = person.queue.try_send(text) {
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
