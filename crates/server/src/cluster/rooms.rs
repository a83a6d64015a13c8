//! Which servers have people in which room, and what they know of each other's. A server hears of a room while
//! somebody of its own is in it, and of no other. A message is sent once and may be lost; whoever notices a gap
//! asks for what is missing, and what nobody has noticed is looked over now and then.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, Once},
    time::{Duration, Instant},
};

use crate::hub::{
    CLUSTER_VERSION, ClusterMessage, Envelope, Key, Node, Outgoing, RemoteClient, RemoteKey,
    Shards, Versioned,
};

/// How often a server sends a sign of life, and `Rooms::tick` is called.
pub(crate) const BEAT_EVERY: Duration = Duration::from_secs(1);

/// After how long without one its clients are taken to be gone. By then they have long come back to
/// other servers, if they could.
const SILENCE_LIMIT: Duration = Duration::from_secs(10);

/// How long a server may take to tell of its clients, before it is asked again.
const ANSWER_LIMIT: Duration = Duration::from_secs(3);

/// How often every room is looked over.
const LOOK_EVERY: Duration = Duration::from_secs(120);

/// After how long without a sign of life of our own it is we who were away.
const BEAT_LIMIT: Duration = Duration::from_secs(3);

/// How long a message waits for its sender to be told of, who was told of before it, and another way; and how many
/// do.
const EARLY_LIMIT: Duration = Duration::from_secs(2);
const EARLY: usize = 1024;

/// Changes that are kept while all is told again.
const LATER: usize = 64;

/// How many servers are remembered that are gone.
const GONE: usize = 1000;

/// Rooms that are looked over between two signs of life, at most.
const LOOK_AT_ONCE: usize = 5000;

/// The changes of one opening of a room are counted from a multiple of this.
const CHANGES: u64 = 1 << 32;

/// Clients in one message: NATS carries up to 1 MB.
const PEOPLE_AT_ONCE: usize = 2000;

/// Whether somebody who speaks another version has been told of, which is enough.
static OTHER_VERSION: Once = Once::new();

/// What is to be done about the other servers.
#[derive(Debug)]
pub(crate) enum Action {
    /// From now on, what is said to that room is to be heard.
    Subscribe(Arc<str>),
    Unsubscribe(Arc<str>),
    Say(To, Vec<u8>),
}

/// Who is to hear a message.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum To {
    All,
    /// Those who have people in that room.
    Room(Arc<str>),
    Node(Node),
}

/// The rooms that somebody of this server is in.
pub(crate) struct Rooms {
    node: Node,
    open: HashMap<Arc<str>, Open>,
    /// How often a room was opened so far.
    openings: u64,
    /// When each of the others was heard last.
    heard: HashMap<Node, Instant>,
    /// Those that were not, for too long.
    gone: HashSet<Node>,
    /// Messages of people who are not known yet, and until when these may be told of.
    early: VecDeque<(Instant, Early)>,
    /// Rooms that are to be looked over.
    to_look: VecDeque<Arc<str>>,
    /// Once more, when that is done.
    look_again: bool,
    looked: Instant,
    ticked: Instant,
    actions: VecDeque<Action>,
}

#[derive(Default)]
struct Open {
    /// Counts the changes that the others have been told of; from another number each time that it is opened.
    count: u64,
    others: HashMap<Node, Other>,
}

/// A message from one client to another.
struct Early {
    from: RemoteKey,
    to: Key,
    text: String,
}

/// What is known of another server's people in a room.
#[derive(Default)]
struct Other {
    /// How much of what it said we know; none before it has told everything.
    count: Option<u64>,
    /// Of what it tells at the moment, and in how many parts it has.
    people: Vec<RemoteClient>,
    parts: u32,
    /// Since when we wait for it to tell everything.
    asked: Option<Instant>,
    /// Changes that have come meanwhile.
    later: Vec<(u64, Changes)>,
}

/// Who has come or changed, and who is gone.
type Changes = (Vec<RemoteClient>, Vec<Key>);

impl Open {
    /// Nobody of other servers is known any more; but which these are, who may have left.
    fn forget_all(&mut self) {
        for other in self.others.values_mut() {
            *other = Other::default();
        }
    }
}

impl Other {
    /// A part of all its people has come, as of that count. Whether those before it have, and nothing newer.
    fn is_told(&mut self, people: Vec<RemoteClient>, part: u32, count: u64) -> bool {
        if part == 0 {
            self.people.clear();
            self.parts = 0;
        }
        let is_next = part == self.parts && self.count.is_none_or(|known| known <= count);
        if is_next {
            self.people.extend(people);
            self.parts += 1;
        }
        is_next
    }

