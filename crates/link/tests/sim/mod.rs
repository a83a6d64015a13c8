//! A link and a model of the server, joined by a simulated network, on a virtual clock.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a test looks at what it is about"
)]

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap},
    time::Duration,
};

use holdfast_clock::Instant;
use holdfast_link::{
    Command, Event, Introduction, Link, LinkStatus, Medium, News, Output, ProbeId, SocketId,
};
use holdfast_protocol::{
    ClientMessage, ConnectionId, ErrorCode, SESSION_SECONDS, Sequence, ServerMessage,
};

/// An act of a person, or of the ground under a link. Times are in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// The client says the next number.
    ClientSays,
    /// The server says the next number.
    ServerSays,
    /// Every connection breaks, and both ends hear of it.
    Cut,
    /// Every connection dies without a word.
    GoSilent,
    /// The address goes, and another comes so much later; the browser says so both times.
    Move(u64),
    /// Nothing comes or goes for so long, on the same connections.
    Outage(u64),
    /// The server ends, with all that was on its way, and is back so much later.
    ServerRestarts(u64),
    /// The server cannot be reached for so long, and forgets nothing: connections hang.
    ServerHangs(u64),
    /// The host that the page came from does not answer for so long.
    HostGone(u64),
    /// Somebody asks whether the server is there.
    Probe,
}

#[derive(Debug)]
enum Item {
    Act(Act),
    /// A connection reaches the server.
    Arrive(SocketId),
    ToServer(SocketId, ClientMessage),
    ToClient(SocketId, ServerMessage),
    /// The end of a connection reaches the server, or the client.
    EndAtServer(SocketId),
    EndAtClient(SocketId),
    Answer(ProbeId),
    AddressBack,
    ServerBack,
    ServerAnswers,
    HostBack,
    Wake,
    Expire,
}

/// A client as the server knows it.
struct Session {
    log: Sequence<ServerMessage>,
    socket: Option<SocketId>,
    /// Until when it waits for the next connection.
    until: Instant,
    /// The numbers that have come, in order.
    heard: Vec<u32>,
}

pub(crate) struct Sim {
    pub(crate) now: Instant,
    pub(crate) link: Link,
    /// Everything that the link told.
    pub(crate) news: Vec<(Instant, News)>,
    /// When each connection was begun.
    pub(crate) dials: Vec<Instant>,
    /// When each probe was sent.
    pub(crate) probes: Vec<Instant>,
    /// Numbers that the client was given, with those after which the session was new.
    pub(crate) client_heard: Vec<u32>,
    /// Numbers that each session of the server was given, also of sessions that are over.
    pub(crate) server_heard: Vec<Vec<u32>>,
    pub(crate) client_said: u32,
    pub(crate) server_said: u32,
    /// Connections that live.
    pub(crate) open: BTreeSet<SocketId>,
    /// Everything that went out, by connection.
    pub(crate) transmitted: Vec<(SocketId, ClientMessage)>,
    counts: bool,
    delay: Duration,
    address_up: bool,
    server_up: bool,
    server_answers: bool,
    host_up: bool,
    outage_until: Instant,
    sessions: BTreeMap<String, Session>,
    /// Which session a connection is in.
    seats: BTreeMap<SocketId, String>,
    serial: u64,
    ids: u32,
    queue: BinaryHeap<Reverse<(Instant, u64)>>,
    items: BTreeMap<u64, Item>,
}

pub(crate) fn introduction() -> Introduction {
    Introduction {
        name: "Ann".into(),
        room: None,
        pass: None,
        claim: None,
        date: 0.0,
    }
}

/// How long the server takes to notice that a connection is dead.
const SERVER_SILENCE: Duration = Duration::from_secs(30);

impl Sim {
    /// A server that counts, or one of the sample's; messages take so many milliseconds.
    pub(crate) fn new(counts: bool, delay: u64) -> Self {
        Self {
            now: Instant::START,
            link: Link::new(Medium::Network, 7),
            news: Vec::new(),
            dials: Vec::new(),
            probes: Vec::new(),
            client_heard: Vec::new(),
            server_heard: Vec::new(),
            client_said: 0,
            server_said: 0,
            open: BTreeSet::new(),
            transmitted: Vec::new(),
            counts,
            delay: Duration::from_millis(delay),
            address_up: true,
            server_up: true,
            server_answers: true,
            host_up: true,
            outage_until: Instant::START,
            sessions: BTreeMap::new(),
            seats: BTreeMap::new(),
            serial: 0,
            ids: 0,
            queue: BinaryHeap::new(),
            items: BTreeMap::new(),
        }
    }

