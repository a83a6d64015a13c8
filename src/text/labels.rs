//! Labels, and the few sentences that always stand on the page.

#![allow(missing_docs, reason = "each says what it is")]

pub const CHAT: &str = "Chat";
pub const TO: &str = "To";
pub const MESSAGE: &str = "Message";
pub const SEND: &str = "Send";
pub const EVERYBODY: &str = "everybody";
pub const NAME_NEEDED: &str = "Others need something to call you by.";
pub const WELCOME: &str =
    "Video calls from browser to browser. Say your name, and pick somebody to talk to.";
pub const YOUR_NAME: &str = "Your name";
pub const JOIN: &str = "Join";
pub const WITHOUT_A_SERVER: &str = "Without a server";
pub const TWO_CODES: &str = "Two codes, carried by mail or messenger, make a call as well.";
pub const THEIR_NAME: &str = "Their name";
pub const MAKE_A_CODE: &str = "Make a code";
pub const COPY: &str = "Copy";
pub const THEIR_CODE: &str = "Have they sent you a code?";
pub const OPEN_CODE: &str = "Open it";
pub const CALL_AGAIN: &str = "Call again";
pub const HERE_NOW: &str = "Here now";
pub const SEARCH_A_NAME: &str = "Search a name";
pub const SEARCH: &str = "Search";
pub const NOBODY_ELSE: &str = "Nobody else yet. Give somebody this page's address.";
pub const YOU: &str = "you";
pub const IN_A_CALL: &str = "in a call";
pub const AWAY: &str = "away";
pub const CALL_THEM: &str = "call";
pub const ACCEPT: &str = "Accept";
pub const DECLINE: &str = "Decline";
pub const OWN_ROOM: &str = "A room of its own: only who has the link can come in.";
pub const NEW_ROOM: &str = "New room";
pub const COPIED: &str = "Copied";
pub const COPY_LINK: &str = "Copy link";
pub const TO_THE_LOBBY: &str = "To the lobby";
pub const CAMERA: &str = "Camera";
pub const MICROPHONE: &str = "Microphone";
pub const SETTINGS: &str = "Settings";
pub const PICTURE_SIZE: &str = "Picture size";
pub const STATES: &str = "States of the connection";
pub const SIGNALING: &str = "Signaling";
pub const GATHERING: &str = "Gathering";
pub const ICE: &str = "ICE";
pub const CONNECTION: &str = "Connection";
pub const FORGET_DEVICE: &str = "Forget this device";
pub const AUTOMATIC: &str = "Automatic";
pub const CALL: &str = "Call";
pub const THEIR_PICTURE: &str = "The other side's picture";
pub const YOUR_PICTURE: &str = "Your own picture";
pub const MIC: &str = "Mic";
pub const HANG_UP: &str = "Hang up";
pub const HOLDFAST: &str = "Holdfast";
pub const YOU_ARE: &str = "You are ";

/// For whom a code is.
#[must_use]
pub fn code_for(peer: &str) -> String {
    format!("Get this code to {peer}:")
}

/// How many people are here, where there are many.
#[must_use]
pub fn people(count: usize) -> String {
    format!("{HERE_NOW}: {count}")
}

/// A picture of that height in pixels.
#[must_use]
pub fn lines(height: &str) -> String {
    format!("{height} lines")
}

/// A source that is on or off.
#[must_use]
pub fn switch(source: &str, on: bool) -> String {
    format!("{source} {}", if on { "on" } else { "off" })
}
