//! One room: who is in it under which name, and what the others have yet to be told of that.

use std::{
    collections::{BTreeMap, HashMap},
    io::Write,
    sync::Arc,
    time::Duration,
};

use axum::extract::ws::{Message as Frame, Utf8Bytes};
use flate2::{Compression, write::DeflateEncoder};
use holdfast_protocol::{MAX_NAME_CHARS, Message};
use tokio::time::Instant;

use crate::hub::{Key, encode};

/// What a client without a name of its own is called.
const NO_NAME: &str = "Guest";

/// Numbers are tried in turn up to this one, then at random.
const LAST_IN_TURN: u32 = 20;

/// News go out at most so often: for each person in the room, once in this time.
const TIME_PER_PERSON: Duration = Duration::from_micros(100);

/// A whole list goes out at most so often: for each person in it, once in this time.
const LIST_TIME_PER_PERSON: Duration = Duration::from_millis(1);

/// From this many bytes on, news of people are compressed.
const PACKED_FROM: usize = 512;

/// Everybody in one room.
#[derive(Default)]
pub(crate) struct Room {
    /// In the order of arrival, which is the order of the user list.
    people: BTreeMap<Key, Member>,
    names: HashMap<Arc<str>, Key>,
    /// Counts the times that the others have been told of changes.
    version: u32,
    /// Whose status has changed since then, and what it was.
    changed: BTreeMap<Arc<str>, Option<Status>>,
    /// They are not told before that.
    due: Option<Instant>,
    /// The sample's clients have yet to be sent a list, and may be from then on.
    list_owed: bool,
    list_due: Option<Instant>,
}

struct Member {
    name: Arc<str>,
    status: Status,
    hears: Hears,
}

/// Whether somebody can be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Free,
    Busy,
}

/// How somebody learns who is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hears {
    /// A client of the sample: by whole lists.
    Lists,
    /// By changes, but first of all by everything.
    Everything,
    /// By changes.
    Changes,
    /// From another server.
    Elsewhere,
}

impl Room {
    pub(crate) fn is_empty(&self) -> bool {
        self.people.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.people.len()
    }

    /// Everybody, in the order of arrival.
    pub(crate) fn keys(&self) -> impl Iterator<Item = Key> {
        self.people.keys().copied()
    }

    /// Who is called that.
    pub(crate) fn find(&self, name: &str) -> Option<Key> {
        self.names.get(name).copied()
    }

    /// Whether somebody can be called.
    pub(crate) fn status(&self, key: Key) -> Option<Status> {
        self.people.get(&key).map(|member| member.status)
    }

    /// Somebody comes in, or takes another name. Gives what they are called: what they ask for, or
    /// the nearest that is free.
    pub(crate) fn enter(&mut self, key: Key, wanted: &str, hears: Hears) -> Arc<str> {
        let name = self.free_name(key, wanted);
        match self.people.get_mut(&key) {
            Some(member) if member.name == name => {
                self.list_owed = true;
                return name;
            }
            Some(member) => {
                let status = member.status;
                let before = std::mem::replace(&mut member.name, name.clone());
                self.names.remove(&before);
                self.note(before, Some(status));
            }
            None => {
                let member = Member {
                    name: name.clone(),
                    status: Status::Free,
                    hears,
                };
                self.people.insert(key, member);
            }
        }
        self.names.insert(name.clone(), key);
        self.note(name.clone(), None);
        self.list_owed = true;
        name
    }

    /// Somebody leaves their name to another. Gives the one they have in its place.
    pub(crate) fn rename(&mut self, key: Key) -> Arc<str> {
        let Some(name) = self.people.get(&key).map(|member| member.name.clone()) else {
            return NO_NAME.into();
        };
        // Nobody has this key, so the name counts as taken.
        self.names.insert(name.clone(), Key::MAX);
        let given = self.enter(key, &name, Hears::Changes);
        self.names.remove(&name);
        given
    }

    /// Somebody is elsewhere from now on, or here.
    pub(crate) fn set_hears(&mut self, key: Key, hears: Hears) {
        if let Some(member) = self.people.get_mut(&key) {
            member.hears = hears;
        }
    }

    fn free_name(&self, key: Key, wanted: &str) -> Arc<str> {
        let plain: String = wanted.chars().filter(|c| !c.is_control()).collect();
        let plain: String = plain.trim().chars().take(MAX_NAME_CHARS).collect();
        let plain = plain.trim_end();
        let base = if plain.is_empty() { NO_NAME } else { plain };
        let is_free = |name: &str| self.names.get(name).is_none_or(|owner| *owner == key);
        let mut name = base.to_owned();
        let mut number = 2_u32;
        while !is_free(&name) {
            name = format!("{base}{number}");
            number = match number {
                // Who looks for the next free number among thousands keeps everybody waiting.
                LAST_IN_TURN.. => getrandom::u32().unwrap_or(number) % 1_000_000_000,
                _ => number + 1,
            };
        }
        name.into()
    }

