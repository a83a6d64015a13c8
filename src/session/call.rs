//! The call's state machine, driven: the time, its timer, and how long it waits.

use std::time::Duration;

use gloo_timers::callback::Timeout;
use holdfast_call::{CallRecord, CallState, CallView, Command, Endpoint, Event, Limits, Secret};
use holdfast_protocol::CallId;

use super::{
    input::{Input, Inputs},
    now::now,
    resume::Resume,
};
use crate::platform::random;

/// Drives an [`Endpoint`].
pub(super) struct CallDriver {
    endpoint: Endpoint,
    /// The limits of config.json, which hold where the way that messages take needs no more.
    limits: Limits,
    inputs: Inputs,
    timer: Option<Timeout>,
}

impl CallDriver {
    pub(super) fn new(limits: Limits, inputs: Inputs) -> Self {
        let mut endpoint = Endpoint::new(limits, Secret::new(random::bytes()));
        endpoint.handle(Event::Over(Resume::over()), now());
        Self {
            endpoint,
            limits,
            inputs,
            timer: None,
        }
    }

    /// Tells the call what happened.
    pub(super) fn feed(&mut self, event: Event) {
        self.endpoint.handle(event, now());
    }

    /// The call's timer is due.
    pub(super) fn tick(&mut self) {
        self.endpoint.handle_timeout(now());
    }

    /// The next thing to do, if any.
    pub(super) fn poll_command(&mut self) -> Option<Command> {
        self.endpoint.poll_command()
    }

    /// Sets the timer for what is due next.
    pub(super) fn arm(&mut self) {
        self.timer = self.endpoint.poll_timeout().map(|due| {
            let wait = u32::try_from(due.since(now()).as_millis()).unwrap_or(u32::MAX);
            let inputs = self.inputs.clone();
            Timeout::new(wait.saturating_add(1), move || inputs.send(Input::Tick))
        });
    }

    /// Waits as long as that for an answer and for a path, or as config.json says.
    pub(super) fn wait_for(&mut self, patience: Option<Duration>) {
        let limits = match patience {
            Some(patience) => Limits {
                answer: patience,
                no_path: patience,
                ..self.limits
            },
            None => self.limits,
        };
        self.endpoint.set_limits(limits);
    }

    /// Whoever shows a key made from that secret finds a path while it rings; or nobody does.
    pub(super) fn let_in(&mut self, contacts: Option<Secret>) {
        self.endpoint.set_contacts(contacts);
    }

    /// Nobody finds a path while it rings any more; nor in a call that there is.
    pub(super) fn forget_contacts(&mut self) {
        self.endpoint.forget_contacts();
    }

    /// Whether the other end is one of ours.
    pub(super) fn peer_is_ours(&self) -> bool {
        self.endpoint.peer_is_ours()
    }

    /// How the last call ended is of no interest any more.
    pub(super) fn forget_ended(&mut self) {
        self.endpoint.forget_ended();
    }

    pub(super) fn view(&self) -> CallView {
        self.endpoint.view()
    }

    pub(super) fn is_idle(&self) -> bool {
        self.endpoint.view().state == CallState::Idle
    }

    /// For how many seconds the call has been connected, or interrupted.
    pub(super) fn seconds(view: &CallView) -> u64 {
        match view.state {
            CallState::Connected { since } | CallState::Interrupted { since } => {
                now().since(since).as_secs()
            }
            CallState::Idle
            | CallState::Preparing
            | CallState::Calling { .. }
            | CallState::Ringing
            | CallState::Answering { .. }
            | CallState::Connecting => 0,
        }
    }

    /// Whether what is written to that person is said in the call.
    pub(super) fn reaches(&self, peer: &str) -> bool {
        self.endpoint.reaches(peer)
    }

    /// Calls that are over.
    pub(super) fn over(&self) -> impl Iterator<Item = &(CallId, Secret)> {
        self.endpoint.over()
    }

    /// The state with which the page comes back into the call.
    pub(super) fn record(&self) -> Option<CallRecord> {
        self.endpoint.record()
    }
}
