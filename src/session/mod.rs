//! The loop: events in, commands out, and what the views show.

mod browser;
mod commands;
mod legs;
mod link;
mod local;
mod memory;
mod people;
mod seen;

use std::time::Duration;

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures_util::StreamExt;
use gloo_events::EventListener;
use gloo_timers::callback::{Interval, Timeout};
use holdfast_call::{Call, Event, LegEvent, LegId, Limits, Moment, Stage};
use holdfast_protocol::{CallId, Message, Signal};
use leptos::prelude::{GetUntracked, ReadUntracked, Set, Update};
use wasm_bindgen::JsValue;
use web_sys::{MediaStream, RtcConfiguration};

use self::{
    commands::ask_for_servers,
    legs::Legs,
    link::{Link, LinkNews},
    local::LocalMedia,
    memory::Memory,
};
pub use self::{
    people::{People, Person},
    seen::{Act, Action, ChatLine, LocalView, Seen},
};
pub use crate::signaling::LinkStatus;
use crate::{
    address,
    config::Config,
    rtc::{
        Device, MediaError, PeerEvent, Source, devices, generate_certificate, on_network_change,
    },
    signaling::{TransportEvent, carried},
    task, words,
};

/// How long people may take to carry a code.
const CARRYING: Moment = Moment::from_secs(30 * 60);

/// How often the ICE servers are asked for, ms: our server's passwords are good for a day.
const RENEWAL: u32 = 8 * 60 * 60 * 1000;

/// How many lines of chat are kept.
const CHAT_LINES: usize = 500;

/// Everything that can happen to a session.
#[derive(Debug)]
pub(crate) enum Input {
    Action(Action),
    /// Of the connection with this number.
    Transport(u32, TransportEvent),
    /// It is time to connect anew.
    Reconnect,
    /// The attempt to connect with this number has taken long enough.
    TryExpired(u32),
    /// It is time to ask again whether anything can be reached.
    AskTheWay,
    /// Something can.
    Reached,
    /// It is time to ask whether the server is there.
    Ping,
    /// What is to be carried by hand is all there.
    Gathered,
    /// The network of this device is another than before.
    NetworkMoved,
    /// The page was hidden, and its timers slow, until now.
    Shown,
    /// The address names another room.
    RoomChanged,
    /// What this page was before it was loaded anew; none if another tab is in that session.
    Recalled(Option<Memory>),
    /// The certificate for all connections of this page.
    Certificate(JsValue),
    /// The configuration as it is now, or none; for that leg to restart with, or for legs to come.
    Servers(Option<LegId>, Option<RtcConfiguration>),
    /// Of the peer connection with this number.
    Peer(u32, PeerEvent),
    /// An operation of that peer connection is over.
    Operation(u32, LegEvent),
    /// Camera and microphone for a call, or as much as there is of them.
    Media(u32, Result<local::Acquired, MediaError>),
    /// One more source, or another device for one.
    Source((Source, u32), Result<MediaStream, MediaError>),
    Devices(Vec<Device>),
    /// The call's timer is due.
    Tick,
}

/// Where the browser's events queue up for the loop. Unbounded, because nothing that happens in
/// this page can wait; what other people send is bounded by the server and by the call itself.
pub(crate) type Inputs = UnboundedSender<Input>;

/// Starts a session; gives the way to act on it.
pub fn start(seen: Seen) -> Act {
    let (inputs, waiting) = unbounded();
    let act = Act::new(inputs.clone());
    task::spawn(async move {
        match Config::load().await {
            Ok(config) => Session::new(config, seen, inputs).run(waiting).await,
            Err(error) => seen.fatal.set(Some(error.to_string())),
        }
    });
    act
}

struct Session {
    config: Config,
    seen: Seen,
    inputs: Inputs,
    call: Call,
    link: Link,
    local: LocalMedia,
    legs: Legs,
    timer: Option<Timeout>,
    /// This page, from load to unload.
    page: String,
    calls_made: u32,
    /// What the browser remembers for us.
    memory: Option<Memory>,
    /// What the page's address says of where we are.
    address: String,
    claimed: String,
    _listeners: Vec<EventListener>,
    _renewal: Interval,
}

