//! A ring that is noticed: heard, felt, and shown by the system while nobody looks at the page.

use gloo_timers::callback::Interval;
use holdfast_call::{CallState, CallView};

use super::action::Action;
use crate::{
    media::{Ringer, Tone},
    platform::{alert, alert::Alert, storage::Place, visibility},
    text,
};

/// Under which it is kept that it rings silently.
const QUIET: &str = "holdfast-quiet";

/// How a ring is felt, ms on and off, and how often.
const RHYTHM: [u32; 3] = [400, 200, 400];
const EVERY: u32 = 3_000;

/// The answers in a notification.
const ACCEPT: &str = "accept";
const DECLINE: &str = "decline";

/// What is heard and felt.
#[derive(Debug)]
pub(super) struct Ringing {
    ringer: Ringer,
    /// It makes no sound, and shakes nothing.
    quiet: bool,
    /// The same, for who rings now.
    silenced: bool,
    /// Who rings, the how manieth that is, and what tells of it.
    caller: String,
    nth: u32,
    alert: Option<Alert>,
    shaking: Option<Interval>,
}

impl Ringing {
    pub(super) fn new() -> Self {
        Self {
            ringer: Ringer::default(),
            quiet: Place::Browser.load(QUIET).is_some(),
            silenced: false,
            caller: String::new(),
            nth: 0,
            alert: None,
            shaking: None,
        }
    }

    pub(super) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Whether it makes no sound, from now on and in all tabs to come.
    pub(super) fn set_quiet(&mut self, quiet: bool) {
        self.quiet = quiet;
        Place::Browser.keep(QUIET, Some("1").filter(|_| quiet));
    }

    /// It makes no more sound for who rings now.
    pub(super) fn silence(&mut self) {
        self.silenced = true;
        self.shaking = None;
    }

    /// Somebody has come, whom the person may wait for.
    pub(super) fn chime(&mut self) {
        if !self.quiet {
            self.ringer.chime();
        }
    }

    /// The person has pressed something.
    pub(super) fn unlock(&mut self) {
        self.ringer.unlock();
    }

    /// Rings if the call does.
    pub(super) fn follow(&mut self, view: &CallView) {
        let caller = view.caller();
        self.silenced &= caller == Some(&*self.caller);
        self.ringer.follow(match view.state {
            _ if caller.is_some() => Some(Tone::In).filter(|_| !self.quiet && !self.silenced),
            CallState::Calling { ringing: true } => Some(Tone::Out),
            CallState::Idle
            | CallState::Preparing
            | CallState::Calling { ringing: false }
            | CallState::Ringing
            | CallState::Answering { .. }
            | CallState::Connecting
            | CallState::Connected { .. }
            | CallState::Interrupted { .. } => None,
        });
        let caller = caller.unwrap_or_default().to_owned();
        if caller != self.caller {
            self.shaking = Some(Interval::new(EVERY, || alert::vibrate(&RHYTHM)))
                .filter(|_| !caller.is_empty() && !self.quiet);
            self.alert = None;
            self.caller = caller;
            self.nth += u32::from(!self.caller.is_empty());
        }
        // Also when the page is hidden while it rings.
        let is_unseen = !self.caller.is_empty() && visibility::is_hidden();
        if is_unseen && self.alert.is_none() {
            let [accept, decline] = text::answers();
            let answers = [(ACCEPT, accept), (DECLINE, decline)];
            let answers = answers.map(|(answer, title)| (self.action(answer), title));
            self.alert = Alert::new(&text::is_calling(&self.caller), &answers);
        }
    }

    /// What the person wants who has pressed that answer in a notification: nothing, once nobody rings, or somebody
    /// else does.
    pub(super) fn answered(&self, answer: &str) -> Option<Action> {
        match answer {
            _ if self.caller.is_empty() => None,
            accept if accept == self.action(ACCEPT) => Some(Action::Accept),
            decline if decline == self.action(DECLINE) => Some(Action::Decline),
            _ => None,
        }
    }

    /// What an answer to the one who rings now is called.
    fn action(&self, answer: &str) -> String {
        [answer, &self.nth.to_string()].join(" ")
    }
}
