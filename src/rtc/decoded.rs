//! A stream that is decoded out of sight and unheard, and the moment when its first picture is.

use gloo_timers::callback::Timeout;
use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::{HtmlVideoElement, MediaStream};

use crate::platform::JsObject;

/// How long a picture is waited for, ms. A page in the background is shown none, and a stream may
/// have sound alone.
const LIMIT: u32 = 1000;

/// Decodes a stream: what no element plays is not decoded (Chromium 156), and would begin with a gap. Dropping it
/// stops that.
#[derive(Debug)]
pub struct Decoded {
    video: HtmlVideoElement,
    awaited: Option<(Closure<dyn FnMut()>, Timeout)>,
}

impl Decoded {
    /// Decodes that stream from now on; nobody sees or hears it.
    #[must_use]
    pub fn of(stream: &MediaStream) -> Option<Self> {
        let document = web_sys::window()?.document()?;
        let video = document.create_element("video").ok()?;
        let video: HtmlVideoElement = video.unchecked_into();
        video.set_muted(true);
        video.set_src_object(Some(stream));
        // Muted, it may always play; the promise tells nothing that a frame does not.
        let _ = video.play();
        Some(Self {
            video,
            awaited: None,
        })
    }

    /// Calls `done` once a picture is decoded, or cannot be waited for any longer.
    pub fn await_frame(&mut self, done: impl Fn() + Clone + 'static) {
        let stream = self.video.src_object();
        let pictures = stream.map_or(0, |stream| stream.get_video_tracks().length());
        let late = done.clone();
        let frame: Closure<dyn FnMut()> = Closure::new(done);
        // Firefox before 132 has none, and then it is the limit that is waited for.
        let video = JsObject(self.video.clone().into());
        video.call("requestVideoFrameCallback", &[frame.as_ref()]);
        let limit = if pictures == 0 { 0 } else { LIMIT };
        self.awaited = Some((frame, Timeout::new(limit, late)));
    }

    /// Whether a picture is waited for.
    #[must_use]
    pub fn is_awaited(&self) -> bool {
        self.awaited.is_some()
    }
}

impl Drop for Decoded {
    fn drop(&mut self) {
        self.video.set_src_object(None);
    }
}
