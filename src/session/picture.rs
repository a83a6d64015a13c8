//! Which leg is seen and heard: one stream for the whole call, whose tracks change, so that the video
//! element never goes black.

use js_sys::Array;
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
    /// The other side's screen.
    shared: Option<MediaStream>,
}

impl Picture {
    /// Whether no connection's picture is shown.
    pub(super) fn is_empty(&self) -> bool {
        self.video.is_none()
    }

    /// The connection whose picture is shown.
    pub(super) fn shown(&self) -> Option<u32> {
        self.video
    }

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

    /// Tracks of that connection have come or gone. What comes first is shown at once, but for what is kept
    /// warm.
    pub(super) fn tracks_changed(&mut self, serial: u32, legs: &Legs, screen: &ModelWriter) {
        if !legs.is_made_as_standby(serial) {
            self.video.get_or_insert(serial);
            self.audio.get_or_insert(serial);
        }
        self.sync(legs, screen);
    }

    /// A connection was closed.
    pub(super) fn closed(&mut self, legs: &mut Legs, screen: &ModelWriter) {
        if legs.is_empty() {
            *self = Self::default();
            screen.remote(None, false);
            screen.remote_screen(None);
        } else if self
            .audio
            .is_some_and(|audio| legs.by_serial(audio).is_none())
        {
            self.audio = self.video;
            self.sync(legs, screen);
        }
    }

    /// Which of their streams is their screen is news.
    pub(super) fn streams_changed(&mut self, legs: &Legs, screen: &ModelWriter) {
        if self.video.is_some() {
            self.sync(legs, screen);
        }
    }

    /// Puts into the streams the tracks that belong there, and takes out the others. A picture that never comes
    /// would keep Chromium 156 from playing the sound beside it.
    fn sync(&mut self, legs: &Legs, screen: &ModelWriter) {
        let of = |serial: Option<u32>| serial.and_then(|serial| legs.stream(serial));
        let seen = self.video.filter(|_| legs.wants_pictures());
        let video = of(seen.filter(|_| legs.peer_camera)).map(MediaStream::get_video_tracks);
        let audio = of(self.audio).map(MediaStream::get_audio_tracks);
        let stream = fill(&mut self.stream, [video, audio]);
        let has_video = stream
            .as_ref()
            .is_some_and(|stream| stream.get_video_tracks().length() > 0);
        screen.remote(stream, has_video);
        let shared = seen.and_then(|serial| legs.screen(serial));
        let shared = shared.map(MediaStream::get_tracks);
        let is_shared = shared.is_some();
        let stream = fill(&mut self.shared, [shared, None]);
        screen.remote_screen(stream.filter(|_| is_shared));
    }
}

/// Puts those tracks into the stream, and takes out the others.
fn fill(stream: &mut Option<MediaStream>, tracks: [Option<Array>; 2]) -> Option<MediaStream> {
    let tracks = tracks.into_iter().flatten().flatten();
    let wanted: Vec<MediaStreamTrack> = tracks.map(JsCast::unchecked_into).collect();
    if stream.is_none() {
        *stream = MediaStream::new().ok();
    }
    let stream = stream.as_ref()?;
    for track in stream.get_tracks() {
        let track: MediaStreamTrack = track.unchecked_into();
        if !wanted.contains(&track) {
            stream.remove_track(&track);
        }
    }
    for track in &wanted {
        stream.add_track(track);
    }
    // `stream.clone()` would be the browser's own: another stream.
    Some(Clone::clone(stream))
}
