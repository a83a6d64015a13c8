//! A device's whole life: chosen, unplugged, in use elsewhere, blocked, off.

use Kind::{Chromium, Firefox};
use e2e::{Kind, Look, Person, Stage, stage};
use serde_json::{Value, json};

/// Patches `getUserMedia` so that `window.refuse(constraints)` may name an error, as the system would; a
/// device in `window.unplugged` is not there.
const SYSTEM: &str = "const media = navigator.mediaDevices;
    const ask = media.getUserMedia.bind(media), list = media.enumerateDevices.bind(media);
    window.refuse = () => null;
    window.unplugged = '';
    media.getUserMedia = async constraints => {
        const wanted = [constraints.video, constraints.audio].map(kind => kind?.deviceId?.exact);
        const error = unplugged && wanted.includes(unplugged) ? 'OverconstrainedError' : refuse(constraints);
        if (error) throw new DOMException('as the system has it', error);
        return ask(constraints);
    };
    media.enumerateDevices = async () =>
        (await list()).filter(device => !unplugged || device.deviceId !== unplugged);";

/// A track of ours ends as it does when its device is pulled out.
const DIES: &str = "const track = document.querySelector('#local_video').srcObject.getTracks()
        .find(track => track.kind === arguments[0]);
    window.unplugged = track.getSettings().deviceId;
    track.stop();
    track.dispatchEvent(new Event('ended'));";

const PLUGGED_IN: &str = "window.unplugged = ''; window.refuse = () => null;
    navigator.mediaDevices.dispatchEvent(new Event('devicechange'));";

async fn in_a_call(stage: &Stage, kinds: [Kind; 2]) -> [Person; 2] {
    let [ann, bob] = stage.people([(kinds[0], "Ann"), (kinds[1], "Bob")]).await;
    ann.run(SYSTEM, json!([])).await;
    ann.call("Bob").await;
    bob.accept().await;
    ann.sees_the_other_side().await;
    bob.sees_the_other_side().await;
    [ann, bob]
}

/// Waits until the live track of that kind has that name.
async fn uses(person: &Person, kind: &str, label: &str) {
    let script = "const track = document.querySelector('#local_video').srcObject?.getTracks()
            .find(track => track.kind === arguments[0]);
        return track?.readyState === 'live' && track.label === arguments[1]";
    let what = format!("{label} is used");
    person.until(&what, script, json!([kind, label])).await;
}

#[test]
fn a_microphone_that_dies_is_replaced_and_taken_back_when_it_returns() {
    stage(async |stage| {
        let [ann, bob] = in_a_call(stage, [Chromium; 2]).await;
        ann.click(".settings summary").await;
        let (chosen, other) = ("Fake Audio Input 2", "Fake Default Audio Input");
        ann.choose("#microphone-choice", chosen).await;
        uses(&ann, "audio", chosen).await;
        ann.run(DIES, json!(["audio"])).await;
        ann.reads(".notice", "not there any more").await;
        uses(&ann, "audio", other).await;
        ann.reads("#microphone-button", "Mute").await;
        bob.hears_the_other_side().await;
        ann.run(PLUGGED_IN, json!([])).await;
        uses(&ann, "audio", chosen).await;
        bob.hears_the_other_side().await;
    });
}

#[test]
fn what_firefox_takes_back_is_asked_for_again() {
    stage(async |stage| {
        let [ann, bob] = in_a_call(stage, [Firefox, Chromium]).await;
        let live = "return taken.filter(track => track.readyState === 'live').length";
        assert_eq!(ann.run(live, json!([])).await, 2);
        let first = ann.run("return taken.length", json!([])).await;
        ann.in_firefox("actor.sendAsyncMessage('webrtc:StopSharing', id)")
            .await;
        ann.reads(".notice", "stopped. Trying another").await;
        // It takes back twice or three times what it has just given.
        let again = "return taken.slice(arguments[0])
            .filter(track => track.readyState === 'live').length === 2";
        ann.until("both are there again", again, json!([first]))
            .await;
        bob.sees_the_other_side().await;
        bob.hears_the_other_side().await;
    });
}

