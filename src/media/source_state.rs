//! One source of ours, from the wish to the wire.

use gloo_events::EventListener;
use web_sys::{MediaStreamTrack, MediaStreamTrackState};

use super::{
    device::device_of,
    preference::{Source, SourcePreference},
};

/// One source.
#[derive(Debug)]
pub(super) struct SourceState {
    pub(super) preference: SourcePreference,
    track: Option<Live>,
    /// Which request for this source alone is awaited.
    request: u32,
    /// It is off in this call, whatever is usual.
    pub(super) skipped: bool,
    /// The browser lets the page use it since it was last asked for.
    pub(super) allowed: bool,
    /// The person has just chosen a device, and has it only if it comes.
    pub(super) choosing: bool,
    /// The device went by itself: as soon as there is one again, it is taken.
    pub(super) lost: bool,
}

#[derive(Debug)]
struct Live {
    track: MediaStreamTrack,
    _listeners: [EventListener; 3],
}

impl SourceState {
    pub(super) fn load(source: Source) -> Self {
        Self {
            preference: SourcePreference::load(source),
            track: None,
            request: 0,
            skipped: false,
            allowed: false,
            choosing: false,
            lost: false,
        }
    }

    /// What is asked for in this call.
    pub(super) fn wanted(&self) -> SourcePreference {
        SourcePreference {
            off: self.preference.off || self.skipped,
            ..self.preference.clone()
        }
    }

    pub(super) fn track(&self) -> Option<&MediaStreamTrack> {
        self.track.as_ref().map(|live| &live.track)
    }

    /// Whether it is on, and nothing comes of it: the system, a switch at the device or another program holds it
    /// back (Media Capture and Streams, 4.2.1: `muted`).
    pub(super) fn is_held_back(&self) -> bool {
        let is_held_back = |track: &MediaStreamTrack| track.enabled() && track.muted();
        // Where one is open at a time, the one before falls silent for the next.
        !self.choosing && self.track().is_some_and(is_held_back)
    }

    /// Holds that track from now on, and gives the one before. `ended` is called when it ends by
    /// itself: its device is gone, or the browser has taken it back; `muted` when it is held back, and when it is
    /// no more.
    pub(super) fn hold(
        &mut self,
        track: Option<MediaStreamTrack>,
        ended: impl Fn() + 'static,
        muted: impl Fn() + Clone + 'static,
    ) -> Option<MediaStreamTrack> {
        let live = track.map(|track| {
            let again = muted.clone();
            Live {
                _listeners: [
                    EventListener::once(&track, "ended", move |_| ended()),
                    EventListener::new(&track, "mute", move |_| muted()),
                    EventListener::new(&track, "unmute", move |_| again()),
                ],
                track,
            }
        });
        self.lost &= live.is_none();
        std::mem::replace(&mut self.track, live).map(|live| live.track)
    }

    /// Holds none.
    pub(super) fn let_go(&mut self) -> Option<MediaStreamTrack> {
        self.track.take().map(|live| live.track)
    }

    /// Whether the track there is has ended.
    pub(super) fn has_ended(&self) -> bool {
        let ended = |track: &MediaStreamTrack| track.ready_state() == MediaStreamTrackState::Ended;
        self.track().is_some_and(ended)
    }

    /// What is asked for from now on makes void what was before.
    pub(super) fn next_request(&mut self) -> u32 {
        self.request += 1;
        self.request
    }

    pub(super) fn awaits(&self, request: u32) -> bool {
        self.request == request
    }

    /// The device that is chosen, as it is: not what was wished for, where that is gone or in use. What
    /// has just been chosen is believed until it has come, or has not.
    pub(super) fn chosen(&self) -> Option<String> {
        let wished = self.preference.device.as_ref()?;
        let there = self.device().filter(|_| !self.choosing);
        Some(there.unwrap_or_else(|| wished.clone()))
    }

    pub(super) fn device(&self) -> Option<String> {
        self.track().and_then(device_of)
    }
}
