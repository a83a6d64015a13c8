//! The moment when a stream's first picture is decoded.

use gloo_timers::callback::Timeout;
use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::{HtmlVideoElement, MediaStream};

use crate::platform::bindings::VideoElement;

/// How long a picture is waited for, ms. A page in the background is shown none, and a stream may
/// have sound alone.
const LIMIT: u32 = 1000;

/// Waits for the first picture, out of sight. Dropping it stops waiting.
#[derive(Debug)]
pub struct FirstFrame {
    video: VideoElement,
    _frame: Closure<dyn FnMut()>,
    _limit: Timeout,
}

impl FirstFrame {
    /// Calls `done` once a picture of that stream is decoded, or cannot be waited for any longer.
    #[must_use]
    pub fn of(stream: &MediaStream, done: impl Fn() + Clone + 'static) -> Option<Self> {
        let document = web_sys::window()?.document()?;
        let video = document.create_element("video").ok()?;
        let video: VideoElement = video.unchecked_into();
        video.set_muted(true);
        video.set_src_object(Some(stream));
        let late = done.clone();
        let frame: Closure<dyn FnMut()> = Closure::new(done);
        video.request_video_frame_callback(frame.as_ref().unchecked_ref());
        // Muted, it may always play; the promise tells nothing that the frame does not.
        let _ = video.play();
        let limit = match stream.get_video_tracks().length() {
            0 => 0,
            _ => LIMIT,
        };
        Some(Self {
            video,
            _frame: frame,
            _limit: Timeout::new(limit, late),
        })
    }
}

impl Drop for FirstFrame {
    fn drop(&mut self) {
        let video: &HtmlVideoElement = &self.video;
        video.set_src_object(None);
    }
}