    /// That change is the next, and known from now on; if nothing was missed.
    fn knows_next(&mut self, count: u64) -> bool {
        let is_next = self.count.is_some_and(|known| known + 1 == count);
        if is_next {
            self.count = Some(count);
        }
        is_next
    }
}

impl Rooms {
    pub(crate) fn new(node: Node, now: Instant) -> Self {
        Self {
            node,
            open: HashMap::new(),
            openings: 0,
            heard: HashMap::new(),
            gone: HashSet::new(),
            early: VecDeque::new(),
            to_look: VecDeque::new(),
            look_again: false,
            looked: now,
            ticked: now,
            actions: VecDeque::new(),
        }
    }

    /// What is to be done next.
    pub(crate) fn next_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// Something is to be told that has happened here.
    pub(crate) fn tell(&mut self, out: Outgoing) {
        match out {
            Outgoing::Open(room, here) => self.open(room, here),
            Outgoing::Close(room) => self.close(&room),
            Outgoing::ToRoom(room, ClusterMessage::Changes { here, gone }) => {
                self.changes(&room, here, gone);
            }
            Outgoing::ToRoom(room, message) => self.say_in(&room, message),
            Outgoing::ToNode(node, message) => self.say(To::Node(node), None, message),
        }
    }

    fn open(&mut self, room: Arc<str>, here: Vec<RemoteClient>) {
        if let Some(open) = self.open.get_mut(&room) {
            // It was closed meanwhile, which has not been told: nobody in it is known any more.
            open.forget_all();
            self.changes(&room, here, Vec::new());
            return self.look_over(&room);
        }
        self.openings += 1;
        let open = Open {
            count: self.openings * CHANGES,
            ..Open::default()
        };
        self.open.insert(room.clone(), open);
        self.actions.push_back(Action::Subscribe(room.clone()));
        // First who is here, with whom they go on for: who answers knows by then that those have moved.
        self.changes(&room, here, Vec::new());
        self.look_over(&room);
    }

    fn close(&mut self, room: &Arc<str>) {
        if self.open.contains_key(room) {
            self.say_in(room, ClusterMessage::Leave);
            self.open.remove(room);
            self.actions.push_back(Action::Unsubscribe(room.clone()));
        }
    }

    fn changes(&mut self, room: &Arc<str>, mut here: Vec<RemoteClient>, mut gone: Vec<u64>) {
        loop {
            let rest = here.split_off(here.len().min(PEOPLE_AT_ONCE));
            let later = gone.split_off(gone.len().min(PEOPLE_AT_ONCE));
            if let Some(open) = self.open.get_mut(room) {
                open.count += 1;
            }
            self.say_in(room, ClusterMessage::Changes { here, gone });
            (here, gone) = (rest, later);
            if here.is_empty() && gone.is_empty() {
                return;
            }
        }
    }

    /// Says what is known of a room: whoever knows better tells, and who knows less asks.
    fn look_over(&mut self, room: &Arc<str>) {
        let Some(open) = self.open.get(room) else {
            return;
        };
        let known = open.others.iter();
        let known = known.filter_map(|(node, other)| Some((*node, other.count?)));
        let known: HashMap<Node, u64> = known.collect();
        let others: Vec<Node> = open.others.keys().copied().collect();
        // Who has left it does not hear what is said in it.
        let others = others.into_iter().map(To::Node);
        for to in others.chain([To::Room(room.clone())]) {
            let known = known.clone();
            self.say(to, Some(room), ClusterMessage::Here { known });
        }
    }

    fn say_in(&mut self, room: &Arc<str>, message: ClusterMessage) {
        self.say(To::Room(room.clone()), Some(room), message);
    }

    fn say(&mut self, to: To, room: Option<&Arc<str>>, message: ClusterMessage) {
        let open = room.and_then(|room| self.open.get(room));
        // Of a room that is not open: it will be opened with a greater number.
        let count = open.map_or(self.openings * CHANGES, |open| open.count);
        let envelope = Envelope {
            version: CLUSTER_VERSION,
            node: self.node,
            room: room.map(|room| room.to_string()),
            count,
            message,
        };
        // Strings and numbers only: this cannot fail.
        let bytes = serde_json::to_vec(&envelope).unwrap_or_default();
        self.actions.push_back(Action::Say(to, bytes));
    }

