//! The hub in parts, each with a lock of its own, so that many cores can work at once. A room is in one of them,
//! with everybody in it; a connection moves there when it says which room it wants, or which session it goes on
//! with.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    io,
    sync::Arc,
    task::Waker,
};

use holdfast_protocol::{Kind, MAX_MESSAGE_BYTES, Relay};
use tokio::{sync::Notify, time::Instant};

use super::{
    cluster_message::RemoteClient,
    hub::{House, Hub, Incoming, Lobby, Received},
    key::{ConnectionRef, Key, Node, RemoteKey, SecretHash},
    lines::AT_ONCE,
    news::News,
    person::Person,
    refusal::Refusal,
};
use crate::{
    limits::{Memory, Permit},
    metrics::Count,
    pass::{Pass, Passes},
    queue::Queue,
    random,
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
};

/// Everybody who is connected.
pub(crate) struct Shards {
    shards: Box<[Shard]>,
    /// Nobody outside can tell which rooms are together.
    seed: u64,
    passes: Arc<Option<Passes>>,
    memory: Memory,
    freeing: Mutex<()>,
    /// Whether there are other servers.
    clustered: bool,
    lobby: Lobby,
    /// How many connections there were.
    connections: AtomicU64,
}

struct Shard {
    hub: Mutex<Hub>,
    /// Told when there is presence to send.
    wake: Arc<Notify>,
    /// Told when there are lines to hand out.
    lines: Notify,
}

impl Shards {
    /// So many parts, a power of two, and nobody in them.
    pub(crate) fn new(house: &House, passes: Arc<Option<Passes>>, parts: u64) -> io::Result<Self> {
        Ok(Self::seeded(house, passes, parts, getrandom::u64()?))
    }

    pub(super) fn seeded(
        house: &House,
        passes: Arc<Option<Passes>>,
        parts: u64,
        seed: u64,
    ) -> Self {
        let parts = parts.next_power_of_two();
        let shard = |part| {
            let wake = Arc::new(Notify::new());
            let hub = Mutex::new(Hub::new(house, (part, parts), wake.clone()));
            Shard {
                hub,
                wake,
                lines: Notify::new(),
            }
        };
        Self {
            shards: (0..parts).map(shard).collect(),
            seed,
            passes,
            memory: house.memory.clone(),
            freeing: Mutex::new(()),
            clustered: house.cluster.1.is_some(),
            lobby: house.lobby,
            connections: AtomicU64::new(0),
        }
    }

    fn part(&self, number: u64) -> &Shard {
        // There are not 2^32 of them.
        &self.shards[(number & (self.parts() - 1)) as usize]
    }