#[test]
fn a_camera_that_dies_leaves_no_frozen_picture_and_comes_back() {
    stage(async |stage| {
        let [ann, bob] = in_a_call(stage, [Chromium; 2]).await;
        ann.run(
            "window.refuse = wanted => wanted.video ? 'NotFoundError' : null",
            json!([]),
        )
        .await;
        ann.run(DIES, json!(["video"])).await;
        ann.reads(".notice", "found").await;
        ann.reads("#camera-button", "Start camera").await;
        bob.shows("#peer-avatar").await;
        bob.hears_the_other_side().await;
        ann.run(PLUGGED_IN, json!([])).await;
        bob.sees_the_other_side().await;
        ann.reads("#camera-button", "Stop camera").await;
    });
}

#[test]
fn where_one_camera_is_open_at_a_time_another_is_chosen_all_the_same() {
    stage(async |stage| {
        let [ann, bob] = in_a_call(stage, [Chromium; 2]).await;
        let track = "return document.querySelector('#local_video').srcObject.getVideoTracks()[0]";
        let first = ann.run(&format!("{track}.label"), json!([])).await;
        let phone = "window.broken = '';
            window.refuse = ({ video }) => !video ? null
                : document.querySelector('#local_video').srcObject.getVideoTracks()
                    .some(track => track.readyState === 'live') ? 'NotReadableError'
                : broken && video.deviceId?.exact === broken ? 'NotReadableError' : null";
        ann.run(phone, json!([])).await;
        ann.click(".settings summary").await;
        ann.choose("#camera-choice", "fake_device_2").await;
        uses(&ann, "video", "fake_device_2").await;
        bob.sees_the_other_side().await;
        // One that does not open: the one before is there again, and the menu says so.
        let first = first.as_str().expect("a label");
        let breaks = "const option = [...document.querySelectorAll('#camera-choice option')]
            .find(option => option.textContent === arguments[0]); window.broken = option.value";
        ann.run(breaks, json!([first])).await;
        ann.choose("#camera-choice", first).await;
        ann.reads(".notice", "in use by another program").await;
        uses(&ann, "video", "fake_device_2").await;
        let shown =
            "return document.querySelector('#camera-choice').selectedOptions[0].textContent";
        ann.until(
            "the menu tells the truth",
            &format!("{shown} === 'fake_device_2'"),
            json!([]),
        )
        .await;
        bob.sees_the_other_side().await;
        // Another size is made of the track there is.
        ann.click("#dismiss-button").await;
        ann.choose("#quality", "180p").await;
        let height = "return document.querySelector('#received_video').videoHeight === 180";
        bob.until("the picture has 180 lines", height, json!([]))
            .await;
        let told = "return document.querySelector('.notice').innerText";
        assert_eq!(ann.run(told, json!([])).await, "");
        uses(&ann, "video", "fake_device_2").await;
    });
}

#[test]
fn a_microphone_takes_everything_where_that_is_wanted() {
    stage(async |stage| {
        let [ann, bob] = in_a_call(stage, [Chromium; 2]).await;
        let settings =
            "const track = document.querySelector('#local_video').srcObject.getAudioTracks()[0];
            const { noiseSuppression, autoGainControl, echoCancellation } = track.getSettings();
            return [noiseSuppression, autoGainControl, !!echoCancellation].join() === arguments[0]";
        ann.until("noise is taken out", settings, json!(["true,true,true"]))
            .await;
        ann.click(".settings summary").await;
        ann.choose("#sound-choice", "Everything, such as music")
            .await;
        ann.until("it is not", settings, json!(["false,false,true"]))
            .await;
        bob.hears_the_other_side().await;
        let page = ann.browser().await;
        page.refresh().await.expect("the page loads");
        ann.sees_the_other_side().await;
        ann.until("it still is not", settings, json!(["false,false,true"]))
            .await;
    });
}

#[test]
fn a_camera_that_is_blocked_keeps_nobody_from_talking() {
    let blocked = "window.refuse = wanted => wanted.video ? 'NotAllowedError' : null;
        const query = navigator.permissions.query.bind(navigator.permissions);
        navigator.permissions.query = async asked =>
            asked.name === 'camera' ? { state: 'denied' } : query(asked)";
    stage(async |stage| {
        let [ann, bob] = stage.people([(Chromium, "Ann"), (Chromium, "Bob")]).await;
        ann.run(SYSTEM, json!([])).await;
        ann.run(blocked, json!([])).await;
        for (caller, callee) in [(&ann, &bob), (&bob, &ann)] {
            caller.call(&callee.name).await;
            callee.accept().await;
            ann.sees_the_other_side().await;
            ann.reads(".notice", "blocking your camera; you can still talk")
                .await;
            bob.hears_the_other_side().await;
            bob.shows("#peer-avatar").await;
            ann.hang_up().await;
            ann.is_idle().await;
            bob.is_idle().await;
        }
    });
}