    /// Something was said by one of the servers, which may be this one.
    pub(crate) fn hear(&mut self, hub: &Shards, said: &[u8], now: Instant) {
        if let Ok(Versioned { version }) = serde_json::from_slice(said)
            && version != CLUSTER_VERSION
        {
            return OTHER_VERSION.call_once(|| {
                tracing::warn!(
                    "a server speaks version {version} and not {CLUSTER_VERSION}: its people are not seen here"
                );
            });
        }
        match serde_json::from_slice::<Envelope>(said) {
            Ok(envelope) if envelope.node != self.node => self.act(hub, envelope, now),
            // Whoever has people there has heard this too.
            Ok(own) if matches!(own.message, ClusterMessage::Here { .. }) => {
                if let Some(room) = own.room {
                    hub.asked(&room.into(), now.into());
                }
            }
            Ok(_) => {}
            Err(error) => tracing::warn!("NATS: a message that is not ours: {error}"),
        }
    }

    fn act(&mut self, hub: &Shards, envelope: Envelope, now: Instant) {
        let (node, count) = (envelope.node, envelope.count);
        self.heard.insert(node, now);
        if self.gone.remove(&node) {
            // It was only slow, and its people are forgotten.
            self.reconnected();
        }
        let room: Option<Arc<str>> = envelope.room.map(Arc::from);
        let open = room.clone().filter(|room| self.open.contains_key(room));
        match (envelope.message, open) {
            (ClusterMessage::Beat, _) => {}
            (ClusterMessage::Text { from, to, text }, _) => {
                if !hub.deliver(from, to, &text) && self.early.len() < EARLY {
                    self.early
                        .push_back((now + EARLY_LIMIT, Early { from, to, text }));
                }
            }
            (ClusterMessage::Busy { key }, _) => hub.set_busy(key),
            (ClusterMessage::TextToAll { from, text }, Some(room)) => {
                hub.deliver_to_room((node, from), &room, &text);
            }
            (ClusterMessage::Ask, Some(room)) => self.tell_all(hub, node, &room),
            (ClusterMessage::Here { known }, Some(room)) => {
                self.compare(node, &room, count, now);
                let ours = self.open.get(&room).map(|open| open.count);
                if known.get(&self.node).copied() != ours {
                    self.tell_all(hub, node, &room);
                }
            }
            (ClusterMessage::Leave, Some(room)) => {
                let known = self.other(node, &room).count;
                if known.is_none_or(|known| known / CHANGES <= count / CHANGES) {
                    let open = self.open.get_mut(&room);
                    open.map(|open| open.others.remove(&node));
                    hub.set_remote_clients(node, &room, Vec::new());
                }
            }
            (ClusterMessage::People { people, part, last }, Some(room)) => {
                if self.other(node, &room).is_told(people, part, count) && last {
                    self.knows_all(hub, node, &room, count);
                }
            }
            (ClusterMessage::Changes { here, gone }, Some(room)) => {
                self.change(hub, (node, count), &room, (here, gone), now);
            }
            // Nobody here is in that room, or not any more.
            (ClusterMessage::Ask | ClusterMessage::Here { .. }, None) => {
                self.say(To::Node(node), room.as_ref(), ClusterMessage::Leave);
            }
            (
                ClusterMessage::TextToAll { .. }
                | ClusterMessage::Leave
                | ClusterMessage::People { .. }
                | ClusterMessage::Changes { .. },
                None,
            ) => {}
        }
    }

    /// All people of another server in a room have been told of.
    fn knows_all(&mut self, hub: &Shards, node: Node, room: &Arc<str>, count: u64) {
        let told = std::mem::take(self.other(node, room));
        hub.set_remote_clients(node, room, told.people);
        let other = self.other(node, room);
        other.count = Some(count);
        for (count, (here, gone)) in told.later {
            if other.knows_next(count) {
                hub.change_remote_clients(node, room, here, &gone);
            }
        }
        self.deliver_early(hub);
    }

    /// Some of another server's people in a room have come, changed or gone.
    fn change(
        &mut self,
        hub: &Shards,
        (node, count): (Node, u64),
        room: &Arc<str>,
        (here, gone): Changes,
        now: Instant,
    ) {
        let other = self.other(node, room);
        if count % CHANGES == 1 {
            other.people = here;
            other.later.clear();
            return self.knows_all(hub, node, room, count);
        }
        if other.knows_next(count) {
            hub.change_remote_clients(node, room, here, &gone);
            return self.deliver_early(hub);
        }
        self.compare(node, room, count, now);
        let other = self.other(node, room);
        if other.count.is_none() && other.later.len() < LATER {
            other.later.push((count, (here, gone)));
        }
    }

