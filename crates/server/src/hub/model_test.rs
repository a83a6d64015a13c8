//! A hub beside a model of what its clients know: plays whatever bytes say, and checks after each move
//! that the hub is whole. For the fuzzer (`fuzz/`), and for a test with random bytes.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    io::Read,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use flate2::read::DeflateDecoder;
use serde_json::{Value, json};
use tokio::time::Instant;
use tungstenite::Message as Frame;

use super::{
    client::Home,
    cluster_message::{FromHub, RemoteClient, line},
    directory::Directory,
    hub::{House, Lobby},
    key::{ConnectionRef, Key, Node, SecretHash},
    owner::Claims,
    presence::Status,
    remote::Remotes,
    shards::Shards,
};
use crate::{
    limits::Memory,
    metrics::Metrics,
    queue::{Next, Queue},
};

const NAMES: [&str; 5] = ["Ann", "Bob", "Ann2", "", "Zoe"];
const ROOMS: [&str; 3] = ["", "red", "not a room"];
const KINDS: [&str; 8] = [
    "message",
    "video-offer",
    "video-answer",
    "new-ice-candidate",
    "hang-up",
    "sparkle",
    "userlist",
    "ping",
];

/// In how many parts the hub is.
const PARTS: u64 = 4;

/// How many connections and other servers there are at most.
const CLIENTS: usize = 8;
const NODES: u8 = 2;

/// The other end of a connection.
struct Player {
    at: ConnectionRef,
    queue: Queue,
    resumable: bool,
    /// The secret of its session.
    id: String,
    knows: Option<Known>,
    /// The session that it wants to go on with, and what was known there.
    resumes: Option<(String, Option<Known>)>,
}

/// The people here, as a client has been told, and in which version; nothing before it has been told
/// all.
#[derive(Clone)]
struct Known {
    people: BTreeMap<String, Status>,
    version: u64,
}

/// The bytes, as choices.
struct Choices<'a>(std::slice::Iter<'a, u8>);

impl Choices<'_> {
    fn below(&mut self, limit: usize) -> Option<usize> {
        Some(usize::from(*self.0.next()?) % limit.max(1))
    }

    fn of<'a>(&mut self, words: &[&'a str]) -> Option<&'a str> {
        self.below(words.len()).map(|n| words[n])
    }
}

/// Plays until the bytes are used up.
///
/// # Panics
/// When the hub is not whole, or somebody was told what is not so.
pub fn play(bytes: &[u8]) {
    let mut game = Game::new();
    let mut choices = Choices(bytes.iter());
    while game.step(&mut choices).is_some() {
        game.check();
    }
    game.flush_presence();
    game.check();
    game.check_what_is_known();
}

struct Game {
    hub: Shards,
    now: Instant,
    clients: Vec<Player>,
    /// Every secret that was ever given out.
    ids: Vec<String>,
    /// Knowledge of clients that have vanished, by their secrets.
    vanished: HashMap<String, Option<Known>>,
    others: FromHub,
}

impl Game {
    fn new() -> Self {
        let (say, others) = line(1000);
        let house = House {
            max_people: 5,
            lobby: Lobby::Open,
            claims: Claims::new(b"key"),
            cluster: (Node(1), Some(say)),
            memory: Memory::of(None),
            metrics: Arc::new(Metrics::new()),
        };
        Self {
            // The same rooms are together each time, or what goes wrong would not again.
            hub: Shards::seeded(&house, Arc::new(None), PARTS, 7),
            now: Instant::now(),
            clients: Vec::new(),
            ids: Vec::new(),
            vanished: HashMap::new(),
            others,
        }
    }

