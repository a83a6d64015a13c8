//! The senders of our tracks over one connection.

use web_sys::RtcRtpSender;

use super::preference::Source;
use crate::rtc::Peer;

/// The senders of one connection. Kept for as long as it lives, so that a source goes off and on in
/// one media section.
#[derive(Debug, Default)]
pub struct Senders {
    camera: Option<RtcRtpSender>,
    microphone: Option<RtcRtpSender>,
    screen: Option<RtcRtpSender>,
    screen_sound: Option<RtcRtpSender>,
}

/// A connection, and what sends our tracks over it.
#[derive(Debug)]
pub struct Sending<'a> {
    /// The connection.
    pub peer: &'a Peer,
    /// Its senders.
    pub senders: &'a mut Senders,
}

impl Senders {
    /// The sender of that source, if there is one.
    pub fn of(&mut self, source: Source) -> &mut Option<RtcRtpSender> {
        match source {
            Source::Camera => &mut self.camera,
            Source::Microphone => &mut self.microphone,
        }
    }

    /// Sends nothing, until the tracks are set again: without a word to the other side. (An encoding that is not active
    /// would do by the specification; Firefox 153 sends its sound all the same.)
    pub fn hold(&self) {
        for sender in [&self.camera, &self.microphone].into_iter().flatten() {
            let _ = sender.replace_track(None);
        }
    }

    /// The sender of a shared screen's picture (`video`), or of its sound.
    pub(super) fn of_screen(&mut self, kind: &str) -> &mut Option<RtcRtpSender> {
        match kind {
            "video" => &mut self.screen,
            _ => &mut self.screen_sound,
        }
    }
}
