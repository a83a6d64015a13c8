//! Who is connected, in which room, and who gets which message. No I/O: messages go into queues.

mod calls;
mod elsewhere;
#[cfg(any(test, fuzzing))]
#[cfg_attr(
    not(fuzzing),
    allow(unreachable_pub, reason = "the fuzzer is another crate")
)]
mod play;
mod refusal;

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use axum::extract::ws::{Message as Frame, Utf8Bytes};
use holdfast_protocol::{ConnectionId, MAX_MESSAGE_BYTES, Message, Relay, SESSION_SECONDS};
use tokio::{
    sync::{Notify, mpsc::UnboundedSender},
    time::Instant,
};

#[cfg(fuzzing)]
pub use self::play::play;
pub(crate) use self::refusal::Refusal;
use self::{
    calls::Partner,
    elsewhere::Elsewhere,
    refusal::{MAX_BYTES_IN_ALL, MAX_BYTES_TO_ALL, MAX_ROOM_CHARS},
};
use crate::{
    cluster::{Entry, Node, Outgoing, Word},
    limits::Permit,
    metrics::{Dropped, Metrics},
    pass::{Pass, Passes},
    queue::{Closed, Queue, Stalled},
    room::{Hears, Room},
    session::Session,
};

/// News of people are gathered: of so many, about one costs a message to everybody.
const GATHERED: usize = 10;

/// How long a session waits for its next connection.
const SESSION_LIMIT: Duration = Duration::from_secs(SESSION_SECONDS);

/// Types that only a server says. From a client they are refused, or anybody could hand out names.
const SERVER_TYPES: [&str; 10] = [
    "id",
    "rejectusername",
    "userlist",
    "people",
    "peer-gone",
    "error",
    "resumed",
    // Between one client and the server alone.
    "resume",
    "heard",
    "ping",
];

/// Which session. Not a secret, and never sent.
pub(crate) type Key = u64;

/// A connection's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seat {
    /// The session, which goes on when another connection takes it over.
    key: Key,
    connection: u64,
}

/// Everybody who is connected.
pub(crate) struct Hub {
    /// The most people in one room.
    max_people: usize,
    passes: Arc<Option<Passes>>,
    connections: u64,
    people: HashMap<Key, Person>,
    /// The sessions that can be gone on with, by their secret.
    sessions: HashMap<Arc<str>, Key>,
    /// The rooms that somebody is in, by name; the lobby has none.
    rooms: HashMap<Arc<str>, Room>,
    /// The rooms whose people have yet to be told something.
    changed: HashSet<Arc<str>>,
    /// How many people have been made to be told of something.
    told: usize,
    wake: Arc<Notify>,
    /// Whose connection is gone, and until when their session waits for the next.
    away: VecDeque<(Instant, Seat)>,
    /// Whose queue was found full.
    stalled: Vec<Key>,
    /// This server among several, and the way to the others.
    node: Node,
    cluster: Option<UnboundedSender<Outgoing>>,
    /// Who is on another server, by what it calls them, and by what their secret is known by.
    elsewhere: HashMap<Elsewhere, Key>,
    proofs: HashMap<Arc<str>, Key>,
    /// Whose name is another's here; one of the two will be given another.
    refused: HashMap<Elsewhere, Entry>,
    /// Of whom the other servers have yet to be told.
    changed_here: HashSet<Key>,
    /// Nobody is let in any more.
    stopping: bool,
    metrics: Arc<Metrics>,
}

struct Person {
    /// The secret that says which session this is, in messages that carry an id; of somebody on
    /// another server, what it is known by.
    id: Arc<str>,
    /// None until `username` has come.
    place: Option<Place>,
    /// Which connection has it now, or had it last.
    connection: u64,
    session: Session,
    /// With whom there is a call under way.
    calls: Vec<Partner>,
    /// Held for as long as the session is, and by its connection.
    permit: Option<Arc<Permit>>,
    /// On which other server, if on one.
    elsewhere: Option<Elsewhere>,
    /// Who on another server they have shown to be.
    claim: Option<Key>,
}

#[derive(Clone)]
struct Place {
    room: Arc<str>,
    name: Arc<str>,
}

