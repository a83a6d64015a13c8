//! What is heard while it rings. Made here, note by note: a file would weigh more.

use std::{cell::Cell, rc::Rc};

use gloo_timers::callback::{Interval, Timeout};
use wasm_bindgen::JsValue;
use web_sys::{AudioContext, AudioContextState, AudioNode, OscillatorType};

/// What tells that somebody has come, and how long that takes, ms.
const CHIME: Note = (523.3, 0.0, 0.5);
const CHIMES: u32 = 700;

/// How often it rings, ms.
const ROUND: u32 = 3_000;

/// How loud the first round is, of 1, and how many rounds it takes to be as loud as it gets.
const SOFT: f32 = 0.04;
const RISE: f32 = 4.0;

/// A note: its pitch in Hz, and when it begins and ends, s after the round does.
pub(super) type Note = (f32, f64, f64);

/// What rings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Here: somebody calls.
    In,
    /// There: we call.
    Out,
}

impl Tone {
    fn notes(self) -> &'static [Note] {
        match self {
            Self::In => &[
                (659.3, 0.0, 0.35),
                (880.0, 0.18, 0.6),
                (659.3, 0.7, 1.05),
                (880.0, 0.88, 1.4),
            ],
            Self::Out => &[(440.0, 0.0, 1.0)],
        }
    }

    /// How loud it gets, of 1.
    fn loudest(self) -> f32 {
        match self {
            Self::In => 0.3,
            Self::Out => SOFT,
        }
    }
}

/// Rings, or does not.
#[derive(Debug, Default)]
pub struct Ringer {
    context: Option<AudioContext>,
    ringing: Option<(Tone, Interval)>,
    /// After a chime, it rests.
    chiming: Option<Timeout>,
}

impl Ringer {
    /// The person has pressed something: from then on, browsers let a page be heard.
    pub fn unlock(&mut self) {
        if self.context.is_none() {
            self.context = AudioContext::new().ok();
        }
        self.context.iter().for_each(wake);
        match self.chiming {
            Some(_) => self.rest_later(),
            None => self.rest(),
        }
    }

    /// Where nothing rings, nothing sounds, what has been begun neither.
    fn rest(&self) {
        if let (Some(context), None) = (&self.context, &self.ringing) {
            let _ = context.suspend();
        }
    }

    /// Sounds once, softly, where nothing rings.
    pub fn chime(&mut self) {
        if let (Some(context), None) = (&self.context, &self.ringing) {
            wake(context);
            // A browser that makes no sound goes without.
            let _ = play(context, &context.destination(), CHIME, SOFT);
            self.rest_later();
        }
    }

    /// Rests after a chime.
    fn rest_later(&mut self) {
        if let (Some(context), None) = (self.context.clone(), &self.ringing) {
            self.chiming = Some(Timeout::new(CHIMES, move || drop(context.suspend())));
        }
    }

    /// Rings like that from now on, or not at all.
    pub fn follow(&mut self, tone: Option<Tone>) {
        if self.ringing.as_ref().map(|(tone, _)| *tone) == tone {
            return;
        }
        self.ringing = None;
        self.chiming = None;
        self.rest();
        if let (Some(tone), Some(context)) = (tone, &self.context) {
            wake(context);
            let (context, round) = (context.clone(), Rc::new(Cell::new(0.0)));
            let ring = move || {
                // Notes for a context that sleeps all sound when it wakes: those of one round are enough.
                let nth = round.replace(round.get() + 1.0);
                if nth > 0.0 && context.state() != AudioContextState::Running {
                    return;
                }
                let volume = SOFT + (tone.loudest() - SOFT) * f32::min(nth / RISE, 1.0);
                for note in tone.notes() {
                    // A browser that makes no sound rings without.
                    let _ = play(&context, &context.destination(), *note, volume);
                }
            };
            ring();
            self.ringing = Some((tone, Interval::new(ROUND, ring)));
        }
    }
}

/// A context that was made before the person did anything sleeps.
fn wake(context: &AudioContext) {
    let _ = context.resume();
}

/// Plays a note, which goes there.
pub(super) fn play(
    context: &AudioContext,
    there: &AudioNode,
    (pitch, begin, end): Note,
    volume: f32,
) -> Result<(), JsValue> {
    let (oscillator, gain) = (context.create_oscillator()?, context.create_gain()?);
    oscillator.set_type(OscillatorType::Triangle);
    oscillator.frequency().set_value(pitch);
    let now = context.current_time();
    // It comes and goes without a click.
    gain.gain().set_value_at_time(0.0, now + begin)?;
    gain.gain()
        .linear_ramp_to_value_at_time(volume, now + begin + 0.03)?;
    gain.gain().linear_ramp_to_value_at_time(0.0, now + end)?;
    oscillator
        .connect_with_audio_node(&gain)?
        .connect_with_audio_node(there)?;
    oscillator.start_with_when(now + begin)?;
    oscillator.stop_with_when(now + end)
}
