//! Cameras and microphones: there, missing, refused, switched.

use Kind::Chromium;
use e2e::{Kind, Look, Person, Stage, holdfast_server, stage};
use serde_json::json;

async fn in_a_call(stage: &Stage) -> [Person; 2] {
    let [ann, bob] = stage.people([(Chromium, "Ann"), (Chromium, "Bob")]).await;
    ann.call("Bob").await;
    bob.accept().await;
    ann.sees_the_other_side().await;
    bob.sees_the_other_side().await;
    [ann, bob]
}

/// Ann in a browser started like that, and Bob in the usual one.
async fn ann_and_bob(stage: &Stage, look: Look) -> [Person; 2] {
    let url = format!("http://localhost:{}/", holdfast_server().await.port());
    let ann = stage.person_with(Chromium, "Ann", &look).await;
    let bob = stage.person(Chromium, "Bob").await;
    for person in [&ann, &bob] {
        person.open(&url).await;
        person.join().await;
    }
    [ann, bob]
}

fn without_camera() -> Look {
    Look {
        args: vec!["--use-fake-device-for-media-stream=device-count=0"],
        ..Look::default()
    }
}

#[test]
fn s09_the_local_preview_is_muted_and_plays_at_once() {
    stage(async |stage| {
        let [ann, _bob] = stage.people([(Chromium, "Ann"), (Chromium, "Bob")]).await;
        ann.call("Bob").await;
        ann.frames("#local_video").await;
        let muted = ann
            .run(
                "return document.querySelector('#local_video').muted",
                json!([]),
            )
            .await;
        assert_eq!(muted, true);
    });
}

#[test]
fn s10_s22_another_camera_is_chosen_in_a_call_and_the_picture_goes_on() {
    stage(async |stage| {
        let [ann, bob] = in_a_call(stage).await;
        let track =
            "return document.querySelector('#local_video').srcObject.getVideoTracks()[0].label";
        let before = ann.run(track, json!([])).await;
        ann.click(".settings summary").await;
        let other = "fake_device_2";
        assert_ne!(before, other);
        ann.choose("#camera-choice", other).await;
        let changed = format!("{track} === arguments[0]");
        ann.until("the camera is the other one", &changed, json!([other]))
            .await;
        bob.sees_the_other_side().await;
    });
}

#[test]
fn s10_another_microphone_is_chosen_in_a_call_and_the_sound_goes_on() {
    stage(async |stage| {
        let [ann, bob] = in_a_call(stage).await;
        let track =
            "return document.querySelector('#local_video').srcObject.getAudioTracks()[0].label";
        let before = ann.run(track, json!([])).await;
        ann.click(".settings summary").await;
        let other = "Fake Audio Input 2";
        assert_ne!(before, other);
        ann.choose("#microphone-choice", other).await;
        let changed = format!("{track} === arguments[0]");
        ann.until("the microphone is the other one", &changed, json!([other]))
            .await;
        bob.hears_the_other_side().await;
        // What is sent is what was chosen, and the one before is off.
        let sent =
            "return peers.at(-1).getSenders().find(s => s.track?.kind === 'audio').track.label";
        assert_eq!(ann.run(sent, json!([])).await, other);
        let on = "return taken.filter(t => t.kind === 'audio' && t.readyState === 'live').length";
        ann.until("one microphone is on", &format!("{on} === 1"), json!([]))
            .await;
    });
}

#[test]
fn s17_remote_tracks_that_are_all_removed_end_the_call() {
    stage(async |stage| {
        let [ann, bob] = in_a_call(stage).await;
        let script = "for (const sender of peers[0].getSenders()) peers[0].removeTrack(sender)";
        ann.run(script, json!([])).await;
        bob.is_idle().await;
        bob.reads(".notice", "Ann stopped sending").await;
        ann.is_idle().await;
    });
}

