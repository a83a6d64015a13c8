//! Our own screen, shared in a call, from the browser's question to the last stopped track.

use std::rc::Rc;

use gloo_events::EventListener;
use js_sys::Reflect;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{DisplayMediaStreamConstraints, MediaStream, MediaStreamTrack};

use super::{
    device::media_devices,
    error::MediaError,
    senders::{Senders, Sending},
};
use crate::{
    platform::{JsObject, task},
    rtc::Peer,
};

/// News of a shared screen, for whoever keeps the [`SharedScreen`].
#[derive(Debug)]
pub enum ScreenEvent {
    /// The person has picked something to share, or nothing.
    Picked(u32, Result<MediaStream, MediaError>),
    /// It is not shared any more: the person has said so in the browser's own bar, or the window is gone.
    Ended,
}

/// What we share of our screen: a picture, and its sound where the browser gives it.
pub struct SharedScreen {
    emit: Rc<dyn Fn(ScreenEvent)>,
    /// What it is sent in, the same for as long as the page is there: each connection sends every share in
    /// the media sections of its first, and those keep its id.
    stream: Option<MediaStream>,
    tracks: Vec<MediaStreamTrack>,
    /// Which question is awaited; what older ones bring is stopped.
    request: u32,
    ended: Option<EventListener>,
}

/// Whether this browser can share screens; those of phones cannot.
#[must_use]
pub fn can_share() -> bool {
    let has = |devices| Reflect::has(&devices, &"getDisplayMedia".into()).unwrap_or(false);
    media_devices().is_ok_and(|devices| has(JsValue::from(devices)))
}

impl SharedScreen {
    /// Nothing is shared; `emit` is told what comes of questions.
    #[must_use]
    pub fn new(emit: impl Fn(ScreenEvent) + 'static) -> Self {
        Self {
            emit: Rc::new(emit),
            stream: None,
            tracks: Vec::new(),
            request: 0,
            ended: None,
        }
    }

    /// The id of the stream that it is sent in, while something is shared.
    #[must_use]
    pub fn id(&self) -> Option<String> {
        let stream = self.stream.as_ref().filter(|_| !self.tracks.is_empty());
        stream.map(MediaStream::id)
    }

    /// What is shared (Screen Capture, 5.3: `displaySurface`), empty where the browser does not say; none if
    /// nothing is.
    #[must_use]
    pub fn surface(&self) -> Option<String> {
        let mut tracks = self.tracks.iter();
        let picture = tracks.find(|track| track.kind() == "video")?;
        let settings = JsObject(picture.get_settings().into());
        Some(settings.string("displaySurface").unwrap_or_default())
    }

    /// Lets the person pick what to share; it comes as [`ScreenEvent::Picked`].
    pub fn ask(&mut self) {
        self.request += 1;
        let (emit, request) = (self.emit.clone(), self.request);
        task::spawn(async move { emit(ScreenEvent::Picked(request, pick().await)) });
    }

    /// Sends what was picked, unless nobody waits for it any more.
    pub fn share(&mut self, request: u32, picked: MediaStream, sending: Vec<Sending<'_>>) {
        let tracks = picked.get_tracks().into_iter();
        let tracks: Vec<MediaStreamTrack> = tracks.map(JsCast::unchecked_into).collect();
        if request != self.request {
            return tracks.iter().for_each(MediaStreamTrack::stop);
        }
        if self.stream.is_none() {
            self.stream = MediaStream::new().ok();
        }
        self.tracks = tracks;
        for track in &self.tracks {
            if track.kind() == "video" {
                // Letters are to be read: rather fewer pictures than blurred ones.
                let _ = Reflect::set(track, &"contentHint".into(), &"detail".into());
                let emit = self.emit.clone();
                let ended = move |_: &_| emit(ScreenEvent::Ended);
                self.ended = Some(EventListener::once(track, "ended", ended));
            }
        }
        for Sending { peer, senders } in sending {
            self.attach(peer, senders);
        }
    }

    /// Adds what is shared to a connection.
    pub fn attach(&self, peer: &Peer, senders: &mut Senders) {
        let Some(stream) = &self.stream else { return };
        for track in &self.tracks {
            match senders.of_screen(&track.kind()) {
                Some(sender) => peer.set_track(sender, Some(track), false, || {}),
                none => *none = Some(peer.add_track(track, stream)),
            }
        }
    }

    /// Shares nothing any more, and forgets what has been asked.
    pub fn stop(&mut self, sending: Vec<Sending<'_>>) {
        self.request += 1;
        self.ended = None;
        for track in self.tracks.drain(..) {
            track.stop();
        }
        for Sending { peer, senders } in sending {
            for kind in ["audio", "video"] {
                if let Some(sender) = senders.of_screen(kind) {
                    peer.set_track(sender, None, false, || {});
                }
            }
        }
    }
}

async fn pick() -> Result<MediaStream, MediaError> {
    let constraints = DisplayMediaStreamConstraints::new();
    constraints.set_video(&JsValue::TRUE);
    constraints.set_audio(&JsValue::TRUE);
    let request = media_devices()?.get_display_media_with_constraints(&constraints)?;
    Ok(JsFuture::from(request).await?.unchecked_into())
}
