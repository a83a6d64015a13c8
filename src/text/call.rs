//! How a call is, and how it ended.

use holdfast_call::{CallState, CallView, EndReason, Ended, Interruption};
use holdfast_protocol::HangUpReason;

use super::{media::media_error, name::isolated, notice::not_here};
use crate::media::MediaError;

/// How a call ended; nothing if the person ended it here before anybody had answered.
#[must_use]
pub fn end_reason(ended: &Ended) -> Option<String> {
    let peer = &isolated(&ended.peer);
    let sentence = match &ended.reason {
        EndReason::Here => {
            let lasted = ended.lasted?;
            return Some(format!("Call with {peer} · {}", clock(lasted.as_secs())));
        }
        EndReason::There(reason) => match reason {
            HangUpReason::HungUp | HangUpReason::UnknownCall => format!("{peer} hung up."),
            HangUpReason::Declined => format!("{peer} declined."),
            HangUpReason::Busy => format!("{peer} is in another call. Try again later."),
            HangUpReason::NoAnswer if ended.outgoing => format!("{peer} did not answer."),
            HangUpReason::Cancelled | HangUpReason::NoAnswer => {
                format!("You missed a call from {peer}.")
            }
            HangUpReason::Failed => format!("{peer}'s browser could not go on with the call."),
            HangUpReason::NoPath if ended.lasted.is_none() => no_path(peer),
            HangUpReason::NoPath => format!("The connection to {peer} was lost."),
        },
        EndReason::NoAnswer => format!("{peer} did not answer."),
        EndReason::Missed => format!("You missed a call from {peer}."),
        EndReason::Unreachable => not_here(&ended.peer),
        EndReason::MediaRefused => media_error(&MediaError::Refused),
        EndReason::NoPath if ended.lasted.is_none() => no_path(peer),
        EndReason::NoPath => format!("The connection to {peer} was lost and did not come back."),
        EndReason::Left => format!("{peer} left."),
        EndReason::TracksGone => format!("{peer} stopped sending sound and picture."),
        EndReason::Impostor(certificate) => format!(
            "Somebody else was in {peer}'s place: the call was ended. Do not call again over this \
             server before you have asked {peer}. ({certificate})"
        ),
        EndReason::Failed(why) => {
            format!("This browser could not go on with the call. Call again. ({why})")
        }
    };
    Some(match ended.lasted {
        Some(lasted) => format!("{sentence} · {}", clock(lasted.as_secs())),
        None => sentence,
    })
}

/// No path was ever found.
fn no_path(peer: &str) -> String {
    format!(
        "Could not connect with {peer}: no way through the networks was found. Try another network."
    )
}

/// How the call is; `away`: the other side's link to the server is lost.
#[must_use]
pub fn call_state(view: &CallView, away: bool) -> String {
    let peer = &isolated(&view.peer);
    let state = match view.state {
        CallState::Idle => return String::new(),
        CallState::Preparing => format!("Calling {peer}: waiting for your camera and microphone…"),
        CallState::Calling { ringing: false } if away => {
            format!("{peer} is away. It rings as soon as {peer} is back…")
        }
        CallState::Calling { ringing: false } => format!("Calling {peer}…"),
        CallState::Calling { ringing: true } => format!("Calling {peer}… Ringing"),
        CallState::Ringing => is_calling(&view.peer),
        CallState::Answering { here: true } => {
            format!("Answering {peer}: waiting for your camera and microphone…")
        }
        CallState::Answering { here: false } => {
            format!("{peer} is answering. Their browser may be asking for their camera…")
        }
        CallState::Connecting => format!("Connecting with {peer}…"),
        CallState::Connected { .. } => match view.back_after {
            Some(_) => "Reconnected".into(),
            None => format!("In a call with {peer}"),
        },
        CallState::Interrupted { .. } => match view.interruption {
            Some(Interruption::OurNetwork) => "Your network changed. Reconnecting…".into(),
            Some(Interruption::OurPage) => format!("Coming back into the call with {peer}…"),
            Some(Interruption::TheirPage) => {
                format!("{peer} closed the page. Waiting for them to come back…")
            }
            Some(Interruption::TheirNetwork) | None => {
                format!("{peer}'s connection dropped. Reconnecting…")
            }
        },
    };
    let talks = matches!(view.state, CallState::Connected { .. });
    match view.peer_link_lost && talks {
        true => format!("{state} ({peer} can't reach the server. Your call is not affected.)"),
        false => state,
    }
}

/// Somebody calls.
#[must_use]
pub fn is_calling(peer: &str) -> String {
    format!("{} is calling", isolated(peer))
}

/// Somebody calls while the call with `peer` is interrupted.
#[must_use]
pub fn ends_interrupted(peer: &str) -> String {
    format!(
        "Your call with {} is interrupted. Answering ends it.",
        isolated(peer)
    )
}

/// For how long the call has been connected, or has been interrupted; nothing for the first second.
#[must_use]
pub fn lasting(state: CallState, seconds: u64) -> String {
    match (state, seconds) {
        (CallState::Connected { .. }, _) => format!(" {}", clock(seconds)),
        (_, 0) => String::new(),
        (_, seconds) => format!(" {seconds} s"),
    }
}

/// Minutes and seconds, and hours if there are any.
fn clock(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}"),
        hours => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}
