//! Our own camera and microphone, as chosen, from the first request to the last stopped track.

use std::rc::Rc;

use gloo_events::EventListener;
use wasm_bindgen::JsCast;
use web_sys::{MediaStream, MediaStreamTrack};

use super::{
    acquire::{Acquired, acquire_in_place, acquire_what_there_is, resize},
    device::{Device, devices, on_change},
    error::MediaError,
    facing::Facing,
    preference::{Sound, Source, SourcePreference},
    senders::{Senders, Sending},
    source_state::SourceState,
};
use crate::{platform::task, rtc::Peer};

/// News of camera and microphone, for whoever keeps the [`Capture`].
#[derive(Debug)]
pub enum CaptureEvent {
    /// Camera and microphone for a call, or as much as there is of them.
    Acquired(u32, Result<Acquired, MediaError>),
    /// One more source, or another device for one.
    Replacement((Source, u32), Result<Acquired, MediaError>),
    /// A track has ended by itself.
    Ended(Source),
    /// A track is held back by the system, or is no more.
    Muted,
    /// Something was plugged in or out.
    DevicesChanged,
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
    /// It is one of a camera that faces its owner, who looks for a mirror.
    pub mirrored: bool,
    /// There are several cameras, and this one says which way it looks: another may look the other way.
    pub can_turn: bool,
    /// The next call begins with the camera on.
    pub begins_with_camera: bool,
    /// What is on, and gives nothing, because the system holds it back: of both, the microphone.
    pub held_back: Option<Source>,
}

impl Default for LocalMediaView {
    fn default() -> Self {
        Self {
            camera: true,
            microphone: true,
            has_video: false,
            mirrored: true,
            can_turn: false,
            begins_with_camera: true,
            held_back: None,
        }
    }
}

/// What is chosen, as the menus have it: empty is whatever the browser likes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Chosen {
    /// The camera's `deviceId`.
    pub camera: String,
    /// The microphone's.
    pub microphone: String,
    /// The height of the picture in pixels.
    pub height: String,
    /// What is taken of the sound.
    pub sound: Sound,
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
    /// The other side, if there is one, is told what is off.
    peer_is_told: bool,
    /// The sources that the next call begins without.
    skips: Vec<Source>,
    /// The devices there were when last looked for.
    devices: Vec<String>,
    /// How many of them are cameras.
    cameras: usize,
    _devices: Option<EventListener>,
}

impl Capture {
    /// Nothing is held; `emit` is told what requests bring.
    #[must_use]
    pub fn new(emit: impl Fn(CaptureEvent) + 'static) -> Self {
        let emit: Rc<dyn Fn(CaptureEvent)> = Rc::new(emit);
        let changed = emit.clone();
        Self {
            emit,
            camera: SourceState::load(Source::Camera),
            microphone: SourceState::load(Source::Microphone),
            stream: None,
            request: 0,
            peer_is_told: true,
            skips: Vec::new(),
            devices: Vec::new(),
            cameras: 0,
            _devices: on_change(move || changed(CaptureEvent::DevicesChanged)),
        }
    }

    // What there is.

    /// The preview.
    #[must_use]
    pub fn stream(&self) -> Option<MediaStream> {
        self.stream.clone()
    }

    /// In a call, what is on; outside, what will be.
    #[must_use]
    pub fn view(&self) -> LocalMediaView {
        let is_on = |state: &SourceState| match &self.stream {
            Some(_) => state.track().is_some_and(MediaStreamTrack::enabled),
            None => !state.preference.off,
        };
        let facing = self.camera.track().and_then(Facing::of);
        let held_back = match () {
            () if self.microphone.is_held_back() => Some(Source::Microphone),
            () if self.camera.is_held_back() => Some(Source::Camera),
            () => None,
        };
        let gives_picture = is_on(&self.camera) && !self.camera.is_held_back();
        LocalMediaView {
            camera: is_on(&self.camera),
            microphone: is_on(&self.microphone),
            has_video: self.stream.is_some() && gives_picture,
            mirrored: facing != Some(Facing::Environment),
            can_turn: facing.is_some() && self.cameras > 1,
            begins_with_camera: !self.camera.preference.off,
            held_back,
        }
    }

    /// What is chosen.
    #[must_use]
    pub fn chosen(&self) -> Chosen {
        let height = self.camera.preference.height;
        Chosen {
            camera: self.camera.chosen().unwrap_or_default(),
            microphone: self.microphone.chosen().unwrap_or_default(),
            height: height.map(|height| height.to_string()).unwrap_or_default(),
            sound: self.microphone.preference.sound,
        }
    }

