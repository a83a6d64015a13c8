//! Camera and microphone, on Chromium's fake devices.

use holdfast::{
    media::{MediaError, Source, SourcePreference, acquire, devices},
    platform::DomError,
    text,
};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{MediaStream, MediaStreamTrack};

wasm_bindgen_test_configure!(run_in_browser);

fn off() -> SourcePreference {
    SourcePreference {
        off: true,
        ..SourcePreference::default()
    }
}

fn stop(stream: &MediaStream) {
    let tracks = stream.get_tracks().into_iter();
    tracks.for_each(|track| track.unchecked_into::<MediaStreamTrack>().stop());
}

#[wasm_bindgen_test]
async fn s09_camera_and_microphone_are_acquired_together_or_alone() {
    let wanted = SourcePreference::default;
    for (camera, microphone, counts) in [
        (wanted(), wanted(), (1, 1)),
        (wanted(), off(), (1, 0)),
        (off(), wanted(), (0, 1)),
    ] {
        let stream = acquire(&camera, &microphone).await.expect("fake devices");
        let found = (
            stream.get_video_tracks().length(),
            stream.get_audio_tracks().length(),
        );
        assert_eq!(found, counts);
        stop(&stream);
    }
}

#[wasm_bindgen_test]
async fn s10_a_device_can_be_chosen() {
    stop(
        &acquire(&SourcePreference::default(), &SourcePreference::default())
            .await
            .expect("fake devices"),
    );
    let devices = devices().await.expect("a secure page");
    let cameras: Vec<_> = devices
        .iter()
        .filter(|d| d.source == Source::Camera)
        .collect();
    assert!(cameras.len() > 1 && devices.iter().any(|d| d.source == Source::Microphone));
    for camera in cameras {
        let choice = SourcePreference {
            device: Some(camera.id.clone()),
            ..SourcePreference::default()
        };
        let stream = acquire(&choice, &off()).await.expect("that camera");
        let track: MediaStreamTrack = stream.get_video_tracks().get(0).unchecked_into();
        assert_eq!(track.label(), camera.label);
        stop(&stream);
    }
}

#[wasm_bindgen_test]
async fn a_device_that_is_gone_is_an_error_of_its_own() {
    let gone = SourcePreference {
        device: Some("gone".into()),
        ..SourcePreference::default()
    };
    assert_eq!(
        acquire(&gone, &off()).await.err(),
        Some(MediaError::ChoiceGone)
    );
}

#[wasm_bindgen_test]
fn s11_every_error_of_getusermedia_has_its_own_message() {
    let mut messages: Vec<String> = Vec::new();
    for (name, expected) in [
        ("NotAllowedError", MediaError::Refused),
        ("NotFoundError", MediaError::NotFound),
        ("NotReadableError", MediaError::InUse),
        ("OverconstrainedError", MediaError::ChoiceGone),
        ("AbortError", MediaError::Aborted),
        ("SecurityError", MediaError::Insecure),
        (
            "DataError",
            MediaError::Other(DomError {
                name: "DataError".into(),
                message: "why".into(),
            }),
        ),
    ] {
        let thrown = js_sys::Error::new("why");
        thrown.set_name(name);
        let error = MediaError::from(wasm_bindgen::JsValue::from(thrown));
        assert_eq!(error, expected);
        let message = text::media_error(&error);
        assert!(
            !message.contains("Error") && !messages.contains(&message),
            "{message}"
        );
        messages.push(message);
    }
}
