//! Our link to the others: connecting, coming in under a name, coming back.
//!
//! With a server that speaks our subprotocol, the session outlives its connection: messages are
//! counted both ways, kept until the server has heard them, and the next connection goes on where
//! the last one was (docs/protocol.md). With the sample's server it comes in anew.

use std::collections::VecDeque;

use gloo_timers::callback::{Interval, Timeout};
use holdfast_protocol::{ConnectionId, Message, SignalBody};
use web_sys::Url;

use super::{Input, Inputs, send};
use crate::{
    address,
    config::Signaling,
    signaling::{LinkStatus, Reach, Tabs, Transport, WebSocketLink, carried},
};

/// How long to wait before each attempt to come back, ms; the last is repeated.
const RETRY_AFTER: [u32; 6] = [0, 300, 1200, 2700, 4800, 7000];

/// How long an attempt may take before the way is sought anew, ms.
const TRY_LIMIT: u32 = 3000;

/// While the way is sought, how often it is asked for, ms: so many times at the one rate, then at
/// the next; a network that has just come answers within 50 ms, or does not have its route yet. A
/// question is taken back when [`QUESTIONS`] later ones are under way: it may hang on a network that
/// is gone.
const SEEK: [(u32, u32); 4] = [(6, 50), (20, 150), (40, 500), (u32::MAX, 1000)];
const QUESTIONS: usize = 5;

/// Once in so many questions a WebSocket is tried all the same.
const RETRY_QUESTIONS: u32 = 16;

/// How often the server is asked whether it is there, ms. Two questions without an answer, and
/// the link is dead.
const PING_EVERY: u32 = 5000;

/// How long nothing more must have been said before a code is made of it, ms: candidates come one
/// by one.
const GATHERING: u32 = 1000;

/// A page that is still there so long after it was about to close has stayed, ms.
const STAYED_AFTER: u32 = 2000;

/// How many messages are kept for when the link is back.
const KEPT: usize = 256;

/// After so many messages we say how many we have heard.
const ACKNOWLEDGE_EVERY: u32 = 16;

/// The name of the BroadcastChannel between tabs; that of the room follows.
const CHANNEL: &str = "holdfast";

pub(super) struct Link {
    signaling: Signaling,
    page: String,
    inputs: Inputs,
    status: LinkStatus,
    name: String,
    /// The connection that messages go over.
    open: Option<Connection>,
    /// One that is being made, to take its place.
    trying: Option<(Connection, Timeout)>,
    connections: u32,
    attempts: usize,
    /// Questions whether anything can be reached.
    questions: VecDeque<Reach>,
    questions_asked: u32,
    seeking: Option<Timeout>,
    retry: Option<Timeout>,
    /// The id that the server gave to this session's first connection.
    id: Option<ConnectionId>,
    session: Option<Session>,
    /// The version of what we know of people.
    people: Option<u32>,
    /// The server has been asked to go on with the session, and has not answered: what is said
    /// meanwhile is sent with what it has not heard, or it would come twice.
    resuming: bool,
    /// The id that the server would know us by if it does not know the session.
    offered: Option<ConnectionId>,
    kept: Vec<Message>,
    /// What has been said in a call without a server, and what waits until it is all there.
    carried: Vec<Message>,
    gathering: Option<Timeout>,
    /// The server has been asked so many times since it last said anything.
    asked: u32,
    ping: Option<Interval>,
}

struct Connection {
    serial: u32,
    transport: Box<dyn Transport>,
}

/// What the server can be asked to go on with.
#[derive(Default)]
struct Session {
    /// How many messages have come; none in a page that was loaded anew.
    heard: Option<u32>,
    sent: u32,
    unheard: VecDeque<Message>,
}

/// What a message meant for the link.
pub(super) enum LinkNews {
    /// It is for the session, and for others than the link.
    Message(Message),
    /// The link is good, since now. `anew`: the server knows nothing of the session before.
    Up { anew: bool },
    /// The server has begun a session for us, under the name we gave it.
    Begun,
    /// Nothing that concerns anybody else.
    Nothing,
}

impl Link {
    pub(super) fn new(signaling: Signaling, page: String, inputs: Inputs) -> Self {
        Self {
            signaling,
            page,
            inputs,
            status: LinkStatus::Off,
            name: String::new(),
            open: None,
            trying: None,
            connections: 0,
            attempts: 0,
            questions: VecDeque::new(),
            questions_asked: 0,
            seeking: None,
            retry: None,
            id: None,
            session: None,
            people: None,
            resuming: false,
            offered: None,
            kept: Vec::new(),
            carried: Vec::new(),
            gathering: None,
            asked: 0,
            ping: None,
        }
    }