#[test]
fn what_is_off_stays_off_when_the_page_is_loaded_anew() {
    stage(async |stage| {
        let [ann, bob] = in_a_call(stage, [Chromium; 2]).await;
        ann.click(".settings summary").await;
        ann.choose("#quality", "360p").await;
        ann.click(".settings summary").await;
        ann.click("#microphone-button").await;
        ann.click("#camera-button").await;
        bob.shows("#peer-avatar").await;
        // As pages of before have kept it.
        ann.run("sessionStorage['holdfast-microphone'] = 'off'", json!([]))
            .await;
        let url = ann.run("return location.href", json!([])).await;
        ann.open(url.as_str().expect("an address")).await;
        ann.sees_the_other_side().await;
        ann.reads("#microphone-button", "Unmute").await;
        ann.reads("#camera-button", "Start camera").await;
        bob.shows("#peer-avatar").await;
        bob.shows("#peer-muted").await;
        let live =
            "return taken.filter(track => track.readyState === 'live' && track.enabled).length";
        assert_eq!(ann.run(live, json!([])).await, Value::from(0));
        let height = "return document.querySelector('#quality').value";
        assert_eq!(ann.run(height, json!([])).await, "360");
        ann.click("#camera-button").await;
        bob.sees_the_other_side().await;
    });
}

#[test]
fn a_microphone_that_hears_nothing_is_told_of_and_the_level_is_seen_before_a_call() {
    stage(async |stage| {
        let [ann, bob] = stage.people([(Chromium, "Ann"), (Chromium, "Bob")]).await;
        let still = "const { mediaDevices } = navigator;
            const real = mediaDevices.getUserMedia.bind(mediaDevices);
            const context = new AudioContext();
            window.gain = context.createGain();
            gain.gain.value = 0;
            const tone = context.createOscillator();
            const out = context.createMediaStreamDestination();
            tone.connect(gain).connect(out);
            tone.start();
            mediaDevices.getUserMedia = async wanted => {
                const stream = await real(wanted);
                stream.getAudioTracks().forEach(track => { stream.removeTrack(track); track.stop(); });
                if (wanted.audio) stream.addTrack(out.stream.getAudioTracks()[0].clone());
                return stream;
            }";
        ann.run(still, json!([])).await;
        ann.call("Bob").await;
        bob.accept().await;
        ann.sees_the_other_side().await;
        ann.reads("#silent", "hears nothing").await;
        ann.run("gain.gain.value = 1", json!([])).await;
        let quiet = "return document.querySelector('#silent').textContent === ''";
        ann.until("it hears", quiet, json!([])).await;
        // Who speaks and is muted is told, and what was opened for that is closed.
        ann.run(
            "const { clone } = MediaStreamTrack.prototype;
                window.opened = [];
                MediaStreamTrack.prototype.clone = function () {
                    const open = clone.call(this);
                    opened.push(open);
                    return open;
                }",
            json!([]),
        )
        .await;
        ann.click("#microphone-button").await;
        bob.shows("#peer-muted").await;
        ann.reads("#silent", "You are muted").await;
        ann.run("gain.gain.value = 0", json!([])).await;
        ann.until("nobody speaks", quiet, json!([])).await;
        ann.run("gain.gain.value = 1", json!([])).await;
        ann.reads("#silent", "You are muted").await;
        let silent = "const [receiver] = peers.at(-1).getReceivers().filter(({ track }) => track.kind === 'audio');
            return receiver.getSynchronizationSources().every(({ audioLevel }) => audioLevel < 0.001)";
        bob.until("none of it is heard", silent, json!([])).await;
        ann.click("#microphone-button").await;
        ann.until("nothing more is said", quiet, json!([])).await;
        let ended =
            "return opened.length > 0 && opened.every(track => track.readyState === 'ended')";
        ann.until("nothing is left open", ended, json!([])).await;
        // Bob's beeps once a second.
        assert_eq!(bob.run(quiet, json!([])).await, true);
        let url = bob.run("return location.href", json!([])).await;
        bob.hang_up().await;
        bob.run("sessionStorage.clear()", json!([])).await;
        bob.open(url.as_str().expect("an address")).await;
        bob.click("#preview-button").await;
        let moves = "return document.querySelector('#level').value > 0.3";
        bob.until("the level moves", moves, json!([])).await;
    });
}