/// A text frame, read before anybody else has to wait for it.
pub(crate) struct Incoming<'a> {
    bytes: usize,
    message: Result<Relay<'a>, Refusal>,
}

impl<'a> Incoming<'a> {
    pub(crate) fn read(text: &'a str) -> Self {
        let message = match text.len() {
            0..=MAX_MESSAGE_BYTES => Relay::parse(text).map_err(Refusal::NotAMessage),
            bytes => Err(Refusal::TooLarge(bytes)),
        };
        let bytes = text.len();
        Self { bytes, message }
    }
}

/// What has become of a message.
pub(crate) struct Received {
    /// The connection may have another seat afterwards.
    pub(crate) seat: Seat,
    /// How many people it went to.
    pub(crate) receivers: usize,
}

impl Hub {
    pub(crate) fn new(
        max_people: usize,
        passes: Arc<Option<Passes>>,
        wake: Arc<Notify>,
        (node, cluster): (Node, Option<UnboundedSender<Outgoing>>),
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            max_people,
            passes,
            connections: 0,
            people: HashMap::new(),
            sessions: HashMap::new(),
            rooms: HashMap::new(),
            changed: HashSet::new(),
            told: 0,
            wake,
            away: VecDeque::new(),
            stalled: Vec::new(),
            node,
            cluster,
            elsewhere: HashMap::new(),
            proofs: HashMap::new(),
            refused: HashMap::new(),
            changed_here: HashSet::new(),
            stopping: false,
            metrics,
        }
    }

    /// Somebody is connected. Gives the seat, and puts the `id` message into the queue.
    pub(crate) fn connect(
        &mut self,
        queue: Queue,
        resumable: bool,
        permit: Option<Arc<Permit>>,
    ) -> Result<Seat, getrandom::Error> {
        let id: Arc<str> = random_token()?.into();
        self.connections += 1;
        let connection = self.connections;
        let session = Session::new(queue, resumable);
        let hello = Message::Id {
            id: ConnectionId::Text(id.to_string()),
            heard: resumable.then_some(0),
        };
        // The queue is empty: it takes one message.
        let _ = session.send_aside(Frame::Text(encode(&hello)));
        let person = Person {
            id,
            place: None,
            connection,
            session,
            calls: Vec::new(),
            permit,
            elsewhere: None,
            claim: None,
        };
        let key = connection;
        self.people.insert(key, person);
        if self.stopping {
            self.move_away(key);
        }
        Ok(Seat { key, connection })
    }

    /// A connection is gone. Its session waits for another one, if it can, and nobody hears of it
    /// before that is too late.
    pub(crate) fn disconnect(&mut self, seat: Seat, said_goodbye: bool, now: Instant) {
        let Some(person) = self.seated(seat) else {
            return;
        };
        if person.session.is_resumable() && person.place.is_some() && !said_goodbye {
            person.session.detach();
            self.away.push_back((now + SESSION_LIMIT, seat));
        } else {
            self.remove(seat.key);
        }
        self.drop_stalled();
    }

    /// Ends the sessions that have waited for long enough. Who is in a call with them hears of it;
    /// the call needs no server.
    pub(crate) fn expire(&mut self, now: Instant) {
        while let Some((_, seat)) = self.away.pop_front_if(|(until, _)| *until <= now) {
            // Another connection may have come, and gone again.
            if self.seated(seat).is_some_and(|p| !p.session.is_attached()) {
                self.remove(seat.key);
            }
        }
        self.drop_stalled();
    }

    /// Tells everybody who is here, where that has changed. Whether something is left for later.
    pub(crate) fn tell(&mut self, now: Instant) -> bool {
        self.tell_elsewhere();
        let mut later = Vec::new();
        for name in std::mem::take(&mut self.changed) {
            let Some(room) = self.rooms.get_mut(&name) else {
                continue;
            };
            let (people, stalled) = (&self.people, &mut self.stalled);
            let left = room.tell(now, |key, news| {
                let sent = people
                    .get(&key)
                    .map(|person| person.session.send_aside(news));
                stalled.extend(sent.and_then(Result::err).map(|Stalled| key));
            });
            if left {
                later.push(name);
            }
        }
        self.changed.extend(later);
        self.drop_stalled();
        !self.changed.is_empty()
    }

    /// Nobody is let in any more. Gives who is here.
    pub(crate) fn stop(&mut self) -> Vec<Key> {
        self.stopping = true;
        let here = |person: &Person| person.session.is_attached();
        let people = self.people.iter().filter(|(_, person)| here(person));
        people.map(|(key, _)| *key).collect()
    }

    /// Closes the connection of somebody, who comes back over another.
    pub(crate) fn move_away(&self, key: Key) {
        if let Some(person) = self.people.get(&key) {
            person.session.close(Closed::Stopping);
        }
    }

    /// The person whose session still has that connection.
    fn seated(&mut self, seat: Seat) -> Option<&mut Person> {
        let person = self.people.get_mut(&seat.key)?;
        (person.connection == seat.connection).then_some(person)
    }

    /// Ends a session.
    fn remove(&mut self, key: Key) {
        let Some(person) = self.people.remove(&key) else {
            return;
        };
        match person.elsewhere {
            Some(_) => self.proofs.remove(&person.id),
            None => self.sessions.remove(&person.id),
        };
        let Some(Place { room, name }) = person.place else {
            return;
        };
        if person.elsewhere.is_none() {
            self.note_elsewhere(key);
        }
        let gone = encode(&Message::PeerGone {
            name: name.to_string(),
        });
        for partner in person.calls {
            self.end_call(partner.key, key);
            let other = self.people.get(&partner.key);
            // Another server tells its own.
            if other.is_some_and(|other| other.elsewhere.is_none()) {
                self.send(partner.key, gone.clone());
            }
        }
        if let Some(here) = self.rooms.get_mut(&room) {
            here.leave(key);
            if here.is_empty() {
                self.rooms.remove(&room);
            }
        }
        self.note(&room);
    }

    /// The people of that room will be told of something.
    fn note(&mut self, room: &Arc<str>) {
        let Some(here) = self.rooms.get(room) else {
            return;
        };
        self.told += here.len() / GATHERED;
        if self.changed.insert(room.clone()) {
            self.wake.notify_one();
        }
    }

    /// Drops everybody whose queue was found full, and those found full in telling so.
    fn drop_stalled(&mut self) {
        while let Some(key) = self.stalled.pop() {
            if let Some(person) = self.people.get(&key) {
                tracing::info!(key, "dropped: it does not read what it is sent");
                self.metrics.dropped(Dropped::Stalled);
                person.session.close(Closed::Stalled);
                self.remove(key);
            }
        }
    }

    /// A text frame came in: it goes where it is meant to go, or back as an error.
    pub(crate) fn receive(&mut self, seat: Seat, incoming: Incoming<'_>) -> Received {
        let told = self.told;
        let mut received = self.route(seat, incoming).unwrap_or_else(|refusal| {
            self.refuse(seat, &refusal);
            Received { seat, receivers: 0 }
        });
        received.receivers += self.told - told;
        self.drop_stalled();
        received
    }

    /// Tells the sender why its frame went nowhere.
    pub(crate) fn refuse(&mut self, seat: Seat, refusal: &Refusal) {
        tracing::debug!(seat.key, code = refusal.code(), "refused");
        self.metrics.refused(refusal.code());
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

    fn route(&mut self, seat: Seat, incoming: Incoming<'_>) -> Result<Received, Refusal> {
        let done = Ok(Received { seat, receivers: 0 });
        let key = seat.key;
        let Some(person) = self.seated(seat) else {
            return done;
        };
        let mut message = match incoming.message {
            Ok(message) => message,
            Err(refusal) => {
                // What is refused has come all the same.
                person.session.received();
                return Err(refusal);
            }
        };
        let kind = message.kind();
        if person.session.is_resumable() {
            match &*kind {
                "resume" => return self.resume(seat, &message),
                "heard" => {
                    let heard = message.number("heard").unwrap_or_default();
                    person.session.heard(heard);
                    return done;
                }
                "ping" => {
                    let heard = person.session.received_count();
                    self.send_aside(key, &Message::Heard { heard });
                    return done;
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
            return done;
        };
        if message.string("id").is_some_and(|id| *id != *person.id) {
            return Err(Refusal::WrongId);
        }
        if kind == "username" {
            let seat = self.enter(seat, &message)?;
            return Ok(Received { seat, receivers: 0 });
        }
        if SERVER_TYPES.contains(&&*kind) {
            return Err(Refusal::ServerType(kind.into_owned()));
        }
        let Place { room, name } = person.place.clone().ok_or(Refusal::NoName)?;
        message.set("name", &name);
        message.remove("id");
        let target = message.string("target");
        if target.is_none() && message.has("target") {
            // What was meant for somebody must not go to everybody.
            return Err(Refusal::Target);
        }
        let receivers = match target.filter(|target| !target.is_empty()) {
            Some(target) => {
                let here = self.rooms.get(&room);
                let receiver = here.and_then(|room| room.find(&target));
                let receiver = receiver.ok_or_else(|| Refusal::NoSuchUser(target.into_owned()))?;
                self.follow_call(key, receiver, &kind)?;
                self.pass_on(key, receiver, message.to_text());
                1
            }
            None => {
                let people = self.rooms.get(&room).map_or(1, Room::len);
                let (bytes, most) = (incoming.bytes, MAX_BYTES_IN_ALL / people);
                let most = most.min(MAX_BYTES_TO_ALL);
                if bytes > most {
                    return Err(Refusal::TooLargeForAll { bytes, most });
                }
                if kind == "hang-up" {
                    // The sample's client says it to everybody.
                    self.end_calls(key);
                }
                let text = Utf8Bytes::from(message.to_text());
                if self.cluster.is_some() {
                    self.say(Outgoing::ToAll(Word::TextToAll {
                        from: key,
                        room: room.to_string(),
                        text: text.to_string(),
                    }));
                }
                self.send_to_room(&room, &text)
            }
        };
        self.metrics.routed(&kind);
        Ok(Received { seat, receivers })
    }

    /// Somebody says their name: they come in, or take another.
    fn enter(&mut self, mut seat: Seat, message: &Relay<'_>) -> Result<Seat, Refusal> {
        let key = seat.key;
        let asked = message.string("name");
        let claim = self
            .people
            .get_mut(&key)
            .and_then(|person| person.claim.take());
        let is_elsewhere = |claim: &Key| {
            let person = self.people.get(claim);
            person.is_some_and(|person| person.elsewhere.is_some())
        };
        if let Some(claim) = claim.filter(is_elsewhere)
            && let Some(next) = self.people.remove(&key)
            && let Some(place) = self.take_over(claim, next)
        {
            // Whoever is in stays, also without a pass.
            seat.key = claim;
            self.tell_name(claim, asked.as_deref(), &place.name);
            return Ok(seat);
        }
        let Pass { room, name: wanted } = match &*self.passes {
            Some(passes) => {
                let pass = message.string("pass").and_then(|token| passes.read(&token));
                pass.ok_or(Refusal::NoPass)?
            }
            None => Pass {
                room: message.string("room").unwrap_or_default().into_owned(),
                name: asked.clone().ok_or(Refusal::NameMissing)?.into_owned(),
            },
        };
        let room: Arc<str> = room.into();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if room.len() > MAX_ROOM_CHARS || !room.chars().all(is_plain) {
            return Err(Refusal::RoomName);
        }
        let Some(person) = self.people.get_mut(&key) else {
            return Ok(seat);
        };
        let is_new = person.place.is_none();
        if person
            .place
            .as_ref()
            .is_some_and(|place| place.room != room)
        {
            return Err(Refusal::OtherRoom);
        }
        let here = self.rooms.get(&room).map_or(0, Room::len);
        if is_new && here >= self.max_people {
            return Err(Refusal::RoomFull(here));
        }
        let hears = match person.session.is_resumable() {
            true => Hears::Everything,
            false => Hears::Lists,
        };
        let name = self
            .rooms
            .entry(room.clone())
            .or_default()
            .enter(key, &wanted, hears);
        let id = person.id.clone();
        if is_new && person.session.is_resumable() {
            self.sessions.insert(id.clone(), key);
        }
        person.place = Some(Place {
            room: room.clone(),
            name: name.clone(),
        });
        self.tell_name(key, asked.as_deref(), &name);
        self.note(&room);
        self.note_elsewhere(key);
        Ok(seat)
    }

    /// Tells somebody what they are called, if it is not what they asked for.
    fn tell_name(&mut self, key: Key, asked: Option<&str>, name: &str) {
        if asked == Some(name) {
            return;
        }
        if let Some(person) = self.people.get(&key) {
            let id = Some(ConnectionId::Text(person.id.to_string()));
            let name = name.to_owned();
            self.send(key, encode(&Message::RejectUsername { id, name }));
        }
    }

    /// A new connection takes the place of an earlier one: whoever knows the secret is the person.
    fn resume(&mut self, seat: Seat, message: &Relay<'_>) -> Result<Received, Refusal> {
        let id = message.string("id").unwrap_or_default();
        let Some(key) = self.sessions.get(&*id).copied() else {
            // On another server, it may be; then they can come in here in its place.
            let claim = self.claimed_by(&id);
            let person = self.people.get_mut(&seat.key);
            if let Some(person) = person.filter(|person| person.place.is_none()) {
                person.claim = claim;
            }
            return Err(Refusal::SessionOver);
        };
        // Whoever has a name already has a session of their own.
        let fresh = self
            .people
            .get(&seat.key)
            .is_some_and(|p| p.place.is_none());
        if !fresh {
            return Err(Refusal::SessionOver);
        }
        let next = self.people.remove(&seat.key);
        let (Some(next), Some(person)) = (next, self.people.get_mut(&key)) else {
            return Err(Refusal::SessionOver);
        };
        person.connection = seat.connection;
        person.permit = next.permit;
        let heard = message.number("heard");
        let again = person.session.attach(next.session, heard);
        let resumed = Message::Resumed {
            heard: person.session.received_count(),
        };
        // What was missed comes first: who comes back may be told there what they would ask.
        let again = again.into_iter().map(Frame::Text);
        let sent = again
            .chain([Frame::Text(encode(&resumed))])
            .try_for_each(|frame| person.session.send_aside(frame));
        self.stalled.extend(sent.err().map(|Stalled| key));
        if let Some(Place { room, .. }) = person.place.clone() {
            let here = self.rooms.get_mut(&room);
            if here.is_some_and(|here| here.come_back(key, message.number("people"))) {
                self.note(&room);
            }
        }
        let connection = seat.connection;
        let seat = Seat { key, connection };
        Ok(Received { seat, receivers: 1 })
    }

    /// A message to one person, wherever they are.
    fn pass_on(&mut self, from: Key, to: Key, text: String) {
        match self.people.get(&to).and_then(|person| person.elsewhere) {
            Some((node, to)) => self.say(Outgoing::To(node, Word::Text { from, to, text })),
            None => self.send(to, text.into()),
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
        let Some(person) = self.people.get(&key) else {
            return;
        };
        if let Err(Stalled) = person.session.send_aside(Frame::Text(encode(message))) {
            self.stalled.push(key);
        }
    }

    /// What there is of everything, for who watches.
    pub(crate) fn count(&self) -> Count {
        let queues = self.people.values().map(|person| person.session.waiting());
        Count {
            sessions: self.people.len() - self.elsewhere.len(),
            elsewhere: self.elsewhere.len(),
            away: self.away.len(),
            rooms: self.rooms.len(),
            waiting: queues.clone().sum(),
            longest: queues.max().unwrap_or_default(),
        }
    }
}

/// How many there are.
pub(crate) struct Count {
    pub(crate) sessions: usize,
    /// On other servers.
    pub(crate) elsewhere: usize,
    pub(crate) away: usize,
    pub(crate) rooms: usize,
    /// Messages in all queues.
    pub(crate) waiting: usize,
    /// Messages in the longest of them.
    pub(crate) longest: usize,
}

pub(crate) fn encode(message: &Message) -> Utf8Bytes {
    // Strings and numbers only: this cannot fail.
    serde_json::to_string(message).unwrap_or_default().into()
}

/// 128 bits that nobody can guess, as hexadecimal digits.
pub(crate) fn random_token() -> Result<String, getrandom::Error> {
    Ok(format!(
        "{:016x}{:016x}",
        getrandom::u64()?,
        getrandom::u64()?
    ))
}
