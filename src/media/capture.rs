//! Our own camera and microphone, as chosen, from the first request to the last stopped track.

use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{MediaStream, MediaStreamTrack};

use super::{
    acquire::{Acquired, acquire, acquire_what_there_is},
    device::{Device, devices},
    error::MediaError,
    preference::{Source, SourcePreference},
    senders::{Senders, Sending},
};
use crate::{platform::task, rtc::Peer};

/// News of camera and microphone, for whoever keeps the [`Capture`].
#[derive(Debug)]
pub enum CaptureEvent {
    /// Camera and microphone for a call, or as much as there is of them.
    Acquired(u32, Result<Acquired, MediaError>),
    /// One more source, or another device for one.
    Replacement((Source, u32), Result<MediaStream, MediaError>),
    /// The devices that can be chosen.
    Devices(Vec<Device>),
}

/// Sources of ours that are on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalMediaView {
    /// The camera is on, or will be in the next call.
    pub camera: bool,
    /// The same of the microphone.
    pub microphone: bool,
    /// There is a picture of ours.
    pub has_video: bool,
}

impl Default for LocalMediaView {
    fn default() -> Self {
        Self {
            camera: true,
            microphone: true,
            has_video: false,
        }
    }
}

/// Our own camera and microphone.
pub struct Capture {
    emit: Rc<dyn Fn(CaptureEvent)>,
    camera: SourceState,
    microphone: SourceState,
    /// The capture of a call: the preview, and what the tracks are sent as.
    stream: Option<MediaStream>,
    /// Which acquisition for a call is awaited; what older ones bring is stopped.
    request: u32,
}

/// One source, from the wish to the wire.
#[derive(Default)]
struct SourceState {
    preference: SourcePreference,
    track: Option<MediaStreamTrack>,
    /// Which request for this source alone is awaited.
    request: u32,
}

impl Capture {
    /// Nothing is held; `emit` is told what requests bring.
    #[must_use]
    pub fn new(emit: impl Fn(CaptureEvent) + 'static) -> Self {
        Self {
            emit: Rc::new(emit),
            camera: SourceState::default(),
            microphone: SourceState::default(),
            stream: None,
            request: 0,
        }
    }

    /// The preview.
    #[must_use]
    pub fn stream(&self) -> Option<MediaStream> {
        self.stream.clone()
    }

    /// In a call, what is on; outside, what will be.
    #[must_use]
    pub fn view(&self) -> LocalMediaView {
        let is_on = |state: &SourceState| match (&self.stream, &state.track) {
            (Some(_), track) => track.as_ref().is_some_and(MediaStreamTrack::enabled),
            (None, _) => !state.preference.off,
        };
        LocalMediaView {
            camera: is_on(&self.camera),
            microphone: is_on(&self.microphone),
            has_video: self.stream.is_some() && is_on(&self.camera),
        }
    }

    /// Asks for what was chosen; the outcome comes as [`CaptureEvent::Acquired`].
    pub fn acquire(&mut self) {
        self.request += 1;
        let (emit, request) = (self.emit.clone(), self.request);
        let (camera, microphone) = (
            self.camera.preference.clone(),
            self.microphone.preference.clone(),
        );
        task::spawn(async move {
            let outcome = acquire_what_there_is(camera, microphone).await;
            emit(CaptureEvent::Acquired(request, outcome));
        });
    }

    /// Takes what was asked for: as much as there is, and why it is less than was wanted. None if
    /// nobody waits for it any more: then it is turned off.
    pub fn adopt(
        &mut self,
        request: u32,
        outcome: Result<Acquired, MediaError>,
    ) -> Option<Result<Option<MediaError>, MediaError>> {
        if request != self.request {
            outcome
                .iter()
                .for_each(|acquired| stop_all(&acquired.stream));
            return None;
        }
        let Acquired { stream, problem } = match outcome {
            Ok(acquired) => acquired,
            Err(error) => return Some(Err(error)),
        };
        self.camera.track = first(&stream.get_video_tracks());
        self.microphone.track = first(&stream.get_audio_tracks());
        self.stream = Some(stream);
        // The person may have changed their mind while the browser asked.
        for source in [Source::Camera, Source::Microphone] {
            if self.state(source).preference.off {
                self.turn_off(source, Vec::new());
            }
        }
        Some(Ok(problem))
    }

    /// Stops everything, and forgets what has been asked for.
    pub fn release(&mut self) {
        self.request += 1;
        for source in [Source::Camera, Source::Microphone] {
            let state = self.state(source);
            state.request += 1;
            state.track = None;
        }
        if let Some(stream) = self.stream.take() {
            stop_all(&stream);
        }
    }

    /// Looks which devices there are; they come as [`CaptureEvent::Devices`].
    pub fn look_for_devices(&self) {
        let emit = self.emit.clone();
        task::spawn(async move {
            // A page that may not ask simply offers no choice.
            if let Ok(devices) = devices().await {
                emit(CaptureEvent::Devices(devices));
            }
        });
    }