impl Session {
    fn new(config: Config, seen: Seen, inputs: Inputs) -> Self {
        let page = random_token();
        let moved = inputs.clone();
        let moved = move || send(&moved, Input::NetworkMoved);
        let mut listeners = on_network_change(moved);
        let shown = inputs.clone();
        listeners.push(EventListener::new(
            &leptos::prelude::document(),
            "visibilitychange",
            move |_| send(&shown, Input::Shown),
        ));
        let room = inputs.clone();
        listeners.push(EventListener::new(
            &leptos::prelude::window(),
            "hashchange",
            move |_| send(&room, Input::RoomChanged),
        ));
        seen.room.set(address::room());
        let certified = inputs.clone();
        task::spawn(async move {
            // Without one, each connection makes its own.
            if let Ok(certificate) = generate_certificate().await {
                send(&certified, Input::Certificate(certificate));
            }
        });
        let renewed = inputs.clone();
        let renewal = Interval::new(RENEWAL, move || ask_for_servers(&renewed, None));
        match memory::recall() {
            Some(memory) => {
                let inputs = inputs.clone();
                task::spawn(async move {
                    let is_ours = memory::claim(&memory.session).await;
                    send(&inputs, Input::Recalled(Some(memory).filter(|_| is_ours)));
                });
            }
            None => {
                seen.ready.set(true);
                if address::pass().is_some() {
                    // It says our name too.
                    send(&inputs, Input::Action(Action::Join(String::new())));
                }
            }
        }
        Self {
            call: Call::new(config.limits),
            link: Link::new(config.signaling.clone(), page.clone(), inputs.clone()),
            local: LocalMedia::new(inputs.clone()),
            config,
            seen,
            inputs,
            legs: Legs::new(),
            timer: None,
            page,
            calls_made: 0,
            memory: None,
            address: address::hash(),
            claimed: String::new(),
            _listeners: listeners,
            _renewal: renewal,
        }
    }

    async fn run(mut self, mut waiting: UnboundedReceiver<Input>) {
        while let Some(input) = waiting.next().await {
            let was_up = self.link.status() == LinkStatus::Up;
            self.handle(input);
            if was_up && self.link.status() != LinkStatus::Up {
                self.tell(Event::LinkLost);
            }
            while let Some(command) = self.call.poll_command() {
                self.obey(command);
            }
            if self.link.status() == LinkStatus::Carried && self.call.view().stage == Stage::Idle {
                // Nobody else is here.
                self.link.put_down();
                self.named(String::new());
                self.seen.people.set(People::default());
                self.call.set_limits(self.config.limits);
            }
            self.arm_timer();
            self.show();
            self.remember();
        }
    }

    fn handle(&mut self, input: Input) {
        match input {
            Input::Action(action) => self.act(action),
            Input::Transport(serial, event) => {
                if self.link.listens_to(serial) {
                    self.transport(serial, event);
                }
            }
            Input::Reconnect => self.link.connect(),
            Input::TryExpired(serial) => self.link.expire(serial),
            Input::AskTheWay => self.link.ask_the_way(),
            Input::Reached => self.link.reached(),
            Input::Ping => self.link.ping(),
            Input::Gathered => self.seen.code.set(self.link.code().unwrap_or_default()),
            Input::NetworkMoved => {
                self.link.moved();
                self.tell(Event::NetworkMoved);
            }
            Input::Recalled(memory) => self.recalled(memory),
            Input::Certificate(certificate) => self.config.set_certificate(&certificate),
            Input::Servers(leg, fresh) => self.take_servers(leg, fresh),
            Input::Peer(serial, event) => self.peer_event(serial, event),
            Input::Operation(serial, event) => {
                if let Some(leg) = self.legs.by_serial(serial) {
                    let id = leg.id;
                    if event == LegEvent::Carries {
                        leg.first_frame = None;
                    }
                    self.tell(Event::Leg(id, event));
                }
            }
            Input::Media(request, outcome) => {
                if let Some(outcome) = self.local.hold(request, outcome) {
                    self.media(outcome);
                }
            }
            Input::Source(asked, outcome) => {
                let replaced = self.local.replace(asked, outcome, self.legs.all());
                self.warn(replaced.err().as_ref().map(words::media_error));
            }
            Input::Devices(devices) => self.seen.devices.set(devices),
            Input::RoomChanged => self.change_room(),
            Input::Tick | Input::Shown => self.call.handle_timeout(now()),
        }
    }

