//! Servers that are one, without sockets: the hub and what it says to others are those of the program.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    io,
    sync::Arc,
    time::Duration,
};

use tokio::time::Instant;

use super::rooms::{Action, BEAT_EVERY, Rooms, To};
use crate::{
    hub::{Claims, FromHub, House, Lobby, Node, Shards, line},
    limits::Memory,
    metrics::Metrics,
};

/// Has a server hear that, a message in each line, whatever it is: for the fuzzer.
///
/// # Panics
/// When the hub is not whole afterwards.
#[cfg(any(test, fuzzing))]
pub fn hear(said: &[u8]) {
    let mut world = World::new(2);
    let Ok(node) = world.start(1000) else { return };
    let guests = ["red", "red", ""].map(|room| {
        let guest = crate::hub::Guest::enter(world.hub(node), "Ann", room);
        guest.ok()
    });
    world.settle();
    for message in said.split(|byte| *byte == b'\n') {
        let now = world.now.into_std();
        for server in world.servers() {
            server.rooms.hear(&server.hub, message, now);
            crate::hub::check(&server.hub);
        }
        for guest in guests.iter().flatten() {
            while guest.next().is_some() {}
        }
    }
    world.tick();
    crate::hub::check(world.hub(node));
}

/// Some servers, and what carries messages between them.
pub(crate) struct World {
    servers: BTreeMap<Node, Server>,
    last: u64,
    parts: u64,
    pub(crate) now: Instant,
    /// Who is to hear what is said to whom.
    subscribed: HashMap<To, Vec<Node>>,
    on_the_way: HashMap<To, VecDeque<Arc<[u8]>>>,
    /// The ways on which something comes.
    ways: Vec<To>,
    /// Whether a message is lost on its way to a server.
    pub(crate) loses: Box<dyn FnMut() -> bool>,
    /// Which of so many ways is the next on which a message comes. On each they come in order.
    pub(crate) picks: Box<dyn FnMut(usize) -> usize>,
    /// Servers that do nothing.
    silent: HashSet<Node>,
    /// Servers cannot reach each other.
    pub(crate) is_cut: bool,
}

/// One of them.
pub(crate) struct Server {
    pub(crate) hub: Shards,
    rooms: Rooms,
    outgoing: FromHub,
    pub(crate) traffic: Traffic,
}

/// What a server has said to others and heard from them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Traffic {
    pub(crate) said: u64,
    pub(crate) heard: u64,
    /// Bytes, both ways.
    pub(crate) bytes: u64,
    pub(crate) subscribed: u64,
}

impl World {
    /// No server yet; the hub of each is going to have so many parts.
    pub(crate) fn new(parts: u64) -> Self {
        Self {
            servers: BTreeMap::new(),
            last: 0,
            parts,
            now: Instant::now(),
            subscribed: HashMap::new(),
            on_the_way: HashMap::new(),
            ways: Vec::new(),
            loses: Box::new(|| false),
            picks: Box::new(|_| 0),
            silent: HashSet::new(),
            is_cut: false,
        }
    }

    /// One server more. On the line to it so many messages may wait, as `serve` has it.
    pub(crate) fn start(&mut self, waiting: usize) -> io::Result<Node> {
        self.last += 1;
        let node = Node(self.last);
        let (say, outgoing) = line(waiting);
        let house = House {
            max_people: 10_000,
            lobby: Lobby::Open,
            claims: Claims::new(b"key"),
            cluster: (node, Some(say)),
            memory: Memory::of(None),
            metrics: Arc::new(Metrics::new()),
        };
        let hub = Shards::new(&house, Arc::new(None), self.parts)?;
        let rooms = Rooms::new(node, self.now.into_std());
        let traffic = Traffic::default();
        let server = Server {
            hub,
            rooms,
            outgoing,
            traffic,
        };
        self.servers.insert(node, server);
        for to in [To::All, To::Node(node)] {
            self.subscribed.entry(to).or_default().push(node);
        }
        Ok(node)
    }

    /// A server is gone without a word.
    pub(crate) fn kill(&mut self, node: Node) {
        self.servers.remove(&node);
        for servers in self.subscribed.values_mut() {
            servers.retain(|server| *server != node);
        }
    }