    fn step(&mut self, choices: &mut Choices<'_>) -> Option<()> {
        match choices.below(12)? {
            0 | 1 if self.clients.len() < CLIENTS => {
                let resumable = choices.below(3)? > 0;
                let queue = Queue::default();
                let at = self.hub.connect(queue.clone(), resumable, None).ok()?;
                self.clients.push(Player {
                    at,
                    queue,
                    resumable,
                    id: String::new(),
                    knows: None,
                    resumes: None,
                });
            }
            2 | 3 => {
                let message = json!({
                    "type": "username", "name": choices.of(&NAMES)?, "room": choices.of(&ROOMS)?,
                });
                self.send(choices, &message)?;
            }
            4 | 5 => {
                let target = choices.below(NAMES.len() + 1)?;
                let target = NAMES.get(target).map_or(Value::Null, |name| json!(name));
                let message = json!({ "type": choices.of(&KINDS)?, "target": target });
                self.send(choices, &message)?;
            }
            6 => {
                let client = choices.below(self.clients.len())?;
                let goodbye = choices.below(2)? == 0;
                self.listen();
                if client < self.clients.len() {
                    let client = self.clients.remove(client);
                    self.vanished.insert(client.id, client.knows);
                    self.hub.disconnect(client.at, goodbye, self.now);
                }
            }
            7 => self.client_resumes(choices)?,
            8 => {
                let message = json!({ "type": "heard", "heard": choices.below(20)? });
                self.send(choices, &message)?;
            }
            9 => self.remote_clients_change(choices)?,
            10 => self.client_moves(choices)?,
            _ => self.time_passes(choices)?,
        }
        Some(())
    }

    fn client_resumes(&mut self, choices: &mut Choices<'_>) -> Option<()> {
        let secret = choices.below(self.ids.len())?;
        let secret = self.ids.get(secret).cloned().unwrap_or_default();
        let heard = choices.below(4)?;
        let heard = [None, Some(0), Some(1), Some(100)][heard];
        let known = self.vanished.get(&secret).cloned().flatten();
        let known = known.filter(|_| heard.is_some());
        let version = known.as_ref().map(|known| known.version);
        let message = json!({ "type": "resume", "id": secret, "heard": heard, "people": version });
        self.listen();
        let client = choices.below(self.clients.len())?;
        if let Some(client) = self.clients.get_mut(client) {
            client.resumes = Some((secret, known));
            let text = message.to_string();
            client.say(&self.hub, &text);
        }
        Some(())
    }

    fn remote_clients_change(&mut self, choices: &mut Choices<'_>) -> Option<()> {
        let node = Node(u64::from(choices.below(NODES.into())? > 0) * 2);
        let key = choices.below(3)? as Key;
        let gone = choices.below(4)? == 0;
        // Nobody is in two rooms.
        let room: Arc<str> = ROOMS[key as usize % 2].into();
        let entry = RemoteClient {
            key,
            name: ["Ann", "Bob", "Zoe"][choices.below(3)?].to_owned(),
            busy: choices.below(2)? == 0,
            away: choices.below(3)? == 0,
            since: 7,
            person: format!("p{}-{key}", node.0),
            secret: SecretHash::of(&format!("{}-{key}", node.0)),
            before: None,
        };
        let (here, keys) = match gone {
            true => (Vec::new(), vec![key]),
            false => (vec![entry], Vec::new()),
        };
        match choices.below(6)? {
            0 => self.hub.forget_node(node),
            1 => self.hub.set_remote_clients(node, &room, here),
            _ => self.hub.change_remote_clients(node, &room, here, &keys),
        }
        Some(())
    }

    /// Somebody who is here, or on another server, goes on on one.
    fn client_moves(&mut self, choices: &mut Choices<'_>) -> Option<()> {
        let key = 3 + choices.below(3)? as Key;
        let room: Arc<str> = ROOMS[choices.below(2)?].into();
        let known = self.hub.clients_in(&room);
        let one = choices.below(known.len() + 1)?;
        let before = match known.get(one) {
            Some(client) => client.secret,
            None => SecretHash::of(&format!("2-{}", choices.below(3)?)),
        };
        let to = Node(2);
        let entry = RemoteClient {
            key,
            name: NAMES[choices.below(NAMES.len())?].to_owned(),
            busy: false,
            away: false,
            since: 7,
            person: format!("m{key}-{}", self.ids.len()),
            secret: SecretHash::of(&format!("m{key}")),
            before: Some(before),
        };
        // It may have been in the other room before.
        for room in ROOMS {
            let room: Arc<str> = room.into();
            self.hub
                .change_remote_clients(to, &room, Vec::new(), &[key]);
        }
        self.hub.change_remote_clients(to, &room, vec![entry], &[]);
        Some(())
    }

