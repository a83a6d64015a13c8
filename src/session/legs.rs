//! The legs of the call as the browser has them, and the picture that they bring.

use gloo_timers::callback::Timeout;
use holdfast_call::LegId;
use leptos::prelude::Set;
use wasm_bindgen::JsCast;
use web_sys::{MediaStream, MediaStreamTrack};

use super::{Seen, local::Senders};
use crate::rtc::{FirstFrame, Peer};

/// A leg: one peer connection.
pub(super) struct Leg {
    pub(super) id: LegId,
    /// Which of all the connections that this page has made.
    pub(super) serial: u32,
    pub(super) peer: Peer,
    pub(super) senders: Senders,
    /// What comes in.
    pub(super) stream: Option<MediaStream>,
    /// While its first picture is waited for.
    pub(super) first_frame: Option<FirstFrame>,
    /// It restarts its ICE, and waits so long for the ICE servers as they are now.
    pub(super) restart: Option<Timeout>,
    /// It gets its data channel once it is known that the other end is one of ours.
    pub(super) lacks_channel: bool,
}

/// The legs, and which of them is seen and heard.
pub(super) struct Legs {
    all: Vec<Leg>,
    made: u32,
    /// The leg whose picture is shown, and the one whose sound is played: sound changes over first.
    seen: Option<u32>,
    heard: Option<u32>,
    /// One stream for the whole call, whose tracks change: the video element never goes black.
    picture: Option<MediaStream>,
}

impl Legs {
    pub(super) fn new() -> Self {
        Self {
            all: Vec::new(),
            made: 0,
            seen: None,
            heard: None,
            picture: None,
        }
    }

    /// The number of the next connection.
    pub(super) fn next_serial(&mut self) -> u32 {
        self.made += 1;
        self.made
    }

    pub(super) fn push(&mut self, leg: Leg) {
        self.all.push(leg);
    }

    pub(super) fn all(&mut self) -> &mut [Leg] {
        &mut self.all
    }

    pub(super) fn by_id(&mut self, id: LegId) -> Option<&mut Leg> {
        self.all.iter_mut().find(|leg| leg.id == id)
    }

    pub(super) fn by_serial(&mut self, serial: u32) -> Option<&mut Leg> {
        self.all.iter_mut().find(|leg| leg.serial == serial)
    }

    /// Whether the person sees that leg.
    pub(super) fn is_seen(&self, serial: u32) -> bool {
        self.seen == Some(serial)
    }

    /// Says something over each leg that gets through.
    pub(super) fn say(&self, text: &str) {
        for leg in &self.all {
            leg.peer.say(text);
        }
    }

    pub(super) fn close(&mut self, id: LegId, seen: &Seen) {
        if let Some(place) = self.all.iter().position(|leg| leg.id == id) {
            self.all.remove(place).peer.end();
        }
        if self.all.is_empty() {
            self.seen = None;
            self.heard = None;
            self.picture = None;
            seen.remote.set(None);
            seen.remote_has_video.set(false);
        }
        if self
            .heard
            .is_some_and(|heard| self.by_serial(heard).is_none())
        {
            self.heard = self.seen;
            self.sync(seen);
        }
    }

    /// That leg's sound is the call's.
    pub(super) fn hear(&mut self, serial: u32, seen: &Seen) {
        self.heard = Some(serial);
        self.sync(seen);
    }

    /// That leg's sound and picture are the call's.
    pub(super) fn see(&mut self, id: LegId, seen: &Seen) {
        if let Some(leg) = self.by_id(id) {
            let serial = leg.serial;
            leg.first_frame = None;
            self.seen = Some(serial);
            self.hear(serial, seen);
        }
    }

    /// Tracks of that leg have come or gone. What comes first is shown at once.
    pub(super) fn tracks_changed(&mut self, serial: u32, seen: &Seen) {
        self.seen.get_or_insert(serial);
        self.heard.get_or_insert(serial);
        self.sync(seen);
    }

    /// Puts into the picture the tracks that belong there, and takes out the others.
    fn sync(&mut self, seen: &Seen) {
        let stream = |serial: Option<u32>| {
            let leg = self.all.iter().find(|leg| Some(leg.serial) == serial);
            leg.and_then(|leg| leg.stream.clone())
        };
        let video = stream(self.seen).map(|stream| stream.get_video_tracks());
        let audio = stream(self.heard).map(|stream| stream.get_audio_tracks());
        let tracks = [video, audio].into_iter().flatten();
        let wanted: Vec<MediaStreamTrack> = tracks.flatten().map(JsCast::unchecked_into).collect();
        let fresh = self.picture.is_none();
        if fresh {
            self.picture = MediaStream::new().ok();
        }
        let Some(picture) = &self.picture else { return };
        for track in picture.get_tracks() {
            let track: MediaStreamTrack = track.unchecked_into();
            if !wanted.contains(&track) {
                picture.remove_track(&track);
            }
        }
        for track in &wanted {
            picture.add_track(track);
        }
        seen.remote_has_video
            .set(picture.get_video_tracks().length() > 0);
        if fresh {
            // `picture.clone()` would be the browser's own: another stream.
            seen.remote.set(Some(Clone::clone(picture)));
        }
    }
}
