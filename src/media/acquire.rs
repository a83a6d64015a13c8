//! Asking for camera and microphone.

use js_sys::{Array, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{MediaStream, MediaStreamConstraints, MediaStreamTrack};

use super::{
    device::{device_of, media_devices},
    error::MediaError,
    permission::{State, is_forbidden, state, why_refused},
    preference::{Sound, Source, SourcePreference},
};
use crate::platform::{JsObject, property};

/// Voices without what is around them (Media Capture and Streams Extensions, 6).
pub(super) const ISOLATION: &str = "voiceIsolation";

/// The result of a request for a call.
#[derive(Debug)]
pub struct Acquired {
    /// The tracks there are; none if this person only watches.
    pub(super) stream: MediaStream,
    /// Why it is less than was wanted.
    pub(super) problem: Option<MediaError>,
}

/// Asks for camera and microphone as chosen; at least one of them must not be off.
///
/// # Errors
/// As `getUserMedia()` says, in the types above.
pub async fn acquire(
    camera: &SourcePreference,
    microphone: &SourcePreference,
) -> Result<MediaStream, MediaError> {
    let constraints = MediaStreamConstraints::new();
    constraints.set_video(&constraint(camera));
    constraints.set_audio(&constraint(microphone));
    let request = media_devices()?.get_user_media_with_constraints(&constraints)?;
    let stream = JsFuture::from(request).await?;
    Ok(stream.unchecked_into())
}

/// Asks for both, then for one, then is content with none: people without a camera can talk, and
/// people without a microphone can watch. Only a refusal of both is final.
pub(super) async fn acquire_what_there_is(
    camera: SourcePreference,
    microphone: SourcePreference,
) -> Result<Acquired, MediaError> {
    let attempts = [
        (camera.clone(), microphone.clone()),
        (any(&camera), any(&microphone)),
        (SourcePreference::OFF, any(&microphone)),
        (any(&camera), SourcePreference::OFF),
    ];
    let mut blocked = [false; 2];
    let mut problem = None;
    let mut tried = None;
    for attempt in attempts {
        let (camera, microphone) = &attempt;
        let asks_in_vain = !camera.off && blocked[0] || !microphone.off && blocked[1];
        if camera.off && microphone.off || asks_in_vain || tried.as_ref() == Some(&attempt) {
            continue;
        }
        match acquire(camera, microphone).await {
            Ok(stream) => {
                // Of what the site forbids, Chromium 156 gives nothing, and no error for the other.
                let wanted = u32::from(!camera.off) + u32::from(!microphone.off);
                if stream.get_tracks().length() < wanted {
                    problem = problem.or(Some(MediaError::Refused));
                }
                let problem = problem.map(|problem| exactly(problem, &stream));
                return Ok(Acquired { stream, problem });
            }
            Err(MediaError::Refused) => {
                // One may be blocked, and the other not: then the person is not asked again.
                let states = [state(Source::Camera).await, state(Source::Microphone).await];
                blocked = states.map(|state| state == State::Denied);
                if blocked[0] == blocked[1] {
                    // Where one would be asked for again, that is the way.
                    let asked = match (camera.off, microphone.off) {
                        (false, false) => states[0].max(states[1]),
                        (is_off, _) => states[usize::from(is_off)],
                    };
                    return Err(why_refused(asked, &Source::ALL));
                }
                problem = Some(MediaError::Refused);
            }
            // The first error is about what the person wanted.
            Err(error) => problem = problem.or(Some(error)),
        }
        tried = Some(attempt);
    }
    let stream = MediaStream::new()?;
    Ok(Acquired { stream, problem })
}

/// Which of the two is missing, where it is one.
fn exactly(problem: MediaError, stream: &MediaStream) -> MediaError {
    let missing = match stream.get_video_tracks().length() {
        0 => Source::Camera,
        _ => Source::Microphone,
    };
    let has_one = stream.get_tracks().length() == 1;
    if problem == MediaError::Refused && is_forbidden(missing) {
        MediaError::Forbidden
    } else if problem == MediaError::Refused {
        MediaError::Blocked(missing)
    } else if problem == MediaError::NotFound && has_one {
        MediaError::None(missing)
    } else {
        problem
    }
}

/// Asks for one source, in place of the track there is. Where a device has one user at a time, as
/// phones have it, that track is stopped first; if nothing comes of it, there is another of its
/// device.
pub(super) async fn acquire_in_place(
    source: Source,
    wanted: SourcePreference,
    old: Option<MediaStreamTrack>,
) -> Result<Acquired, MediaError> {
    let error = match acquire_one(source, &wanted).await {
        Ok(stream) => {
            return Ok(Acquired {
                stream,
                problem: None,
            });
        }
        Err(MediaError::Refused) => return Err(why_refused(state(source).await, &[source])),
        Err(error) => error,
    };
    let second = match (&error, old) {
        (MediaError::InUse, Some(old)) => {
            old.stop();
            if let Ok(stream) = acquire_one(source, &wanted).await {
                return Ok(Acquired {
                    stream,
                    problem: None,
                });
            }
            SourcePreference {
                device: device_of(&old),
                facing: None,
                ..wanted
            }
        }
        // Whatever is there is better than nothing.
        (MediaError::ChoiceGone | MediaError::NotFound, None) if wanted.device.is_some() => {
            any(&wanted)
        }
        (_, None) if wanted.facing.is_some() => any(&wanted),
        _ => return Err(error),
    };
    let stream = acquire_one(source, &second)
        .await
        .map_err(|_| error.clone())?;
    let problem = Some(error);
    Ok(Acquired { stream, problem })
}

/// Asks a camera that is open for another height.
pub(super) fn resize(track: &MediaStreamTrack, height: Option<u32>) {
    let wanted = SourcePreference {
        height,
        ..SourcePreference::default()
    };
    JsObject(track.into()).attempt("applyConstraints", &[&constraint(&wanted)]);
}

/// Whether the microphone of that stream can take voices alone.
#[must_use]
pub fn can_isolate(stream: &MediaStream) -> bool {
    let microphone = JsObject(stream.get_audio_tracks().get(0));
    let can = microphone.call("getCapabilities", &[]).unwrap_or_default();
    let can = property(&can, ISOLATION);
    Array::is_array(&can) && Array::from(&can).includes(&JsValue::TRUE, 0)
}

async fn acquire_one(source: Source, wanted: &SourcePreference) -> Result<MediaStream, MediaError> {
    match source {
        Source::Camera => acquire(wanted, &SourcePreference::OFF).await,
        Source::Microphone => acquire(&SourcePreference::OFF, wanted).await,
    }
}

/// The same, of whichever device the browser likes.
fn any(choice: &SourcePreference) -> SourcePreference {
    SourcePreference {
        device: None,
        facing: None,
        ..choice.clone()
    }
}

/// The person's choice, as a constraint.
fn constraint(choice: &SourcePreference) -> JsValue {
    if choice.off {
        return JsValue::FALSE;
    }
    let constraint = Object::new();
    let set = |key: &str, value: JsValue| {
        // Setting a property of a plain object cannot fail.
        let _ = Reflect::set(&constraint, &key.into(), &value);
    };
    let set_exactly = |key: &str, value: JsValue| {
        let exact = Object::new();
        let _ = Reflect::set(&exact, &"exact".into(), &value);
        set(key, exact.into());
    };
    if let Some(facing) = choice.facing {
        set_exactly("facingMode", facing.word().into());
    } else if let Some(device) = &choice.device {
        set_exactly("deviceId", device.into());
    }
    if let Some(height) = choice.height {
        set("height", height.into());
    }
    // What is not said is for the browser: it takes out echo and noise.
    if choice.sound != Sound::Automatic {
        let is_voice = choice.sound == Sound::Voice;
        for key in [ISOLATION, "noiseSuppression", "autoGainControl"] {
            set(key, is_voice.into());
        }
    }
    constraint.into()
}
