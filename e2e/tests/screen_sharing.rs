//! A screen that is shared, beside the camera and through every leg.

use Kind::{Chromium, Firefox};
use e2e::{Kind, Person, Stage, stage};
use serde_json::json;

const IS_STOPPED: &str = "return picked.getTracks().every(track => track.readyState === 'ended')";

/// Ann and Bob talk. What is picked in Ann's browser is kept where a test finds it.
async fn in_a_call(stage: &Stage, kinds: [Kind; 2]) -> [Person; 2] {
    let [one, other] = kinds;
    let [ann, bob] = stage.people([(one, "Ann"), (other, "Bob")]).await;
    let pick = match one {
        Chromium => "navigator.mediaDevices.getDisplayMedia.bind(navigator.mediaDevices)",
        // Without a window system Firefox has no screen to give: a canvas stands for it.
        Firefox => {
            "() => {
                const canvas = document.createElement('canvas');
                const draw = () => canvas.getContext('2d').fillRect(0, 0, Date.now() % 300, 150);
                setInterval(draw, 100);
                draw();
                return canvas.captureStream();
            }"
        }
    };
    let keep = format!(
        "const pick = {pick};
        navigator.mediaDevices.getDisplayMedia = async of => window.picked = await pick(of)"
    );
    ann.run(&keep, json!([])).await;
    ann.call("Bob").await;
    bob.accept().await;
    bob.sees_the_other_side().await;
    ann.shows("#share-button").await;
    [ann, bob]
}

async fn shares(ann: &Person, bob: &Person) {
    ann.click("#share-button").await;
    ann.reads("#share-label", "Stop sharing").await;
    ann.reads("#shares", "you share").await;
    bob.frames("#screen_video").await;
    bob.sees_the_other_side().await;
    bob.hears_the_other_side().await;
}

/// Nothing of the screen is there any more, and the call goes on.
async fn shares_nothing(ann: &Person, bob: &Person) {
    ann.reads("#share-label", "Share screen").await;
    let is_gone = "return !document.querySelector('#screen_video').srcObject
        && !document.querySelector('.shared')";
    bob.until("the screen is gone", is_gone, json!([])).await;
    ann.until("nothing is captured", IS_STOPPED, json!([]))
        .await;
    ann.sees_the_other_side().await;
    bob.sees_the_other_side().await;
}

async fn shares_and_stops(stage: &Stage, kinds: [Kind; 2]) {
    let [ann, bob] = in_a_call(stage, kinds).await;
    let sections = "return (peers.at(-1).localDescription.sdp.match(/^m=/gm) ?? []).length";
    let mut counts = Vec::new();
    for _ in 0..2 {
        shares(&ann, &bob).await;
        ann.click("#share-button").await;
        shares_nothing(&ann, &bob).await;
        counts.push(ann.run(sections, json!([])).await);
    }
    assert_eq!(counts[0], counts[1], "the second share has its own section");
    shares(&ann, &bob).await;
    bob.hang_up().await;
    ann.is_idle().await;
    ann.until("nothing is captured", IS_STOPPED, json!([]))
        .await;
}

#[test]
fn a_screen_is_seen_beside_the_camera_as_often_as_it_is_shared() {
    stage(async |stage| shares_and_stops(stage, [Chromium, Chromium]).await);
}

/// The side without a camera has no video section in use, so that sharing changes more of the description.
#[test]
fn a_screen_shared_where_one_camera_is_blocked_leaves_the_other_picture_alone() {
    stage(async |stage| {
        let [ann, bob] = stage.people([(Chromium, "Ann"), (Chromium, "Bob")]).await;
        let blocked =
            "const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
            navigator.mediaDevices.getUserMedia = async wanted => {
                if (wanted.video) throw new DOMException('blocked', 'NotAllowedError');
                return ask(wanted);
            };
            const query = navigator.permissions.query.bind(navigator.permissions);
            navigator.permissions.query = async asked =>
                asked.name === 'camera' ? { state: 'denied' } : query(asked);";
        ann.run(blocked, json!([])).await;
        for (caller, callee) in [(&ann, &bob), (&bob, &ann)] {
            caller.call(&callee.name).await;
            callee.accept().await;
            ann.sees_the_other_side().await;
            for (one, other) in [(&ann, &bob), (&bob, &ann), (&ann, &bob)] {
                one.click("#share-button").await;
                one.reads("#share-label", "Stop sharing").await;
                other.frames("#screen_video").await;
                ann.sees_the_other_side().await;
                bob.hears_the_other_side().await;
                one.click("#share-button").await;
                one.reads("#share-label", "Share screen").await;
                ann.sees_the_other_side().await;
            }
            ann.hang_up().await;
            ann.is_idle().await;
            bob.is_idle().await;
        }
    });
}

#[test]
fn a_screen_is_shared_from_chromium_with_firefox() {
    stage(async |stage| shares_and_stops(stage, [Chromium, Firefox]).await);
}

#[test]
fn a_screen_is_shared_from_firefox_with_chromium() {
    stage(async |stage| shares_and_stops(stage, [Firefox, Chromium]).await);
}

#[test]
fn a_shared_screen_goes_with_the_call_over_another_leg_and_into_a_page_loaded_anew() {
    stage(async |stage| {
        let [ann, bob] = in_a_call(stage, [Chromium, Chromium]).await;
        shares(&ann, &bob).await;
        for mover in [&bob, &ann] {
            let before = "window.before = peers.length";
            mover.run(before, json!([])).await;
            let move_network = "window.dispatchEvent(new Event('online'))";
            mover.run(move_network, json!([])).await;
            let has_moved = "return peers.length > before
                && peers.at(-1).connectionState === 'connected'
                && peers.slice(0, -1).every(old => old.connectionState === 'closed')";
            mover.until("the call moves", has_moved, json!([])).await;
            bob.frames("#screen_video").await;
            bob.sees_the_other_side().await;
        }
        let page = bob.browser().await;
        page.refresh().await.expect("the page loads");
        bob.sees_the_other_side().await;
        bob.frames("#screen_video").await;
        ann.sees_the_other_side().await;
        // Both can.
        bob.shows("#share-button").await;
        bob.click("#share-button").await;
        ann.frames("#screen_video").await;
        bob.frames("#screen_video").await;
        // From the browser's own bar.
        let end = "picked.getVideoTracks()[0].dispatchEvent(new Event('ended'))";
        ann.run(end, json!([])).await;
        shares_nothing(&ann, &bob).await;
        ann.frames("#screen_video").await;
        // Who is loaded anew has to be asked again.
        let page = bob.browser().await;
        page.refresh().await.expect("the page loads");
        let is_gone = "return !document.querySelector('#screen_video').srcObject";
        ann.until("the screen is gone", is_gone, json!([])).await;
        ann.sees_the_other_side().await;
    });
}
