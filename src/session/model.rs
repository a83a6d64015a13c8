//! What views read, and what they can do.

use holdfast_call::CallView;
use leptos::prelude::{LocalStorage, RwSignal, StoredValue, WithValue};
use web_sys::MediaStream;

use super::{Input, Inputs, People, send};
use crate::{
    rtc::{Device, PeerState, Source},
    signaling::LinkStatus,
};

/// What a person can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Come in under this name.
    Join(String),
    /// Go to a room that nobody knows of yet.
    NewRoom,
    /// Go back to the lobby.
    Lobby,
    /// Call this person.
    Dial(String),
    /// Call somebody without a server: make a code for them.
    Invite {
        /// Our name.
        me: String,
        /// Theirs.
        peer: String,
    },
    /// Open a code that somebody has made.
    Paste(String),
    /// Take the call that rings.
    Accept,
    /// Refuse it.
    Decline,
    /// End the call, or stop calling.
    HangUp,
    /// Write in the chat.
    Say {
        /// What.
        text: String,
        /// To whom; to all if none.
        to: Option<String>,
    },
    /// Turn camera or microphone on or off.
    Toggle(Source),
    /// Use this device; whichever the browser likes if none.
    Choose(Source, Option<String>),
    /// Ask the camera for this height in pixels.
    Quality(Option<u32>),
    /// The page is being closed.
    Leave,
}

/// The way to act on a session.
#[derive(Debug, Clone, Copy)]
pub struct Act(StoredValue<Inputs, LocalStorage>);

impl Act {
    pub(super) fn new(inputs: Inputs) -> Self {
        Self(StoredValue::new_local(inputs))
    }

    /// Does it.
    pub fn act(&self, action: Action) {
        self.0
            .with_value(|inputs| send(inputs, Input::Action(action)));
    }
}

/// What views read.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    /// The configuration is loaded; people can come in.
    pub ready: RwSignal<bool>,
    /// Why nothing works, for who runs the site.
    pub fatal: RwSignal<Option<String>>,
    /// Our name; empty before we have one.
    pub name: RwSignal<String>,
    /// Our link to the others.
    pub link: RwSignal<LinkStatus>,
    /// The room we are in, or about to come into; empty for the lobby, none if a pass says which.
    pub room: RwSignal<Option<String>>,
    /// Who is here, we too.
    pub people: RwSignal<People>,
    /// What was written.
    pub chat: RwSignal<Vec<ChatLine>>,
    /// The call.
    pub call: RwSignal<CallView>,
    /// For how many seconds the call has been interrupted.
    pub waited: RwSignal<u64>,
    /// What is to be carried to the other side by hand; empty if nothing is.
    pub code: RwSignal<String>,
    /// Something to tell the person.
    pub notice: RwSignal<Option<String>>,
    /// Our own camera and microphone.
    pub local: RwSignal<Option<MediaStream>, LocalStorage>,
    /// What of them is on.
    pub local_view: RwSignal<LocalView>,
    /// The other side's.
    pub remote: RwSignal<Option<MediaStream>, LocalStorage>,
    /// Whether there is a picture among it.
    pub remote_has_video: RwSignal<bool>,
    /// What can be chosen.
    pub devices: RwSignal<Vec<Device>>,
    /// The browser's states of the connection.
    pub peer_state: RwSignal<PeerState>,
}

impl Seen {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            ready: RwSignal::new(false),
            fatal: RwSignal::new(None),
            name: RwSignal::new(String::new()),
            link: RwSignal::new(LinkStatus::Off),
            room: RwSignal::new(None),
            people: RwSignal::new(People::default()),
            chat: RwSignal::new(Vec::new()),
            call: RwSignal::new(CallView::default()),
            waited: RwSignal::new(0),
            code: RwSignal::new(String::new()),
            notice: RwSignal::new(None),
            local: RwSignal::new_local(None),
            local_view: RwSignal::new(LocalView::default()),
            remote: RwSignal::new_local(None),
            remote_has_video: RwSignal::new(false),
            devices: RwSignal::new(Vec::new()),
            peer_state: RwSignal::new(PeerState::default()),
        }
    }
}

impl Default for Seen {
    fn default() -> Self {
        Self::new()
    }
}

/// A line of chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatLine {
    /// Who wrote it.
    pub from: String,
    /// What.
    pub text: String,
    /// To whom, if not to all.
    pub to: Option<String>,
}

/// What of our own media is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalView {
    /// The camera is on, or will be in the next call.
    pub camera: bool,
    /// The same of the microphone.
    pub microphone: bool,
    /// There is a picture of ours.
    pub has_video: bool,
}

impl Default for LocalView {
    fn default() -> Self {
        Self {
            camera: true,
            microphone: true,
            has_video: false,
        }
    }
}
