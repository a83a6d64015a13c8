//! Notices to a person, besides the state of the call.

use super::{
    media::{device_gone, media_error},
    name::isolated,
};
use crate::{platform::DomError, session::Notice};

/// The sentence.
#[must_use]
pub fn notice(notice: &Notice) -> String {
    match notice {
        Notice::Media(error) => media_error(error),
        Notice::DeviceGone(source) => device_gone(*source),
        Notice::Configuration(error) => configuration_error(error),
        Notice::Call(notice) => call_notice(notice),
        Notice::NotHere(peer) => not_here(peer),
        Notice::Relay { url, refused } => {
            let fault = match refused {
                true => "refused our password",
                false if url.is_empty() => "no relay is configured",
                false => "does not answer",
            };
            format!(
                "Could not connect: {url} {fault}. Try another network, or tell whoever runs this site."
            )
        }
        Notice::NotShared => "Your screen can't be shared from this browser.".into(),
        Notice::Server(sentence) | Notice::Closed(sentence) => sentence.clone(),
        Notice::NotACode => "This is not a whole code. Copy all of it, and nothing else.".into(),
        Notice::StaleCode => "This code belongs to a call that is over. Ask for a new one.".into(),
        Notice::NotConnected => "You are not connected yet.".into(),
        Notice::NoRooms => {
            "This server knows no rooms: everybody who comes in sees you, and can call you.".into()
        }
        Notice::CallInRoom => "Hang up first: your call is in this room.".into(),
        Notice::Forgotten => {
            "Forgotten. From your next call on, nobody knows this browser from earlier calls."
                .into()
        }
        Notice::AnotherTab => {
            "Your call goes on in another tab. Here you can come in under another name.".into()
        }
    }
}

/// Why something is not done.
#[must_use]
fn call_notice(notice: &holdfast_call::Notice) -> String {
    match notice {
        holdfast_call::Notice::CannotCallYourself => {
            "That is you. Open this page in another window to try a call with yourself.".into()
        }
        holdfast_call::Notice::AlreadyInCall { with } => {
            let with = isolated(with);
            format!("You are in a call with {with}. Hang up first to call somebody else.")
        }
        holdfast_call::Notice::CalledMeanwhile { peer } => {
            format!("{} tried to call you.", isolated(peer))
        }
    }
}

/// Somebody to whom something was to be sent has gone.
pub(super) fn not_here(peer: &str) -> String {
    format!("{} is not here any more.", isolated(peer))
}

/// A fault in the configuration of the connection, for the person who runs the site.
fn configuration_error(error: &DomError) -> String {
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
