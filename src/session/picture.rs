//! Which leg is seen and heard: one stream for the whole call, whose tracks change, so that the video
//! element never goes black.

use wasm_bindgen::JsCast;
use web_sys::{MediaStream, MediaStreamTrack};

use super::{legs::Legs, model::ModelWriter};

/// The other side's sound and picture.
#[derive(Debug, Default)]
pub(super) struct Picture {
    /// The connection whose picture is shown, and the one whose sound is played: sound changes over
    /// first.
    video: Option<u32>,
    audio: Option<u32>,
    stream: Option<MediaStream>,
}

impl Picture {
    /// Whether the person sees that connection's picture.
    pub(super) fn shows(&self, serial: u32) -> bool {
        self.video == Some(serial)
    }

    /// That connection's sound is the call's.
    pub(super) fn select_audio(&mut self, serial: u32, legs: &Legs, screen: &ModelWriter) {
        self.audio = Some(serial);
        self.sync(legs, screen);
    }

    /// That connection's sound and picture are the call's.
    pub(super) fn select_video(&mut self, serial: u32, legs: &Legs, screen: &ModelWriter) {
        self.video = Some(serial);
        self.select_audio(serial, legs, screen);
    }

    /// Tracks of that connection have come or gone. What comes first is shown at once.
    pub(super) fn tracks_changed(&mut self, serial: u32, legs: &Legs, screen: &ModelWriter) {
        self.video.get_or_insert(serial);
        self.audio.get_or_insert(serial);
        self.sync(legs, screen);
    }

    /// A connection was closed.
    pub(super) fn closed(&mut self, legs: &mut Legs, screen: &ModelWriter) {
        if legs.is_empty() {
            *self = Self::default();
            screen.remote(None, false);
        } else if self
            .audio
            .is_some_and(|audio| legs.by_serial(audio).is_none())
        {
            self.audio = self.video;
            self.sync(legs, screen);
        }
    }

    /// Puts into the stream the tracks that belong there, and takes out the others.
    fn sync(&mut self, legs: &Legs, screen: &ModelWriter) {
        let of = |serial: Option<u32>| serial.and_then(|serial| legs.stream(serial));
        let video = of(self.video).map(MediaStream::get_video_tracks);
        let audio = of(self.audio).map(MediaStream::get_audio_tracks);
        let tracks = [video, audio].into_iter().flatten();
        let wanted: Vec<MediaStreamTrack> = tracks.flatten().map(JsCast::unchecked_into).collect();
        if self.stream.is_none() {
            self.stream = MediaStream::new().ok();
        }
        let Some(stream) = &self.stream else { return };
        for track in stream.get_tracks() {
            let track: MediaStreamTrack = track.unchecked_into();
            if !wanted.contains(&track) {
                stream.remove_track(&track);
            }
        }
        for track in &wanted {
            stream.add_track(track);
        }
        let has_video = stream.get_video_tracks().length() > 0;
        // `stream.clone()` would be the browser's own: another stream.
        screen.remote(Some(Clone::clone(stream)), has_video);
    }
}
