//! Messages between the tabs of one browser, over a BroadcastChannel: no server needed.
//!
//! Every tab plays the server's part for itself. A new tab says `id`, and the others answer with
//! their `username`; of two tabs with one name, the later takes another.

use std::{cell::RefCell, rc::Rc};

use gloo_events::EventListener;
use gloo_timers::callback::Timeout;
use holdfast_protocol::{ClientMessage, ConnectionId, ErrorCode, Kind, ServerMessage, Signal};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{BroadcastChannel, MessageEvent};

use super::transport::{Transport, TransportEvent};
use crate::{
    platform::{JsObject, parse},
    wire::{decode, encode},
};

/// The name of the BroadcastChannel between tabs; that of the room follows.
const CHANNEL: &str = "holdfast";

/// How long a new tab waits for the others to say their names, ms.
const SETTLE: u32 = 150;

/// The other tabs of this browser.
pub(super) struct Tabs {
    state: Rc<RefCell<State>>,
    _listener: EventListener,
    _settle: Timeout,
}

struct State {
    channel: BroadcastChannel,
    emit: Box<dyn Fn(TransportEvent)>,
    /// This tab; it has no name until it has joined.
    me: Tab,
    others: Vec<Tab>,
    /// The others have had the time to say their names.
    settled: bool,
}

/// The person in a tab.
#[derive(Debug, Clone, PartialEq)]
struct Tab {
    id: String,
    name: String,
    /// When it joined, ms since 1970: the earlier keeps its name.
    since: f64,
}

impl Tab {
    /// The tab that says its name with a `username`.
    fn read(said: &JsObject) -> Option<Self> {
        let kind = said.string("type")?;
        (kind == Kind::Username.as_str()).then_some(Self {
            id: said.string("id")?,
            name: said.string("name")?,
            since: said.number("date")?,
        })
    }

    fn is_earlier(&self, other: &Self) -> bool {
        (self.since, &self.id) < (other.since, &other.id)
    }
}

impl Tabs {
    /// Comes into that room, which has no name for the lobby; `id` must be this tab's alone.
    ///
    /// # Errors
    /// When the browser has no BroadcastChannel here, as in some private windows.
    pub(super) fn open(
        room: &str,
        id: String,
        emit: impl Fn(TransportEvent) + 'static,
    ) -> Result<Self, JsValue> {
        let channel = BroadcastChannel::new(&format!("{CHANNEL}{room}"))?;
        let me = Tab {
            id: id.clone(),
            name: String::new(),
            since: 0.0,
        };
        let state = Rc::new(RefCell::new(State {
            channel: channel.clone(),
            emit: Box::new(emit),
            me,
            others: Vec::new(),
            settled: false,
        }));
        let receiving = Rc::downgrade(&state);
        let listener = EventListener::new(&channel, "message", move |event| {
            let event: &MessageEvent = event.unchecked_ref();
            if let (Some(state), Some(text)) = (receiving.upgrade(), event.data().as_string()) {
                state.borrow_mut().receive(&text);
            }
        });
        let settling = Rc::downgrade(&state);
        let settle = Timeout::new(SETTLE, move || {
            if let Some(state) = settling.upgrade() {
                let mut state = state.borrow_mut();
                state.settled = true;
                let id = ConnectionId::Text(id);
                state.emit(ServerMessage::Id {
                    id,
                    acked: None,
                    person: None,
                });
            }
        });
        let id = ConnectionId::Text(state.borrow().me.id.clone());
        let hello = ServerMessage::Id {
            id,
            acked: None,
            person: None,
        };
        state.borrow().post(&encode(&hello));
        Ok(Self {
            state,
            _listener: listener,
            _settle: settle,
        })
    }
}

impl Transport for Tabs {
    fn send(&self, message: ClientMessage) {
        self.state.borrow_mut().send(message);
    }
}

impl Drop for Tabs {
    fn drop(&mut self) {
        let state = self.state.borrow();
        if !state.me.name.is_empty() {
            let name = state.me.name.clone();
            state.post(&encode(&ServerMessage::PeerGone { name, person: None }));
        }
        state.channel.close();
    }
}