#[test]
fn s22_another_resolution_arrives_in_a_call() {
    stage(async |stage| {
        let [ann, bob] = in_a_call(stage).await;
        ann.click(".settings summary").await;
        ann.choose("#quality", "180p").await;
        let height = "return document.querySelector('#received_video').videoHeight === 180";
        bob.until("the picture has 180 lines", height, json!([]))
            .await;
        bob.sees_the_other_side().await;
    });
}

#[test]
fn pictures_are_as_large_as_the_other_side_wants_them_and_none_where_it_wants_sound_alone() {
    stage(async |stage| {
        let [ann, bob] = in_a_call(stage).await;
        let sends =
            "return peers.at(-1).getSenders().filter(({ track }) => track?.kind === 'video')
            .every(sender => {
                const { active, maxBitrate = 0 } = sender.getParameters().encodings[0];
                return active === arguments[0] && maxBitrate === arguments[1];
            })";
        bob.click(".settings summary").await;
        bob.choose("#data-choice", "Less data, smaller pictures")
            .await;
        for person in [&ann, &bob] {
            person
                .until("little is sent", sends, json!([true, 250_000]))
                .await;
        }
        bob.sees_the_other_side().await;
        bob.choose("#data-choice", "Sound only").await;
        ann.until("no picture is sent", sends, json!([false, 0]))
            .await;
        ann.shows("#peer-listens").await;
        for person in [&ann, &bob] {
            person.shows("#peer-avatar").await;
            person.hears_the_other_side().await;
        }
        bob.reads("#camera-button", "Start camera").await;
        // What somebody wants is kept, and said by the page that comes back.
        let url = bob.run("return location.href", json!([])).await;
        // As in another tab, which knows nothing of a camera that is off.
        bob.run("sessionStorage.removeItem('holdfast-camera')", json!([]))
            .await;
        bob.open(url.as_str().expect("an address")).await;
        bob.reads("#camera-button", "Start camera").await;
        bob.hears_the_other_side().await;
        bob.shows("#peer-avatar").await;
        ann.until("still none is sent", sends, json!([false, 0]))
            .await;
        // Who turns the camera on all the same is seen.
        bob.click("#camera-button").await;
        ann.sees_the_other_side().await;
        bob.click(".settings summary").await;
        bob.choose("#data-choice", "Automatic").await;
        bob.sees_the_other_side().await;
        ann.until("as much as can be", sends, json!([true, 0]))
            .await;
    });
}

#[test]
fn s22_a_camera_goes_off_and_on_in_a_call() {
    stage(async |stage| {
        let [ann, bob] = in_a_call(stage).await;
        let tracks = "return document.querySelector('#received_video').srcObject
            ?.getVideoTracks().length === arguments[0]";
        let watch = "window.offers = 0;
            peers[0].addEventListener('signalingstatechange', () => offers += 1)";
        ann.run(watch, json!([])).await;
        for _ in 0..2 {
            ann.click("#camera-button").await;
            bob.until("there is no picture", tracks, json!([0])).await;
            bob.shows("#peer-avatar").await;
            bob.hears_the_other_side().await;
            // Its light is off.
            let off = "return taken.every(track => track.kind !== 'video' || track.readyState === 'ended')";
            ann.until("no camera is open", off, json!([])).await;
            ann.click("#camera-button").await;
            bob.until("there is a picture", tracks, json!([1])).await;
            bob.sees_the_other_side().await;
        }
        ann.sees_the_other_side().await;
        // Nothing was negotiated for it.
        assert_eq!(ann.run("return offers", json!([])).await, 0);
    });
}

#[test]
fn without_a_camera_people_talk_and_are_told() {
    stage(async |stage| {
        let [ann, bob] = ann_and_bob(stage, without_camera()).await;
        ann.call("Bob").await;
        bob.accept().await;
        ann.sees_the_other_side().await;
        ann.reads(".notice", "No camera found").await;
        bob.hears_the_other_side().await;
        ann.hang_up().await;
        // And as the one who is called.
        bob.is_idle().await;
        bob.call("Ann").await;
        ann.accept().await;
        ann.sees_the_other_side().await;
        bob.hears_the_other_side().await;
    });
}