    /// Somebody who is in, with a server that counts.
    pub(crate) fn joined() -> Self {
        let mut sim = Self::new(true, 10);
        sim.handle(Event::Join(introduction()));
        sim.run(1000);
        assert_eq!(sim.link.status(), LinkStatus::Up);
        sim
    }

    /// Something will be done, so many milliseconds from now.
    pub(crate) fn schedule(&mut self, after: u64, act: Act) {
        self.put(Duration::from_millis(after), Item::Act(act));
    }

    /// Something is done now, and everything that follows within so many milliseconds happens.
    pub(crate) fn act(&mut self, act: Act, then: u64) {
        self.schedule(0, act);
        self.run(then);
    }

    /// Lets so many milliseconds pass.
    pub(crate) fn run(&mut self, millis: u64) {
        let until = self.now + Duration::from_millis(millis);
        while let Some(Reverse((due, serial))) = self.queue.peek().copied() {
            if due > until {
                break;
            }
            self.queue.pop();
            self.now = self.now.max(due);
            if let Some(item) = self.items.remove(&serial) {
                self.step(item);
            }
        }
        self.now = until;
    }

    pub(crate) fn handle(&mut self, event: Event) {
        self.link.handle(event, self.now);
        self.drain();
    }

    /// How often the link came up as a new session.
    pub(crate) fn times_up_anew(&self) -> usize {
        let anew = |(_, news): &&(Instant, News)| *news == News::Up { anew: true };
        self.news.iter().filter(anew).count()
    }

    /// All numbers that any session of the server was given.
    pub(crate) fn all_server_heard(&self) -> Vec<&Vec<u32>> {
        let living = self.sessions.values().map(|session| &session.heard);
        self.server_heard.iter().chain(living).collect()
    }

    fn put(&mut self, after: Duration, item: Item) {
        self.serial += 1;
        self.queue.push(Reverse((self.now + after, self.serial)));
        self.items.insert(self.serial, item);
    }

    /// Puts something on the network: it comes after the delay, or after an outage.
    fn put_on_network(&mut self, item: Item) {
        let after = self.delay.max(self.outage_until.since(self.now));
        self.put(after, item);
    }

    fn drain(&mut self) {
        while let Some(output) = self.link.poll_output() {
            match output {
                Output::News(News::Message(ServerMessage::Text { text, .. })) => {
                    self.client_heard.push(text.parse().expect("a number"));
                }
                Output::News(news) => self.news.push((self.now, news)),
                Output::Command(command) => self.perform(command),
            }
        }
        if let Some(due) = self.link.poll_timeout() {
            self.put(due.since(self.now), Item::Wake);
        }
    }

    fn perform(&mut self, command: Command) {
        match command {
            Command::Connect(socket) => {
                self.dials.push(self.now);
                if self.address_up {
                    self.open.insert(socket);
                    self.put_on_network(Item::Arrive(socket));
                }
            }
            Command::Close(socket) => {
                if self.open.contains(&socket) {
                    self.put_on_network(Item::EndAtServer(socket));
                }
            }
            Command::Leave(socket) => {
                if let Some(id) = self.seats.remove(&socket) {
                    self.end_session(&id);
                }
                self.open.remove(&socket);
            }
            Command::Transmit(socket, message) => {
                self.transmitted.push((socket, message.clone()));
                if self.open.contains(&socket) {
                    self.put_on_network(Item::ToServer(socket, message));
                }
            }
            Command::Probe(probe) => {
                self.probes.push(self.now);
                if self.address_up && self.host_up {
                    self.put_on_network(Item::Answer(probe));
                }
            }
            Command::CancelProbe(_) => {}
        }
    }

