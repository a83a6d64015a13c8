//! A call as a state machine: ringing, legs, perfect negotiation, recovery. No browser, no I/O, no clock.
//!
//! [`Endpoint`] is sans-IO. Whoever drives it hands in an [`Event`] together with the time, then
//! drains [`Endpoint::poll_command`] and performs what it says; keeps one timer, for
//! [`Endpoint::poll_timeout`], and calls [`Endpoint::handle_timeout`] when it is due; and shows
//! [`Endpoint::view`] to the person.
//!
//! | file | purpose |
//! |---|---|
//! | `endpoint.rs` | who calls whom, and which call a message belongs to |
//! | `calls.rs` | the call that a page is in, and one that may ring beside it |
//! | `call.rs` | a call under way: who has agreed to it, and what its two sides tell each other |
//! | `parties.rs` | its two sides: where each is, and what is shown to the other |
//! | `identity.rs` | the other side: where it is, and what shows that it is still the same |
//! | `secret.rs` | what a side proves its messages with |
//! | `chat.rs` | text chat, over data channels alone |
//! | `outbox.rs` | what is sent in a call: numbered, and kept until it is acknowledged |
//! | `inbox.rs` | messages in the order they were sent, each once |
//! | `callers.rs` | callers who have to wait, because nobody answers them |
//! | `known_calls.rs` | the latest call that each page began |
//! | `connectivity.rs` | the path under a call: legs raced and kept as the policy says |
//! | `recovery.rs` | the recovery policy: when the path is in doubt, and what is done about it |
//! | `silence.rs` | how long no packet has come, and from when on that puts the path in doubt |
//! | `standby.rs` | the standby policy: when a leg is kept warm beside the call's, and takes over |
//! | `watch.rs` | whether the call's leg has fallen silent, while the one kept warm is heard |
//! | `legs.rs` | the legs of a call: the one it lives on, one that races it, one that is kept warm |
//! | `leg.rs` | one peer connection's negotiation: perfect negotiation, serialised |
//! | `timer.rs` | the timers |
//! | `event.rs`, `command.rs`, `view.rs` | what goes in, what comes out, what is seen |
//!
//! Two endpoints, joined by a driver that carries every message at once, up to the offer:
//!
//! ```
//! use holdfast_call::{CallState, Command, Endpoint, Event, LegEvent, Limits, Secret};
//! use holdfast_clock::Instant;
//! use holdfast_protocol::{CallId, Description, SdpType};
//!
//! /// Performs what an endpoint wants; a browser would do the rest.
//! fn drive(from: &mut Endpoint, to: &mut Endpoint, now: Instant) {
//!     while let Some(command) = from.poll_command() {
//!         let event = match command {
//!             Command::AcquireMedia => Event::MediaReady,
//!             Command::OpenLeg { leg, .. } => Event::Leg(leg, LegEvent::NegotiationNeeded),
//!             Command::SetLocalDescription(leg) => {
//!                 let (kind, sdp) = (SdpType::Offer, "v=0 …".into());
//!                 Event::Leg(leg, LegEvent::LocalDescriptionSet(Description { kind, sdp }))
//!             }
//!             Command::Send(signal) | Command::SendByServer(signal) => {
//!                 to.handle(Event::Received(signal), now);
//!                 continue;
//!             }
//!             _ => continue,
//!         };
//!         from.handle(event, now);
//!     }
//! }
//!
//! let now = Instant::START;
//! let [mut ann, mut bob] = [("Ann", 1), ("Bob", 2)].map(|(name, random)| {
//!     let mut endpoint = Endpoint::new(Limits::default(), Secret::new([random; 16]));
//!     let (name, person) = (name.into(), None);
//!     endpoint.handle(Event::Named { name, person }, now);
//!     endpoint
//! });
//! let id = CallId { page: "7f3a".into(), nth: 0 };
//! ann.handle(Event::Dial { peer: "Bob".into(), id, key: None }, now);
//! drive(&mut ann, &mut bob, now);
//! assert_eq!(bob.view().state, CallState::Ringing);
//! drive(&mut bob, &mut ann, now);
//! assert_eq!(ann.view().state, CallState::Calling { ringing: true });
//! bob.handle(Event::Accept, now);
//! drive(&mut bob, &mut ann, now);
//! assert_eq!(ann.view().state, CallState::Answering { here: false });
//! ```

mod call;
mod callers;
mod calls;
mod chat;
mod command;
mod connectivity;
mod contact;
mod endpoint;
mod event;
mod identity;
mod inbox;
mod known_calls;
mod leg;
mod legs;
mod outbox;
mod parties;
mod recovery;
mod secret;
mod silence;
mod standby;
mod timer;
mod view;
mod watch;

pub use command::{Carries, Command, LegId, Notice, Purpose};
pub use endpoint::Endpoint;
pub use event::{CallRecord, ConnectionState, Event, IceConnectionState, LegEvent};
pub use secret::Secret;
pub use timer::{
    ANSWER_LIMIT, ASKING_LIMIT, AWAY_LIMIT, GAP_LIMIT, Limits, NO_PATH_LIMIT, Policy, TRACKS_LIMIT,
};
pub use view::{CallState, CallView, EndReason, Ended, Interruption};
pub use watch::Watch;