    /// Adds the tracks to a new connection. Whoever offers also asks to receive the kinds of media
    /// it does not send; whoever answers is told by the offer.
    pub fn attach(&mut self, peer: &Peer, offers: bool) -> Senders {
        let mut senders = Senders::default();
        for (source, kind) in [(Source::Microphone, "audio"), (Source::Camera, "video")] {
            let sender = match (&self.state(source).track.clone(), &self.stream) {
                (Some(track), Some(stream)) => Some(peer.add_track(track, stream)),
                _ => None,
            };
            if offers && sender.is_none() {
                peer.receive_only(kind);
            }
            *senders.of(source) = sender;
        }
        senders
    }

    /// Turns a source on or off, for now if there is a call, and for the calls to come.
    pub fn toggle(&mut self, source: Source, sending: Vec<Sending<'_>>) {
        let off = match self.stream {
            Some(_) => match source {
                Source::Camera => self.view().camera,
                Source::Microphone => self.view().microphone,
            },
            None => !self.state(source).preference.off,
        };
        let state = self.state(source);
        state.preference.off = off;
        state.request += 1;
        if off {
            self.turn_off(source, sending);
        } else if let Some(track) = &state.track {
            track.set_enabled(true);
        } else if self.stream.is_some() {
            self.request(source);
        }
    }

    /// A camera that is off has its light off, so its track goes; but the last track stays, silent,
    /// because the other side takes the end of the last for the end of the call.
    fn turn_off(&mut self, source: Source, sending: Vec<Sending<'_>>) {
        let Some(stream) = self.stream.clone() else {
            return;
        };
        let is_last = stream.get_tracks().length() < 2;
        let state = self.state(source);
        let Some(track) = &state.track else { return };
        if source == Source::Microphone || is_last {
            return track.set_enabled(false);
        }
        track.stop();
        stream.remove_track(track);
        state.track = None;
        for Sending { peer, senders } in sending {
            if let Some(sender) = senders.of(source) {
                peer.set_track(sender, None, || {});
            }
        }
    }

    /// Uses another device, at once if there is a call.
    pub fn choose(&mut self, source: Source, device: Option<String>) {
        self.state(source).preference.device = device;
        if self.state(source).track.is_some() {
            self.request(source);
        }
    }

    /// Asks the camera for another height, in pixels.
    pub fn set_height(&mut self, height: Option<u32>) {
        self.camera.preference.height = height;
        if self.camera.track.is_some() {
            self.request(Source::Camera);
        }
    }

    /// Takes a source that was asked for during a call, in place of the one there was.
    ///
    /// # Errors
    /// Why there is no such source; what there was stays.
    pub fn replace(
        &mut self,
        (source, request): (Source, u32),
        outcome: Result<MediaStream, MediaError>,
        sending: Vec<Sending<'_>>,
    ) -> Result<(), MediaError> {
        let stream = self.stream.clone();
        let state = self.state(source);
        let (fresh, stream) = match (outcome, stream) {
            (Ok(fresh), Some(stream)) if request == state.request => (fresh, stream),
            (Ok(fresh), _) => {
                stop_all(&fresh);
                return Ok(());
            }
            (Err(error), _) => {
                state.preference.off |= state.track.is_none();
                return Err(error);
            }
        };
        let Some(track) = tracks(&fresh).next() else {
            return Ok(());
        };
        track.set_enabled(!state.preference.off);
        // `track.clone()` would be the browser's own: another track, to be stopped by itself.
        let old = state.track.replace(Clone::clone(&track));
        if let Some(old) = &old {
            stream.remove_track(old);
        }
        stream.add_track(&track);
        // The old one is stopped only when the new one is in its place: no black in between.
        let stop_old = Stop(old.into_iter().collect());
        let stop_old = Rc::new(stop_old);
        for Sending { peer, senders } in sending {
            let done = stop_old.clone();
            match senders.of(source) {
                Some(sender) => peer.set_track(sender, Some(&track), move || drop(done)),
                none => *none = Some(peer.add_track(&track, &stream)),
            }
        }
        Ok(())
    }

    fn request(&mut self, source: Source) {
        let state = self.state(source);
        state.request += 1;
        let asked = (source, state.request);
        let wanted = SourcePreference {
            off: false,
            ..state.preference.clone()
        };
        let (camera, microphone) = match source {
            Source::Camera => (wanted, SourcePreference::OFF),
            Source::Microphone => (SourcePreference::OFF, wanted),
        };
        let emit = self.emit.clone();
        task::spawn(async move {
            let outcome = acquire(&camera, &microphone).await;
            emit(CaptureEvent::Replacement(asked, outcome));
        });
    }

    fn state(&mut self, source: Source) -> &mut SourceState {
        match source {
            Source::Camera => &mut self.camera,
            Source::Microphone => &mut self.microphone,
        }
    }
}

/// Tracks that stop when nobody waits for it any more.
struct Stop(Vec<MediaStreamTrack>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.iter().for_each(MediaStreamTrack::stop);
    }
}

fn tracks(stream: &MediaStream) -> impl Iterator<Item = MediaStreamTrack> {
    let tracks = stream.get_tracks().into_iter();
    tracks.map(JsCast::unchecked_into)
}

fn first(tracks: &js_sys::Array) -> Option<MediaStreamTrack> {
    tracks.get(0).dyn_into().ok()
}

fn stop_all(stream: &MediaStream) {
    tracks(stream).for_each(|track| track.stop());
}
