//! Messages between the tabs of one browser, over a BroadcastChannel: no server needed.
//!
//! Every tab plays the server's part for itself. A new tab says `id`, and the others answer with
//! their `username`; of two tabs with one name, the later takes another.

use std::{cell::RefCell, rc::Rc};

use gloo_events::EventListener;
use gloo_timers::callback::Timeout;
use holdfast_protocol::{ConnectionId, Message};
use wasm_bindgen::JsValue;
use web_sys::{BroadcastChannel, MessageEvent};

use super::{Transport, TransportEvent};
use crate::json::{decode, encode};

/// How long a new tab waits for the others to say their names, ms.
const SETTLE: u32 = 150;

/// The other tabs of this browser.
pub struct Tabs {
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

/// Who is in a tab.
#[derive(Debug, Clone, PartialEq)]
struct Tab {
    id: String,
    name: String,
    /// When it joined, ms since 1970: the earlier keeps its name.
    since: f64,
}

impl Tab {
    fn is_earlier(&self, other: &Self) -> bool {
        (self.since, &self.id) < (other.since, &other.id)
    }
}

impl Tabs {
    /// Joins the channel of that name; `id` must be this tab's alone.
    ///
    /// # Errors
    /// When the browser has no BroadcastChannel here, as in some private windows.
    pub fn open(
        channel: &str,
        id: String,
        emit: impl Fn(TransportEvent) + 'static,
    ) -> Result<Self, JsValue> {
        let channel = BroadcastChannel::new(channel)?;
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
            let text = wasm_bindgen::JsCast::unchecked_ref::<MessageEvent>(event).data();
            let message = text.as_string().map(|text| decode(&text));
            if let (Some(state), Some(Ok(message))) = (receiving.upgrade(), message) {
                state.borrow_mut().receive(message);
            }
        });
        let settling = Rc::downgrade(&state);
        let settle = Timeout::new(SETTLE, move || {
            if let Some(state) = settling.upgrade() {
                let mut state = state.borrow_mut();
                state.settled = true;
                let id = ConnectionId::Text(id);
                state.tell(Message::Id { id, heard: None });
            }
        });
        let id = ConnectionId::Text(state.borrow().me.id.clone());
        state.borrow().post(&Message::Id { id, heard: None });
        Ok(Self {
            state,
            _listener: listener,
            _settle: settle,
        })
    }
}

impl Transport for Tabs {
    fn send(&self, message: Message) {
        self.state.borrow_mut().send(message);
    }
}

impl Drop for Tabs {
    fn drop(&mut self) {
        let state = self.state.borrow();
        if !state.me.name.is_empty() {
            let name = state.me.name.clone();
            state.post(&Message::PeerGone { name });
        }
        state.channel.close();
    }
}

impl State {
    /// What this tab says.
    fn send(&mut self, message: Message) {
        match message {
            Message::Username { name, date, .. } => {
                self.me.since = date;
                self.claim(&name);
            }
            Message::Text {
                text, date, target, ..
            } => {
                let (name, is_for_all) = (Some(self.me.name.clone()), target.is_none());
                let said = Message::Text {
                    name,
                    text,
                    id: None,
                    date,
                    target: target.clone(),
                };
                self.pass_on(target, &said);
                if is_for_all {
                    self.tell(said);
                }
            }
            Message::Signal(ref signal) => self.pass_on(signal.target.clone(), &message),
            Message::Id { .. }
            | Message::RejectUsername { .. }
            | Message::UserList { .. }
            | Message::People { .. }
            | Message::Changes { .. }
            | Message::PeerGone { .. }
            | Message::Error { .. }
            | Message::Resume { .. }
            | Message::Resumed { .. }
            | Message::Heard { .. }
            | Message::Ping
            | Message::Unknown { .. } => {}
        }
    }

    /// What another tab says.
    fn receive(&mut self, message: Message) {
        match message {
            Message::Id { .. } => {
                if !self.me.name.is_empty() {
                    self.announce();
                }
            }
            Message::Username { name, id, date, .. } => {
                let ConnectionId::Text(id) = id else { return };
                let other = Tab {
                    id,
                    name,
                    since: date,
                };
                let clash = other.name == self.me.name;
                let earlier = other.is_earlier(&self.me);
                self.others.retain(|known| known.id != other.id);
                self.others.push(other);
                if clash && earlier {
                    let name = self.me.name.clone();
                    return self.claim(&name);
                }
                self.tell_list();
            }
            Message::PeerGone { name } => {
                self.others.retain(|known| known.name != name);
                self.tell(Message::PeerGone { name });
                self.tell_list();
            }
            Message::Text { ref target, .. } => {
                if target.as_ref().is_none_or(|target| *target == self.me.name) {
                    self.tell(message);
                }
            }
            Message::Signal(ref signal) => {
                if signal
                    .target
                    .as_ref()
                    .is_none_or(|target| *target == self.me.name)
                {
                    self.tell(message);
                }
            }
            Message::RejectUsername { .. }
            | Message::UserList { .. }
            | Message::People { .. }
            | Message::Changes { .. }
            | Message::Error { .. }
            | Message::Resume { .. }
            | Message::Resumed { .. }
            | Message::Heard { .. }
            | Message::Ping
            | Message::Unknown { .. } => {}
        }
    }

    /// Takes a name, or the nearest that no other tab has.
    fn claim(&mut self, wanted: &str) {
        let taken = |name: &str| self.others.iter().any(|other| other.name == name);
        let mut name = wanted.to_owned();
        let mut suffix = 2;
        while taken(&name) {
            name = format!("{wanted}{suffix}");
            suffix += 1;
        }
        self.me.name = name.clone();
        if name != wanted {
            self.tell(Message::RejectUsername { id: None, name });
        }
        self.announce();
        self.tell_list();
    }

    /// To the others, if the one it is for is among them.
    fn pass_on(&self, target: Option<String>, message: &Message) {
        match target {
            Some(target) if !self.others.iter().any(|other| other.name == target) => {
                self.tell(Message::Error {
                    code: "no-such-user".into(),
                    text: format!("nobody here is called {target}"),
                    target: Some(target),
                });
            }
            _ => self.post(message),
        }
    }

    fn announce(&self) {
        self.post(&Message::Username {
            name: self.me.name.clone(),
            id: ConnectionId::Text(self.me.id.clone()),
            date: self.me.since,
            room: None,
            pass: None,
        });
    }

    fn tell_list(&self) {
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
        self.tell(Message::UserList { users });
    }

    fn tell(&self, message: Message) {
        (self.emit)(TransportEvent::Received(message));
    }

    fn post(&self, message: &Message) {
        // Fails only on a closed channel, which is dropped together with this state.
        let _ = self.channel.post_message(&encode(message).into());
    }
}
