//! Our own camera and microphone, as chosen, from the first request to the last stopped track.

use wasm_bindgen::JsCast;
use web_sys::{MediaStream, MediaStreamTrack};

use super::{Input, Inputs, LocalView, send};
use crate::{
    rtc::{Choice, MediaError, Peer, Source, acquire},
    task,
};

pub(super) struct LocalMedia {
    inputs: Inputs,
    camera: Choice,
    microphone: Choice,
    stream: Option<MediaStream>,
    /// Which request is under way; what older ones bring is stopped.
    request: u32,
}

/// What a request brought.
#[derive(Debug)]
pub(crate) struct Acquired {
    /// The tracks there are; none if this person only watches.
    pub(super) stream: MediaStream,
    /// Why it is less than was wanted.
    pub(super) problem: Option<MediaError>,
}

impl LocalMedia {
    pub(super) fn new(inputs: Inputs) -> Self {
        Self {
            inputs,
            camera: Choice::default(),
            microphone: Choice::default(),
            stream: None,
            request: 0,
        }
    }

    pub(super) fn is_current(&self, request: u32) -> bool {
        self.request == request
    }

    pub(super) fn stream(&self) -> Option<MediaStream> {
        self.stream.clone()
    }

    pub(super) fn view(&self) -> LocalView {
        let track = self.track(Source::Camera);
        LocalView {
            camera: !self.camera.off,
            microphone: !self.microphone.off,
            has_video: track.is_some_and(|track| track.enabled()),
        }
    }

    /// Asks for what was chosen; the outcome comes as [`Input::Media`].
    pub(super) fn acquire(&mut self) {
        self.request += 1;
        let (inputs, request) = (self.inputs.clone(), self.request);
        let (camera, microphone) = (self.camera.clone(), self.microphone.clone());
        task::spawn(async move {
            let outcome = acquire_what_there_is(camera, microphone).await;
            send(&inputs, Input::Media(request, outcome));
        });
    }

    pub(super) fn hold(&mut self, stream: MediaStream) {
        self.stream = Some(stream);
    }

    /// Stops everything, and forgets what has been asked for.
    pub(super) fn release(&mut self) {
        self.request += 1;
        if let Some(stream) = self.stream.take() {
            tracks(&stream).for_each(|track| track.stop());
        }
    }

    /// Adds the tracks to a new connection. Whoever offers also asks to receive the kinds of media
    /// it does not send; whoever answers is told by the offer.
    pub(super) fn attach(&self, peer: &Peer, offers: bool) {
        if let Some(stream) = &self.stream {
            tracks(stream).for_each(|track| peer.add_track(&track, stream));
        }
        for (source, kind) in [(Source::Microphone, "audio"), (Source::Camera, "video")] {
            if offers && self.track(source).is_none() {
                peer.receive_only(kind);
            }
        }
    }

    /// Turns a source on or off, for now if there is a call, and for the calls to come.
    pub(super) fn toggle(&mut self, source: Source, peer: Option<&Peer>) {
        let choice = self.choice(source);
        choice.off = !choice.off;
        let off = choice.off;
        let Some(stream) = self.stream.clone() else {
            return;
        };
        match self.track(source) {
            // A camera that is off has its light off, so its track goes; but the last track stays,
            // silent, because the other side takes the end of the last for the end of the call.
            Some(track) if off && source == Source::Camera && stream.get_tracks().length() > 1 => {
                track.stop();
                stream.remove_track(&track);
                if let Some(peer) = peer {
                    peer.remove_track(&track);
                }
            }
            Some(track) => track.set_enabled(!off),
            None if !off => self.request_source(source),
            None => {}
        }
    }

    /// Uses another device, at once if the source is on.
    pub(super) fn choose(&mut self, source: Source, device: Option<String>) {
        self.choice(source).device = device;
        if self.track(source).is_some() {
            self.request_source(source);
        }
    }

    /// Asks the camera for another height, in pixels.
    pub(super) fn set_height(&mut self, height: Option<u32>) {
        self.camera.height = height;
        if self.track(Source::Camera).is_some() {
            self.request_source(Source::Camera);
        }
    }

    /// Takes a source that was asked for during a call, in place of the one there was.
    pub(super) fn add(
        &mut self,
        source: Source,
        outcome: Result<MediaStream, MediaError>,
        peer: Option<&Peer>,
    ) -> Result<(), MediaError> {
        let fresh = match outcome {
            Ok(stream) => stream,
            Err(error) => {
                self.choice(source).off = self.track(source).is_none();
                return Err(error);
            }
        };
        let Some(stream) = self.stream.clone() else {
            tracks(&fresh).for_each(|track| track.stop());
            return Ok(());
        };
        let old = self.track(source);
        for track in tracks(&fresh) {
            match (&old, peer) {
                (Some(old), Some(peer)) => peer.replace_track(old, &track),
                (None, Some(peer)) => peer.add_track(&track, &stream),
                (_, None) => {}
            }
            stream.add_track(&track);
        }
        if let Some(old) = old {
            old.stop();
            stream.remove_track(&old);
        }
        Ok(())
    }

    fn request_source(&self, source: Source) {
        let (inputs, request) = (self.inputs.clone(), self.request);
        let off = Choice {
            off: true,
            ..Choice::default()
        };
        let (camera, microphone) = match source {
            Source::Camera => (self.camera.clone(), off),
            Source::Microphone => (off, self.microphone.clone()),
        };
        task::spawn(async move {
            let outcome = acquire(&camera, &microphone).await;
            send(&inputs, Input::Source(request, source, outcome));
        });
    }

    fn choice(&mut self, source: Source) -> &mut Choice {
        match source {
            Source::Camera => &mut self.camera,
            Source::Microphone => &mut self.microphone,
        }
    }

    fn track(&self, source: Source) -> Option<MediaStreamTrack> {
        let stream = self.stream.as_ref()?;
        let tracks = match source {
            Source::Camera => stream.get_video_tracks(),
            Source::Microphone => stream.get_audio_tracks(),
        };
        tracks.get(0).dyn_into().ok()
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
    for (camera, microphone) in attempts {
        if camera.off && microphone.off {
            continue;
        }
        match acquire(&camera, &microphone).await {
            Ok(stream) => return Ok(Acquired { stream, problem }),
            Err(MediaError::Refused) => return Err(MediaError::Refused),
            // The first error is about what the person wanted.
            Err(error) => problem = problem.or(Some(error)),
        }
    }
    let stream = MediaStream::new()?;
    Ok(Acquired { stream, problem })
}

const OFF: Choice = Choice {
    off: true,
    device: None,
    height: None,
};

fn tracks(stream: &MediaStream) -> impl Iterator<Item = MediaStreamTrack> {
    stream.get_tracks().into_iter().map(JsCast::unchecked_into)
}