#[test]
fn with_camera_and_microphone_off_a_person_only_watches() {
    stage(async |stage| {
        let [ann, bob] = stage.people([(Chromium, "Ann"), (Chromium, "Bob")]).await;
        for (caller, callee) in [(&ann, &bob), (&bob, &ann)] {
            if caller.name == "Ann" {
                ann.click("#camera-button").await;
                ann.click("#microphone-button").await;
            }
            caller.call(&callee.name).await;
            callee.accept().await;
            ann.sees_the_other_side().await;
            ann.hears_the_other_side().await;
            bob.reads(".state", "In a call with Ann").await;
            bob.hang_up().await;
            ann.is_idle().await;
            bob.is_idle().await;
        }
    });
}

#[test]
fn s11_refusing_camera_and_microphone_cancels_quietly_and_cleans_up() {
    stage(async |stage| {
        let look = Look {
            refuses_media: true,
            ..Look::default()
        };
        let [ann, bob] = ann_and_bob(stage, look).await;
        ann.call("Bob").await;
        ann.reads(".notice", "blocking your camera").await;
        ann.shows("#where").await;
        ann.is_idle().await;
        bob.is_idle().await;
    });
}

#[test]
fn whoever_may_show_nothing_can_watch_and_listen_and_nobody_reads_that_they_declined() {
    stage(async |stage| {
        let look = Look {
            refuses_media: true,
            ..Look::default()
        };
        let [ann, bob] = ann_and_bob(stage, look).await;
        // Who has said yes to a call has said yes.
        bob.call("Ann").await;
        ann.accept().await;
        ann.reads(".notice", "blocking your camera").await;
        ann.sees_the_other_side().await;
        ann.hears_the_other_side().await;
        bob.reads(".state", "In a call with Ann").await;
        bob.hang_up().await;
        ann.is_idle().await;
        bob.is_idle().await;
        // Who calls is asked first.
        ann.call("Bob").await;
        ann.reads("#again-button", "Continue without").await;
        ann.click("#again-button").await;
        bob.accept().await;
        ann.sees_the_other_side().await;
        bob.reads(".state", "In a call with Ann").await;
    });
}

/// From now on the browser takes a second to give camera and microphone, as with a prompt. What it
/// gives is in `given`.
async fn slow_to_allow(person: &Person) {
    let script = "const native = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        window.given = [];
        navigator.mediaDevices.getUserMedia = async constraints => {
            await new Promise(resolve => setTimeout(resolve, 1000));
            const stream = await native(constraints);
            given.push(...stream.getTracks());
            return stream;
        };";
    person.run(script, json!([])).await;
}

#[test]
fn what_is_turned_off_while_being_asked_for_stays_off() {
    stage(async |stage| {
        let [ann, bob] = stage.people([(Chromium, "Ann"), (Chromium, "Bob")]).await;
        slow_to_allow(&ann).await;
        ann.call("Bob").await;
        ann.reads(".state", "waiting for your camera").await;
        ann.click("#microphone-button").await;
        ann.click("#camera-button").await;
        bob.accept().await;
        bob.reads(".state", "In a call with Ann").await;
        ann.reads("#microphone-button", "Unmute").await;
        ann.reads("#camera-button", "Start camera").await;
        let live = "return given.length === 2
            && given.every(track => track.readyState === 'ended' || !track.enabled)";
        ann.until("nothing of hers is live", live, json!([])).await;
        ann.sees_the_other_side().await;
    });
}

#[test]
fn hanging_up_while_being_asked_leaves_nothing_on() {
    stage(async |stage| {
        let [ann, bob] = stage.people([(Chromium, "Ann"), (Chromium, "Bob")]).await;
        slow_to_allow(&ann).await;
        ann.call("Bob").await;
        ann.reads(".state", "waiting for your camera").await;
        ann.hang_up().await;
        let ended =
            "return given.length === 2 && given.every(track => track.readyState === 'ended')";
        ann.until("what came late is stopped", ended, json!([]))
            .await;
        ann.is_idle().await;
        bob.is_idle().await;
    });
}
