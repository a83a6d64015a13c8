//! The link: its parts put together.

use std::time::Duration;

use holdfast_clock::Instant;
use holdfast_protocol::{ClientMessage, ErrorCode, ServerMessage};

use crate::{
    dial::Dial,
    event::{Event, Introduction, SocketId},
    heartbeat::{Due, Heartbeat},
    medium::Medium,
    output::{Command, News, Output, Outputs},
    reachability::ReachabilityProbe,
    resume::{Identity, Sending, ServerSession},
};

/// A page that is still there so long after it was about to close has stayed.
const STAYED_AFTER: Duration = Duration::from_secs(2);

/// A connection is kept, though its successor fails, for so many attempts.
const DOUBTED_FOR: usize = 3;

/// How a link is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LinkStatus {
    /// Nobody has joined yet.
    #[default]
    Off,
    /// On the way.
    Connecting,
    /// The server does not answer; it is tried again and again.
    Down,
    /// The server knows us.
    Up,
}

/// A client's link to its server.
#[derive(Debug)]
pub struct Link {
    medium: Medium,
    introduction: Option<Introduction>,
    status: LinkStatus,
    dial: Dial,
    probe: ReachabilityProbe,
    heartbeat: Heartbeat,
    session: ServerSession,
    outputs: Outputs,
}

impl Link {
    /// No link yet. `seed` sets clients apart, so that they do not all come back at the same moment.
    #[must_use]
    pub fn new(medium: Medium, seed: u32) -> Self {
        Self {
            medium,
            introduction: None,
            status: LinkStatus::default(),
            dial: Dial::new(seed),
            probe: ReachabilityProbe::default(),
            heartbeat: Heartbeat::default(),
            session: ServerSession::default(),
            outputs: Outputs::default(),
        }
    }

    /// Takes in what happened. Drain [`Self::poll_output`] afterwards.
    pub fn handle(&mut self, event: Event, now: Instant) {
        match event {
            Event::Join(introduction) => {
                self.introduction = Some(introduction);
                match self.status {
                    LinkStatus::Off => self.connect(now),
                    LinkStatus::Up => self.introduce(),
                    // The name is said as soon as the server is there.
                    LinkStatus::Connecting | LinkStatus::Down => {}
                }
            }
            Event::Restore {
                introduction,
                session,
            } => {
                self.introduction = Some(introduction);
                self.session = session.map(ServerSession::reloaded).unwrap_or_default();
                self.connect(now);
            }
            Event::Received(socket, message) if self.dial.owns(socket) => {
                self.receive(socket, message, now);
            }
            Event::Unreadable(socket) if self.dial.owns(socket) => self.count(),
            Event::Closed(socket) if self.dial.owns(socket) => self.closed(socket, now),
            // Of a connection that was given up.
            Event::Received(..) | Event::Unreadable(_) | Event::Closed(_) => {}
            Event::Reachable => {
                if self.probe.stop(&mut self.outputs) {
                    self.connect(now);
                }
            }
            Event::NetworkMoved { online } => self.network_moved(online, now),
            Event::Probe => self.probe(now),
            Event::Send(message) => self.send(message),
            Event::Leave => self.leave(now),
            Event::Reroute(medium) => {
                self.medium = medium;
                self.connect(now);
            }
            Event::Reset => self.reset(),
        }
    }

