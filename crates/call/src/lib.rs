//! A call as a state machine: ringing, legs, perfect negotiation, recovery. No browser, no I/O, no clock.
//!
//! [`Call`] is sans-IO. Whoever drives it hands in an [`Event`] together with the time, then drains
//! [`Call::poll_command`] and obeys; keeps one timer, for [`Call::poll_timeout`], and calls
//! [`Call::handle_timeout`] when it is due; and shows [`Call::view`] to the person.
//!
//! | file | purpose |
//! |---|---|
//! | `call.rs` | who calls whom: ringing, accepting, ending |
//! | `talk.rs` | the call under way: with whom, how far, and which messages are its own |
//! | `hear.rs` | what the other side says, and what is said to it |
//! | `recovery.rs` | the recovery policy: when the path is in doubt, and what is done about it |
//! | `path.rs` | the path under a call: legs raced and kept as the policy says |
//! | `legs.rs` | the legs of a call: the one it lives on, and at most one that races it |
//! | `leg.rs` | one peer connection's negotiation: perfect negotiation, serialised |
//! | `ordered.rs` | messages in the order they were sent, each once |
//! | `timer.rs` | the timers |
//! | `event.rs`, `command.rs`, `view.rs` | what goes in, what comes out, what is seen |

mod call;
mod command;
mod event;
mod hear;
mod leg;
mod legs;
mod ordered;
mod path;
mod recovery;
mod talk;
mod timer;
mod view;

pub use call::Call;
pub use command::{Command, LegId, Notice};
pub use event::{CallRecord, ConnectionState, Event, IceConnectionState, LegEvent};
pub use timer::{ANSWER_LIMIT, AWAY_LIMIT, GAP_LIMIT, Limits, NO_PATH_LIMIT, Policy};
pub use view::{CallView, EndReason, Ended, Stage, Trouble};

/// A moment: the time since some fixed one, such as the page's load. It never runs backwards.
pub type Moment = core::time::Duration;