#[test]
fn the_other_side_is_heard_from_the_speaker_that_was_chosen() {
    stage(async |stage| {
        let [ann, bob] = in_a_call(stage, [Chromium; 2]).await;
        ann.click(".settings summary").await;
        let named = "[...document.querySelector('#speaker-choice').options]
            .find(option => option.text.includes('Fake Audio Output 2'))?.value";
        ann.until("it is listed", &format!("return !!{named}"), json!([]))
            .await;
        let id = ann.run(&format!("return {named}"), json!([])).await;
        ann.choose("#speaker-choice", "Fake Audio Output 2").await;
        let heard = "return document.querySelector('#received_video').sinkId === arguments[0]";
        ann.until("it is heard there", heard, json!([id])).await;
        let page = ann.browser().await;
        page.refresh().await.expect("the page loads");
        ann.sees_the_other_side().await;
        ann.until("it still is", heard, json!([id])).await;
        bob.hang_up().await;
    });
}

#[test]
fn where_the_browser_has_a_choice_of_its_own_a_speaker_is_chosen_there() {
    stage(async |stage| {
        let [ann, bob] = stage.people([(Firefox, "Ann"), (Chromium, "Bob")]).await;
        ann.talks_with(&bob).await;
        ann.click(".settings summary").await;
        let there = "const there = window.Promise.resolve({ deviceId: 'kitchen' });
            navigator.mediaDevices.selectAudioOutput = () => there;
            document.querySelector('#received_video').setSinkId = async id => window.sink = id";
        ann.run(there, json!([])).await;
        ann.click("#speaker-button").await;
        let heard = "return window.sink === 'kitchen'";
        ann.until("it is heard there", heard, json!([])).await;
        bob.click(".settings summary").await;
        let hidden = "return document.querySelector('#speaker-button').hidden";
        assert_eq!(bob.run(hidden, json!([])).await, Value::from(true));
    });
}

/// Blocks a device, or allows it, as in the browser's own menu.
async fn set(person: &Person, device: &str, setting: &str) {
    let origin = person.run("return location.origin", json!([])).await;
    let permission =
        json!({ "permission": { "name": device }, "setting": setting, "origin": origin });
    person.cdp("Browser.setPermission", permission).await;
}

/// Ann, who is where Bob is, and has blocked her camera.
async fn without_a_camera(stage: &Stage, bob: &Person) -> Person {
    let look = Look {
        refuses_media: true,
        ..Look::default()
    };
    let ann = stage.person_with(Chromium, "Ann", &look).await;
    let url = bob.run("return location.href", json!([])).await;
    ann.open(url.as_str().expect("an address")).await;
    set(&ann, "camera", "denied").await;
    set(&ann, "microphone", "granted").await;
    ann.join().await;
    ann.sees("Bob").await;
    ann
}

#[test]
fn what_is_allowed_while_it_is_asked_for_comes_on_by_itself() {
    stage(async |stage| {
        let [bob] = stage.people([(Chromium, "Bob")]).await;
        let ann = without_a_camera(stage, &bob).await;
        // The browser's second answer, that there is a microphone alone, is late.
        let slow = "const devices = navigator.mediaDevices, ask = devices.getUserMedia;
            const late = new Promise(done => window.answer = done);
            devices.getUserMedia = async wanted => {
                const stream = await ask.call(devices, wanted);
                window.asked = true;
                await late;
                return stream;
            };
            navigator.permissions.query({ name: 'camera' }).then(status => {
                status.onchange = () => window.changed = true;
            });";
        ann.run(slow, json!([])).await;
        ann.call("Bob").await;
        ann.until(
            "the microphone is there",
            "return !!window.asked",
            json!([]),
        )
        .await;
        set(&ann, "camera", "granted").await;
        ann.until("the camera may be", "return !!window.changed", json!([]))
            .await;
        ann.run("window.answer()", json!([])).await;
        bob.accept().await;
        bob.sees_the_other_side().await;
        let told = "return !document.querySelector('#told').innerText.includes('blocking')";
        ann.until("nothing is missing", told, json!([])).await;
    });
}

