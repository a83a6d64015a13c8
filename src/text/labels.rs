//! Labels that change. Those that do not stand in index.html.

#![allow(missing_docs, reason = "each says what it is")]

use super::{
    name::isolated,
    say::{Word, fill, of, say},
};

pub const WELCOME: Word = Word("Private video calls. No account, nothing to install.");
pub const INVITED: Word = Word("You are invited to a private room.");
pub const JOIN: Word = Word("Join");
pub const NAME_NEEDED: Word = Word("Please enter your name.");
pub const CALL_AGAIN: Word = Word("Call again");
pub const CONTINUE_WITHOUT: Word = Word("Continue without");
pub const HERE_NOW: Word = Word("People here");
pub const NOBODY_FOUND: Word = Word("Nobody of that name is here.");
pub const YOU: Word = Word("you");
pub const IN_A_CALL: Word = Word("in a call");
pub const AWAY: Word = Word("away");
pub const BLOCKED: Word = Word("blocked");
pub const CALL_BACK: Word = Word("Call back");
pub const CALL_THEM: Word = Word("Call");
pub const COPIED: Word = Word("Copied");
pub const COPY_LINK: Word = Word("Copy link");
pub const CAMERA: Word = Word("Camera");
pub const MICROPHONE: Word = Word("Microphone");
pub const HEARS_NOTHING: Word =
    Word("Your microphone hears nothing. Choose another in Settings, or unmute it at its switch.");
pub const CAMERA_HELD_BACK: Word = Word(
    "Your camera gives no picture: its own switch, your system or another program holds it back.",
);
pub const MICROPHONE_HELD_BACK: Word = Word(
    "Your microphone gives no sound: its own switch, your system or another program holds it back.",
);
pub const NARROW: Word = Word("Your network is too slow for pictures. Only your sound is sent.");
pub const LOWER_RIGHT: Word = Word("Lower right");
pub const LOWER_LEFT: Word = Word("Lower left");
pub const UPPER_LEFT: Word = Word("Upper left");
pub const UPPER_RIGHT: Word = Word("Upper right");
pub const LARGE: Word = Word("Large, in this call");
pub const HIDDEN: Word = Word("Hidden");
pub const LESS_DATA: Word = Word("Less data, smaller pictures");
pub const SOUND_ONLY: Word = Word("Sound only");
pub const SPEAKS_MUTED: Word = Word("You are muted: nobody hears you.");
pub const VOICE_ALONE: Word = Word("My voice alone");
pub const ALL_SOUND: Word = Word("Everything, such as music");
pub const AUTOMATIC: Word = Word("Automatic");
pub const MUTE: Word = Word("Mute");
pub const UNMUTE: Word = Word("Unmute");
pub const STOP_CAMERA: Word = Word("Stop camera");
pub const START_CAMERA: Word = Word("Start camera");
pub const SHARE_SCREEN: Word = Word("Share screen");
pub const STOP_SHARING: Word = Word("Stop sharing");
/// Heights of a picture, in pixels.
pub const HEIGHTS: [(&str, Word); 4] = [
    ("180", Word("180p")),
    ("360", Word("360p")),
    ("720", Word("720p")),
    ("1080", Word("1080p")),
];
pub const FULL_SCREEN: Word = Word("Full screen");
pub const LEAVE_FULL_SCREEN: Word = Word("Leave full screen");
pub const EVERYBODY: Word = Word("Everybody");

/// Coming in under the name that this browser had last.
#[must_use]
pub fn join_as(name: &str) -> String {
    of("Join as {peer}", name)
}

/// Who has sent the link.
#[must_use]
pub fn invited_by(name: &str) -> String {
    of("{peer} invites you to a call.", name)
}

/// Who has sent the link is not here.
#[must_use]
pub fn awaited(name: &str) -> String {
    of(
        "{peer} is not here yet. You call as soon as they come.",
        name,
    )
}

/// Calls somebody.
#[must_use]
pub fn call(name: &str) -> String {
    of("Call {peer}", name)
}

/// For whom a code is.
#[must_use]
pub fn code_for(peer: &str) -> String {
    of("1. Send this to {peer}", peer)
}

/// How many people are here, where there are many.
#[must_use]
pub fn people(count: usize) -> String {
    fill("People here: {count}", &[("count", &count.to_string())])
}

/// The author of a line of chat, and to whom it was, if not to all.
#[must_use]
pub fn author(from: &str, to: Option<&str>) -> String {
    match to {
        Some(to) => {
            let both = [("from", &*isolated(from)), ("to", &*isolated(to))];
            fill("{from} to {to}", &both)
        }
        None => from.to_owned(),
    }
}

/// The chat, with the lines that have not been read.
#[must_use]
pub fn unread(count: usize) -> String {
    match count {
        0 => say("Chat"),
        count => fill("Chat ({count})", &[("count", &count.to_string())]),
    }
}

/// Wants to hear of somebody no more, or does again.
#[must_use]
pub fn block(name: &str, is_blocked: bool) -> String {
    match is_blocked {
        true => of("Unblock {peer}", name),
        false => of("Block {peer}", name),
    }
}

/// What we share of our screen, by the browser's word for it.
#[must_use]
pub fn shared(surface: &str) -> String {
    say(match surface {
        "monitor" => " · you share your whole screen",
        "window" => " · you share a window",
        "browser" => " · you share a tab",
        _ => " · you share your screen",
    })
}
