//! Labels that change. Those that do not stand in index.html.

#![allow(missing_docs, reason = "each says what it is")]

use super::name::isolated;

pub const WELCOME: &str = "Private video calls. No account, nothing to install.";
pub const INVITED: &str = "You are invited to a private room.";
pub const JOIN: &str = "Join";
pub const NAME_NEEDED: &str = "Please enter your name.";
pub const CALL_AGAIN: &str = "Call again";
pub const CONTINUE_WITHOUT: &str = "Continue without";
pub const HERE_NOW: &str = "People here";
pub const NOBODY_FOUND: &str = "Nobody of that name is here.";
pub const YOU: &str = "you";
pub const IN_A_CALL: &str = "in a call";
pub const AWAY: &str = "away";
pub const BLOCKED: &str = "blocked";
pub const CALL_BACK: &str = "Call back";
pub const CALL_THEM: &str = "Call";
pub const COPIED: &str = "Copied";
pub const COPY_LINK: &str = "Copy link";
pub const CAMERA: &str = "Camera";
pub const MICROPHONE: &str = "Microphone";
pub const HEARS_NOTHING: &str =
    "Your microphone hears nothing. Choose another in Settings, or unmute it at its switch.";
pub const LOWER_RIGHT: &str = "Lower right";
pub const LOWER_LEFT: &str = "Lower left";
pub const UPPER_LEFT: &str = "Upper left";
pub const UPPER_RIGHT: &str = "Upper right";
pub const LARGE: &str = "Large, in this call";
pub const HIDDEN: &str = "Hidden";
pub const LESS_DATA: &str = "Less data, smaller pictures";
pub const SOUND_ONLY: &str = "Sound only";
pub const SPEAKS_MUTED: &str = "You are muted: nobody hears you.";
pub const VOICE_ALONE: &str = "My voice alone";
pub const ALL_SOUND: &str = "Everything, such as music";
pub const AUTOMATIC: &str = "Automatic";
pub const MUTE: &str = "Mute";
pub const UNMUTE: &str = "Unmute";
pub const STOP_CAMERA: &str = "Stop camera";
pub const START_CAMERA: &str = "Start camera";
pub const SHARE_SCREEN: &str = "Share screen";
pub const STOP_SHARING: &str = "Stop sharing";
/// Heights of a picture, in pixels.
pub const HEIGHTS: [(&str, &str); 4] = [
    ("180", "180p"),
    ("360", "360p"),
    ("720", "720p"),
    ("1080", "1080p"),
];
pub const FULL_SCREEN: &str = "Full screen";
pub const LEAVE_FULL_SCREEN: &str = "Leave full screen";
pub const CHAT: &str = "Chat";
pub const EVERYBODY: &str = "Everybody";

/// Coming in under the name that this browser had last.
#[must_use]
pub fn join_as(name: &str) -> String {
    format!("{JOIN} as {}", isolated(name))
}

/// Who has sent the link.
#[must_use]
pub fn invited_by(name: &str) -> String {
    format!("{} invites you to a call.", isolated(name))
}

/// Who has sent the link is not here.
#[must_use]
pub fn awaited(name: &str) -> String {
    format!(
        "{} is not here yet. You call as soon as they come.",
        isolated(name)
    )
}

/// Calls somebody.
#[must_use]
pub fn call(name: &str) -> String {
    format!("{CALL_THEM} {}", isolated(name))
}

/// For whom a code is.
#[must_use]
pub fn code_for(peer: &str) -> String {
    format!("1. Send this to {}", isolated(peer))
}

/// How many people are here, where there are many.
#[must_use]
pub fn people(count: usize) -> String {
    format!("{HERE_NOW}: {count}")
}

/// The author of a line of chat, and to whom it was, if not to all.
#[must_use]
pub fn author(from: &str, to: Option<&str>) -> String {
    match to {
        Some(to) => format!("{} to {}", isolated(from), isolated(to)),
        None => from.to_owned(),
    }
}

/// The chat, with the lines that have not been read.
#[must_use]
pub fn unread(count: usize) -> String {
    match count {
        0 => CHAT.to_owned(),
        count => format!("{CHAT} ({count})"),
    }
}

/// Wants to hear of somebody no more, or does again.
#[must_use]
pub fn block(name: &str, is_blocked: bool) -> String {
    let what = if is_blocked { "Unblock" } else { "Block" };
    format!("{what} {}", isolated(name))
}

/// What we share of our screen, by the browser's word for it.
#[must_use]
pub fn shared(surface: &str) -> &'static str {
    match surface {
        "monitor" => " · you share your whole screen",
        "window" => " · you share a window",
        "browser" => " · you share a tab",
        _ => " · you share your screen",
    }
}