    /// The part that a client is in, locked.
    pub(super) fn of(&self, key: Key) -> MutexGuard<'_, Hub> {
        self.part(key).hub.lock()
    }

    /// All parts, each locked for as long as it is looked at.
    pub(super) fn each(&self) -> impl Iterator<Item = MutexGuard<'_, Hub>> {
        self.shards.iter().map(|shard| shard.hub.lock())
    }

    /// Has something done in the part that a client is in; and afterwards, when nobody waits for it, what that
    /// leaves to be done.
    fn ask<T>(&self, key: Key, ask: impl FnOnce(&mut Hub) -> T) -> T {
        let mut hub = self.of(key);
        let answer = ask(&mut hub);
        let (wakes, has_lines) = hub.take_rest();
        drop(hub);
        wakes.into_iter().for_each(Waker::wake);
        if has_lines {
            self.part(key).lines.notify_one();
        }
        answer
    }

    pub(super) fn place_of(&self, room: &str) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.seed, room).hash(&mut hasher);
        hasher.finish() & (self.parts() - 1)
    }

    // Connections.

    /// A client is connected. Puts the `id` message into the queue.
    pub(crate) fn connect(
        &self,
        queue: Queue,
        resumable: bool,
        permit: Option<Arc<Permit>>,
    ) -> Result<ConnectionRef, getrandom::Error> {
        let names = (random::token()?.into(), random::name()?.into());
        let connection = self.connections.fetch_add(1, Ordering::Relaxed);
        Ok(self.ask(connection, |hub| {
            hub.connect(connection, names, queue, resumable, permit)
        }))
    }

    /// A connection is gone. Its session waits for another one, if it can, and nobody hears of it
    /// before that is too late.
    pub(crate) fn disconnect(&self, at: ConnectionRef, said_goodbye: bool, now: Instant) {
        self.ask(at.key, |hub| hub.disconnect(at, said_goodbye, now));
    }

    /// Nobody is let in any more. Gives who is here.
    pub(crate) fn stop(&self) -> Vec<Key> {
        self.each().flat_map(|mut hub| hub.stop()).collect()
    }

    /// Closes the connection of a client, which comes back over another.
    pub(crate) fn move_away(&self, key: Key) {
        self.of(key).move_away(key);
    }

    /// Everybody who is connected here, for whoever runs the server.
    pub(crate) fn people(&self) -> Vec<Person> {
        self.each().flat_map(|hub| hub.people()).collect()
    }

    /// Ends a session. Whether there was one.
    pub(crate) fn end(&self, key: Key) -> bool {
        self.ask(key, |hub| hub.end(key))
    }

    /// Whether the client of a connection is in, or gone.
    pub(crate) fn is_named(&self, at: ConnectionRef) -> bool {
        self.of(at.key).is_named(at)
    }

    /// How many there are of everything, for who watches.
    pub(crate) fn count(&self) -> Count {
        let mut count = Count {
            held: self.memory.used(),
            ..Count::default()
        };
        for shard in &self.shards {
            let (part, queues) = shard.hub.lock().count();
            count.sessions += part.sessions;
            count.remote += part.remote;
            count.away += part.away;
            count.rooms += part.rooms;
            count.routed.add(part.routed);
            for waiting in queues.iter().map(Queue::len) {
                count.waiting += waiting;
                count.longest = count.longest.max(waiting);
            }
        }
        count
    }

    // Messages.

    /// A text frame came in: it goes where it is meant to go, or back as an error. From a client that is nobody
    /// yet, it may lead to the part where its room is, or its session.
    ///
    /// # Errors
    /// When it is to be said again: it is not known yet who of other servers is in that room.
    pub(crate) fn receive(
        &self,
        at: ConnectionRef,
        text: &str,
        now: Instant,
    ) -> Result<Received, Instant> {
        let incoming = self.read(text);
        if let Some(until) = self.seek(at, &incoming, now) {
            return Err(until);
        }
        let place = self.wanted(&incoming);
        let parts = self.parts();
        let place = place.filter(|place| *place != at.key & (parts - 1));
        let asked = self.ask(at.key, |hub| {
            match place.and_then(|place| Some((place, hub.let_go(at)?))) {
                None => Ok(hub.receive(at, incoming)),
                Some(led) => Err(Box::new((led, incoming))),
            }
        });
        // Two locks are never held at once. In between, its connection alone knows of it, and that is here.
        let received = asked.unwrap_or_else(|led| {
            let ((place, client), incoming) = *led;
            self.ask(place, |hub| {
                let at = hub.take_in(client);
                let received = hub.receive(at, incoming);
                hub.close_if_stopping(received.connection);
                received
            })
        });
        self.free_memory();
        Ok(received)
    }

    /// Until when somebody who wants to come in waits for what other servers tell of the room.
    fn seek(&self, at: ConnectionRef, incoming: &Incoming<'_>, now: Instant) -> Option<Instant> {
        if !self.clustered {
            return None;
        }
        let pass = incoming.pass.as_ref()?.as_ref().ok();
        let id = incoming.message.as_ref().ok()?.string("id");
        let goes_on = self.of(at.key).may_enter_with(at, id.as_deref())?;
        let late = incoming.late.as_ref().filter(|_| goes_on);
        let room = pass.map(|pass| &pass.room).or(late)?;
        if self.is_alone_in(room) {
            return None;
        }
        self.ask(self.place_of(room), |hub| hub.seek(room, now))
    }

    /// Whether whoever wants to come in there sees nobody.
    fn is_alone_in(&self, room: &str) -> bool {
        room.is_empty() && self.lobby == Lobby::Unlisted
    }

    /// Tells the sender why its frame went nowhere.
    pub(crate) fn refuse(&self, at: ConnectionRef, refusal: &Refusal) {
        self.ask(at.key, |hub| hub.refuse(at, refusal));
    }

    /// Reads a text frame, before anybody else has to wait for it.
    fn read<'a>(&self, text: &'a str) -> Incoming<'a> {
        let bytes = text.len();
        let message = match bytes {
            0..=MAX_MESSAGE_BYTES => Relay::parse(text).map_err(Refusal::NotAMessage),
            _ => Err(Refusal::TooLarge(bytes)),
        };
        let named = message.as_ref().ok();
        let named = named.filter(|message| message.known_kind() == Some(Kind::Username));
        let pass = named.map(|message| self.pass(message));
        let late = match (&*self.passes, &pass, named) {
            (Some(passes), Some(Err(_)), Some(message)) => {
                let token = message.string("pass");
                token.and_then(|token| passes.late_room(&token))
            }
            _ => None,
        };
        Incoming {
            bytes,
            pass,
            late,
            message,
        }
    }

    /// Which room somebody wants to come into, under which name; and may.
    fn pass(&self, message: &Relay<'_>) -> Result<Pass, Refusal> {
        match &*self.passes {
            Some(passes) => {
                let pass = message.string("pass").and_then(|token| passes.read(&token));
                pass.ok_or(Refusal::NoPass)
            }
            None => Ok(Pass {
                room: message.string("room").unwrap_or_default().into_owned(),
                name: message
                    .string("name")
                    .ok_or(Refusal::NameMissing)?
                    .into_owned(),
            }),
        }
    }

    /// Which part a message is for, if it says so.
    fn wanted(&self, incoming: &Incoming<'_>) -> Option<u64> {
        let message = incoming.message.as_ref().ok()?;
        match &incoming.pass {
            Some(pass) => {
                let room = pass.as_ref().ok().map(|pass| &pass.room);
                let room = room.or(incoming.late.as_ref())?;
                // Whoever is alone is where they are.
                (!self.is_alone_in(room)).then(|| self.place_of(room))
            }
            None if message.known_kind() == Some(Kind::Resume) => {
                let secret = SecretHash::of(&message.string("id")?);
                (0..self.parts()).find(|part| self.of(*part).knows(secret))
            }
            None => None,
        }
    }

    /// If messages that are kept take up too much in all, ends the sessions for which the most is. One thread at
    /// a time, or each would end its own; and that one looks again afterwards, for others have gone on meanwhile.
    fn free_memory(&self) {
        while self.memory.excess().is_some() {
            let Some(_freeing) = self.freeing.try_lock() else {
                return;
            };
            // Somebody may have freed enough meanwhile.
            match self.memory.excess() {
                Some(excess) if self.free(excess) => {}
                Some(_) | None => return,
            }
        }
    }

    /// Ends sessions until so much is freed. Whether there was any to end.
    fn free(&self, excess: usize) -> bool {
        let enough = self.memory.used().saturating_sub(excess);
        let mut hoards: Vec<(usize, Key)> = self.each().flat_map(|hub| hub.hoards()).collect();
        hoards.sort_unstable_by(|one, other| other.cmp(one));
        let is_more = |_: &&(usize, Key)| self.memory.used() > enough;
        let ended = hoards
            .iter()
            .take_while(is_more)
            .filter(|(held, key)| self.ask(*key, |hub| hub.drop_hoard(*key, *held)));
        ended.count() > 0
    }

    // What happens by itself.

    /// How many parts there are.
    pub(crate) fn parts(&self) -> u64 {
        self.shards.len() as u64
    }

    /// Waits until there is presence to send in that part.
    pub(crate) async fn changed(&self, part: u64) {
        self.part(part).wake.notified().await;
    }

    /// Waits until there are lines to hand out in that part.
    pub(crate) async fn lines(&self, part: u64) {
        self.part(part).lines.notified().await;
    }

    /// Hands out some of the lines that wait in that part. Whether there are more.
    pub(crate) fn hand_out_some(&self, part: u64) -> bool {
        self.ask(part, Hub::hand_out_some)
    }

    /// Sends what has changed of presence in that part, to clients and other servers. Whether something is
    /// left for later.
    pub(crate) fn flush_presence(&self, part: u64, now: Instant) -> bool {
        let (news, is_left) = self.ask(part, |hub| hub.take_news(now));
        // Names are put into order, written and compressed while nobody waits for it.
        for news in news.into_iter().map(News::into_frames) {
            for some in news.receivers.chunks(AT_ONCE) {
                self.ask(part, |hub| hub.tell(&news, some));
            }
        }
        if is_left {
            self.part(part).wake.notify_one();
        }
        is_left
    }

    /// Ends the sessions in that part that have waited for long enough.
    pub(crate) fn expire(&self, part: u64, now: Instant) {
        self.ask(part, |hub| hub.expire(now));
    }

    // Other servers.

    /// The rooms that somebody of this server is in, as far as the others are to know.
    pub(crate) fn open_rooms(&self) -> Vec<Arc<str>> {
        self.each().flat_map(|hub| hub.open_rooms()).collect()
    }

    /// The clients of this server in a room, for another.
    pub(crate) fn clients_in(&self, room: &str) -> Vec<RemoteClient> {
        self.of(self.place_of(room)).clients_in(room)
    }

    /// These are that server's clients in a room, and nobody else is.
    pub(crate) fn set_remote_clients(
        &self,
        node: Node,
        room: &Arc<str>,
        clients: Vec<RemoteClient>,
    ) {
        let part = self.place_of(room);
        self.ask(part, |hub| hub.set_remote_clients(node, room, clients));
    }

    /// These of that server's clients in a room have come or changed, and these are gone.
    pub(crate) fn change_remote_clients(
        &self,
        node: Node,
        room: &Arc<str>,
        here: Vec<RemoteClient>,
        gone: &[Key],
    ) {
        let part = self.place_of(room);
        self.ask(part, |hub| {
            hub.change_remote_clients(node, room, here, gone)
        });
    }

    /// The other servers have heard that somebody is about to come into a room.
    pub(crate) fn asked(&self, room: &Arc<str>, now: Instant) {
        self.ask(self.place_of(room), |hub| hub.asked(room, now));
    }

    /// That server is gone, and everybody who was there.
    pub(crate) fn forget_node(&self, node: Node) {
        for part in 0..self.parts() {
            self.ask(part, |hub| hub.forget_node(node));
        }
    }

    /// The names of everybody in a room, wherever they are, in order; and how many are of other servers.
    #[cfg(any(test, feature = "bench"))]
    pub(crate) fn names_in(&self, room: &str) -> (Vec<String>, usize) {
        self.of(self.place_of(room)).names_in(room)
    }

    /// A client that has come over from another server is in a call, as far as was known there.
    pub(crate) fn set_busy(&self, key: Key) {
        self.ask(key, |hub| hub.set_busy(key));
    }

    /// A message from a client of another server to one of this. Whether its sender is known here.
    pub(crate) fn deliver(&self, from: RemoteKey, to: Key, text: &str) -> bool {
        let is_known = self.ask(to, |hub| hub.deliver(from, to, text));
        self.free_memory();
        is_known
    }

    /// A message from a client of another server to everybody in a room.
    pub(crate) fn deliver_to_room(&self, from: RemoteKey, room: &str, text: &str) {
        let part = self.place_of(room);
        self.ask(part, |hub| hub.deliver_to_room(from, room, text));
        self.free_memory();
    }
}
