//! The driver of the link: it makes the connections, sends the probes and keeps the time.

use std::{collections::VecDeque, rc::Rc};

use gloo_timers::callback::Timeout;
use holdfast_clock::Instant;
use holdfast_link::{
    Command, Event, Introduction, Link, LinkStatus, Medium, News, Output, ProbeId, SocketId,
};
use holdfast_protocol::ClientMessage;

use super::{
    manual::Manual,
    reachability::Probe,
    route::{self, Route, SignalingServer},
    tabs::Tabs,
    transport::{Transport, TransportEvent},
    websocket::WebSocketTransport,
};
use crate::platform::{clock, location, random};

/// Something for the driver, by way of the loop: whoever gets it calls [`Signaling::handle`].
#[derive(Debug)]
pub enum SignalingEvent {
    /// News of the connection with this number, over the link with that.
    Transport(u32, SocketId, TransportEvent),
    /// A probe was answered.
    Reachable,
    /// The link's timer is due.
    Tick,
}

/// An event of signaling.
#[derive(Debug)]
pub enum SignalingNews {
    /// Of the link.
    Link(News),
    /// This is to be carried to the other side by hand.
    Code(String),
    /// The other end closed the connection, and says why.
    ClosedBecause(String),
    /// Something came that is no message, for the log.
    Unreadable(String),
}

/// How the link to the others is, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkView {
    /// Nobody has joined yet.
    Off,
    /// On the way.
    Connecting,
    /// The server at this URL does not answer; it is tried again and again.
    Down(String),
    /// The server knows us.
    Up,
    /// No server: only the tabs of this browser.
    Tabs,
    /// No server: what is said is carried by hand.
    Manual,
}

/// The link to the others, and everything under it.
pub struct Signaling {
    server: SignalingServer,
    route: Route,
    /// This page, from load to unload.
    page: String,
    emit: Rc<dyn Fn(SignalingEvent)>,
    link: Link,
    /// Counts the links, so that what comes over an earlier one's connections is known.
    links: u32,
    connections: Vec<(SocketId, Box<dyn Transport>)>,
    probes: Vec<(ProbeId, Probe)>,
    timer: Option<Timeout>,
    news: VecDeque<SignalingNews>,
    /// A server has answered over this route.
    answered: bool,
}

impl Signaling {
    /// No link yet. `emit` is told what is to be handed to [`Self::handle`].
    #[must_use]
    pub fn new(
        server: SignalingServer,
        page: String,
        emit: impl Fn(SignalingEvent) + 'static,
    ) -> Self {
        let route = Route::to(&server);
        Self {
            link: Link::new(route.medium(), random::seed()),
            server,
            route,
            page,
            emit: Rc::new(emit),
            links: 0,
            connections: Vec::new(),
            probes: Vec::new(),
            timer: None,
            news: VecDeque::new(),
            answered: false,
        }
    }

    /// Takes in what happened under the link. Drain [`Self::poll_news`] after every call.
    pub fn handle(&mut self, event: SignalingEvent) {
        match event {
            SignalingEvent::Transport(link, socket, event) => {
                if link == self.links && self.link.owns(socket) {
                    self.transport(socket, event);
                }
            }
            SignalingEvent::Reachable => self.feed(Event::Reachable),
            SignalingEvent::Tick => {
                self.link.handle_timeout(now());
                self.drain();
            }
        }
    }

    /// The next piece of news, if any.
    pub fn poll_news(&mut self) -> Option<SignalingNews> {
        self.news.pop_front()
    }

    // What is asked of it.

    /// How the link is.
    #[must_use]
    pub fn view(&self) -> LinkView {
        match (&self.route, self.link.status()) {
            (_, LinkStatus::Off) => LinkView::Off,
            (Route::Manual { .. }, _) => LinkView::Manual,
            (_, LinkStatus::Connecting) => LinkView::Connecting,
            (Route::Server(url), LinkStatus::Down) => LinkView::Down(url.clone()),
            (Route::Server(_), LinkStatus::Up) => LinkView::Up,
            // A browser without `BroadcastChannel`.
            (Route::Tabs, LinkStatus::Down) => LinkView::Down(route::beside_the_page()),
            (Route::Tabs, LinkStatus::Up) => LinkView::Tabs,
        }
    }