#[test]
fn what_is_allowed_after_all_comes_on_by_itself() {
    stage(async |stage| {
        let [bob] = stage.people([(Chromium, "Bob")]).await;
        let ann = without_a_camera(stage, &bob).await;
        ann.call("Bob").await;
        bob.accept().await;
        ann.reads(".notice", "blocking your camera; you can still talk")
            .await;
        ann.sees_the_other_side().await;
        // The browser's own button for it.
        ann.shows("#told usermedia[type=camera]").await;
        set(&ann, "camera", "granted").await;
        bob.sees_the_other_side().await;
        ann.hang_up().await;
        ann.is_idle().await;
        for device in ["camera", "microphone"] {
            set(&ann, device, "denied").await;
        }
        ann.call("Bob").await;
        ann.reads(".notice", "blocking your camera and microphone")
            .await;
        ann.shows("#told usermedia[type='camera microphone']").await;
        for device in ["microphone", "camera"] {
            set(&ann, device, "granted").await;
        }
        bob.accept().await;
        bob.sees_the_other_side().await;
    });
}

#[test]
fn a_refusal_for_once_and_one_of_the_system_have_their_own_ways_out() {
    stage(async |stage| {
        let [ann, _bob] = stage.people([(Chromium, "Ann"), (Chromium, "Bob")]).await;
        ann.run(SYSTEM, json!([])).await;
        for (state, sentence) in [
            ("prompt", "Try again, and choose Allow"),
            ("granted", "Your system keeps camera and microphone"),
            (
                "denied",
                "Your browser is blocking your camera and microphone",
            ),
        ] {
            let refused = "window.refuse = () => 'NotAllowedError';
                navigator.permissions.query = async () => ({ state: arguments[0] })";
            ann.run(refused, json!([state])).await;
            ann.call("Bob").await;
            ann.reads(".notice", sentence).await;
            let points = ann.run(
                "return document.querySelector('#where').checkVisibility()",
                json!([]),
            );
            assert_eq!(points.await, state == "denied", "{state}");
            ann.click("#dismiss-button").await;
        }
    });
}

#[test]
fn a_camera_that_looks_away_from_its_owner_is_not_mirrored() {
    stage(async |stage| {
        let [ann, bob] = stage.people([(Chromium, "Ann"), (Chromium, "Bob")]).await;
        let away = "const settings = MediaStreamTrack.prototype.getSettings;
            MediaStreamTrack.prototype.getSettings = function () {
                const given = settings.call(this);
                return this.label.endsWith('2') ? { ...given, facingMode: 'environment' } : given;
            }";
        ann.run(away, json!([])).await;
        ann.call("Bob").await;
        bob.accept().await;
        bob.sees_the_other_side().await;
        let mirrored =
            "return document.querySelector('#local_video').classList.contains('mirrored')";
        ann.until("it is a mirror", mirrored, json!([])).await;
        ann.click(".settings summary").await;
        ann.choose("#camera-choice", "fake_device_2").await;
        let no_mirror = mirrored.replace("return ", "return !");
        ann.until("it is none", &no_mirror, json!([])).await;
        bob.sees_the_other_side().await;
        ann.choose("#camera-choice", "fake_device_0").await;
        ann.until("it is a mirror again", mirrored, json!([])).await;
        uses(&ann, "video", "fake_device_0").await;
        bob.sees_the_other_side().await;
    });
}

/// Holds a device back, or does no more, as the system does: in Firefox for real.
async fn hold_back(person: &Person, kind: Kind, source: &str, held: bool) {
    let track = if source == "Camera" { "video" } else { "audio" };
    match kind {
        Firefox => {
            let what = if held { "Mute" } else { "Unmute" };
            let script = format!("actor.sendAsyncMessage('webrtc:{what}{source}', id)");
            person.in_firefox(&script).await;
        }
        Chromium => {
            let script = "const [kind, muted] = arguments;
                const track = document.querySelector('#local_video').srcObject.getTracks()
                    .find(track => track.kind === kind);
                Object.defineProperty(track, 'muted', { value: muted, configurable: true });
                track.dispatchEvent(new Event(muted ? 'mute' : 'unmute'))";
            person.run(script, json!([track, held])).await;
        }
    }
}

