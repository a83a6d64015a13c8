//! Our own camera and microphone, as chosen, from the first request to the last stopped track.

use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{MediaStream, MediaStreamTrack, RtcRtpSender};

use super::{Input, Inputs, LocalView, legs::Leg, send};
use crate::{
    rtc::{Choice, MediaError, Peer, Source, acquire},
    task,
};

pub(super) struct LocalMedia {
    inputs: Inputs,
    camera: Line,
    microphone: Line,
    /// What is held for a call: the preview, and what the tracks are sent as.
    stream: Option<MediaStream>,
    /// Which acquisition for a call is awaited; what older ones bring is stopped.
    request: u32,
}

/// One source, from the wish to the wire.
#[derive(Default)]
struct Line {
    choice: Choice,
    track: Option<MediaStreamTrack>,
    /// Which request for this source alone is awaited.
    request: u32,
}

/// What sends our tracks over one leg. Kept for the whole connection, so that a source goes off and
/// on in one media section.
#[derive(Default)]
pub(super) struct Senders {
    camera: Option<RtcRtpSender>,
    microphone: Option<RtcRtpSender>,
}

impl Senders {
    fn of(&mut self, source: Source) -> &mut Option<RtcRtpSender> {
        match source {
            Source::Camera => &mut self.camera,
            Source::Microphone => &mut self.microphone,
        }
    }
}

/// What a request brought.
#[derive(Debug)]
pub(crate) struct Acquired {
    /// The tracks there are; none if this person only watches.
    stream: MediaStream,
    /// Why it is less than was wanted.
    pub(super) problem: Option<MediaError>,
}

impl LocalMedia {
    pub(super) fn new(inputs: Inputs) -> Self {
        Self {
            inputs,
            camera: Line::default(),
            microphone: Line::default(),
            stream: None,
            request: 0,
        }
    }

    pub(super) fn stream(&self) -> Option<MediaStream> {
        self.stream.clone()
    }

    /// In a call, what is on; outside, what will be.
    pub(super) fn view(&self) -> LocalView {
        let is_on = |line: &Line| match (&self.stream, &line.track) {
            (Some(_), track) => track.as_ref().is_some_and(MediaStreamTrack::enabled),
            (None, _) => !line.choice.off,
        };
        LocalView {
            camera: is_on(&self.camera),
            microphone: is_on(&self.microphone),
            has_video: self.stream.is_some() && is_on(&self.camera),
        }
    }

    /// Asks for what was chosen; the outcome comes as [`Input::Media`].
    pub(super) fn acquire(&mut self) {
        self.request += 1;
        let (inputs, request) = (self.inputs.clone(), self.request);
        let (camera, microphone) = (self.camera.choice.clone(), self.microphone.choice.clone());
        task::spawn(async move {
            let outcome = acquire_what_there_is(camera, microphone).await;
            send(&inputs, Input::Media(request, outcome));
        });
    }