    // For a call.

    /// Asks for what was chosen; the outcome comes as [`CaptureEvent::Acquired`].
    pub fn acquire(&mut self) {
        if self.stream.is_some() {
            self.release();
        }
        for source in std::mem::take(&mut self.skips) {
            self.state(source).skipped = true;
        }
        (self.camera.allowed, self.microphone.allowed) = (false, false);
        self.request += 1;
        let (emit, request) = (self.emit.clone(), self.request);
        let (camera, microphone) = (self.camera.wanted(), self.microphone.wanted());
        task::spawn(async move {
            let outcome = acquire_what_there_is(camera, microphone).await;
            emit(CaptureEvent::Acquired(request, outcome));
        });
    }

    /// Takes what was asked for: as much as there is, and why it is less than was wanted. None if
    /// nobody waits for it any more: then it is turned off; or if it is asked for once more.
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
        let Acquired {
            stream,
            mut problem,
        } = match outcome {
            Ok(acquired) => acquired,
            // What has been allowed since then may have been the reason.
            Err(MediaError::Refused | MediaError::Dismissed | MediaError::System)
                if self.camera.allowed || self.microphone.allowed =>
            {
                self.acquire();
                return None;
            }
            Err(error) => return Some(Err(error)),
        };
        self.hold(Source::Camera, first(&stream.get_video_tracks()));
        self.hold(Source::Microphone, first(&stream.get_audio_tracks()));
        self.stream = Some(stream);
        // The person may have changed their mind while the browser asked.
        for source in Source::ALL {
            let state = self.state(source);
            if state.wanted().off {
                self.turn_off(source, Vec::new());
            } else if state.allowed && problem == Some(MediaError::Blocked(source)) {
                problem = None;
                self.request(source);
            }
        }
        Some(Ok(problem))
    }

    /// Goes on with nothing: whoever shows nothing can watch and listen.
    pub fn go_without(&mut self) {
        self.stream = MediaStream::new().ok();
    }

    /// Stops everything, and forgets what has been asked for.
    pub fn release(&mut self) {
        self.request += 1;
        for source in Source::ALL {
            let state = self.state(source);
            state.next_request();
            state.let_go();
            (state.lost, state.choosing, state.skipped) = (false, false, false);
        }
        self.face(None);
        if let Some(stream) = self.stream.take() {
            stop_all(&stream);
        }
    }

    /// Adds the tracks to a new connection. Whoever offers also asks to receive the kinds of media
    /// it does not send; whoever answers is told by the offer.
    pub fn attach(&mut self, peer: &Peer, offers: bool) -> Senders {
        let mut senders = Senders::default();
        for source in [Source::Microphone, Source::Camera] {
            let sender = match (self.state(source).track().cloned(), &self.stream) {
                (Some(track), Some(stream)) => Some(peer.add_track(&track, stream)),
                _ => None,
            };
            if offers && sender.is_none() {
                peer.receive_only(source.kind());
            }
            *senders.of(source) = sender;
        }
        senders
    }

    /// Sends the tracks over connections that were made before there were any. A camera that is off has no picture,
    /// and the other side is told, for it would wait for one; a microphone that is missing is as good as silent.
    pub fn fill(&mut self, sending: Vec<Sending<'_>>) {
        for Sending { peer, senders } in sending {
            for source in Source::ALL {
                let stream = self.stream.clone();
                let track = self.state(source).track();
                match (senders.of(source), track, stream) {
                    (Some(sender), track, _) if track.is_some() || source == Source::Camera => {
                        peer.set_track(sender, track, false, || {});
                    }
                    (none @ None, Some(track), Some(stream)) => {
                        *none = Some(peer.add_track(track, &stream));
                    }
                    (Some(_) | None, _, _) => {}
                }
            }
        }
    }

    // On and off.

    /// The other side is told what is off, or there is none.
    pub fn peer_is_told(&mut self, is_told: bool, sending: Vec<Sending<'_>>) {
        let was_told = std::mem::replace(&mut self.peer_is_told, is_told);
        if is_told && !was_told && !self.view().camera {
            // It had to stay until now.
            self.turn_off(Source::Camera, sending);
        }
    }

    /// The next call begins without these; they can be turned on in it.
    pub fn skip(&mut self, sources: &[Source]) {
        self.skips = sources.to_vec();
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
        self.set_off(source, off, sending);
    }

    /// The browser lets the page use it after all: it is opened, if it is wanted and missing.
    pub fn allowed(&mut self, source: Source) {
        let is_open = self.stream.is_some();
        let state = self.state(source);
        state.allowed = true;
        let is_wanted = !state.skipped && !state.preference.off;
        if is_open && is_wanted && state.track().is_none() {
            self.request(source);
        }
    }

    fn set_off(&mut self, source: Source, off: bool, sending: Vec<Sending<'_>>) {
        let state = self.state(source);
        state.skipped = false;
        state.preference.off = off;
        state.preference.keep(source);
        state.next_request();
        if off {
            self.turn_off(source, sending);
        } else if let Some(track) = state.track().filter(|_| !state.has_ended()) {
            track.set_enabled(true);
        } else if self.stream.is_some() {
            self.request(source);
        }
    }

    /// A camera that is off has its light off, so its track goes. But where the other side cannot be told, the last
    /// track stays, silent: it takes the end of the last for the end of the call.
    fn turn_off(&mut self, source: Source, sending: Vec<Sending<'_>>) {
        let Some(stream) = self.stream.clone() else {
            return;
        };
        let is_last = !self.peer_is_told && stream.get_tracks().length() < 2;
        let state = self.state(source);
        let Some(track) = state.track() else { return };
        if source == Source::Microphone || is_last {
            return track.set_enabled(false);
        }
        track.stop();
        self.take_out(source, &stream, sending);
    }

    /// Sends nothing of a source any more.
    fn take_out(&mut self, source: Source, stream: &MediaStream, sending: Vec<Sending<'_>>) {
        let is_told = self.peer_is_told;
        if let Some(track) = self.state(source).let_go() {
            stream.remove_track(&track);
        }
        for Sending { peer, senders } in sending {
            if let Some(sender) = senders.of(source) {
                peer.set_track(sender, None, is_told, || {});
            }
        }
    }

    // Devices.

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

    /// These devices are there now: takes one for a source that has lost its own, and takes back the
    /// one that was chosen.
    pub fn found(&mut self, devices: &[Device]) {
        let before = std::mem::replace(
            &mut self.devices,
            devices.iter().map(|device| device.id.clone()).collect(),
        );
        let cameras = devices
            .iter()
            .filter(|device| device.source == Source::Camera);
        self.cameras = cameras.count();
        for source in Source::ALL {
            let has_call = self.stream.is_some();
            let state = self.state(source);
            let mut ours = devices.iter().filter(|device| device.source == source);
            let preference = &state.preference;
            let wished = preference.device.clone();
            let wished = wished.filter(|_| preference.facing.is_none());
            let is_back = wished.is_some()
                && state.device() != wished
                && wished.iter().all(|wished| !before.contains(wished))
                && ours
                    .clone()
                    .any(|device| Some(&device.id) == wished.as_ref());
            let is_missed = state.lost && ours.next().is_some();
            let has_track = state.track().is_some();
            if has_call && !state.preference.off && (is_missed || is_back && has_track) {
                self.request(source);
            }
        }
    }

    /// Uses another device, at once if there is a call.
    pub fn choose(&mut self, source: Source, device: Option<String>) {
        let state = self.state(source);
        state.preference.facing = None;
        state.preference.device = device;
        state.preference.keep(source);
        if state.track().is_some() {
            state.choosing = true;
            self.request(source);
        }
    }

    /// Uses the camera that looks the other way, until this call is over.
    pub fn turn_camera(&mut self) {
        let facing = self.camera.track().and_then(Facing::of);
        if let Some(facing) = facing {
            self.face(Some(facing.turned()));
            self.camera.choosing = true;
            self.request(Source::Camera);
        }
    }

    fn face(&mut self, facing: Option<Facing>) {
        if self.camera.preference.facing != facing {
            self.camera.preference.facing = facing;
            self.camera.preference.keep(Source::Camera);
        }
    }

    /// Asks the camera for another height, in pixels.
    pub fn set_height(&mut self, height: Option<u32>) {
        self.camera.preference.height = height;
        self.camera.preference.keep(Source::Camera);
        // The track there is, and no other: a phone opens a camera once.
        if let Some(track) = self.camera.track() {
            resize(track, height);
        }
    }

    /// Takes that of the sound.
    pub fn set_sound(&mut self, sound: Sound) {
        self.microphone.preference.sound = sound;
        self.microphone.preference.keep(Source::Microphone);
        if let Some(track) = self.microphone.track() {
            // Beside a track that is made otherwise, Chromium 156 takes nothing out, not even echo.
            track.stop();
            self.request(Source::Microphone);
        }
    }

    /// A track has ended by itself: nothing of it is sent any more, and another is asked for. False if
    /// it was not the one there is.
    pub fn ended(&mut self, source: Source, sending: Vec<Sending<'_>>) -> bool {
        let Some(stream) = self.stream.clone() else {
            return false;
        };
        if !self.state(source).has_ended() {
            return false;
        }
        self.take_out(source, &stream, sending);
        self.state(source).lost = true;
        self.request(source);
        true
    }

    /// Takes a source that was asked for during a call, in place of the one there was; gives why it is
    /// another than was wanted.
    ///
    /// # Errors
    /// Why there is no such source; what there was stays, if it still can.
    pub fn replace(
        &mut self,
        (source, request): (Source, u32),
        outcome: Result<Acquired, MediaError>,
        sending: Vec<Sending<'_>>,
    ) -> Result<Option<MediaError>, MediaError> {
        let stream = self.stream.clone();
        let state = self.state(source);
        if !state.awaits(request) {
            outcome.iter().for_each(|fresh| stop_all(&fresh.stream));
            return Ok(None);
        }
        let is_choice = std::mem::take(&mut state.choosing);
        let outcome = match (outcome, stream) {
            (Ok(fresh), Some(stream)) => {
                self.put_in(source, &fresh.stream, &stream, sending);
                Ok(fresh.problem)
            }
            (Ok(fresh), None) => {
                stop_all(&fresh.stream);
                return Ok(None);
            }
            (Err(error), stream) => {
                if let (true, Some(stream)) = (state.has_ended(), stream) {
                    // It was stopped for another, and could not be had again.
                    state.lost = true;
                    self.take_out(source, &stream, sending);
                }
                Err(error)
            }
        };
        let state = self.state(source);
        let is_other = !matches!(outcome, Ok(None));
        if is_choice && is_other {
            // The menu shows what is in use.
            match state.preference.facing {
                Some(_) => {
                    let facing = state.track().and_then(Facing::of);
                    self.face(facing);
                }
                None => state.preference.device = state.device(),
            }
        } else if outcome.is_err() && !state.lost {
            state.preference.off |= state.track().is_none();
        }
        outcome
    }

    /// Sends the track of a fresh stream in place of the one there was.
    fn put_in(
        &mut self,
        source: Source,
        fresh: &MediaStream,
        stream: &MediaStream,
        sending: Vec<Sending<'_>>,
    ) {
        let Some(track) = tracks(fresh).next() else {
            return;
        };
        track.set_enabled(!self.state(source).preference.off);
        // `track.clone()` would be the browser's own: another track, to be stopped by itself.
        let old = self.hold(source, Some(Clone::clone(&track)));
        if let Some(old) = &old {
            stream.remove_track(old);
        }
        stream.add_track(&track);
        // The old one is stopped only when the new one is in its place: no black in between.
        let stop_old = Rc::new(Stop(old.into_iter().collect()));
        for Sending { peer, senders } in sending {
            let done = stop_old.clone();
            match senders.of(source) {
                Some(sender) => peer.set_track(sender, Some(&track), false, move || drop(done)),
                none => *none = Some(peer.add_track(&track, stream)),
            }
        }
    }

    fn request(&mut self, source: Source) {
        let state = self.state(source);
        let asked = (source, state.next_request());
        let wanted = SourcePreference {
            off: false,
            ..state.wanted()
        };
        // What works is let go for what the person wants, and for nothing else.
        let old = state.track().filter(|_| state.choosing).cloned();
        let emit = self.emit.clone();
        task::spawn(async move {
            let outcome = acquire_in_place(source, wanted, old).await;
            emit(CaptureEvent::Replacement(asked, outcome));
        });
    }

    fn hold(
        &mut self,
        source: Source,
        track: Option<MediaStreamTrack>,
    ) -> Option<MediaStreamTrack> {
        let (emit, again) = (self.emit.clone(), self.emit.clone());
        let ended = move || emit(CaptureEvent::Ended(source));
        let muted = move || again(CaptureEvent::Muted);
        self.state(source).hold(track, ended, muted)
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