fn is_held_back(kind: Kind) {
    stage(async |stage| {
        let [ann, bob] = in_a_call(stage, [kind, Chromium]).await;
        hold_back(&ann, kind, "Camera", true).await;
        ann.reads("#silent", "Your camera gives no picture").await;
        ann.reads("#camera-button", "Stop camera").await;
        bob.shows("#peer-avatar").await;
        bob.reads(".state", "no picture").await;
        hold_back(&ann, kind, "Camera", false).await;
        bob.sees_the_other_side().await;
        hold_back(&ann, kind, "Microphone", true).await;
        ann.reads("#silent", "Your microphone gives no sound").await;
        bob.shows("#peer-muted").await;
        hold_back(&ann, kind, "Microphone", false).await;
        let quiet = "return document.querySelector('#silent').textContent === ''";
        ann.until("nothing is wrong", quiet, json!([])).await;
        let none = "return document.querySelector('#peer-muted').hidden";
        bob.until("nothing is said", none, json!([])).await;
        bob.hears_the_other_side().await;
    });
}

#[test]
fn what_the_system_holds_back_is_said_on_both_sides_in_chromium() {
    is_held_back(Chromium);
}

#[test]
fn what_the_system_holds_back_is_said_on_both_sides_in_firefox() {
    is_held_back(Firefox);
}

#[test]
fn the_camera_at_the_back_of_a_phone_is_one_press_away() {
    // Of the fake cameras, the first is at the front, and the third at the back.
    let phone = "const settings = MediaStreamTrack.prototype.getSettings;
        MediaStreamTrack.prototype.getSettings = function () {
            const given = settings.call(this);
            return this.kind === 'video'
                ? { ...given, facingMode: this.label.endsWith('2') ? 'environment' : 'user' } : given;
        };
        const media = navigator.mediaDevices, ask = media.getUserMedia.bind(media);
        window.open = () => document.querySelector('#local_video').srcObject?.getVideoTracks()
            .some(track => track.readyState === 'live');
        media.getUserMedia = async ({ video, audio }) => {
            if (video && window.open()) throw new DOMException('one at a time', 'NotReadableError');
            if (video && window.broken === (video.facingMode?.exact ?? '')) throw new DOMException('as phones do', 'NotReadableError');
            const devices = (await media.enumerateDevices()).filter(({ kind }) => kind === 'videoinput');
            const wanted = devices.find(({ label }) =>
                label.endsWith(video?.facingMode?.exact === 'environment' ? '2' : '0'));
            return ask({ video: video && (video.facingMode ? { deviceId: { exact: wanted.deviceId } } : video), audio });
        }";
    stage(async |stage| {
        let [bob] = stage.people([(Chromium, "Bob")]).await;
        let url = bob.run("return location.href", json!([])).await;
        let look = Look {
            size: Some((360, 740)),
            ..Look::default()
        };
        let ann = stage.person_with(Chromium, "Ann", &look).await;
        ann.open(url.as_str().expect("an address")).await;
        ann.join().await;
        ann.sees("Bob").await;
        let call = async || {
            // What has just come takes no presses by a finger.
            tokio::time::sleep(std::time::Duration::from_millis(800)).await;
            ann.call("Bob").await;
            bob.accept().await;
            bob.sees_the_other_side().await;
        };
        ann.run(phone, json!([])).await;
        call().await;
        // All of the bar fits into the window of a phone, and Hang up is apart.
        let fits = "const bar = [...document.querySelectorAll('.controls > *')]
                .map(part => part.getBoundingClientRect()).filter(({ width }) => width > 0);
            const between = bar.slice(1).map(({ left }, nth) => left - bar[nth].right);
            return bar.length === 7 && bar[0].left >= 0 && bar.at(-1).right <= innerWidth
                && between.every(space => space >= 3) && between.at(-1) >= 8
                && bar.every(({ width, height }) => width >= 44 && height >= 44)";
        ann.until("all of it fits", fits, json!([])).await;
        uses(&ann, "video", "fake_device_0").await;
        ann.shows("#turn-button").await;
        ann.click("#turn-button").await;
        uses(&ann, "video", "fake_device_2").await;
        bob.sees_the_other_side().await;
        let mirrored =
            "return document.querySelector('#local_video').classList.contains('mirrored')";
        assert_eq!(ann.run(mirrored, json!([])).await, false);
        // Off and on, it is the same.
        ann.click("#camera-button").await;
        bob.shows("#peer-avatar").await;
        ann.click("#camera-button").await;
        uses(&ann, "video", "fake_device_2").await;
        // Where the other does not open, this one is open again, and is still the one.
        ann.run("window.broken = 'user'", json!([])).await;
        ann.click("#turn-button").await;
        ann.reads(".notice", "in use by another program").await;
        uses(&ann, "video", "fake_device_2").await;
        ann.click("#camera-button").await;
        bob.shows("#peer-avatar").await;
        ann.click("#camera-button").await;
        uses(&ann, "video", "fake_device_2").await;
        // Where it does not open again, the other is better than none.
        ann.click("#camera-button").await;
        bob.shows("#peer-avatar").await;
        ann.run("window.broken = 'environment'", json!([])).await;
        ann.click("#camera-button").await;
        uses(&ann, "video", "fake_device_0").await;
        ann.run("window.broken = null", json!([])).await;
        ann.click("#turn-button").await;
        uses(&ann, "video", "fake_device_2").await;
        // The next call begins as the first did.
        ann.hang_up().await;
        bob.is_idle().await;
        ann.is_idle().await;
        call().await;
        uses(&ann, "video", "fake_device_0").await;
        // Computers have no such thing.
        let hidden = "return document.querySelector('#turn-button').hidden";
        assert_eq!(bob.run(hidden, json!([])).await, true);
    });
}

