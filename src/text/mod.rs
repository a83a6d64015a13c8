//! Every sentence that a person reads about what happened, each with a way out where there is one.

use holdfast_call::{CallView, EndReason, Ended, Notice, Stage, Trouble};
use holdfast_protocol::HangUpReason;

use crate::{
    rtc::{DomError, MediaError},
    signaling::LinkStatus,
};

/// Why camera or microphone are missing.
#[must_use]
pub fn media_error(error: &MediaError) -> String {
    match error {
        MediaError::Refused => "Camera and microphone were not allowed. To allow them, use the \
            symbol beside the address, then call again."
            .into(),
        MediaError::NotFound => "No camera or no microphone was found. Plug one in, or go on \
            without: others can still see or hear what there is."
            .into(),
        MediaError::InUse => "Your camera or microphone is in use by another program. Close that \
            program and turn it on again here."
            .into(),
        MediaError::ChoiceGone => "The camera or microphone you chose is not there any more, or \
            cannot do that. Choose another under Settings."
            .into(),
        MediaError::Aborted => "The camera or microphone stopped while starting. Unplug it, plug \
            it in again, and turn it on here."
            .into(),
        MediaError::Insecure => "Browsers give camera and microphone only to secure pages. Open \
            this page with https://."
            .into(),
        MediaError::Other(error) => {
            format!("Camera or microphone cannot be used: {}", error.message)
        }
    }
}

/// What is wrong with the configuration of the connection, for who runs the site.
#[must_use]
pub fn configuration_error(error: &DomError) -> String {
    let meaning = match error.name.as_str() {
        "InvalidAccessError" => {
            "A TURN server lacks its user name or password, or a certificate \
            has expired."
        }
        "InvalidStateError" => "The connection is already closed.",
        "InvalidModificationError" => {
            "This setting cannot change during a call; hang up and call \
            again."
        }
        "SyntaxError" => "The address of a STUN or TURN server is not written as it must be.",
        _ => "The browser does not take the configuration.",
    };
    format!(
        "{meaning} Ask whoever runs this site to check config.json. ({})",
        error.message
    )
}

/// Why something is not done.
#[must_use]
pub fn notice(notice: &Notice) -> String {
    match notice {
        Notice::CannotCallYourself => {
            "That is you. Open this page in another window to try a call with yourself.".into()
        }
        Notice::AlreadyInCall { with } => {
            format!("You are in a call with {with}. Hang up first to call somebody else.")
        }
        Notice::CalledMeanwhile { peer } => {
            format!("{peer} called and was told that you are busy.")
        }
    }
}

/// A code that is not for a call there is now.
pub const STALE_CODE: &str = "This code belongs to a call that is over. Ask for a new one.";

/// Nothing can be written yet.
pub const NOT_YET: &str = "You are not connected yet.";

/// The server takes everybody into one room.
pub const NO_ROOMS: &str =
    "This server knows no rooms: everybody who comes in sees you, and can call you.";

/// The address was changed to another room.
pub const CALL_IN_ROOM: &str = "Hang up first: your call is in this room.";

/// A tab that was duplicated.
pub const ANOTHER_TAB: &str =
    "Your call goes on in another tab. Here you can come in under another name.";

/// Somebody to whom something was to be sent has gone.
#[must_use]
pub fn not_here(peer: &str) -> String {
    format!("{peer} is not here any more.")
}

/// How a call ended; nothing if the person ended it here.
#[must_use]
pub fn ended(ended: &Ended) -> Option<String> {
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

/// How the call is.
#[must_use]
pub fn stage(view: &CallView) -> String {
    let peer = &view.peer;
    let stage = match view.stage {
        Stage::Idle => return "Click a name to call.".into(),
        Stage::Preparing => format!("Calling {peer}: waiting for your camera and microphone…"),
        Stage::Calling { ringing: false } => format!("Calling {peer}…"),
        Stage::Calling { ringing: true } => format!("Ringing at {peer}'s…"),
        Stage::Ringing => format!("{peer} is calling"),
        Stage::Connecting => format!("Connecting with {peer}…"),
        Stage::Connected { .. } => match view.back_after {
            Some(gap) => format!(
                "Back after {}.{} s",
                gap.as_secs(),
                gap.subsec_millis() / 100
            ),
            None => format!("In a call with {peer}"),
        },
        Stage::Interrupted { .. } => match view.trouble {
            Some(Trouble::OurNetwork) => "Your network changed. Reconnecting…".into(),
            Some(Trouble::OurPage) => format!("Coming back into the call with {peer}…"),
            Some(Trouble::TheirPage) => format!("{peer}'s page was closed. Waiting for it…"),
            Some(Trouble::TheirNetwork) | None => format!("Waiting for {peer}'s network…"),
        },
    };
    let talks = matches!(view.stage, Stage::Connected { .. });
    match view.peer_link_lost && talks {
        true => format!("{stage} ({peer}'s link to the server is gone; the call goes on.)"),
        false => stage,
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

/// How the link to the others is; nothing while it is good.
#[must_use]
pub fn link(status: &LinkStatus) -> Option<String> {
    match status {
        LinkStatus::Off | LinkStatus::Up | LinkStatus::Carried => None,
        LinkStatus::Connecting => Some("Connecting…".into()),
        LinkStatus::Down(url) => Some(format!(
            "The signaling server at {url} does not answer. Trying again; a call under way goes on."
        )),
        LinkStatus::Tabs => Some(
            "No signaling server here: this connects the tabs of this one browser. Open the page \
             in another tab to call it."
                .into(),
        ),
    }
}
