//! Actions of people.

use leptos::prelude::{LocalStorage, StoredValue, WithValue};

use crate::media::{Sound, Source};

/// Something that a person does.
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
    /// Call this person, with neither camera nor microphone.
    DialWithout(String),
    /// Call somebody without a server: make a code for them.
    Invite {
        /// Our name.
        me: String,
        /// Theirs.
        peer: String,
    },
    /// Open a code that somebody has made.
    Paste(String),
    /// Look at one's own camera, and hear whether the microphone does, before a call.
    Preview,
    /// Take the call that rings.
    Accept,
    /// Take it without a picture of ours.
    AcceptAudio,
    /// Refuse it.
    Decline,
    /// Let it ring without a sound, this time.
    Silence,
    /// Want to hear of somebody no more, or do again; as long as this page is open.
    Block {
        /// Whom.
        peer: String,
        /// No more.
        blocked: bool,
    },
    /// Read what was told.
    Dismiss,
    /// End the call, or stop calling.
    HangUp,
    /// Write in the chat.
    Chat {
        /// The text.
        text: String,
        /// To whom; to all if none.
        to: Option<String>,
    },
    /// Turn camera or microphone on or off.
    Toggle(Source),
    /// The browser lets this page use it, and did not before; nobody presses that.
    Allowed(Source),
    /// Use the camera that looks the other way.
    TurnCamera,
    /// Send pictures, or sound alone because the network has no room for more; nobody presses that.
    SendPictures(bool),
    /// Be heard softly, because somebody has come; nobody presses that.
    Chime,
    /// Share the screen, or share it no more.
    ToggleScreen,
    /// Use this device; whichever the browser likes if none.
    Choose(Source, Option<String>),
    /// Ask the camera for this height in pixels.
    Quality(Option<u32>),
    /// Take that of what the microphone hears.
    Sound(Sound),
    /// Receive and send pictures at no higher rate than that, kbit/s: none at 0, and any if it is empty.
    Limit(String),
    /// Let a ring make no sound, or let it.
    Quiet(bool),
    /// Let people who have been talked with before be met while it rings, or do not.
    Early(bool),
    /// Ask to be allowed to notify the person while nobody looks at the page.
    Notify,
    /// Forget what this browser is known by.
    ForgetDevice,
    /// See how well the call gets through; nobody presses that.
    Measure,
    /// The page is being closed.
    Leave,
}

/// The way from the views to the session.
#[derive(Debug, Clone, Copy)]
pub struct Dispatch(StoredValue<Box<dyn Fn(Action)>, LocalStorage>);

impl Dispatch {
    pub(super) fn new(dispatch: impl Fn(Action) + 'static) -> Self {
        Self(StoredValue::new_local(Box::new(dispatch)))
    }

    /// Does something.
    pub fn dispatch(&self, action: Action) {
        self.0.with_value(|dispatch| dispatch(action));
    }
}
