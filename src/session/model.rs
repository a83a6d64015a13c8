//! The signals that views read, and the only hand that writes them.

use std::{cell::Cell, rc::Rc};

use holdfast_call::{CallState, CallView};
use wasm_bindgen::JsValue;
use web_sys::MediaStream;

use super::{
    address,
    chat::{ChatLine, ChatLog},
    notice::Notice,
    presence::Presence,
};
use crate::{
    config::ConfigError,
    live::Live,
    media::{Chosen, Device, LocalMediaView},
    rtc::PeerState,
    signaling::LinkView,
};

/// Declares each signal once, for its readers and for its writer.
macro_rules! model {
    ($($(#[$doc:meta])* $name:ident: $type:ty = $initial:expr;)+) => {
        /// The signals as views read them.
        #[derive(Debug, Clone, Copy)]
        pub struct Model {
            $($(#[$doc])* pub $name: Shown<$type>,)+
        }

        /// The signals as the session writes them.
        #[derive(Debug)]
        pub(super) struct ModelWriter {
            $($name: Live<$type>,)+
            /// The person has been told something since the call was last shown.
            told: Cell<bool>,
        }

        /// Nothing yet.
        pub(super) fn new() -> (Model, ModelWriter) {
            $(let $name = Live::<$type>::new($initial);)+
            let model = Model { $($name: Shown($name),)+ };
            (model, ModelWriter { $($name,)+ told: Cell::new(false) })
        }
    };
}

/// A signal to be read, and not to be written.
#[derive(Debug)]
pub struct Shown<T>(Live<T>);

impl<T> Clone for Shown<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Shown<T> {}

impl<T: Clone + 'static> Shown<T> {
    /// Whoever asks is told when it changes.
    pub fn track(&self) {
        self.0.track();
    }

    /// The value; whoever asks is told when it changes.
    #[must_use]
    pub fn read(&self) -> Rc<T> {
        self.0.read()
    }

    /// The value as it is now.
    #[must_use]
    pub fn read_untracked(&self) -> Rc<T> {
        self.0.read_untracked()
    }

    /// A copy of the value; whoever asks is told when it changes.
    #[must_use]
    pub fn get(&self) -> T {
        self.0.get()
    }

    /// A copy of the value as it is now.
    #[must_use]
    pub fn get_untracked(&self) -> T {
        self.0.get_untracked()
    }
}

model! {
    /// The configuration is loaded; people can come in.
    ready: bool = false;
    /// Why nothing works, for who runs the site.
    fatal: Option<ConfigError> = None;
    /// Our name; empty before we have one.
    name: String = String::new();
    /// Our link to the others.
    link: LinkView = LinkView::Off;
    /// The room we are in, or about to come into; empty for the lobby, none if a pass says which.
    room: Option<String> = None;
    /// Who is called by whoever comes by this link; empty if that is for them to say.
    callee: String = String::new();
    /// The name that this browser had last; empty if it had none.
    known_name: String = String::new();
    /// Those of whom the person wants to hear no more.
    blocked: Vec<String> = Vec::new();
    /// Everybody here, we too.
    presence: Presence = Presence::default();
    /// Messages that were written.
    chat: ChatLog = ChatLog::default();
    /// The call.
    call: CallView = CallView::default();
    /// For how many seconds the call has been connected, or interrupted.
    seconds: u64 = 0;
    /// The code that is to be taken to the other side by hand; empty if there is none.
    code: String = String::new();
    /// Something to tell the person.
    notice: Option<Notice> = None;
    /// Our own camera and microphone.
    local: Option<MediaStream> = None;
    /// Sources of them that are on.
    local_view: LocalMediaView = LocalMediaView::default();
    /// The server lists nobody here, not even us.
    unlisted: bool = false;
    /// A ring makes no sound.
    quiet: bool = false;
    /// Whoever has been talked with before is met while it rings.
    early: bool = true;
    /// The person can be asked to let this page notify them.
    can_ask: bool = false;
    /// The highest rate of pictures that is wanted, kbit/s; empty if as high as can be.
    limit: String = String::new();
    /// Devices and size that are chosen.
    chosen: Chosen = Chosen::default();
    /// The other side's.
    remote: Option<MediaStream> = None;
    /// Whether there is a picture among it.
    remote_has_video: bool = false;
    /// The other side's screen, while they share it.
    remote_screen: Option<MediaStream> = None;
    /// What we share of ours: `monitor`, `window`, `browser`, or what this browser does not say; none if nothing.
    sharing: Option<String> = None;
    /// Devices that can be chosen.
    devices: Vec<Device> = Vec::new();
    /// What the connection tells of itself; as often as it is asked.
    report: Option<JsValue> = None;
    /// The browser's states of the connection.
    peer_state: PeerState = PeerState::default();
}

impl Model {
    /// Takes whom a link is for calling out of the page's address.
    pub fn forget_callee(&self) {
        address::forget_callee();
    }

    /// The link by which somebody comes to where we are, and calls us if that is wanted.
    #[must_use]
    pub fn link_to_here(&self, calls_us: bool) -> String {
        self.room.track();
        match calls_us {
            true => address::link(&self.name.read()),
            false => address::link(""),
        }
    }
}

impl ModelWriter {
    pub(super) fn ready(&self) {
        self.ready.set(true);
    }

    pub(super) fn fatal(&self, error: Option<ConfigError>) {
        // What is said already is not said again.
        if *self.fatal.read_untracked() != error {
            self.fatal.set(error);
        }
    }

    pub(super) fn quiet(&self, quiet: bool) {
        self.quiet.set(quiet);
    }

    pub(super) fn unlisted(&self, unlisted: bool) {
        self.unlisted.set(unlisted);
    }

    pub(super) fn early(&self, early: bool) {
        self.early.set(early);
    }

    pub(super) fn can_ask(&self, can_ask: bool) {
        self.can_ask.set(can_ask);
    }

    pub(super) fn limit(&self, limit: String) {
        self.limit.set(limit);
    }

    pub(super) fn known_name(&self, name: String) {
        self.known_name.set(name);
    }

    pub(super) fn block(&self, name: &str, blocked: bool) {
        self.blocked.update(|names| {
            names.retain(|known| known != name);
            if blocked {
                names.push(name.to_owned());
            }
        });
    }

    pub(super) fn name(&self, name: String) {
        self.name.set(name);
    }

    pub(super) fn room(&self, room: Option<String>) {
        self.room.set(room);
    }

    pub(super) fn callee(&self, callee: String) {
        self.callee.set(callee);
    }

    pub(super) fn notice(&self, notice: Option<Notice>) {
        self.told.set(notice.is_some());
        self.notice.set(notice);
    }

    pub(super) fn code(&self, code: String) {
        self.code.set(code);
    }

    pub(super) fn devices(&self, devices: Vec<Device>) {
        self.devices.set(devices);
    }

    pub(super) fn peer_state(&self, state: PeerState) {
        self.peer_state.set(state);
    }

    pub(super) fn report(&self, report: JsValue) {
        self.report.set(Some(report));
    }

    /// The people here change.
    pub(super) fn presence(&self, change: impl FnOnce(&mut Presence)) {
        self.presence.update(change);
    }

    pub(super) fn chat(&self, line: ChatLine) {
        if self.blocked.read_untracked().contains(&line.from) {
            return;
        }
        self.chat.update(|chat| chat.add(line));
    }

    pub(super) fn clear_chat(&self) {
        self.chat.update(ChatLog::clear);
    }

    /// The other side's sound and picture.
    pub(super) fn remote(&self, stream: Option<MediaStream>, has_video: bool) {
        set(&self.remote, stream);
        self.remote_has_video.set(has_video);
    }

    /// The screen that the other side shares.
    pub(super) fn remote_screen(&self, stream: Option<MediaStream>) {
        set(&self.remote_screen, stream);
    }

    pub(super) fn sharing(&self, sharing: Option<String>) {
        if sharing != *self.sharing.read_untracked() {
            self.sharing.set(sharing);
        }
    }

    /// Our link to the others. What was said of it when it went is over with it.
    pub(super) fn link(&self, link: LinkView) {
        if *self.link.read_untracked() != link {
            let is_of_link = matches!(*self.notice.read_untracked(), Some(Notice::Closed(_)));
            if link == LinkView::Up && is_of_link {
                self.notice(None);
            }
            self.link.set(link);
        }
    }

    /// Our own sound and picture.
    pub(super) fn local(&self, stream: Option<MediaStream>, view: LocalMediaView, chosen: Chosen) {
        set(&self.local, stream);
        if *self.chosen.read_untracked() != chosen {
            self.chosen.set(chosen);
        }
        if *self.local_view.read_untracked() != view {
            self.local_view.set(view);
        }
    }

    /// The call; it has been connected or interrupted for so many seconds. How a call ended matters more than
    /// what was said before: `has_reason` tells whether there is something to say about that. What
    /// was said together with the end says why it ended, and stays.
    pub(super) fn call(&self, view: CallView, seconds: u64, has_reason: bool) {
        let is_idle = view.state == CallState::Idle;
        let needs_code = !is_idle && !matches!(view.state, CallState::Connected { .. });
        let told = self.told.take();
        if view != *self.call.read_untracked() {
            if is_idle {
                self.peer_state(PeerState::default());
                if has_reason && !told {
                    self.notice(None);
                }
            }
            self.call.set(view);
        }
        if !needs_code && !self.code.read_untracked().is_empty() {
            self.code(String::new());
        }
        if seconds != self.seconds.get_untracked() {
            self.seconds.set(seconds);
        }
    }
}

/// Sets a stream where it is another one.
fn set(signal: &Live<Option<MediaStream>>, stream: Option<MediaStream>) {
    if *signal.read_untracked() != stream {
        signal.set(stream);
    }
}