    // What people do.

    fn act(&mut self, action: Action) {
        self.seen.notice.set(None);
        match action {
            Action::Join(name) => {
                self.link.join(name);
                self.look_for_devices();
            }
            Action::NewRoom => address::go_to(&random_token()),
            Action::Lobby => address::go_to(""),
            Action::Dial(_) if self.link.status() == LinkStatus::Off => {}
            Action::Dial(peer) => {
                let id = CallId {
                    page: self.page.clone(),
                    nth: self.calls_made,
                };
                self.calls_made += 1;
                self.tell(Event::Dial { peer, id });
            }
            Action::Invite { me, peer } => {
                self.carry(me, peer.clone());
                self.act(Action::Dial(peer));
            }
            Action::Paste(code) => self.paste(&code),
            Action::Accept => self.tell(Event::Accept),
            Action::Decline => self.tell(Event::Decline),
            Action::HangUp => self.tell(Event::HangUp),
            Action::Say { text, to } => self.say(text, to),
            Action::Toggle(source) => self.local.toggle(source, self.legs.all()),
            Action::Choose(source, device) => self.local.choose(source, device),
            Action::Quality(height) => self.local.set_height(height),
            Action::Leave => {
                let is_carried = self.link.status() == LinkStatus::Carried;
                let comes_back = self.call.record().is_some();
                self.tell(match is_carried {
                    true => Event::HangUp,
                    false => Event::PageCloses,
                });
                while let Some(command) = self.call.poll_command() {
                    self.obey(command);
                }
                // A session that may come back is left as it is; its server waits for it.
                if !comes_back || self.link.session().is_none() {
                    self.link.leave();
                }
            }
        }
    }

    /// The address names another room: we go there, under the same name.
    fn change_room(&mut self) {
        let wanted = address::hash();
        if wanted == self.address {
            return;
        }
        if self.call.view().stage != Stage::Idle {
            address::set_hash(&self.address);
            return self.warn(Some(words::CALL_IN_ROOM.into()));
        }
        self.address = wanted;
        self.seen.room.set(address::room());
        self.seen.chat.set(Vec::new());
        self.seen.people.set(People::default());
        // Who was called is in the other room.
        self.call.forget_ended();
        self.link.change_room();
    }

    /// The page was loaded anew: it comes back into its session, and into its call.
    fn recalled(&mut self, memory: Option<Memory>) {
        self.seen.ready.set(true);
        let Some(memory) = memory else {
            memory::remember(None);
            return self.warn(Some(words::ANOTHER_TAB.into()));
        };
        self.claimed.clone_from(&memory.session);
        self.named(memory.name.clone());
        self.link.restore(memory.session, memory.name);
        self.tell(Event::Rejoin(memory.call));
    }

    /// A code has come by hand: a call, or an answer to ours.
    fn paste(&mut self, code: &str) {
        let signals = match carried::read(code) {
            Ok(signals) => signals,
            Err(why) => return self.warn(Some(why)),
        };
        let names = |signal: &Signal| signal.target.clone().zip(signal.name.clone());
        if let Some((me, peer)) = signals.first().and_then(names)
            && self.link.status() != LinkStatus::Carried
        {
            self.carry(me, peer);
        }
        for signal in signals {
            self.tell(Event::Received(signal));
        }
        if self.call.view().stage == Stage::Idle {
            self.warn(Some(words::STALE_CODE.into()));
        }
    }

    /// From now on, people carry what is said: that takes as long as it takes.
    fn carry(&mut self, me: String, peer: String) {
        self.call.set_limits(Limits {
            answer: CARRYING,
            no_path: CARRYING,
            ..self.config.limits
        });
        self.named(me.clone());
        let both = vec![me.clone(), peer];
        self.seen.people.set(People::new(both, Vec::new()));
        self.link.carry(me);
    }

    /// Keeps for the next page what it needs to come back.
    fn remember(&mut self) {
        let session = self.link.session().unwrap_or_default();
        if !session.is_empty() && session != self.claimed {
            self.claimed = session.to_owned();
            let session = self.claimed.clone();
            task::spawn(async move {
                memory::claim(&session).await;
            });
        }
        let is_carried = self.link.status() == LinkStatus::Carried;
        let record = self.call.record().filter(|_| !is_carried);
        let memory = record.map(|call| Memory {
            session: self.claimed.clone(),
            name: self.link.name().to_owned(),
            call,
        });
        if memory != self.memory {
            memory::remember(memory.as_ref());
            self.memory = memory;
        }
    }