    pub(super) fn status(&self) -> LinkStatus {
        self.status.clone()
    }

    /// Whether everybody hears us who has joined, though we are in a room: the sample's server knows
    /// none.
    pub(super) fn is_overheard(&self) -> bool {
        let knows_rooms = self.session.is_some() || self.signaling == Signaling::Tabs;
        address::room() != Some(String::new()) && !knows_rooms
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The id of a session that another connection could go on with.
    pub(super) fn session(&self) -> Option<&str> {
        match (&self.session, &self.id) {
            (Some(_), Some(ConnectionId::Text(id))) => Some(id),
            _ => None,
        }
    }

    /// Whether that connection still has something to say.
    pub(super) fn listens_to(&self, serial: u32) -> bool {
        let trying = self.trying.as_ref().map(|(connection, _)| connection);
        let mut known = self.open.iter().chain(trying);
        known.any(|connection| connection.serial == serial)
    }

    /// Comes in under that name; connects first if need be.
    pub(super) fn join(&mut self, name: String) {
        self.name = name;
        match &self.status {
            LinkStatus::Off => self.connect(),
            LinkStatus::Up | LinkStatus::Tabs => self.introduce(),
            LinkStatus::Carried => {}
            // The name is said as soon as the link is there.
            LinkStatus::Connecting | LinkStatus::Down(_) => {}
        }
    }

    /// Does without a server: what is said is carried by hand.
    pub(super) fn carry(&mut self, name: String) {
        self.leave();
        self.retry = None;
        self.name = name;
        self.carried.clear();
        self.status = LinkStatus::Carried;
    }

    /// As it was before anybody joined.
    pub(super) fn put_down(&mut self) {
        self.leave();
        self.retry = None;
        self.carried.clear();
        self.kept.clear();
        self.id = None;
        self.session = None;
        self.people = None;
        self.status = LinkStatus::Off;
    }

    /// Whether the server has been asked to go on with a session.
    pub(super) fn is_resuming(&self) -> bool {
        self.resuming
    }

    /// Goes to the room that the address names now, under the same name.
    pub(super) fn change_room(&mut self) {
        if !matches!(self.status, LinkStatus::Off | LinkStatus::Carried) {
            self.put_down();
            self.connect();
        }
    }

    /// What is to be carried to the other side, once there is a description among it. All that has
    /// been said: what has been carried already is not acted on twice.
    pub(super) fn code(&self) -> Option<String> {
        let is_description = |message: &Message| {
            let Message::Signal(signal) = message else {
                return false;
            };
            matches!(signal.body, SignalBody::Offer(_) | SignalBody::Answer(_))
        };
        let tells = self.carried.iter().any(is_description);
        tells.then(|| carried::write(&self.carried))
    }

    /// Comes back into the session of a page that was loaded anew.
    pub(super) fn restore(&mut self, session: String, name: String) {
        self.name = name;
        if !session.is_empty() {
            self.id = Some(ConnectionId::Text(session));
            self.session = Some(Session::default());
        }
        self.connect();
    }

    /// Makes a connection; what is open stays until the new one is.
    pub(super) fn connect(&mut self) {
        if self.status == LinkStatus::Carried {
            return;
        }
        self.retry = None;
        if self.status == LinkStatus::Off {
            self.status = LinkStatus::Connecting;
        }
        self.connections += 1;
        let (inputs, serial) = (self.inputs.clone(), self.connections);
        let emit = move |event| send(&inputs, Input::Transport(serial, event));
        let transport: Box<dyn Transport> = if self.signaling == Signaling::Tabs {
            let channel = format!("{CHANNEL}{}", address::room().unwrap_or_default());
            match Tabs::open(&channel, self.page.clone(), emit) {
                Ok(tabs) => Box::new(tabs),
                Err(_) => {
                    self.status = LinkStatus::Down("the other tabs".into());
                    return;
                }
            }
        } else {
            match WebSocketLink::open(&self.url(), emit) {
                Ok(link) => Box::new(link),
                Err(_) => return self.try_again(),
            }
        };
        let inputs = self.inputs.clone();
        let limit = Timeout::new(TRY_LIMIT, move || send(&inputs, Input::TryExpired(serial)));
        self.trying = Some((Connection { serial, transport }, limit));
    }

    /// That attempt has taken long enough.
    pub(super) fn expire(&mut self, serial: u32) {
        let hangs = |(connection, _): &mut (Connection, Timeout)| connection.serial == serial;
        if self.signaling != Signaling::Tabs && self.trying.take_if(hangs).is_some() {
            self.attempts += 1;
            self.look_down();
            self.seek();
        }
    }

    /// Seeks the way from the beginning.
    fn seek(&mut self) {
        self.questions_asked = 0;
        self.ask_the_way();
    }

    /// Asks whether anything can be reached, and will again.
    pub(super) fn ask_the_way(&mut self) {
        if self.status == LinkStatus::Carried {
            return;
        }
        let inputs = self.inputs.clone();
        if self.questions.len() == QUESTIONS {
            self.questions.pop_front();
        }
        if self.questions_asked % RETRY_QUESTIONS == RETRY_QUESTIONS - 1 && self.trying.is_none() {
            // The page's host may be gone while the signaling server is not.
            self.connect();
        }
        let question = Reach::ask(move || send(&inputs, Input::Reached));
        self.questions.extend(question);
        self.questions_asked += 1;
        let rate = SEEK
            .iter()
            .find(|(times, _)| self.questions_asked <= *times);
        let inputs = self.inputs.clone();
        self.seeking = Some(Timeout::new(rate.map_or(0, |(_, wait)| *wait), move || {
            send(&inputs, Input::AskTheWay);
        }));
    }

    /// There is a way: what was begun before there was one may hang.
    pub(super) fn reached(&mut self) {
        if self.seeking.is_some() {
            self.found_the_way();
            self.connect();
        }
    }

    fn found_the_way(&mut self) {
        self.seeking = None;
        self.questions.clear();
    }

    /// Something has come over that connection.
    pub(super) fn receive(&mut self, serial: u32, message: Message) -> LinkNews {
        self.asked = 0;
        let is_first = |(connection, _): &mut (Connection, Timeout)| connection.serial == serial;
        if let Some((connection, _)) = self.trying.take_if(is_first) {
            // The first to open wins.
            self.open = Some(connection);
            self.retry = None;
            self.found_the_way();
        }
        match message {
            Message::Id { id, heard } => {
                self.identified(id, heard.is_some());
                LinkNews::Begun
            }
            Message::Error { ref code, .. } if code == "session-over" => {
                self.begin_anew();
                LinkNews::Begun
            }
            Message::Resumed { heard } => {
                self.resuming = false;
                if let Some(session) = &mut self.session {
                    session.heard_by_server(heard);
                    session.heard.get_or_insert(0);
                }
                let again: Vec<Message> = self
                    .session
                    .iter()
                    .flat_map(|s| s.unheard.clone())
                    .collect();
                for message in again {
                    self.transmit(message);
                }
                self.up();
                LinkNews::Up { anew: false }
            }
            news @ (Message::People { .. } | Message::Changes { .. }) => {
                self.people = match (&news, self.people) {
                    (Message::People { version, .. }, _) => Some(*version),
                    (_, known) => known.map(|version| version.wrapping_add(1)),
                };
                LinkNews::Message(news)
            }
            Message::Heard { heard } => {
                if let Some(session) = &mut self.session {
                    session.heard_by_server(heard);
                }
                self.answered()
            }
            message @ (Message::Username { .. }
            | Message::RejectUsername { .. }
            | Message::UserList { .. }
            | Message::Text { .. }
            | Message::Signal(_)
            | Message::PeerGone { .. }
            | Message::Error { .. }
            | Message::Resume { .. }
            | Message::Ping
            | Message::Unknown { .. }) => {
                self.count();
                LinkNews::Message(message)
            }
        }
    }

    /// The old connection has answered, so nothing has happened to it.
    fn answered(&mut self) -> LinkNews {
        match self.status {
            LinkStatus::Up => {
                self.trying = None;
                self.retry = None;
                self.settled();
                LinkNews::Up { anew: false }
            }
            LinkStatus::Off
            | LinkStatus::Connecting
            | LinkStatus::Down(_)
            | LinkStatus::Tabs
            | LinkStatus::Carried => LinkNews::Nothing,
        }
    }

    /// The server has said `id`; `counts`: a session can be resumed there.
    fn identified(&mut self, id: ConnectionId, counts: bool) {
        match (&self.session, &self.id) {
            (Some(session), Some(ConnectionId::Text(known))) if counts => {
                let resume = Message::Resume {
                    id: known.clone(),
                    heard: session.heard,
                    people: self.people.filter(|_| session.heard.is_some()),
                };
                self.transmit(resume);
                self.resuming = true;
                self.offered = Some(id);
            }
            _ => self.begin(id, counts),
        }
    }

    /// The server does not know the session: it has restarted, or we were away for too long.
    fn begin_anew(&mut self) {
        let before = self.session.take();
        let unheard = before.map(|session| session.unheard).unwrap_or_default();
        self.kept.splice(0..0, unheard);
        if let Some(id) = self.offered.take() {
            self.begin(id, true);
        }
    }

    fn begin(&mut self, id: ConnectionId, counts: bool) {
        self.status = LinkStatus::Connecting;
        self.resuming = false;
        self.people = None;
        self.id = Some(id);
        let session = Session {
            heard: Some(0),
            ..Session::default()
        };
        self.session = counts.then_some(session);
        self.introduce();
    }

    /// A message of the session has come.
    pub(super) fn count(&mut self) {
        let Some(heard) = self
            .session
            .as_mut()
            .and_then(|session| session.heard.as_mut())
        else {
            return;
        };
        *heard += 1;
        let heard = *heard;
        if heard.is_multiple_of(ACKNOWLEDGE_EVERY) {
            self.transmit(Message::Heard { heard });
        }
    }

    pub(super) fn renamed(&mut self, name: String) {
        self.name = name;
    }

    /// We are in the list. Whether the link was not good before: the server knows us only now.
    pub(super) fn listed(&mut self) -> bool {
        if matches!(self.status, LinkStatus::Up | LinkStatus::Tabs) {
            return false;
        }
        self.up();
        true
    }

    fn up(&mut self) {
        self.settled();
        self.status = match self.signaling {
            Signaling::Tabs => LinkStatus::Tabs,
            Signaling::Auto | Signaling::Url(_) => LinkStatus::Up,
        };
        if self.session.is_some() {
            let inputs = self.inputs.clone();
            let ping = Interval::new(PING_EVERY, move || send(&inputs, Input::Ping));
            self.ping = Some(ping);
        }
        for message in std::mem::take(&mut self.kept) {
            self.send(message);
        }
    }

    fn settled(&mut self) {
        self.attempts = 0;
        self.found_the_way();
    }

    /// That connection is gone. Calls go on; we come back.
    pub(super) fn closed(&mut self, serial: u32, opened: bool) {
        let was_open = self.open.take_if(|open| open.serial == serial).is_some();
        if !was_open {
            self.trying = None;
        } else if self.trying.is_some() {
            // Another one is on its way already.
            return self.look_down();
        }
        let first = self.id.is_none() && !opened && self.status == LinkStatus::Connecting;
        if first && self.signaling == Signaling::Auto && page_is_local() {
            // Somebody tries the page out: `trunk serve` without a server.
            self.signaling = Signaling::Tabs;
            return self.connect();
        }
        self.try_again();
        if self.open.is_none() {
            self.look_down();
        }
    }

    fn look_down(&mut self) {
        if self.open.is_none() || self.attempts > 3 {
            self.open = None;
            self.ping = None;
            self.status = LinkStatus::Down(self.url());
        }
    }

    fn try_again(&mut self) {
        if self.seeking.is_some() {
            // The next attempt comes when there is a way.
            return;
        }
        let last = RETRY_AFTER.len() - 1;
        let wait = RETRY_AFTER[self.attempts.min(last)];
        self.attempts += 1;
        // Up to a quarter more, so that not everybody comes back at the same moment.
        let jitter = f64::from(wait) * 0.25 * js_sys::Math::random();
        let inputs = self.inputs.clone();
        self.retry = Some(Timeout::new(wait + jitter as u32, move || {
            send(&inputs, Input::Reconnect);
        }));
    }

    /// The network has moved, or may have: a new connection is made beside the old one, and the
    /// first to answer is the link.
    pub(super) fn moved(&mut self) {
        let is_local = matches!(self.status, LinkStatus::Off | LinkStatus::Carried);
        if matches!(self.signaling, Signaling::Tabs) || is_local {
            return;
        }
        self.attempts = 0;
        if self.session.is_none() {
            // The sample's server cannot be asked, and its socket will never say that it is dead.
            self.open = None;
            self.status = LinkStatus::Connecting;
        }
        self.ask();
        // At once, in case that there is a way already; later, when one has been found.
        let online = web_sys::window().is_some_and(|window| window.navigator().on_line());
        if online && self.trying.is_none() {
            self.connect();
        }
        self.seek();
    }

    /// Whether the server can be reached: asks it, and seeks another way in case that this one is
    /// dead. True if there is nothing to ask.
    pub(super) fn probe(&mut self) -> bool {
        if self.session.is_none() {
            return matches!(self.status, LinkStatus::Up | LinkStatus::Tabs) && self.open.is_some();
        }
        self.ask();
        if self.seeking.is_none() {
            self.seek();
        }
        false
    }

    fn ask(&mut self) {
        if self.session.is_some() && self.status == LinkStatus::Up {
            self.transmit(Message::Ping);
        }
    }

    /// Asks now and then; two questions without an answer, and the link is dead.
    pub(super) fn ping(&mut self) {
        self.asked += 1;
        if self.asked <= 2 {
            return self.ask();
        }
        self.open = None;
        self.look_down();
        self.seek();
    }

    /// Sends, or keeps until the link is there.
    pub(super) fn send(&mut self, message: Message) {
        if self.status == LinkStatus::Carried {
            if !matches!(message, Message::Signal(_)) || self.carried.len() == KEPT {
                return;
            }
            self.carried.push(message);
            let inputs = self.inputs.clone();
            self.gathering = Some(Timeout::new(GATHERING, move || {
                send(&inputs, Input::Gathered);
            }));
            return;
        }
        let is_up = matches!(self.status, LinkStatus::Up | LinkStatus::Tabs);
        // What is said before we are in is no part of the session yet.
        let is_in = self.resuming || self.status != LinkStatus::Connecting;
        if let Some(session) = self
            .session
            .as_mut()
            .filter(|session| session.heard.is_some() && is_in)
        {
            if session.unheard.len() < KEPT {
                session.sent += 1;
                session.unheard.push_back(message.clone());
                if is_up && !self.resuming {
                    self.transmit(message);
                }
            }
        } else if is_up && self.open.is_some() {
            self.transmit(message);
        } else if self.kept.len() < KEPT {
            self.kept.push(message);
        }
    }

    /// Over the open connection, as it is.
    fn transmit(&self, mut message: Message) {
        // Chat carries the id of the session it belongs to, which may not have been known.
        if let Message::Text { id, .. } = &mut message {
            id.clone_from(&self.id);
        }
        if let Some(open) = &self.open {
            open.transport.send(message);
        }
    }

    /// The page is closing.
    pub(super) fn leave(&mut self) {
        if let Some(open) = self.open.take() {
            open.transport.leave();
        }
        self.trying = None;
        self.ping = None;
        self.found_the_way();
        if !matches!(self.status, LinkStatus::Off | LinkStatus::Carried) {
            let inputs = self.inputs.clone();
            self.retry = Some(Timeout::new(STAYED_AFTER, move || {
                send(&inputs, Input::Reconnect);
            }));
        }
    }

    fn introduce(&self) {
        if let Some(id) = &self.id {
            self.transmit(Message::Username {
                name: self.name.clone(),
                id: id.clone(),
                date: js_sys::Date::now(),
                room: address::room().filter(|room| !room.is_empty()),
                pass: address::pass(),
            });
        }
    }

    fn url(&self) -> String {
        match &self.signaling {
            Signaling::Url(url) => url.clone(),
            Signaling::Auto | Signaling::Tabs => beside_the_page().unwrap_or_default(),
        }
    }
}

impl Session {
    /// The server has heard so many of our messages: they need not be kept.
    fn heard_by_server(&mut self, heard: u32) {
        let unheard = self.sent.saturating_sub(heard) as usize;
        while self.unheard.len() > unheard {
            self.unheard.pop_front();
        }
    }
}

/// `wss://host/folder/ws` for the page `https://host/folder/`.
fn beside_the_page() -> Option<String> {
    let page = web_sys::window()?.location().href().ok()?;
    let url = Url::new_with_base("ws", &page).ok()?;
    url.set_search("");
    url.set_protocol(if url.protocol() == "https:" {
        "wss:"
    } else {
        "ws:"
    });
    Some(url.href())
}

fn page_is_local() -> bool {
    let location = web_sys::window().map(|window| window.location());
    let host = location.and_then(|location| location.hostname().ok());
    host.is_some_and(|host| host == "localhost" || host == "127.0.0.1" || host == "[::1]")
}
