//! Notices to a person, besides the state of the call.

use super::{
    config::configuration_error,
    media::{device_gone, media_error},
    say::{fill, of, say},
};
use crate::session::Notice;

/// The sentence.
#[must_use]
pub fn notice(notice: &Notice) -> String {
    say(match notice {
        Notice::Media(error) => return media_error(error),
        Notice::DeviceGone(source) => return device_gone(*source),
        Notice::Configuration(error) => return configuration_error(error),
        Notice::Call(notice) => return call_notice(notice),
        Notice::NotHere(peer) => return not_here(peer),
        Notice::Relay { url, refused } => return relay_error(url, *refused),
        // In the server's own words.
        Notice::Server(sentence) | Notice::Closed(sentence) => sentence,
        Notice::NotShared => "Your screen can't be shared from this browser.",
        Notice::NotACode => "This is not a whole code. Copy all of it, and nothing else.",
        Notice::StaleCode => "This code belongs to a call that is over. Ask for a new one.",
        Notice::NotConnected => "You are not connected yet.",
        Notice::NoRooms => {
            "This server knows no rooms: everybody who comes in sees you, and can call you."
        }
        Notice::CallInRoom => "Hang up first: your call is in this room.",
        Notice::Forgotten => {
            "Forgotten. From your next call on, nobody knows this browser from earlier calls."
        }
        Notice::AnotherTab => {
            "Your call goes on in another tab. Here you can come in under another name."
        }
    })
}

/// Why something is not done.
#[must_use]
fn call_notice(notice: &holdfast_call::Notice) -> String {
    match notice {
        holdfast_call::Notice::CannotCallYourself => {
            say("That is you. Open this page in another window to try a call with yourself.")
        }
        holdfast_call::Notice::AlreadyInCall { with } => of(
            "You are in a call with {peer}. Hang up first to call somebody else.",
            with,
        ),
        holdfast_call::Notice::CalledMeanwhile { peer } => of("{peer} tried to call you.", peer),
    }
}

/// Somebody to whom something was to be sent has gone.
pub(super) fn not_here(peer: &str) -> String {
    of("{peer} is not here any more.", peer)
}

/// A relay is the reason that nobody could be reached.
fn relay_error(url: &str, refused: bool) -> String {
    let sentence = match refused {
        true => {
            "Could not connect: {url} refused our password. Try another network, or tell whoever \
             runs this site."
        }
        false if url.is_empty() => {
            "Could not connect: no relay is configured. Try another network, or tell whoever runs \
             this site."
        }
        false => {
            "Could not connect: {url} does not answer. Try another network, or tell whoever runs \
             this site."
        }
    };
    fill(sentence, &[("url", url)])
}