    fn say(&mut self, text: String, to: Option<String>) {
        let date = Some(js_sys::Date::now());
        let is_carried = self.link.status() == LinkStatus::Carried;
        let to = to.or_else(|| is_carried.then(|| self.call.view().peer));
        let reaches = to.as_ref().is_some_and(|to| self.call.reaches(to));
        if is_carried && !reaches {
            return self.warn(Some(words::NOT_YET.into()));
        }
        if let Some(to) = to
            .as_ref()
            .filter(|to| !reaches && !self.seen.people.read_untracked().contains(to))
        {
            return self.warn(Some(words::not_here(to)));
        }
        if let Some(to) = &to {
            // The server tells the sender only what it tells everybody.
            let from = self.seen.name.get_untracked();
            self.chat(from, text.clone(), Some(to.clone()));
        }
        if reaches {
            return self.tell(Event::Say(text));
        }
        self.link.send(Message::Text {
            name: None,
            text,
            id: None,
            date,
            target: to,
        });
    }

    // What the others say.

    fn transport(&mut self, serial: u32, event: TransportEvent) {
        match event {
            TransportEvent::Received(message) => match self.link.receive(serial, message) {
                LinkNews::Message(message) => self.receive(message),
                LinkNews::Up { anew } => self.tell(Event::LinkUp { anew }),
                LinkNews::Begun => {
                    if !self.link.is_resuming() {
                        // The server may be another one than before, with other ICE servers.
                        ask_for_servers(&self.inputs, None);
                    }
                    self.named(self.link.name().to_owned());
                    let overheard = self.link.is_overheard();
                    self.warn(overheard.then(|| words::NO_ROOMS.into()));
                }
                LinkNews::Nothing => {}
            },
            TransportEvent::Unreadable(why) => {
                self.link.count();
                log(&format!("unreadable message: {why}"));
            }
            TransportEvent::Closed { opened, reason } => {
                self.link.closed(serial, opened);
                if !reason.is_empty() {
                    self.warn(Some(reason));
                }
            }
        }
    }

    fn receive(&mut self, message: Message) {
        match message {
            Message::RejectUsername { name, .. } => {
                self.link.renamed(name.clone());
                self.named(name);
            }
            Message::UserList { users } => self.everybody(users, Vec::new()),
            Message::People { free, busy, .. } => self.everybody(free, busy),
            Message::Changes { free, busy, gone } => {
                let peer = self.call.view().peer;
                let is_peer = |name: &String| *name == peer;
                if gone.iter().any(is_peer) {
                    self.tell(Event::PeerLink { peer, up: false });
                } else if free.iter().chain(&busy).any(is_peer) {
                    self.tell(Event::PeerLink { peer, up: true });
                }
                self.seen.people.update(|people| {
                    for name in &gone {
                        people.remove(name);
                    }
                    for (names, busy) in [(free, false), (busy, true)] {
                        for name in names {
                            people.put(name, busy);
                        }
                    }
                });
            }
            Message::PeerGone { name: peer } => self.tell(Event::PeerLink { peer, up: false }),
            Message::Text {
                name, text, target, ..
            } => {
                self.chat(name.unwrap_or_default(), text, target);
            }
            Message::Signal(signal) => self.tell(Event::Received(signal)),
            Message::Error { code, text, target } => match (code.as_str(), target) {
                ("no-such-user", Some(peer)) => {
                    if self.call.view().peer != peer {
                        self.warn(Some(words::not_here(&peer)));
                    }
                    self.tell(Event::Unreachable { peer });
                }
                ("room-full" | "room-name" | "no-pass", _) => {
                    if self.call.view().stage == Stage::Idle {
                        self.link.put_down();
                        self.named(String::new());
                    }
                    self.warn(Some(text));
                }
                _ => self.warn(Some(text)),
            },
            Message::Id { .. }
            | Message::Username { .. }
            | Message::Resume { .. }
            | Message::Resumed { .. }
            | Message::Heard { .. }
            | Message::Ping
            | Message::Unknown { .. } => {}
        }
    }

