//! The signals that views read, and the only hand that writes them.

use std::{cell::Cell, panic::Location};

use holdfast_call::{CallState, CallView};
use leptos::prelude::{
    DefinedAt, GetUntracked, LocalStorage, ReadUntracked, RwSignal, Set, SyncStorage, Track, Update,
};
use web_sys::MediaStream;

use super::{chat::ChatLine, notice::Notice, presence::Presence};
use crate::{
    config::ConfigError,
    media::{Device, LocalMediaView},
    rtc::PeerState,
    signaling::LinkView,
};

/// How many lines of chat are kept.
const CHAT_LINES: usize = 500;

/// Declares each signal once, for its readers and for its writer.
macro_rules! model {
    ($($(#[$doc:meta])* $name:ident: $type:ty, $storage:ty = $make:ident($initial:expr);)+) => {
        /// The signals as views read them.
        #[derive(Debug, Clone, Copy)]
        pub struct Model {
            $($(#[$doc])* pub $name: Shown<$type, $storage>,)+
        }

        /// The signals as the session writes them.
        #[derive(Debug)]
        pub(super) struct ModelWriter {
            $($name: RwSignal<$type, $storage>,)+
            /// The person has been told something since the call was last shown.
            told: Cell<bool>,
        }

        /// Nothing yet.
        pub(super) fn new() -> (Model, ModelWriter) {
            $(let $name = RwSignal::$make($initial);)+
            let model = Model { $($name: Shown($name),)+ };
            (model, ModelWriter { $($name,)+ told: Cell::new(false) })
        }
    };
}

/// A signal to be read, and not to be written: one `RwSignal`, because two halves weigh twice as much.
#[derive(Debug)]
pub struct Shown<T, S = SyncStorage>(RwSignal<T, S>);

impl<T, S> Clone for Shown<T, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, S> Copy for Shown<T, S> {}

impl<T, S> DefinedAt for Shown<T, S> {
    fn defined_at(&self) -> Option<&'static Location<'static>> {
        self.0.defined_at()
    }
}

impl<T, S> Track for Shown<T, S>
where
    RwSignal<T, S>: Track,
{
    fn track(&self) {
        self.0.track();
    }
}

impl<T, S> ReadUntracked for Shown<T, S>
where
    RwSignal<T, S>: ReadUntracked,
{
    type Value = <RwSignal<T, S> as ReadUntracked>::Value;

    fn try_read_untracked(&self) -> Option<Self::Value> {
        self.0.try_read_untracked()
    }
}

model! {
    /// The configuration is loaded; people can come in.
    ready: bool, SyncStorage = new(false);
    /// Why nothing works, for who runs the site.
    fatal: Option<ConfigError>, SyncStorage = new(None);
    /// Our name; empty before we have one.
    name: String, SyncStorage = new(String::new());
    /// Our link to the others.
    link: LinkView, SyncStorage = new(LinkView::Off);
    /// The room we are in, or about to come into; empty for the lobby, none if a pass says which.
    room: Option<String>, SyncStorage = new(None);
    /// Everybody here, we too.
    presence: Presence, SyncStorage = new(Presence::default());
    /// Messages that were written.
    chat: Vec<ChatLine>, SyncStorage = new(Vec::new());
    /// The call.
    call: CallView, SyncStorage = new(CallView::default());
    /// For how many seconds the call has been interrupted.
    waited: u64, SyncStorage = new(0);
    /// The code that is to be taken to the other side by hand; empty if there is none.
    code: String, SyncStorage = new(String::new());
    /// Something to tell the person.
    notice: Option<Notice>, SyncStorage = new(None);
    /// Our own camera and microphone.
    local: Option<MediaStream>, LocalStorage = new_local(None);
    /// Sources of them that are on.
    local_view: LocalMediaView, SyncStorage = new(LocalMediaView::default());
    /// The other side's.
    remote: Option<MediaStream>, LocalStorage = new_local(None);
    /// Whether there is a picture among it.
    remote_has_video: bool, SyncStorage = new(false);
    /// Devices that can be chosen.
    devices: Vec<Device>, SyncStorage = new(Vec::new());
    /// The browser's states of the connection.
    peer_state: PeerState, SyncStorage = new(PeerState::default());
}

impl ModelWriter {
    pub(super) fn ready(&self) {
        self.ready.set(true);
    }

    pub(super) fn fatal(&self, error: ConfigError) {
        self.fatal.set(Some(error));
    }

    pub(super) fn name(&self, name: String) {
        self.name.set(name);
    }

    pub(super) fn room(&self, room: Option<String>) {
        self.room.set(room);
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

    /// The people here change.
    pub(super) fn presence(&self, change: impl FnOnce(&mut Presence)) {
        self.presence.update(change);
    }

    pub(super) fn chat(&self, line: ChatLine) {
        self.chat.update(|lines| {
            if lines.len() == CHAT_LINES {
                lines.remove(0);
            }
            lines.push(line);
        });
    }

    pub(super) fn clear_chat(&self) {
        self.chat.set(Vec::new());
    }

    /// The other side's sound and picture.
    pub(super) fn remote(&self, stream: Option<MediaStream>, has_video: bool) {
        set(&self.remote, stream);
        self.remote_has_video.set(has_video);
    }

    pub(super) fn link(&self, link: LinkView) {
        if *self.link.read_untracked() != link {
            self.link.set(link);
        }
    }

    /// Our own sound and picture.
    pub(super) fn local(&self, stream: Option<MediaStream>, view: LocalMediaView) {
        set(&self.local, stream);
        if *self.local_view.read_untracked() != view {
            self.local_view.set(view);
        }
    }

    /// The call; it has been interrupted for so many seconds. How a call ended matters more than
    /// what was said before: `has_reason` tells whether there is something to say about that. What
    /// was said together with the end says why it ended, and stays.
    pub(super) fn call(&self, view: CallView, waited: u64, has_reason: bool) {
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
        if waited != self.waited.get_untracked() {
            self.waited.set(waited);
        }
    }
}

/// Sets a stream where it is another one.
fn set(signal: &RwSignal<Option<MediaStream>, LocalStorage>, stream: Option<MediaStream>) {
    if *signal.read_untracked() != stream {
        signal.set(stream);
    }
}