    fn time_passes(&mut self, choices: &mut Choices<'_>) -> Option<()> {
        self.flush_presence();
        if choices.below(4)? == 0 {
            self.now += Duration::from_secs(61);
            (0..PARTS).for_each(|part| self.hub.expire(part, self.now));
            self.flush_presence();
        }
        self.check_what_is_known();
        Some(())
    }

    /// One of the clients says something.
    fn send(&mut self, choices: &mut Choices<'_>, message: &Value) -> Option<()> {
        let n = choices.below(self.clients.len())?;
        if let Some(client) = self.clients.get_mut(n) {
            let text = message.to_string();
            client.say(&self.hub, &text);
        }
        Some(())
    }

    fn flush_presence(&mut self) {
        self.now += Duration::from_secs(1);
        for part in 0..PARTS {
            while self.hub.hand_out_some(part) {}
            let is_left = self.hub.flush_presence(part, self.now);
            assert!(!is_left, "a second is enough for any list");
        }
        while self.others.try_next().is_some() {}
        self.listen();
    }

    /// All clients read what they were sent.
    fn listen(&mut self) {
        let context = Context::from_waker(Waker::noop());
        for client in &mut self.clients {
            while let Poll::Ready(Next::Message(waiting)) = client.queue.poll_next(&context) {
                let news: Value = match waiting.message {
                    Frame::Text(text) => serde_json::from_str(&text).expect("JSON"),
                    Frame::Binary(packed) => {
                        let mut text = String::new();
                        let mut inflater = DeflateDecoder::new(&*packed);
                        inflater.read_to_string(&mut text).expect("deflated");
                        serde_json::from_str(&text).expect("JSON")
                    }
                    Frame::Ping(_) | Frame::Pong(_) | Frame::Close(_) | Frame::Frame(_) => continue,
                };
                if let Some(id) = news["id"].as_str() {
                    self.ids.push(id.to_owned());
                    client.id = id.to_owned();
                }
                client.learn(&news);
            }
        }
    }

    /// A client that has come in knows exactly who is here.
    fn check_what_is_known(&mut self) {
        self.listen();
        for client in &self.clients {
            let hub = self.hub.of(client.at.key);
            let (directory, _) = hub.parts();
            let local = directory.local(client.at.key);
            let is_attached = local.is_some_and(|local| local.connection == client.at.connection);
            let place = directory.membership(client.at.key);
            let (Some(place), true) = (place, is_attached) else {
                continue;
            };
            let room = &directory.rooms[&place.room];
            let here: BTreeMap<String, Status> = room
                .keys()
                .map(|key| {
                    let place = directory.membership(key).expect("in a room");
                    // The sample's clients are told the names alone.
                    let status = room.status(key).filter(|_| client.resumable);
                    (place.name.to_string(), status.unwrap_or(Status::Free))
                })
                .collect();
            let knows = client.knows.as_ref().map(|known| &known.people);
            assert_eq!(knows, Some(&here));
        }
    }

    fn check(&self) {
        check(&self.hub);
    }
}

/// All parts are whole, and each has the rooms that are its own.
pub(crate) fn check(hub: &Shards) {
    for (part, hub_part) in (0..).zip(hub.each()) {
        let (directory, remotes) = hub_part.parts();
        check_part(directory, remotes);
        for room in directory.rooms.keys() {
            assert_eq!(hub.place_of(room), part, "a room where nobody looks for it");
        }
    }
}