#[test]
fn the_sound_is_tested_at_the_speaker_that_was_chosen() {
    stage(async |stage| {
        let [ann, _bob] = in_a_call(stage, [Chromium; 2]).await;
        ann.click(".settings summary").await;
        ann.choose("#speaker-choice", "Fake Audio Output 2").await;
        let listen = "const { play } = HTMLMediaElement.prototype;
            HTMLMediaElement.prototype.play = function () {
                window.tested = this;
                const context = new AudioContext(), look = context.createAnalyser();
                context.createMediaStreamSource(this.srcObject).connect(look);
                const samples = new Float32Array(look.fftSize);
                setInterval(() => {
                    look.getFloatTimeDomainData(samples);
                    window.loudest = Math.max(window.loudest ?? 0, ...samples);
                }, 20);
                return play.call(this);
            }";
        ann.run(listen, json!([])).await;
        ann.click("#sound-test").await;
        let heard = "return window.loudest > 0.1 && tested.sinkId === document.querySelector('#speaker-choice').value";
        ann.until("it is heard there", heard, json!([])).await;
        let over = "return tested.srcObject === null";
        ann.until("it ends", over, json!([])).await;
    });
}

#[test]
fn a_camera_that_is_the_only_source_has_its_light_off_as_well() {
    let alone = "window.refuse = wanted => wanted.audio ? 'NotFoundError' : null";
    stage(async |stage| {
        let [ann, bob] = stage.people([(Chromium, "Ann"), (Chromium, "Bob")]).await;
        ann.run(SYSTEM, json!([])).await;
        ann.run(alone, json!([])).await;
        ann.call("Bob").await;
        bob.accept().await;
        bob.sees_the_other_side().await;
        ann.sees_the_other_side().await;
        ann.click("#camera-button").await;
        bob.shows("#peer-avatar").await;
        let dark = "return taken.every(track => track.readyState === 'ended')";
        ann.until("nothing is open", dark, json!([])).await;
        // Nothing comes any more, and nobody takes that for a path that is lost.
        tokio::time::sleep(std::time::Duration::from_secs(4)).await;
        bob.reads(".state", "In a call with Ann").await;
        assert_eq!(bob.run("return peers.length", json!([])).await, 1);
        // And the call goes on.
        ann.click("#camera-button").await;
        bob.sees_the_other_side().await;
    });
}