    /// Tells who is here, and whether the other side of the call is.
    fn everybody(&mut self, free: Vec<String>, busy: Vec<String>) {
        if self.link.listed() {
            self.tell(Event::LinkUp { anew: true });
        }
        let people = People::new(free, busy);
        let peer = self.call.view().peer;
        let up = people.contains(&peer);
        self.tell(Event::PeerLink { peer, up });
        self.seen.people.set(people);
    }

    fn named(&mut self, name: String) {
        self.tell(Event::Named(name.clone()));
        self.seen.name.set(name);
    }

    fn chat(&self, from: String, text: String, to: Option<String>) {
        self.seen.chat.update(|lines| {
            if lines.len() == CHAT_LINES {
                lines.remove(0);
            }
            lines.push(ChatLine { from, text, to });
        });
    }

    // Small things.

    fn tell(&mut self, event: Event) {
        self.call.handle(event, now());
    }

    fn warn(&self, text: Option<String>) {
        if text.is_some() {
            self.seen.notice.set(text);
        }
    }

    fn look_for_devices(&self) {
        let inputs = self.inputs.clone();
        task::spawn(async move {
            // A page that may not ask simply offers no choice.
            if let Ok(devices) = devices().await {
                send(&inputs, Input::Devices(devices));
            }
        });
    }

    fn arm_timer(&mut self) {
        self.timer = self.call.poll_timeout().map(|due| {
            let wait = due.saturating_sub(now()).as_millis();
            let inputs = self.inputs.clone();
            Timeout::new(
                u32::try_from(wait).unwrap_or(u32::MAX).saturating_add(1),
                move || {
                    send(&inputs, Input::Tick);
                },
            )
        });
    }

    /// Shows what has changed.
    fn show(&mut self) {
        let view = self.call.view();
        if view != self.seen.call.get_untracked() {
            if view.stage == Stage::Idle {
                self.seen.peer_state.set(Default::default());
                if view.ended.as_ref().and_then(words::ended).is_some() {
                    // How it ended matters more than what was said before.
                    self.seen.notice.set(None);
                }
            }
            self.seen.call.set(view);
        }
        let stage = self.seen.call.read_untracked().stage;
        if matches!(stage, Stage::Connected { .. }) {
            // Nobody has to carry anything any more.
            self.call.set_limits(self.config.limits);
        }
        let needs_no_code = matches!(stage, Stage::Idle | Stage::Connected { .. });
        if needs_no_code && !self.seen.code.read_untracked().is_empty() {
            self.seen.code.set(String::new());
        }
        let waited = match stage {
            Stage::Interrupted { since } => now().saturating_sub(since).as_secs(),
            Stage::Idle
            | Stage::Preparing
            | Stage::Calling { .. }
            | Stage::Ringing
            | Stage::Connecting
            | Stage::Connected { .. } => 0,
        };
        if waited != self.seen.waited.get_untracked() {
            self.seen.waited.set(waited);
        }
        let local = self.local.view();
        if local != self.seen.local_view.get_untracked() {
            self.seen.local_view.set(local);
        }
        let stream = self.local.stream();
        if stream != self.seen.local.get_untracked() {
            self.seen.local.set(stream);
        }
        let link = self.link.status();
        if link != self.seen.link.get_untracked() {
            self.seen.link.set(link);
        }
    }
}

/// The loop ends only with the page.
pub(crate) fn send(inputs: &Inputs, input: Input) {
    let _ = inputs.unbounded_send(input);
}

/// The time since the page was opened.
fn now() -> Moment {
    let performance = web_sys::window().and_then(|window| window.performance());
    let millis = performance.map_or(0.0, |performance| performance.now());
    Duration::from_secs_f64(millis / 1000.0)
}

/// 128 bits that nobody can guess, as hexadecimal digits.
fn random_token() -> String {
    let mut bytes = [0; 16];
    let crypto = web_sys::window().and_then(|window| window.crypto().ok());
    if let Some(crypto) = crypto {
        // Fails only for arrays above 64 KiB.
        let _ = crypto.get_random_values_with_u8_array(&mut bytes);
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn log(line: &str) {
    leptos::logging::log!("holdfast: {line}");
}
