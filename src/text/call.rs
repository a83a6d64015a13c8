//! How a call is, and how it ended.

use holdfast_call::{CallState, CallView, EndReason, Ended, Interruption};
use holdfast_protocol::HangUpReason;

use super::{
    media::media_error,
    name::isolated,
    notice::not_here,
    say::{fill, of, say},
};
use crate::media::MediaError;

/// How a call ended; nothing if the person ended it here before anybody had answered.
#[must_use]
pub fn end_reason(ended: &Ended) -> Option<String> {
    let sentence = match &ended.reason {
        EndReason::Here => {
            ended.lasted?;
            "Call with {peer}"
        }
        EndReason::There(reason) => match reason {
            HangUpReason::HungUp | HangUpReason::UnknownCall => "{peer} hung up.",
            HangUpReason::Declined => "{peer} declined.",
            HangUpReason::Busy => "{peer} is in another call. Try again later.",
            HangUpReason::NoAnswer if ended.outgoing => "{peer} did not answer.",
            HangUpReason::Cancelled | HangUpReason::NoAnswer => "You missed a call from {peer}.",
            HangUpReason::Failed => "{peer}'s browser could not go on with the call.",
            HangUpReason::NoPath if ended.lasted.is_none() => NO_PATH,
            HangUpReason::NoPath => "The connection to {peer} was lost.",
        },
        EndReason::NoAnswer => "{peer} did not answer.",
        EndReason::Missed => "You missed a call from {peer}.",
        EndReason::Unreachable => return Some(not_here(&ended.peer)),
        EndReason::MediaRefused => return Some(media_error(&MediaError::Refused)),
        EndReason::NoPath if ended.lasted.is_none() => NO_PATH,
        EndReason::NoPath => "The connection to {peer} was lost and did not come back.",
        EndReason::Left => "{peer} left.",
        EndReason::TracksGone => "{peer} stopped sending sound and picture.",
        EndReason::Impostor(_) => {
            "Somebody else was in {peer}'s place: the call was ended. Do not call again over this \
             server before you have asked {peer}. ({why})"
        }
        EndReason::Failed(_) => "This browser could not go on with the call. Call again. ({why})",
    };
    let why = if let EndReason::Impostor(why) | EndReason::Failed(why) = &ended.reason {
        why
    } else {
        ""
    };
    let peer = &*isolated(&ended.peer);
    let sentence = fill(sentence, &[("peer", peer), ("why", why)]);
    Some(match ended.lasted {
        Some(lasted) => format!("{sentence} · {}", clock(lasted.as_secs())),
        None => sentence,
    })
}

/// No path was ever found.
const NO_PATH: &str =
    "Could not connect with {peer}: no way through the networks was found. Try another network.";

/// How the call is; `away`: the other side's link to the server is lost.
#[must_use]
pub fn call_state(view: &CallView, away: bool) -> String {
    let state = match view.state {
        CallState::Idle => return String::new(),
        CallState::Preparing => "Calling {peer}: waiting for your camera and microphone…",
        CallState::Calling { ringing: false } if away => {
            "{peer} is away. It rings as soon as {peer} is back…"
        }
        CallState::Calling { ringing: false } => "Calling {peer}…",
        CallState::Calling { ringing: true } => "Calling {peer}… Ringing",
        CallState::Ringing => "{peer} is calling",
        CallState::Answering { here: true } => {
            "Answering {peer}: waiting for your camera and microphone…"
        }
        CallState::Answering { here: false } => {
            "{peer} is answering. Their browser may be asking for their camera…"
        }
        CallState::Connecting => "Connecting with {peer}…",
        CallState::Connected { .. } => match view.back_after {
            Some(_) => "Reconnected",
            None => "In a call with {peer}",
        },
        CallState::Interrupted { .. } => match view.interruption {
            Some(Interruption::OurNetwork) => "Your network changed. Reconnecting…",
            Some(Interruption::OurPage) => "Coming back into the call with {peer}…",
            Some(Interruption::TheirPage) => {
                "{peer} closed the page. Waiting for them to come back…"
            }
            Some(Interruption::TheirNetwork) | None => "{peer}'s connection dropped. Reconnecting…",
        },
    };
    let state = of(state, &view.peer);
    let talks = matches!(view.state, CallState::Connected { .. });
    match view.peer_link_lost && talks {
        true => {
            let lost = "({peer} can't reach the server. Your call is not affected.)";
            format!("{state} {}", of(lost, &view.peer))
        }
        false => state,
    }
}

/// Somebody calls.
#[must_use]
pub fn is_calling(peer: &str) -> String {
    of("{peer} is calling", peer)
}

/// Somebody who is waited for has come.
#[must_use]
pub fn has_come(peer: &str) -> String {
    of("{peer} is here", peer)
}

/// The answers to that: yes, and no.
#[must_use]
pub fn answers() -> [String; 2] {
    ["Answer", "Decline"].map(say)
}

/// Somebody calls while the call with `peer` is interrupted.
#[must_use]
pub fn ends_interrupted(peer: &str) -> String {
    of(
        "Your call with {peer} is interrupted. Answering ends it.",
        peer,
    )
}

/// For how long the call has been connected, or has been interrupted; nothing for the first second.
#[must_use]
pub fn lasting(state: CallState, seconds: u64) -> String {
    match (state, seconds) {
        (CallState::Connected { .. }, _) => format!(" {}", clock(seconds)),
        (_, 0) => String::new(),
        (_, seconds) => fill(" {seconds} s", &[("seconds", &seconds.to_string())]),
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