    /// What people have said who are known now.
    fn deliver_early(&mut self, hub: &Shards) {
        self.early
            .retain(|(_, Early { from, to, text })| !hub.deliver(*from, *to, text));
    }

    fn other(&mut self, node: Node, room: &Arc<str>) -> &mut Other {
        let open = self.open.entry(room.clone()).or_default();
        open.others.entry(node).or_default()
    }

    /// Another server has said so much about a room. Where something of it was lost, or nothing was known yet, asks it
    /// for everything.
    fn compare(&mut self, node: Node, room: &Arc<str>, count: u64, now: Instant) {
        let other = self.other(node, room);
        if other.count == Some(count) {
            return;
        }
        other.count = None;
        let is_time = |asked: Instant| now.duration_since(asked) > ANSWER_LIMIT;
        if other.asked.is_none_or(is_time) {
            other.asked = Some(now);
            other.people.clear();
            other.later.clear();
            self.say(To::Node(node), Some(room), ClusterMessage::Ask);
        }
    }

    /// Tells another server of all clients of this one in a room.
    fn tell_all(&mut self, hub: &Shards, node: Node, room: &Arc<str>) {
        let mut people = hub.clients_in(room);
        for part in 0.. {
            let rest = people.split_off(people.len().min(PEOPLE_AT_ONCE));
            let last = rest.is_empty();
            let message = ClusterMessage::People { people, part, last };
            self.say(To::Node(node), Some(room), message);
            if last {
                return;
            }
            people = rest;
        }
    }

    /// The others can be reached again, or something that they said was lost here: everything is looked over.
    pub(crate) fn reconnected(&mut self) {
        match self.to_look.is_empty() {
            true => self.to_look = self.open.keys().cloned().collect(),
            false => self.look_again = true,
        }
    }

    /// Something was lost that the others were to be told.
    pub(crate) fn lost(&mut self, hub: &Shards) {
        let open = hub.open_rooms();
        let gone = self.open.keys().filter(|room| !open.contains(room));
        for room in gone.cloned().collect::<Vec<_>>() {
            self.close(&room);
        }
        for room in open {
            match self.open.get_mut(&room) {
                // Whoever counts will notice.
                Some(open) => {
                    open.count += 1;
                    open.forget_all();
                }
                None => {
                    let here = hub.clients_in(&room);
                    self.open(room, here);
                }
            }
        }
        self.reconnected();
    }

    /// Time has passed. While the others cannot be reached, nobody is taken to be gone for saying nothing.
    pub(crate) fn tick(&mut self, hub: &Shards, is_connected: bool, now: Instant) {
        let is_late = now.duration_since(self.ticked) > BEAT_LIMIT;
        self.ticked = now;
        self.early.retain(|(until, _)| *until > now);
        if !is_connected || is_late {
            // Nothing could be heard.
            self.heard.values_mut().for_each(|heard| *heard = now);
        }
        if !is_connected {
            return;
        }
        self.say(To::All, None, ClusterMessage::Beat);
        self.forget(hub, now);
        if now.duration_since(self.looked) >= LOOK_EVERY {
            self.looked = now;
            self.reconnected();
        }
        let at_once = self.to_look.len().min(LOOK_AT_ONCE);
        for room in self.to_look.drain(..at_once).collect::<Vec<_>>() {
            self.look_over(&room);
        }
        if self.to_look.is_empty() && std::mem::take(&mut self.look_again) {
            self.reconnected();
        }
    }

    /// Takes the clients of servers that have been silent for too long to be gone.
    fn forget(&mut self, hub: &Shards, now: Instant) {
        let heard = self.heard.iter();
        let silent = heard.filter(|(_, heard)| now.duration_since(**heard) > SILENCE_LIMIT);
        for node in silent.map(|(node, _)| *node).collect::<Vec<_>>() {
            tracing::warn!("a server is gone");
            self.heard.remove(&node);
            if self.gone.len() < GONE {
                self.gone.insert(node);
            }
            let rooms = self.open.values_mut();
            rooms.for_each(|open| drop(open.others.remove(&node)));
            hub.forget_node(node);
        }
    }
}
