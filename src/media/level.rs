//! How loud a stream is.

use wasm_bindgen::JsValue;
use web_sys::{AnalyserNode, AudioContext, MediaStream, MediaStreamTrack};

/// How many samples one look takes; at 48 kHz they last 43 ms.
const SAMPLES: usize = 2048;

/// Listens to a stream, until it is dropped.
#[derive(Debug)]
pub struct Level {
    context: AudioContext,
    analyser: AnalyserNode,
    /// What is listened to for this alone.
    open: Option<MediaStreamTrack>,
}

impl Level {
    /// None where the stream has no sound, or the browser does not let a page listen.
    #[must_use]
    pub fn of(stream: &MediaStream) -> Option<Self> {
        let context = AudioContext::new().ok()?;
        match Self::listen(&context, stream) {
            Ok(analyser) => Some(Self {
                context,
                analyser,
                open: None,
            }),
            Err(_) => {
                let _ = context.close();
                None
            }
        }
    }

    /// How loud it is at a microphone that is muted: what is sent of it stays silence.
    #[must_use]
    pub fn of_muted(track: &MediaStreamTrack) -> Option<Self> {
        let open = MediaStreamTrack::clone(track);
        open.set_enabled(true);
        let stream = MediaStream::new().ok()?;
        stream.add_track(&open);
        let mut level = Self::of(&stream);
        match &mut level {
            Some(level) => level.open = Some(open),
            None => open.stop(),
        }
        level
    }

    fn listen(context: &AudioContext, stream: &MediaStream) -> Result<AnalyserNode, JsValue> {
        let source = context.create_media_stream_source(stream)?;
        let analyser = context.create_analyser()?;
        analyser.set_fft_size(SAMPLES as u32);
        source.connect_with_audio_node(&analyser)?;
        Ok(analyser)
    }

    /// The loudest that was just heard, 0 to 1; none while the browser does not listen yet.
    #[must_use]
    pub fn peak(&self) -> Option<f32> {
        if self.context.current_time() == 0.0 {
            return None;
        }
        let mut samples = [0.0; SAMPLES];
        self.analyser.get_float_time_domain_data(&mut samples);
        Some(
            samples
                .iter()
                .fold(0.0, |peak: f32, sample| peak.max(sample.abs())),
        )
    }
}

impl Drop for Level {
    fn drop(&mut self) {
        let _ = self.context.close();
        if let Some(open) = &self.open {
            open.stop();
        }
    }
}