    /// Acts on the timers that are due.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.dial.expire(now, &mut self.outputs) {
            self.doubt();
            self.search(now);
        }
        if self.dial.retries(now) {
            self.connect(now);
        }
        if self.probe.expire(now, &mut self.outputs) && !self.dial.is_dialing() {
            self.connect(now);
        }
        match self.heartbeat.expire(now) {
            Some(Due::Ping) => {
                if let Some(acked) = self.session.due_ack() {
                    self.transmit(ClientMessage::Ack { acked });
                }
                self.ping();
            }
            Some(Due::Dead) => {
                self.dial.close(&mut self.outputs);
                self.doubt();
                self.search(now);
            }
            None => {}
        }
    }

    /// The next output, if there is one.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop()
    }

    /// When to call [`Self::handle_timeout`] next.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let due = [self.dial.next(), self.probe.next(), self.heartbeat.next()];
        due.into_iter().flatten().min()
    }

    /// How the link is.
    #[must_use]
    pub fn status(&self) -> LinkStatus {
        self.status
    }

    /// Whether that connection still has something to say.
    #[must_use]
    pub fn owns(&self, socket: SocketId) -> bool {
        self.dial.owns(socket)
    }

    /// The way that its messages take.
    #[must_use]
    pub fn medium(&self) -> Medium {
        self.medium
    }

    /// The person who came in, under the name that the server gave.
    #[must_use]
    pub fn introduction(&self) -> Option<&Introduction> {
        self.introduction.as_ref()
    }

    /// The id of a session that another connection, or the page loaded anew, can go on with.
    #[must_use]
    pub fn session(&self) -> Option<&str> {
        self.session.resumable_id()
    }

    /// The public name of our session, where the server gives such.
    #[must_use]
    pub fn person(&self) -> Option<&str> {
        self.session.person()
    }

    // What people and the ground do.

    fn network_moved(&mut self, online: bool, now: Instant) {
        if self.status == LinkStatus::Off || self.medium != Medium::Network {
            return;
        }
        self.dial.reset_backoff();
        if !self.session.is_counted() {
            // The sample's server cannot be asked, and its socket will never say that it is dead.
            self.dial.close(&mut self.outputs);
            self.set_status(LinkStatus::Connecting);
        }
        self.ping();
        // At once, in case that there is a way already; again, when one has been found.
        if online && !self.dial.is_dialing() {
            self.connect(now);
        }
        self.search(now);
    }

    /// Asks the server, and looks for another way in case that this one is dead.
    fn probe(&mut self, now: Instant) {
        if self.medium == Medium::Manual {
            self.outputs.news(News::NoServer);
        } else if self.session.is_counted() {
            self.ping();
            if !self.probe.is_searching() {
                self.search(now);
            }
        } else if self.status == LinkStatus::Up {
            self.outputs.news(News::Up { anew: false });
        }
    }

    fn send(&mut self, message: ClientMessage) {
        let is_up = self.status == LinkStatus::Up && self.dial.open().is_some();
        if let Sending::Now(message) = self.session.send(message, is_up) {
            self.transmit(message);
        }
    }

    fn leave(&mut self, now: Instant) {
        self.dial.leave(&mut self.outputs);
        self.heartbeat.stop();
        self.probe.stop(&mut self.outputs);
        if self.status != LinkStatus::Off && self.medium != Medium::Manual {
            self.dial.retry_at(now + STAYED_AFTER);
        }
    }

    fn reset(&mut self) {
        self.dial.leave(&mut self.outputs);
        self.heartbeat.stop();
        self.probe.stop(&mut self.outputs);
        self.session = ServerSession::default();
        self.introduction = None;
        self.set_status(LinkStatus::Off);
    }

    // What the server says.

    fn receive(&mut self, socket: SocketId, message: ServerMessage, now: Instant) {
        self.heartbeat.heard();
        if self.dial.received(socket, now, &mut self.outputs) {
            self.probe.stop(&mut self.outputs);
        }
        match message {
            ServerMessage::Id { id, acked, person } => {
                self.identified(Identity { id, person }, acked.is_some());
            }
            ServerMessage::Error {
                code: ErrorCode::SessionOver,
                ..
            } if self.session.over() => self.begun(),
            ServerMessage::Resumed { acked, person } => {
                for message in self.session.resumed(acked, person) {
                    self.transmit(message);
                }
                self.up(now);
            }
            ServerMessage::Ack { acked } => {
                self.session.acked(acked);
                self.answered();
            }
            ServerMessage::Presence { version, .. } => {
                self.session.presence_is(version);
                self.listed(message, now);
            }
            ServerMessage::UserList { .. } => self.listed(message, now),
            ServerMessage::PresenceChanges { .. } => {
                self.session.presence_changed();
                self.outputs.news(News::Message(message));
            }
            ServerMessage::Named { ref claim } => {
                if let Some(introduction) = &mut self.introduction {
                    introduction.claim = Some(claim.clone());
                }
                self.outputs.news(News::Message(message));
            }
            ServerMessage::RejectUsername { ref name, .. } => {
                if let Some(introduction) = &mut self.introduction {
                    introduction.name.clone_from(name);
                }
                self.relay(message);
            }
            ServerMessage::Error { .. } => {
                self.dial.refused();
                self.relay(message);
            }
            ServerMessage::Text { .. }
            | ServerMessage::Signal(_)
            | ServerMessage::PeerGone { .. }
            | ServerMessage::Unknown { .. } => self.relay(message),
        }
    }

    /// The server has said who the connection is.
    fn identified(&mut self, identity: Identity, counts: bool) {
        match self.session.identified(identity, counts) {
            Some(resume) => self.transmit(resume),
            None => self.begun(),
        }
    }

    /// A session has begun: the server is told who we are.
    fn begun(&mut self) {
        self.set_status(LinkStatus::Connecting);
        self.introduce();
        self.outputs.news(News::Introduced {
            resumable: self.session.is_counted(),
        });
    }

    /// The old connection has answered, so nothing has happened to it.
    fn answered(&mut self) {
        if self.status == LinkStatus::Up {
            self.settle();
            self.outputs.news(News::Up { anew: false });
        }
    }

    /// The server tells who is here, so it knows us.
    fn listed(&mut self, message: ServerMessage, now: Instant) {
        if self.status != LinkStatus::Up {
            self.up(now);
        }
        self.outputs.news(News::Message(message));
    }

    fn up(&mut self, now: Instant) {
        self.settle();
        self.set_status(LinkStatus::Up);
        if self.session.is_counted() {
            self.heartbeat.start(now);
        }
        let (anew, waiting) = self.session.entered();
        for message in waiting {
            self.send(message);
        }
        self.outputs.news(News::Up { anew });
    }

    fn settle(&mut self) {
        self.dial.settle(&mut self.outputs);
        self.probe.stop(&mut self.outputs);
    }

    /// A message of the session, for whoever reads it.
    fn relay(&mut self, message: ServerMessage) {
        self.count();
        self.outputs.news(News::Message(message));
    }

    /// A message of the session has come.
    fn count(&mut self) {
        if let Some(acked) = self.session.received() {
            self.transmit(ClientMessage::Ack { acked });
        }
    }

    // Connections.

    fn connect(&mut self, now: Instant) {
        if self.status == LinkStatus::Off {
            self.set_status(LinkStatus::Connecting);
        }
        let can_hang = self.medium == Medium::Network;
        self.dial.start(can_hang, now, &mut self.outputs);
    }

    /// A connection is gone. Calls go on; we come back.
    fn closed(&mut self, socket: SocketId, now: Instant) {
        let was_open = self.dial.open() == Some(socket);
        self.dial.closed(socket);
        if was_open && self.dial.is_dialing() {
            // Another one is on its way already.
            return self.doubt();
        }
        // While a way is looked for, the next attempt comes when there is one.
        if !self.probe.is_searching() {
            self.dial.back_off(now);
        }
        if self.dial.open().is_none() {
            self.doubt();
        }
    }

    /// The link is down, unless the connection that it had may still be good.
    fn doubt(&mut self) {
        if self.dial.open().is_none() || self.dial.attempts() > DOUBTED_FOR {
            self.dial.close(&mut self.outputs);
            self.heartbeat.stop();
            self.set_status(LinkStatus::Down);
        }
    }

    fn search(&mut self, now: Instant) {
        self.probe.search(now, &mut self.outputs);
    }

    fn ping(&mut self) {
        if self.session.is_counted() && self.status == LinkStatus::Up {
            self.transmit(ClientMessage::Ping);
        }
    }

    fn introduce(&mut self) {
        if let (Some(introduction), Some(id)) = (self.introduction.clone(), self.session.id()) {
            self.transmit(ClientMessage::Username {
                name: introduction.name,
                id,
                date: introduction.date,
                room: introduction.room,
                pass: introduction.pass,
                claim: introduction.claim,
            });
        }
    }

    /// Over the open connection, as it is.
    fn transmit(&mut self, mut message: ClientMessage) {
        // Chat carries the id of the session it belongs to, which may not have been known.
        if let ClientMessage::Text { id, .. } = &mut message {
            *id = self.session.id();
        }
        if let Some(open) = self.dial.open() {
            self.outputs.command(Command::Transmit(open, message));
        }
    }

    fn set_status(&mut self, status: LinkStatus) {
        let was_up = self.status == LinkStatus::Up;
        self.status = status;
        if was_up && status != LinkStatus::Up {
            self.outputs.news(News::Lost);
        }
    }
}