fn check_part(directory: &Directory, remotes: &Remotes) {
    let mut members = 0;
    for (key, client) in &directory.clients {
        let partners = directory.calls().partners(*key);
        let mut unknown = partners.filter(|partner| !directory.clients.contains_key(partner));
        assert_eq!(unknown.next(), None, "a call with nobody");
        assert_eq!(directory.by_person.get(client.person()), Some(key));
        if let Home::Remote { on, secret, .. } = &client.home {
            assert_eq!(directory.by_secret.get(secret), Some(key));
            assert_eq!(remotes.by_remote_key().get(on), Some(key));
        }
        let Some(place) = &client.membership else {
            let calls = directory.calls().partners(*key).count();
            assert_eq!(calls, 0, "a call of nobody");
            continue;
        };
        members += 1;
        let found = directory.find(&place.room, &place.name);
        assert_eq!(found, Some(*key), "a name for each member");
        if let Some(local) = client.local().filter(|local| local.session.is_resumable()) {
            let secret = SecretHash::of(&local.secret);
            assert_eq!(directory.by_secret.get(&secret), Some(key));
        }
    }
    for room in directory.rooms.values() {
        assert!(!room.is_empty());
        for key in room.keys() {
            assert!(directory.membership(key).is_some(), "a client for each");
        }
    }
    let in_rooms: usize = directory.rooms.values().map(|room| room.len()).sum();
    assert_eq!(in_rooms, members);
    let secrets = directory.by_secret.values();
    let indexed = secrets.chain(directory.by_person.values());
    for key in indexed.chain(remotes.by_remote_key().values()) {
        assert!(directory.clients.contains_key(key), "an index to nobody");
    }
    let remote: HashSet<_> = remotes.by_remote_key().values().collect();
    assert_eq!(remote.len(), remotes.by_remote_key().len());
    assert!(!directory.has_stalled());
}

impl Player {
    /// Says something, and waits for no other server.
    fn say(&mut self, hub: &Shards, text: &str) {
        let mut now = Instant::now();
        self.at = loop {
            match hub.receive(self.at, text, now) {
                Ok(received) => break received.connection,
                Err(until) => now = until,
            }
        };
    }

    fn learn(&mut self, news: &Value) {
        let list = |key: &str| {
            let names = news[key].as_array().into_iter().flatten();
            names
                .map(|name| name.as_str().expect("a name").to_owned())
                .collect::<Vec<_>>()
        };
        let all = |status: Status| move |name| (name, status);
        match news["type"].as_str() {
            Some("userlist") => {
                assert!(!self.resumable);
                let people = list("users").into_iter().map(all(Status::Free)).collect();
                let version = 0;
                self.knows = Some(Known { people, version });
            }
            Some("people") => {
                let free = list("free").into_iter().map(all(Status::Free));
                let busy = list("busy").into_iter().map(all(Status::Busy));
                let away = list("away").into_iter().map(all(Status::Away));
                let people = free.chain(busy).chain(away).collect();
                let version = news["version"].as_u64().expect("a version");
                self.knows = Some(Known { people, version });
            }
            Some("resumed") => {
                let (id, known) = self.resumes.take().expect("asked for");
                (self.id, self.knows) = (id, known);
            }
            None => {
                let known = self.knows.as_mut().expect("told all before changes");
                known.version += 1;
                let people = &mut known.people;
                for name in list("-") {
                    assert!(people.remove(&name).is_some(), "{name} was not here");
                }
                for (key, status) in [
                    ("+", Status::Free),
                    ("busy", Status::Busy),
                    ("away", Status::Away),
                ] {
                    for name in list(key) {
                        assert_ne!(people.insert(name, status), Some(status), "no news");
                    }
                }
            }
            Some(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::play;

    #[test]
    fn whatever_happens_the_hub_stays_whole_and_people_know_who_is_here() {
        // As repeatable as a fuzzer's corpus: a generator with a fixed start (splitmix64).
        let mut state = 7_u64;
        let mut random = || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = state;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            (mixed >> 32) as u8
        };
        for _ in 0..500 {
            let bytes: Vec<u8> = (0..400).map(|_| random()).collect();
            play(&bytes);
        }
    }
}