impl State {
    /// A message from this tab.
    fn send(&mut self, message: ClientMessage) {
        match message {
            ClientMessage::Username { name, date, .. } => {
                self.me.since = date;
                self.take_name(&name);
            }
            ClientMessage::Text {
                text, date, target, ..
            } => {
                let said = ServerMessage::Text {
                    name: Some(self.me.name.clone()),
                    text,
                    date,
                    target: target.clone(),
                };
                let is_for_all = target.is_none();
                self.pass_on(target, &encode(&said));
                if is_for_all {
                    self.emit(said);
                }
            }
            ClientMessage::Signal(signal) => {
                let text = encode(&signal);
                self.pass_on(signal.target, &text);
            }
            ClientMessage::Resume { .. } | ClientMessage::Ack { .. } | ClientMessage::Ping => {}
        }
    }

    /// A message from another tab: its name as a client's, the rest as a server's.
    fn receive(&mut self, text: &str) {
        if let Some(tab) = parse(text).and_then(|json| Tab::read(&json)) {
            return self.announced(tab);
        }
        let Ok(message) = decode(text) else { return };
        match message {
            ServerMessage::Id { .. } => {
                if !self.me.name.is_empty() {
                    self.announce();
                }
            }
            ServerMessage::PeerGone { name, .. } => {
                self.others.retain(|known| known.name != name);
                self.emit(ServerMessage::PeerGone { name, person: None });
                self.emit_list();
            }
            ServerMessage::Text { ref target, .. }
            | ServerMessage::Signal(Signal { ref target, .. }) => {
                if target.as_ref().is_none_or(|target| *target == self.me.name) {
                    self.emit(message);
                }
            }
            ServerMessage::RejectUsername { .. }
            | ServerMessage::UserList { .. }
            | ServerMessage::Presence { .. }
            | ServerMessage::PresenceChanges { .. }
            | ServerMessage::Named { .. }
            | ServerMessage::Error { .. }
            | ServerMessage::Resumed { .. }
            | ServerMessage::Ack { .. }
            | ServerMessage::Unknown { .. } => {}
        }
    }

    /// Another tab has said its name.
    fn announced(&mut self, other: Tab) {
        let clash = other.name == self.me.name;
        let earlier = other.is_earlier(&self.me);
        self.others.retain(|known| known.id != other.id);
        self.others.push(other);
        if clash && earlier {
            let name = self.me.name.clone();
            return self.take_name(&name);
        }
        self.emit_list();
    }

    /// Takes a name, or the nearest that no other tab has.
    fn take_name(&mut self, wanted: &str) {
        let taken = |name: &str| self.others.iter().any(|other| other.name == name);
        let mut name = wanted.to_owned();
        let mut suffix = 2;
        while taken(&name) {
            name = format!("{wanted}{suffix}");
            suffix += 1;
        }
        self.me.name = name.clone();
        if name != wanted {
            self.emit(ServerMessage::RejectUsername { id: None, name });
        }
        self.announce();
        self.emit_list();
    }

    /// To the others, if the one it is for is among them.
    fn pass_on(&self, target: Option<String>, text: &str) {
        match target {
            Some(target) if !self.others.iter().any(|other| other.name == target) => {
                self.emit(ServerMessage::Error {
                    code: ErrorCode::NoSuchUser,
                    text: String::new(),
                    target: Some(target),
                });
            }
            _ => self.post(text),
        }
    }

    fn announce(&self) {
        self.post(&encode(&ClientMessage::Username {
            name: self.me.name.clone(),
            id: ConnectionId::Text(self.me.id.clone()),
            date: self.me.since,
            room: None,
            pass: None,
            claim: None,
        }));
    }

    fn emit_list(&self) {
        if !self.settled || self.me.name.is_empty() {
            return;
        }
        // In the order of arrival; a browser has few tabs.
        let mut tabs: Vec<&Tab> = Vec::new();
        for tab in self.others.iter().chain([&self.me]) {
            let place = tabs
                .iter()
                .take_while(|other| other.is_earlier(tab))
                .count();
            tabs.insert(place, tab);
        }
        let users = tabs.into_iter().map(|tab| tab.name.clone()).collect();
        self.emit(ServerMessage::UserList { users });
    }

    fn emit(&self, message: ServerMessage) {
        (self.emit)(TransportEvent::Received(message));
    }

    fn post(&self, text: &str) {
        // Fails only on a closed channel, which is dropped together with this state.
        let _ = self.channel.post_message(&text.into());
    }
}
