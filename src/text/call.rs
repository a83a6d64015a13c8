//! How a call is, and how it ended.

use holdfast_call::{CallState, CallView, EndReason, Ended, Interruption};
use holdfast_protocol::HangUpReason;

use super::{media::media_error, notice::not_here};
use crate::media::MediaError;

/// How a call ended; nothing if the person ended it here.
#[must_use]
pub fn end_reason(ended: &Ended) -> Option<String> {
    let peer = &ended.peer;
    Some(match &ended.reason {
        EndReason::Here => return None,
        EndReason::There(reason) => match reason {
            HangUpReason::HungUp | HangUpReason::UnknownCall => format!("{peer} hung up."),
            HangUpReason::Declined => format!("{peer} declined."),
            HangUpReason::Busy => format!("{peer} is in another call. Try again later."),
            HangUpReason::NoAnswer if ended.outgoing => format!("{peer} did not answer."),
            HangUpReason::Cancelled | HangUpReason::NoAnswer => {
                format!("You missed a call from {peer}.")
            }
            HangUpReason::Failed => format!("{peer}'s browser could not go on with the call."),
            HangUpReason::NoPath => format!("The connection to {peer} was lost."),
        },
        EndReason::NoAnswer => format!("{peer} did not answer."),
        EndReason::Missed => format!("You missed a call from {peer}."),
        EndReason::Unreachable => not_here(peer),
        EndReason::MediaRefused => media_error(&MediaError::Refused),
        EndReason::NoPath => format!("The connection to {peer} was lost and did not come back."),
        EndReason::Left => format!("{peer} left."),
        EndReason::TracksGone => format!("{peer} stopped sending sound and picture."),
        EndReason::Failed(why) => {
            format!("This browser could not go on with the call. Call again. ({why})")
        }
    })
}

/// Whether there is something to say about how a call ended.
#[must_use]
pub fn has_reason(ended: &Ended) -> bool {
    ended.reason != EndReason::Here
}

/// How the call is; `away`: the other side's link to the server is lost.
#[must_use]
pub fn call_state(view: &CallView, away: bool) -> String {
    let peer = &view.peer;
    let state = match view.state {
        CallState::Idle => return "Click a name to call.".into(),
        CallState::Preparing => format!("Calling {peer}: waiting for your camera and microphone…"),
        CallState::Calling { ringing: false } if away => {
            format!("{peer} is away. It rings as soon as {peer} is back…")
        }
        CallState::Calling { ringing: false } => format!("Calling {peer}…"),
        CallState::Calling { ringing: true } => format!("Ringing at {peer}'s…"),
        CallState::Ringing => format!("{peer} is calling"),
        CallState::Connecting => format!("Connecting with {peer}…"),
        CallState::Connected { .. } => match view.back_after {
            Some(gap) => format!(
                "Back after {}.{} s",
                gap.as_secs(),
                gap.subsec_millis() / 100
            ),
            None => format!("In a call with {peer}"),
        },
        CallState::Interrupted { .. } => match view.interruption {
            Some(Interruption::OurNetwork) => "Your network changed. Reconnecting…".into(),
            Some(Interruption::OurPage) => format!("Coming back into the call with {peer}…"),
            Some(Interruption::TheirPage) => format!("{peer}'s page was closed. Waiting for it…"),
            Some(Interruption::TheirNetwork) | None => format!("Waiting for {peer}'s network…"),
        },
    };
    let talks = matches!(view.state, CallState::Connected { .. });
    match view.peer_link_lost && talks {
        true => format!("{state} ({peer}'s link to the server is gone; the call goes on.)"),
        false => state,
    }
}

/// How long the call has been interrupted; nothing for the first second.
#[must_use]
pub fn waited(seconds: u64) -> String {
    match seconds {
        0 => String::new(),
        seconds => format!(" {seconds} s"),
    }
}