    #[cfg(test)]
    pub(crate) fn nodes(&self) -> Vec<Node> {
        self.servers.keys().copied().collect()
    }

    pub(crate) fn servers(&mut self) -> impl Iterator<Item = &mut Server> {
        self.servers.values_mut()
    }

    /// The hub of a server that is there.
    pub(crate) fn hub(&self, node: Node) -> &Shards {
        &self.servers[&node].hub
    }

    /// People and servers are told what is new, until there is nothing more to say.
    pub(crate) fn settle(&mut self) {
        self.now += BEAT_EVERY;
        for server in self.servers.values() {
            for part in 0..self.parts {
                while server.hub.hand_out_some(part) {}
                server.hub.flush_presence(part, self.now);
            }
        }
        self.carry();
    }

    /// A beat has passed.
    pub(crate) fn tick(&mut self) {
        self.settle();
        for (node, server) in &mut self.servers {
            if self.silent.contains(node) {
                continue;
            }
            if server.outgoing.take_lost() {
                server.rooms.lost(&server.hub);
            }
            server
                .rooms
                .tick(&server.hub, !self.is_cut, self.now.into_std());
        }
        self.carry();
        for server in self.servers.values() {
            (0..self.parts).for_each(|part| server.hub.expire(part, self.now));
        }
    }

    /// A server does nothing for a while, or goes on.
    #[cfg(test)]
    pub(crate) fn silence(&mut self, node: Node, is_silent: bool) {
        match is_silent {
            true => drop(self.silent.insert(node)),
            false => drop(self.silent.remove(&node)),
        }
    }

    /// The servers can reach each other again.
    pub(crate) fn reconnect(&mut self) {
        self.is_cut = false;
        self.servers().for_each(|server| server.rooms.reconnected());
    }

    /// Beats pass for so long.
    pub(crate) fn wait(&mut self, time: Duration) {
        let until = self.now + time;
        while self.now < until {
            self.tick();
        }
    }

    fn carry(&mut self) {
        loop {
            for (node, server) in &mut self.servers {
                while let Some(out) = server.outgoing.try_next() {
                    server.rooms.tell(out);
                }
                while let Some(action) = server.rooms.next_action() {
                    match action {
                        Action::Subscribe(room) => {
                            server.traffic.subscribed += 1;
                            let to = To::Room(room);
                            self.subscribed.entry(to).or_default().push(*node);
                        }
                        Action::Unsubscribe(room) => {
                            let to = To::Room(room);
                            if let Some(servers) = self.subscribed.get_mut(&to) {
                                servers.retain(|server| server != node);
                            }
                        }
                        Action::Say(..) if self.is_cut => {}
                        Action::Say(to, bytes) => {
                            server.traffic.said += 1;
                            server.traffic.bytes += bytes.len() as u64;
                            let way = self.on_the_way.entry(to.clone()).or_default();
                            if way.is_empty() {
                                self.ways.push(to);
                            }
                            way.push_back(bytes.into());
                        }
                    }
                }
            }
            if self.ways.is_empty() {
                return;
            }
            while let Some((to, bytes)) = self.next_message() {
                for node in self.subscribed.get(&to).into_iter().flatten() {
                    let Some(server) = self.servers.get_mut(node) else {
                        continue;
                    };
                    if self.silent.contains(node) || (self.loses)() {
                        continue;
                    }
                    server.traffic.heard += 1;
                    server.traffic.bytes += bytes.len() as u64;
                    server.rooms.hear(&server.hub, &bytes, self.now.into_std());
                }
            }
        }
    }

    fn next_message(&mut self) -> Option<(To, Arc<[u8]>)> {
        if self.ways.is_empty() {
            return None;
        }
        let way = (self.picks)(self.ways.len());
        let to = self.ways[way].clone();
        let messages = self.on_the_way.get_mut(&to)?;
        let next = messages.pop_front()?;
        if messages.is_empty() {
            self.on_the_way.remove(&to);
            self.ways.swap_remove(way);
        }
        Some((to, next))
    }
}