    fn step(&mut self, item: Item) {
        match item {
            Item::Act(act) => self.perform_act(act),
            Item::Arrive(socket) if !self.open.contains(&socket) => {}
            Item::Arrive(socket) if !self.server_up => self.end_at_client(socket),
            // It hangs: the handshake has no end.
            Item::Arrive(_) if !self.server_answers => {}
            Item::Arrive(socket) => self.accept(socket),
            Item::ToServer(socket, message) => {
                if self.open.contains(&socket) && self.server_up && self.server_answers {
                    self.serve(socket, message);
                }
            }
            Item::ToClient(socket, message) => {
                if self.open.contains(&socket) {
                    self.handle(Event::Received(socket, message));
                }
            }
            Item::EndAtServer(socket) => {
                self.open.remove(&socket);
                self.detach(socket);
            }
            Item::EndAtClient(socket) => self.end_at_client(socket),
            Item::Answer(_) => {
                if self.address_up && self.host_up {
                    self.handle(Event::Reachable);
                }
            }
            Item::AddressBack => {
                self.address_up = true;
                self.handle(Event::NetworkMoved { online: true });
            }
            Item::ServerBack => self.server_up = true,
            Item::ServerAnswers => self.server_answers = true,
            Item::HostBack => self.host_up = true,
            Item::Wake => {
                self.link.handle_timeout(self.now);
                self.drain();
            }
            Item::Expire => self.expire(),
        }
    }

    fn perform_act(&mut self, act: Act) {
        match act {
            Act::ClientSays => {
                let text = self.client_said.to_string();
                self.client_said += 1;
                self.handle(Event::Send(ClientMessage::Text {
                    text,
                    id: None,
                    date: None,
                    target: None,
                }));
            }
            Act::ServerSays => self.server_says(),
            Act::Cut => {
                for socket in std::mem::take(&mut self.open) {
                    self.detach(socket);
                    self.handle(Event::Closed(socket));
                }
            }
            Act::GoSilent => self.go_silent(),
            Act::Move(gone) => {
                self.go_silent();
                self.address_up = false;
                self.handle(Event::NetworkMoved { online: false });
                self.put(Duration::from_millis(gone), Item::AddressBack);
            }
            Act::Outage(millis) => {
                let until = self.now + Duration::from_millis(millis);
                self.outage_until = self.outage_until.max(until);
            }
            Act::ServerRestarts(gone) => {
                self.server_up = false;
                let sessions: Vec<String> = self.sessions.keys().cloned().collect();
                sessions.iter().for_each(|id| self.end_session(id));
                self.seats.clear();
                for socket in std::mem::take(&mut self.open) {
                    self.put_on_network(Item::EndAtClient(socket));
                }
                self.put(Duration::from_millis(gone), Item::ServerBack);
            }
            Act::ServerHangs(millis) => {
                self.go_silent();
                self.server_answers = false;
                self.put(Duration::from_millis(millis), Item::ServerAnswers);
            }
            Act::HostGone(millis) => {
                self.host_up = false;
                self.put(Duration::from_millis(millis), Item::HostBack);
            }
            Act::Probe => self.handle(Event::Probe),
        }
    }

    /// Connections die without a word; the server takes its time to notice.
    fn go_silent(&mut self) {
        for socket in std::mem::take(&mut self.open) {
            self.put(SERVER_SILENCE, Item::EndAtServer(socket));
        }
    }

    fn end_at_client(&mut self, socket: SocketId) {
        self.open.remove(&socket);
        self.handle(Event::Closed(socket));
    }

    // The server.

    fn accept(&mut self, socket: SocketId) {
        self.ids += 1;
        let id = match self.counts {
            true => ConnectionId::Text(format!("secret{}", self.ids)),
            false => ConnectionId::Number(self.ids.into()),
        };
        let acked = self.counts.then_some(0);
        self.put_on_network(Item::ToClient(
            socket,
            ServerMessage::Id {
                id,
                acked,
                person: None,
            },
        ));
    }

