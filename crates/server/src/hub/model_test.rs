//! Plays whatever bytes say on a hub, and checks after each move that it is whole. For the fuzzer
//! (`fuzz/`), and for tests with seeds and random bytes.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    io::Read,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use axum::extract::ws::Message as Frame;
use flate2::read::DeflateDecoder;
use serde_json::{Value, json};
use tokio::{
    sync::{Notify, mpsc},
    time::Instant,
};

use super::{Hub, Incoming, Key, Seat};
use crate::{
    cluster::{Entry, Node},
    metrics::Metrics,
    queue::{Next, Queue},
    room::Status,
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

/// How many connections and other servers there are at most.
const CLIENTS: usize = 8;
const NODES: u8 = 2;

/// The other end of a connection.
struct Client {
    seat: Seat,
    queue: Queue,
    resumable: bool,
    /// The secret of its session.
    id: String,
    knows: Option<Known>,
    /// The session that it wants to go on with, and what was known there.
    resumes: Option<(String, Option<Known>)>,
}

/// Who is here, as a client has been told, and in which version; nothing before it has been told
/// all.
#[derive(Clone)]
struct Known {
    people: BTreeMap<String, bool>,
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
    game.tell();
    game.check();
    game.check_what_is_known();
}

struct Game {
    hub: Hub,
    now: Instant,
    clients: Vec<Client>,
    /// Every secret that was ever given out.
    ids: Vec<String>,
    /// What clients knew that have vanished, by their secrets.
    vanished: HashMap<String, Option<Known>>,
    others: mpsc::UnboundedReceiver<crate::cluster::Outgoing>,
}

impl Game {
    fn new() -> Self {
        let (say, others) = mpsc::unbounded_channel();
        let wake = Arc::new(Notify::new());
        let cluster = (Node(1), Some(say));
        let metrics = Arc::new(Metrics::new());
        Self {
            hub: Hub::new(5, Arc::new(None), wake, cluster, metrics),
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
                let seat = self.hub.connect(queue.clone(), resumable, None).ok()?;
                self.clients.push(Client {
                    seat,
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
                self.say(choices, &message)?;
            }
            4 | 5 => {
                let target = choices.below(NAMES.len() + 1)?;
                let target = NAMES.get(target).map_or(Value::Null, |name| json!(name));
                let message = json!({ "type": choices.of(&KINDS)?, "target": target });
                self.say(choices, &message)?;
            }
            6 => {
                let client = choices.below(self.clients.len())?;
                let goodbye = choices.below(2)? == 0;
                self.listen();
                if client < self.clients.len() {
                    let client = self.clients.remove(client);
                    self.vanished.insert(client.id, client.knows);
                    self.hub.disconnect(client.seat, goodbye, self.now);
                }
            }
            7 => {
                let secret = choices.below(self.ids.len())?;
                let secret = self.ids.get(secret).cloned().unwrap_or_default();
                let heard = choices.below(4)?;
                let heard = [None, Some(0), Some(1), Some(100)][heard];
                let known = self.vanished.get(&secret).cloned().flatten();
                let known = known.filter(|_| heard.is_some());
                let version = known.as_ref().map(|known| known.version);
                let message =
                    json!({ "type": "resume", "id": secret, "heard": heard, "people": version });
                self.listen();
                let client = choices.below(self.clients.len())?;
                if let Some(client) = self.clients.get_mut(client) {
                    client.resumes = Some((secret, known));
                    let text = message.to_string();
                    client.seat = self.hub.receive(client.seat, Incoming::read(&text)).seat;
                }
            }
            8 => {
                let message = json!({ "type": "heard", "heard": choices.below(20)? });
                self.say(choices, &message)?;
            }
            9 => {
                let node = Node(u64::from(choices.below(NODES.into())? > 0) * 2);
                let key = choices.below(3)? as Key;
                let gone = choices.below(4)? == 0;
                let entry = Entry {
                    key,
                    room: ROOMS[choices.below(2)?].to_owned(),
                    name: ["Ann", "Bob", "Zoe"][choices.below(3)?].to_owned(),
                    busy: choices.below(2)? == 0,
                    proof: format!("{}-{key}", node.0),
                };
                match gone {
                    true => self.hub.changes_elsewhere(node, Vec::new(), &[key]),
                    false => self.hub.changes_elsewhere(node, vec![entry], &[]),
                }
            }
            10 => {
                let to = (Node(2), choices.below(3)? as Key);
                let known: Vec<_> = self
                    .hub
                    .people_here()
                    .iter()
                    .map(|entry| entry.key)
                    .collect();
                let taken = self.hub.elsewhere.contains_key(&to);
                if let (Some(key), false) = (known.get(choices.below(known.len())?), taken) {
                    self.hub.moved_elsewhere(Node(1), (Node(1), *key), to);
                }
            }
            _ => {
                self.tell();
                if choices.below(4)? == 0 {
                    self.now += Duration::from_secs(61);
                    self.hub.expire(self.now);
                    self.tell();
                }
                self.check_what_is_known();
            }
        }
        Some(())
    }

    /// One of the clients says something.
    fn say(&mut self, choices: &mut Choices<'_>, message: &Value) -> Option<()> {
        let n = choices.below(self.clients.len())?;
        if let Some(client) = self.clients.get_mut(n) {
            let text = message.to_string();
            client.seat = self.hub.receive(client.seat, Incoming::read(&text)).seat;
        }
        Some(())
    }

    fn tell(&mut self) {
        self.now += Duration::from_secs(1);
        assert!(!self.hub.tell(self.now), "a second is enough for any list");
        while self.others.try_recv().is_ok() {}
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
                    Frame::Ping(_) | Frame::Pong(_) | Frame::Close(_) => continue,
                };
                if let Some(id) = news["id"].as_str() {
                    self.ids.push(id.to_owned());
                    client.id = id.to_owned();
                }
                client.learn(&news);
            }
        }
    }

    fn is_attached(&self, client: &Client) -> bool {
        let person = self.hub.people.get(&client.seat.key);
        person.is_some_and(|person| person.connection == client.seat.connection)
    }

    /// Whoever has come in knows exactly who is here.
    fn check_what_is_known(&mut self) {
        self.listen();
        for client in &self.clients {
            let person = self.hub.people.get(&client.seat.key);
            let place = person.and_then(|person| person.place.as_ref());
            let (Some(place), true) = (place, self.is_attached(client)) else {
                continue;
            };
            let room = &self.hub.rooms[&place.room];
            let here: BTreeMap<String, bool> = room
                .keys()
                .map(|key| {
                    let name = self.hub.people[&key].place.as_ref().expect("in a room");
                    let busy = room.status(key) == Some(Status::Busy);
                    (name.name.to_string(), busy && client.resumable)
                })
                .collect();
            let knows = client.knows.as_ref().map(|known| &known.people);
            assert_eq!(knows, Some(&here));
        }
    }

    fn check(&self) {
        let hub = &self.hub;
        let mut placed = 0;
        for (key, person) in &hub.people {
            for partner in &person.calls {
                assert!(hub.people.contains_key(&partner.key), "a call with nobody");
            }
            if person.elsewhere.is_some() {
                assert_eq!(hub.proofs.get(&person.id), Some(key));
            }
            let Some(place) = &person.place else {
                assert!(person.calls.is_empty(), "a call of nobody");
                continue;
            };
            placed += 1;
            let room = hub.rooms.get(&place.room).expect("a room for each place");
            assert_eq!(room.find(&place.name), Some(*key), "a name for each person");
            if person.elsewhere.is_none() && person.session.is_resumable() {
                assert_eq!(hub.sessions.get(&person.id), Some(key));
            }
        }
        let in_rooms: usize = hub.rooms.values().map(|room| room.len()).sum();
        for room in hub.rooms.values() {
            for key in room.keys() {
                let person = hub.people.get(&key).expect("a person for each in a room");
                assert!(
                    person.place.is_some(),
                    "a place for each in a room: {:?}",
                    person.elsewhere
                );
            }
        }
        assert_eq!(in_rooms, placed);
        assert!(hub.rooms.values().all(|room| !room.is_empty()));
        for key in hub
            .sessions
            .values()
            .chain(hub.elsewhere.values())
            .chain(hub.proofs.values())
        {
            assert!(hub.people.contains_key(key), "an index to nobody");
        }
        let elsewhere: HashSet<_> = hub.elsewhere.values().collect();
        assert_eq!(elsewhere.len(), hub.elsewhere.len());
        assert!(hub.stalled.is_empty());
    }
}

impl Client {
    fn learn(&mut self, news: &Value) {
        let list = |key: &str| {
            let names = news[key].as_array().into_iter().flatten();
            names
                .map(|name| name.as_str().expect("a name").to_owned())
                .collect::<Vec<_>>()
        };
        let all = |busy: bool| move |name| (name, busy);
        match news["type"].as_str() {
            Some("userlist") => {
                assert!(!self.resumable);
                let people = list("users").into_iter().map(all(false)).collect();
                let version = 0;
                self.knows = Some(Known { people, version });
            }
            Some("people") => {
                let free = list("free").into_iter().map(all(false));
                let busy = list("busy").into_iter().map(all(true));
                let people = free.chain(busy).collect();
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
                for (key, busy) in [("+", false), ("busy", true)] {
                    for name in list(key) {
                        assert_ne!(people.insert(name, busy), Some(busy), "no news");
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