    /// Takes what was asked for. None if nobody waits for it any more: then it is turned off.
    pub(super) fn hold(
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
            if self.line(source).choice.off {
                self.turn_off(source, &mut []);
            }
        }
        Some(Ok(problem))
    }

    /// Stops everything, and forgets what has been asked for.
    pub(super) fn release(&mut self) {
        self.request += 1;
        for source in [Source::Camera, Source::Microphone] {
            let line = self.line(source);
            line.request += 1;
            line.track = None;
        }
        if let Some(stream) = self.stream.take() {
            stop_all(&stream);
        }
    }

    /// Adds the tracks to a new connection. Whoever offers also asks to receive the kinds of media
    /// it does not send; whoever answers is told by the offer.
    pub(super) fn attach(&mut self, peer: &Peer, offers: bool) -> Senders {
        let mut senders = Senders::default();
        for (source, kind) in [(Source::Microphone, "audio"), (Source::Camera, "video")] {
            let sender = match (&self.line(source).track.clone(), &self.stream) {
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
    pub(super) fn toggle(&mut self, source: Source, legs: &mut [Leg]) {
        let off = match self.stream {
            Some(_) => match source {
                Source::Camera => self.view().camera,
                Source::Microphone => self.view().microphone,
            },
            None => !self.line(source).choice.off,
        };
        let line = self.line(source);
        line.choice.off = off;
        line.request += 1;
        if off {
            self.turn_off(source, legs);
        } else if let Some(track) = &line.track {
            track.set_enabled(true);
        } else if self.stream.is_some() {
            self.request(source);
        }
    }

    /// A camera that is off has its light off, so its track goes; but the last track stays, silent,
    /// because the other side takes the end of the last for the end of the call.
    fn turn_off(&mut self, source: Source, legs: &mut [Leg]) {
        let Some(stream) = self.stream.clone() else {
            return;
        };
        let is_last = stream.get_tracks().length() < 2;
        let line = self.line(source);
        let Some(track) = &line.track else { return };
        if source == Source::Microphone || is_last {
            return track.set_enabled(false);
        }
        track.stop();
        stream.remove_track(track);
        line.track = None;
        for leg in legs {
            if let Some(sender) = leg.senders.of(source) {
                leg.peer.set_track(sender, None, || {});
            }
        }
    }

    /// Uses another device, at once if there is a call.
    pub(super) fn choose(&mut self, source: Source, device: Option<String>) {
        self.line(source).choice.device = device;
        if self.line(source).track.is_some() {
            self.request(source);
        }
    }

    /// Asks the camera for another height, in pixels.
    pub(super) fn set_height(&mut self, height: Option<u32>) {
        self.camera.choice.height = height;
        if self.camera.track.is_some() {
            self.request(Source::Camera);
        }
    }

    /// Takes a source that was asked for during a call, in place of the one there was.
    pub(super) fn replace(
        &mut self,
        (source, request): (Source, u32),
        outcome: Result<MediaStream, MediaError>,
        legs: &mut [Leg],
    ) -> Result<(), MediaError> {
        let stream = self.stream.clone();
        let line = self.line(source);
        let (fresh, stream) = match (outcome, stream) {
            (Ok(fresh), Some(stream)) if request == line.request => (fresh, stream),
            (Ok(fresh), _) => {
                stop_all(&fresh);
                return Ok(());
            }
            (Err(error), _) => {
                line.choice.off |= line.track.is_none();
                return Err(error);
            }
        };
        let Some(track) = tracks(&fresh).next() else {
            return Ok(());
        };
        track.set_enabled(!line.choice.off);
        // `track.clone()` would be the browser's own: another track, to be stopped by itself.
        let old = line.track.replace(Clone::clone(&track));
        if let Some(old) = &old {
            stream.remove_track(old);
        }
        stream.add_track(&track);
        // The old one is stopped only when the new one is in its place: no black in between.
        let stop_old = Stop(old.into_iter().collect());
        let stop_old = Rc::new(stop_old);
        for leg in legs {
            let done = stop_old.clone();
            match leg.senders.of(source) {
                Some(sender) => leg.peer.set_track(sender, Some(&track), move || drop(done)),
                none => *none = Some(leg.peer.add_track(&track, &stream)),
            }
        }
        Ok(())
    }

    fn request(&mut self, source: Source) {
        let line = self.line(source);
        line.request += 1;
        let asked = (source, line.request);
        let wanted = Choice {
            off: false,
            ..line.choice.clone()
        };
        let (camera, microphone) = match source {
            Source::Camera => (wanted, OFF),
            Source::Microphone => (OFF, wanted),
        };
        let inputs = self.inputs.clone();
        task::spawn(async move {
            let outcome = acquire(&camera, &microphone).await;
            send(&inputs, Input::Source(asked, outcome));
        });
    }

    fn line(&mut self, source: Source) -> &mut Line {
        match source {
            Source::Camera => &mut self.camera,
            Source::Microphone => &mut self.microphone,
        }
    }
}

/// Asks for both, then for one, then is content with none: people without a camera can talk, and
/// people without a microphone can watch. Only a refusal is final.
async fn acquire_what_there_is(camera: Choice, microphone: Choice) -> Result<Acquired, MediaError> {
    let any = |choice: &Choice| Choice {
        device: None,
        ..choice.clone()
    };
    let attempts = [
        (camera.clone(), microphone.clone()),
        (any(&camera), any(&microphone)),
        (OFF, any(&microphone)),
        (any(&camera), OFF),
    ];
    let mut problem = None;
    let mut tried = None;
    for attempt in attempts {
        let (camera, microphone) = &attempt;
        if camera.off && microphone.off || tried.as_ref() == Some(&attempt) {
            continue;
        }
        match acquire(camera, microphone).await {
            Ok(stream) => return Ok(Acquired { stream, problem }),
            Err(MediaError::Refused) => return Err(MediaError::Refused),
            // The first error is about what the person wanted.
            Err(error) => problem = problem.or(Some(error)),
        }
        tried = Some(attempt);
    }
    let stream = MediaStream::new()?;
    Ok(Acquired { stream, problem })
}

/// Tracks that stop when nobody waits for it any more.
struct Stop(Vec<MediaStreamTrack>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.iter().for_each(MediaStreamTrack::stop);
    }
}

const OFF: Choice = Choice {
    off: true,
    device: None,
    height: None,
};

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