    fn serve(&mut self, socket: SocketId, message: ClientMessage) {
        match message {
            ClientMessage::Username { name, id, .. } => {
                let id = match id {
                    ConnectionId::Text(id) => id,
                    ConnectionId::Number(id) => id.to_string(),
                };
                self.seats.insert(socket, id.clone());
                self.sessions.entry(id).or_insert(Session {
                    log: Sequence::new(),
                    socket: Some(socket),
                    until: Instant::START,
                    heard: Vec::new(),
                });
                let list = match self.counts {
                    true => ServerMessage::Presence {
                        version: 0,
                        free: vec![name],
                        busy: Vec::new(),
                        away: Vec::new(),
                    },
                    false => ServerMessage::UserList { users: vec![name] },
                };
                self.put_on_network(Item::ToClient(socket, list));
            }
            ClientMessage::Resume { id, acked, .. } => self.resume(socket, &id, acked),
            ClientMessage::Ack { acked } => {
                if let Some(session) = self.session(socket) {
                    session.log.acked(acked, drop);
                }
            }
            ClientMessage::Ping => {
                if let Some(session) = self.session(socket) {
                    let acked = session.log.received_count();
                    self.put_on_network(Item::ToClient(socket, ServerMessage::Ack { acked }));
                }
            }
            ClientMessage::Text { text, .. } => {
                let counts = self.counts;
                if let Some(session) = self.session(socket) {
                    session.heard.push(text.parse().expect("a number"));
                    let acked = session.log.received().filter(|_| counts);
                    if let Some(acked) = acked {
                        self.put_on_network(Item::ToClient(socket, ServerMessage::Ack { acked }));
                    }
                }
            }
            ClientMessage::Signal(_) => {}
        }
    }

    fn resume(&mut self, socket: SocketId, id: &str, acked: Option<u32>) {
        let Some(session) = self.sessions.get_mut(id) else {
            let over = ServerMessage::Error {
                code: ErrorCode::SessionOver,
                text: "there is no such session".into(),
                target: None,
            };
            return self.put_on_network(Item::ToClient(socket, over));
        };
        let before = session.socket.replace(socket);
        match acked {
            Some(acked) => session.log.acked(acked, drop),
            None => session.log = Sequence::new(),
        }
        let again: Vec<ServerMessage> = session.log.unacked().cloned().collect();
        let acked = session.log.received_count();
        self.seats.insert(socket, id.to_owned());
        if let Some(before) = before.filter(|before| *before != socket) {
            self.seats.remove(&before);
            if self.open.contains(&before) {
                self.put_on_network(Item::EndAtClient(before));
            }
        }
        for message in again.into_iter().chain([ServerMessage::Resumed {
            acked,
            person: None,
        }]) {
            self.put_on_network(Item::ToClient(socket, message));
        }
    }

    fn server_says(&mut self) {
        let text = self.server_said.to_string();
        let message = ServerMessage::Text {
            name: Some("Bob".into()),
            text,
            date: None,
            target: None,
        };
        // Nobody says anything to somebody who is not there yet.
        let was_up = |(_, news): &(Instant, News)| matches!(news, News::Up { .. });
        if !self.news.iter().any(was_up) {
            return;
        }
        let Some(session) = self.sessions.values_mut().next_back() else {
            return;
        };
        if session.socket.is_none() && !self.counts {
            return;
        }
        session.log.sent(message.clone());
        let socket = session.socket;
        self.server_said += 1;
        if let Some(socket) = socket.filter(|socket| self.open.contains(socket)) {
            self.put_on_network(Item::ToClient(socket, message));
        }
    }

    fn session(&mut self, socket: SocketId) -> Option<&mut Session> {
        self.sessions.get_mut(self.seats.get(&socket)?)
    }

    fn detach(&mut self, socket: SocketId) {
        let until = self.now + Duration::from_secs(SESSION_SECONDS);
        if let Some(session) = self.session(socket) {
            session.socket = None;
            session.until = until;
            self.put(Duration::from_secs(SESSION_SECONDS), Item::Expire);
        }
        self.seats.remove(&socket);
        if !self.counts {
            self.expire();
        }
    }

    fn expire(&mut self) {
        let now = self.now;
        let over = |session: &Session| session.socket.is_none() && session.until <= now;
        let counts = self.counts;
        let over = |session: &Session| over(session) || !counts && session.socket.is_none();
        let sessions = self.sessions.iter();
        let over: Vec<String> = sessions
            .filter(|(_, session)| over(session))
            .map(|(id, _)| id.clone())
            .collect();
        over.iter().for_each(|id| self.end_session(id));
    }

    fn end_session(&mut self, id: &str) {
        if let Some(session) = self.sessions.remove(id) {
            self.server_heard.push(session.heard);
        }
    }
}