    /// Somebody is gone.
    pub(crate) fn leave(&mut self, key: Key) {
        if let Some(member) = self.people.remove(&key) {
            self.names.remove(&member.name);
            self.note(member.name, Some(member.status));
            self.list_owed = true;
        }
    }

    /// Whether that is news.
    pub(crate) fn set_status(&mut self, key: Key, status: Status) -> bool {
        let Some(member) = self.people.get_mut(&key) else {
            return false;
        };
        if member.status == status {
            return false;
        }
        let before = std::mem::replace(&mut member.status, status);
        let name = member.name.clone();
        self.note(name, Some(before));
        true
    }

    /// Somebody comes back who knew everything up to `version`. Whether they have to be told more.
    pub(crate) fn come_back(&mut self, key: Key, version: Option<u32>) -> bool {
        let Some(member) = self.people.get_mut(&key) else {
            return false;
        };
        // Who has yet to be told everything cannot know it.
        let is_late = version != Some(self.version) || member.hears == Hears::Everything;
        member.hears = match is_late {
            true => Hears::Everything,
            false => Hears::Changes,
        };
        is_late
    }

    /// What the others were told last, unless that is noted already.
    fn note(&mut self, name: Arc<str>, before: Option<Status>) {
        self.changed.entry(name).or_insert(before);
    }

    /// Tells everybody what they have yet to be told. Whether something is left for later.
    pub(crate) fn tell(&mut self, now: Instant, mut send: impl FnMut(Key, Frame)) -> bool {
        if self.due.is_some_and(|due| due > now) {
            return true;
        }
        let people = u32::try_from(self.people.len()).unwrap_or(u32::MAX);
        self.due = Some(now + TIME_PER_PERSON * people);
        let wants = |hears| self.people.values().any(|member| member.hears == hears);
        self.list_owed &= wants(Hears::Lists);
        let is_due = self.list_due.is_none_or(|due| due <= now);
        let list = (self.list_owed && is_due).then(|| Frame::Text(self.list()));
        if list.is_some() {
            self.list_due = Some(now + LIST_TIME_PER_PERSON * people);
            self.list_owed = false;
        }
        let newcomers = wants(Hears::Everything);
        let changes = self.changes();
        self.version = self.version.wrapping_add(u32::from(changes.is_some()));
        let everything = newcomers.then(|| pack(&self.everything()));
        for (key, member) in &mut self.people {
            let news = match member.hears {
                Hears::Lists => &list,
                Hears::Changes => &changes,
                Hears::Everything => &everything,
                Hears::Elsewhere => &None,
            };
            if let Some(news) = news {
                send(*key, news.clone());
            }
            if member.hears == Hears::Everything {
                member.hears = Hears::Changes;
            }
        }
        self.list_owed
    }

    /// What has changed since the others were told last.
    fn changes(&mut self) -> Option<Frame> {
        let (mut free, mut busy, mut gone) = (Vec::new(), Vec::new(), Vec::new());
        for (name, before) in std::mem::take(&mut self.changed) {
            let member = self.find(&name).and_then(|key| self.people.get(&key));
            let status = member.map(|member| member.status);
            if status != before {
                match status {
                    Some(Status::Free) => free.push(name.to_string()),
                    Some(Status::Busy) => busy.push(name.to_string()),
                    None => gone.push(name.to_string()),
                }
            }
        }
        let is_news = !(free.is_empty() && busy.is_empty() && gone.is_empty());
        is_news.then(|| pack(&Message::Changes { free, busy, gone }))
    }

    fn everything(&self) -> Message {
        let with = |status| {
            let members = self.people.values();
            let members = members.filter(move |member| member.status == status);
            let mut names: Vec<_> = members.map(|member| member.name.to_string()).collect();
            // In the order in which pages keep them, so that they need not sort.
            names.sort_by_cached_key(|name| (name.to_ascii_lowercase(), name.clone()));
            names
        };
        Message::People {
            version: self.version,
            free: with(Status::Free),
            busy: with(Status::Busy),
        }
    }

    fn list(&self) -> Utf8Bytes {
        let names = self.people.values().map(|member| member.name.to_string());
        encode(&Message::UserList {
            users: names.collect(),
        })
    }
}

/// One frame for however many receivers; a long one is compressed (RFC 1951), which names bear well.
fn pack(message: &Message) -> Frame {
    let text = encode(message);
    if text.len() < PACKED_FROM {
        return Frame::Text(text);
    }
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::fast());
    // Writing to memory cannot fail.
    let written = packed.write_all(text.as_bytes());
    match written.and_then(|()| packed.finish()) {
        Ok(packed) => Frame::Binary(packed.into()),
        Err(_) => Frame::Text(text),
    }
}