    /// Whether nobody has joined.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.link.status() == LinkStatus::Off
    }

    /// The way that messages take.
    #[must_use]
    pub fn route(&self) -> &Route {
        &self.route
    }

    /// Our name; empty before anybody has joined.
    #[must_use]
    pub fn name(&self) -> &str {
        let introduction = self.link.introduction();
        introduction.map_or("", |introduction| &introduction.name)
    }

    /// The public name of our session, where the server gives such.
    #[must_use]
    pub fn person(&self) -> Option<&str> {
        self.link.person()
    }

    /// The id of a session that this page, loaded anew, can go on with.
    #[must_use]
    pub fn session(&self) -> Option<&str> {
        self.link.session()
    }

    // What people and the ground do.

    /// Comes in; connects first if need be.
    pub fn join(&mut self, introduction: Introduction) {
        self.feed(Event::Join(introduction));
    }

    /// Comes back into the session of a page that was loaded anew.
    pub fn restore(&mut self, introduction: Introduction, session: Option<String>) {
        // Of a server that has our session we know that it is there.
        self.answered = session.is_some();
        self.feed(Event::Restore {
            introduction,
            session,
        });
    }

    /// Sends a message, or keeps it until it can be.
    pub fn send(&mut self, message: ClientMessage) {
        self.feed(Event::Send(message));
    }

    /// Asks whether the server can be reached.
    pub fn probe(&mut self) {
        self.feed(Event::Probe);
    }

    /// The network of this device is another than before, or may be.
    pub fn network_moved(&mut self) {
        let online = web_sys::window().is_some_and(|window| window.navigator().on_line());
        self.feed(Event::NetworkMoved { online });
    }

    /// The page is about to close.
    pub fn leave(&mut self) {
        self.feed(Event::Leave);
    }

    /// Everything is as before anybody joined. Where no server was found, none is looked for again.
    pub fn reset(&mut self) {
        self.feed(Event::Reset);
        self.take(match self.route {
            Route::Tabs => Route::Tabs,
            Route::Server(_) | Route::Manual { .. } => Route::to(&self.server),
        });
    }

    /// From now on, people carry what is said to that person.
    pub fn carry_by_hand(&mut self, introduction: Introduction, peer: String) {
        self.feed(Event::Leave);
        self.take(Route::Manual { peer });
        self.feed(Event::Join(introduction));
    }

    // Under the link.

    fn transport(&mut self, socket: SocketId, event: TransportEvent) {
        match event {
            TransportEvent::Received(message) => {
                self.answered = true;
                self.feed(Event::Received(socket, message));
            }
            TransportEvent::Unreadable(why) => {
                self.news.push_back(SignalingNews::Unreadable(why));
                self.feed(Event::Unreadable(socket));
            }
            TransportEvent::Code(code) => self.news.push_back(SignalingNews::Code(code)),
            TransportEvent::Closed { opened, reason } => self.closed(socket, opened, reason),
        }
    }

    fn closed(&mut self, socket: SocketId, opened: bool, reason: String) {
        let is_first = !opened && !self.answered && self.link.status() == LinkStatus::Connecting;
        let may_fall_back = self.server == SignalingServer::Auto && location::is_local();
        if is_first && may_fall_back && self.link.medium() == Medium::Network {
            // Somebody tries the page out: `trunk serve` without a server.
            self.route = Route::Tabs;
            return self.feed(Event::Reroute(Medium::Local));
        }
        if !reason.is_empty() {
            self.news.push_back(SignalingNews::ClosedBecause(reason));
        }
        self.connections.retain(|(known, _)| *known != socket);
        self.feed(Event::Closed(socket));
    }

    /// A link over that route, which nobody has joined.
    fn take(&mut self, route: Route) {
        self.connections.clear();
        self.probes.clear();
        self.timer = None;
        self.links += 1;
        self.link = Link::new(route.medium(), random::seed());
        self.route = route;
        self.answered = false;
    }

    fn feed(&mut self, event: Event) {
        self.link.handle(event, now());
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.link.poll_output() {
            match output {
                Output::Command(command) => self.perform(command),
                Output::News(news) => self.news.push_back(SignalingNews::Link(news)),
            }
        }
        self.timer = self.link.poll_timeout().map(|due| {
            let wait = u32::try_from(due.since(now()).as_millis()).unwrap_or(u32::MAX);
            let emit = self.emit.clone();
            Timeout::new(wait.saturating_add(1), move || emit(SignalingEvent::Tick))
        });
    }

    fn perform(&mut self, command: Command) {
        match command {
            Command::Connect(socket) => self.connect(socket),
            Command::Close(socket) => self.connections.retain(|(known, _)| *known != socket),
            Command::Leave(socket) => {
                if let Some(connection) = self.connection(socket) {
                    connection.leave();
                }
                self.connections.retain(|(known, _)| *known != socket);
            }
            Command::Transmit(socket, message) => {
                if let Some(connection) = self.connection(socket) {
                    connection.send(message);
                }
            }
            Command::Probe(probe) => {
                let emit = self.emit.clone();
                let sent = Probe::send(move || emit(SignalingEvent::Reachable));
                self.probes.extend(sent.map(|sent| (probe, sent)));
            }
            Command::CancelProbe(probe) => self.probes.retain(|(known, _)| *known != probe),
        }
    }

    fn connect(&mut self, socket: SocketId) {
        let (tell, link) = (self.emit.clone(), self.links);
        let emit = move |event| tell(SignalingEvent::Transport(link, socket, event));
        let page = self.page.clone();
        let made: Option<Box<dyn Transport>> = match &self.route {
            Route::Server(url) => match WebSocketTransport::open(url, emit.clone()) {
                Ok(connection) => Some(Box::new(connection)),
                Err(_) => None,
            },
            Route::Tabs => {
                let room = self.link.introduction().and_then(|who| who.room.as_deref());
                match Tabs::open(room.unwrap_or_default(), page, emit.clone()) {
                    Ok(tabs) => Some(Box::new(tabs)),
                    Err(_) => None,
                }
            }
            Route::Manual { peer } => {
                let peer = peer.clone();
                Some(Box::new(Manual::open(page, peer, emit.clone())))
            }
        };
        match made {
            Some(connection) => self.connections.push((socket, connection)),
            None => emit(TransportEvent::Closed {
                opened: false,
                reason: String::new(),
            }),
        }
    }

    fn connection(&self, socket: SocketId) -> Option<&dyn Transport> {
        let connection = self.connections.iter().find(|(known, _)| *known == socket);
        connection.map(|(_, connection)| &**connection)
    }
}

fn now() -> Instant {
    Instant::after_start(clock::since_load())
}
