//! Our link to the others: connecting, coming in under a name, coming back.

use gloo_timers::callback::Timeout;
use holdfast_protocol::{ConnectionId, Message};
use web_sys::Url;

use super::{Input, Inputs, send};
use crate::{
    config::Signaling,
    signaling::{LinkStatus, Tabs, Transport, WebSocketLink},
};

/// How long to wait before each attempt to come back, ms; the last is repeated.
const RETRY_AFTER: [u32; 5] = [300, 1200, 2700, 4800, 7000];

/// How many messages are kept for when the link is back.
const KEPT: usize = 256;

/// The name of the BroadcastChannel between tabs.
const CHANNEL: &str = "holdfast";

pub(super) struct Link {
    signaling: Signaling,
    page: String,
    inputs: Inputs,
    status: LinkStatus,
    transport: Option<Box<dyn Transport>>,
    generation: u32,
    attempts: usize,
    retry: Option<Timeout>,
    name: String,
    id: Option<ConnectionId>,
    kept: Vec<Message>,
}

impl Link {
    pub(super) fn new(signaling: Signaling, page: String, inputs: Inputs) -> Self {
        Self {
            signaling,
            page,
            inputs,
            status: LinkStatus::Off,
            transport: None,
            generation: 0,
            attempts: 0,
            retry: None,
            name: String::new(),
            id: None,
            kept: Vec::new(),
        }
    }

    pub(super) fn generation(&self) -> u32 {
        self.generation
    }

    pub(super) fn status(&self) -> LinkStatus {
        self.status.clone()
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Comes in under that name; connects first if need be.
    pub(super) fn join(&mut self, name: String) {
        self.name = name;
        match &self.status {
            LinkStatus::Off => self.connect(),
            LinkStatus::Up | LinkStatus::Tabs => self.introduce(),
            // The name is said as soon as the link is there.
            LinkStatus::Connecting | LinkStatus::Down(_) => {}
        }
    }

    /// Connects, or tries again.
    pub(super) fn connect(&mut self) {
        self.generation += 1;
        self.retry = None;
        if self.status == LinkStatus::Off {
            self.status = LinkStatus::Connecting;
        }
        let (inputs, generation) = (self.inputs.clone(), self.generation);
        let emit = move |event| send(&inputs, Input::Transport(generation, event));
        if self.signaling == Signaling::Tabs {
            match Tabs::open(CHANNEL, self.page.clone(), emit) {
                Ok(tabs) => self.transport = Some(Box::new(tabs)),
                Err(_) => self.status = LinkStatus::Down("the other tabs".into()),
            }
            return;
        }
        match WebSocketLink::open(&self.url(), emit) {
            Ok(link) => self.transport = Some(Box::new(link)),
            Err(_) => self.closed(false),
        }
    }

    /// The server has said `id`: we say our name.
    pub(super) fn identified(&mut self, id: ConnectionId) {
        self.id = Some(id);
        self.introduce();
    }

    pub(super) fn renamed(&mut self, name: String) {
        self.name = name;
    }

    /// We are in the list: the link is good.
    pub(super) fn listed(&mut self) {
        self.attempts = 0;
        self.status = match self.signaling {
            Signaling::Tabs => LinkStatus::Tabs,
            Signaling::Auto | Signaling::Url(_) => LinkStatus::Up,
        };
        for message in std::mem::take(&mut self.kept) {
            self.send(message);
        }
    }

    /// The link is gone. Calls go on; we come back.
    pub(super) fn closed(&mut self, opened: bool) {
        self.transport = None;
        let first = self.attempts == 0 && !opened && self.status == LinkStatus::Connecting;
        if first && self.signaling == Signaling::Auto && page_is_local() {
            // Somebody tries the page out: `trunk serve` without a server.
            self.signaling = Signaling::Tabs;
            return self.connect();
        }
        self.status = LinkStatus::Down(self.url());
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

    /// Sends, or keeps until the link is there.
    pub(super) fn send(&mut self, message: Message) {
        match (&self.status, &self.transport) {
            (LinkStatus::Up | LinkStatus::Tabs, Some(transport)) => {
                transport.send(self.identify(message));
            }
            _ if self.kept.len() < KEPT => self.kept.push(message),
            _ => {}
        }
    }

    /// Chat carries the id of the connection it goes over, which may be another than it was
    /// written on.
    fn identify(&self, mut message: Message) -> Message {
        if let Message::Text { id, .. } = &mut message {
            id.clone_from(&self.id);
        }
        message
    }

    /// The page is closing.
    pub(super) fn leave(&mut self) {
        self.transport = None;
        self.retry = None;
    }

    fn introduce(&self) {
        if let (Some(transport), Some(id)) = (&self.transport, &self.id) {
            transport.send(Message::Username {
                name: self.name.clone(),
                id: id.clone(),
                date: js_sys::Date::now(),
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
