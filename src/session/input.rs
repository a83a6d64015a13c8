//! Everything that can happen to a session.

use futures_channel::mpsc::UnboundedSender;
use holdfast_call::{CallRecord, LegId};
use wasm_bindgen::JsValue;

use super::{action::Action, legs::LegNews, resume::Record};
use crate::{
    media::{CaptureEvent, ScreenEvent},
    rtc::{Certificate, Configuration},
    signaling::SignalingEvent,
};

/// Something for the loop.
#[derive(Debug)]
pub(super) enum Input {
    /// Of a person.
    Action(Action),
    /// An answer was pressed in a notification.
    Answered(String),
    Signaling(SignalingEvent),
    /// Of the connection with this number.
    Leg(u32, LegNews),
    Capture(CaptureEvent),
    Screen(ScreenEvent),
    /// The network of this device is another than before.
    NetworkMoved,
    /// The addresses of this device, as they are now.
    Addresses(Vec<String>),
    /// The page was hidden, and its timers slow, until now; or it is hidden.
    VisibilityChanged,
    /// What the connection that is seen tells of itself: an `RTCStatsReport`.
    Report(JsValue),
    /// The address names another room.
    AddressChanged,
    /// The state of this page before its reload; none if another tab is in that session.
    Loaded(Option<Record>),
    /// The person calls; into this call, which the end of the browser cut off, if there is one.
    Dial(String, Option<CallRecord>),
    /// Coming back into a call has taken too long.
    ComingBackFailed,
    /// The certificate for all connections from now on, if the browser makes one.
    Certificate(Option<Certificate>),
    /// The configuration as it is now, or none; for that leg to restart with, or for legs to come.
    IceServers(Option<LegId>, Option<Configuration>),
    /// The person has said whether this page may notify them.
    MayNotify,
    /// The call's timer is due.
    Tick,
}

/// Where the browser's events queue up for the loop. Unbounded, because nothing that happens in
/// this page can wait; what other people send is bounded by the server and by the call itself.
#[derive(Debug, Clone)]
pub(super) struct Inputs(pub(super) UnboundedSender<Input>);

impl Inputs {
    /// The loop ends only with the page.
    pub(super) fn send(&self, input: Input) {
        let _ = self.0.unbounded_send(input);
    }

    /// A sink that hands events of its own type to the loop.
    pub(super) fn emitter<T: 'static>(
        &self,
        input: impl Fn(T) -> Input + Clone + 'static,
    ) -> impl Fn(T) + Clone + 'static {
        let inputs = self.clone();
        move |event| inputs.send(input(event))
    }
}
