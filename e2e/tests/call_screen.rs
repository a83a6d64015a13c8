//! The screen that people look at during a call.

use Kind::{Chromium, Firefox};
use e2e::{Kind, Person, Stage, stage};
use fantoccini::actions::{InputSource, MouseActions, PointerAction};
use serde_json::json;

async fn in_a_call(stage: &Stage, kinds: [Kind; 2]) -> [Person; 2] {
    let [ann, bob] = stage.people([(kinds[0], "Ann"), (kinds[1], "Bob")]).await;
    ann.call("Bob").await;
    bob.accept().await;
    ann.sees_the_other_side().await;
    bob.sees_the_other_side().await;
    [ann, bob]
}

/// Presses a key where the focus is.
async fn press(person: &Person, key: &str) {
    let browser = person.browser().await;
    let focused = browser.active_element().await;
    let focused = focused.expect("something has the focus");
    focused.send_keys(key).await.expect("it takes keys");
}

/// Drags an element by its middle so far, in px, or presses it if that is nowhere.
async fn drag(person: &Person, selector: &str, by: (i64, i64)) {
    let middle = "const { x, y, width, height } = document.querySelector(arguments[0]).getBoundingClientRect();
        return [x + width / 2, y + height / 2].map(Math.round)";
    let from = person.run(middle, json!([selector])).await;
    let [x, y] = [0, 1].map(|nth| from[nth].as_i64().expect("a place"));
    let to = |x, y| PointerAction::MoveTo {
        duration: None,
        x: x as f64,
        y: y as f64,
    };
    let button = 0;
    let mut mouse = MouseActions::new("mouse".into())
        .then(to(x, y))
        .then(PointerAction::Down { button });
    if by != (0, 0) {
        mouse = mouse
            .then(to(x + by.0 / 2, y + by.1 / 2))
            .then(to(x + by.0, y + by.1));
    }
    let mouse = mouse.then(PointerAction::Up { button });
    let browser = person.browser().await;
    browser.perform_actions(mouse).await.expect("a mouse");
}

fn fills_the_screen(kind: Kind) {
    stage(async |stage| {
        let [ann, _bob] = in_a_call(stage, [kind, Chromium]).await;
        ann.click("#full-button").await;
        ann.until("full", "return !!document.fullscreenElement", json!([]))
            .await;
        ann.reads("#full-label", "Leave full screen").await;
        ann.hang_up().await;
        let left =
            "return !document.fullscreenElement && document.querySelector('#full-button').hidden";
        ann.until("no longer full", left, json!([])).await;
    });
}

#[test]
fn a_call_fills_the_screen_until_it_ends_in_chromium() {
    fills_the_screen(Chromium);
}

#[test]
fn a_call_fills_the_screen_until_it_ends_in_firefox() {
    fills_the_screen(Firefox);
}

fn has_a_small_window(kind: Kind) {
    stage(async |stage| {
        let [ann, bob] = in_a_call(stage, [kind, Chromium]).await;
        ann.click("#pip-button").await;
        let plays = "const small = documentPictureInPicture.window?.document;
            return small?.querySelector('video')?.videoWidth > 2
                && small.querySelectorAll('.controls button').length === 3";
        ann.until("it plays", plays, json!([])).await;
        let mute =
            "documentPictureInPicture.window.document.querySelector('#microphone-button').click()";
        ann.run(mute, json!([])).await;
        bob.shows("#peer-muted").await;
        let is_off = "return documentPictureInPicture.window.document.querySelector('#microphone-button').classList.contains('off')";
        ann.until("it says so", is_off, json!([])).await;
        let end =
            "documentPictureInPicture.window.document.querySelector('#hangup-button').click()";
        ann.run(end, json!([])).await;
        bob.is_idle().await;
        ann.until(
            "it closes",
            "return !documentPictureInPicture.window",
            json!([]),
        )
        .await;
    });
}

#[test]
fn a_small_window_shows_the_other_side_and_has_the_buttons_in_chromium() {
    has_a_small_window(Chromium);
}

#[test]
fn a_small_window_shows_the_other_side_and_has_the_buttons_in_firefox() {
    has_a_small_window(Firefox);
}

#[test]
fn without_such_windows_the_video_itself_is_the_small_one_or_there_is_no_button() {
    stage(async |stage| {
        let [ann, bob] = stage.people([(Chromium, "Ann"), (Firefox, "Bob")]).await;
        let lacks = "delete window.documentPictureInPicture; sessionStorage.clear()";
        let url = ann.run("return location.href", json!([])).await;
        let script = json!({ "source": lacks });
        ann.cdp("Page.addScriptToEvaluateOnNewDocument", script)
            .await;
        ann.open(url.as_str().expect("an address")).await;
        ann.join().await;
        ann.call("Bob").await;
        bob.accept().await;
        ann.sees_the_other_side().await;
        ann.click("#pip-button").await;
        let small = "return document.pictureInPictureElement?.id === 'received_video'";
        ann.until("it is the small one", small, json!([])).await;
        let right = "return document.querySelector('#pip-button').hidden === !HTMLVideoElement.prototype.requestPictureInPicture";
        bob.until("a button where it can be", right, json!([]))
            .await;
    });
}

#[test]
fn the_screen_stays_on_during_a_call_and_no_longer() {
    stage(async |stage| {
        let [ann, bob] = stage.people([(Chromium, "Ann"), (Chromium, "Bob")]).await;
        let watch = "window.locks = [];
            const { request } = WakeLock.prototype;
            WakeLock.prototype.request = async function (what) {
                const lock = await request.call(this, what);
                locks.push(lock);
                return lock;
            }";
        ann.run(watch, json!([])).await;
        ann.call("Bob").await;
        bob.accept().await;
        let held = "return locks.filter(lock => !lock.released).length === 1";
        ann.until("it stays on", held, json!([])).await;
        ann.sees_the_other_side().await;
        ann.until("it still does", held, json!([])).await;
        ann.hang_up().await;
        let free = "return locks.every(lock => lock.released)";
        ann.until("it may go off", free, json!([])).await;
    });
}

#[test]
fn the_bar_gives_way_but_for_hanging_up_and_never_to_who_is_muted() {
    stage(async |stage| {
        let [ann, bob] = in_a_call(stage, [Chromium, Chromium]).await;
        let shown = |id: &str, seen: u8| {
            format!("return getComputedStyle(document.querySelector('{id}')).opacity === '{seen}'")
        };
        // The mouse is where it pressed last, which may be on the bar.
        drag(&ann, "#received_video", (0, 0)).await;
        ann.until("it goes", &shown("#camera-button", 0), json!([]))
            .await;
        ann.until("this stays", &shown("#hangup-button", 1), json!([]))
            .await;
        drag(&ann, "#received_video", (40, 40)).await;
        ann.until("it is back", &shown("#camera-button", 1), json!([]))
            .await;
        bob.click("#microphone-button").await;
        drag(&bob, "#received_video", (0, 0)).await;
        tokio::time::sleep(std::time::Duration::from_secs(4)).await;
        assert_eq!(bob.run(&shown("#camera-button", 1), json!([])).await, true);
    });
}

#[test]
fn ones_own_picture_goes_to_a_corner_is_swapped_and_hidden_in_chromium() {
    moves_ones_own_picture([Chromium, Chromium]);
}

#[test]
fn ones_own_picture_goes_to_a_corner_is_swapped_and_hidden_in_firefox() {
    moves_ones_own_picture([Firefox, Chromium]);
}

fn moves_ones_own_picture(kinds: [Kind; 2]) {
    stage(async |stage| {
        let [ann, bob] = in_a_call(stage, kinds).await;
        let corner =
            "const { x, y } = document.querySelector('#local_video').getBoundingClientRect();
            return `${y < 120 ? 'top' : 'bottom'} ${x < 120 ? 'left' : 'right'}`";
        assert_eq!(ann.run(corner, json!([])).await, "bottom right");
        drag(&ann, "#local_video", (-600, -300)).await;
        let moved = corner.replace("return", "return 'top left' ===");
        ann.until("it is there", &moved, json!([])).await;
        let wide = "return document.querySelector(arguments[0]).clientWidth > innerWidth * 0.6
            && document.querySelector(arguments[1]).clientWidth < innerWidth * 0.4";
        ann.until(
            "theirs is large",
            wide,
            json!(["#received_video", "#local_video"]),
        )
        .await;
        drag(&ann, "#local_video", (0, 0)).await;
        ann.until(
            "one's own is large",
            wide,
            json!(["#local_video", "#received_video"]),
        )
        .await;
        drag(&ann, "#received_video", (0, 0)).await;
        ann.until(
            "theirs is again",
            wide,
            json!(["#received_video", "#local_video"]),
        )
        .await;
        ann.click(".settings summary").await;
        ann.choose("#self-choice", "Hidden").await;
        let gone = "return document.querySelector('#local_video').getClientRects().length === 0";
        ann.until("it is hidden", gone, json!([])).await;
        // All of it is kept.
        ann.hang_up().await;
        let page = ann.browser().await;
        page.refresh().await.expect("the page loads");
        ann.join().await;
        bob.call("Ann").await;
        ann.accept().await;
        ann.sees_the_other_side().await;
        ann.until("it is still hidden", gone, json!([])).await;
        // Without a mouse as well.
        ann.click(".settings summary").await;
        ann.choose("#self-choice", "Upper left").await;
        ann.until("it is there again", &moved, json!([])).await;
        ann.choose("#self-choice", "Large, in this call").await;
        let large = json!(["#local_video", "#received_video"]);
        ann.until("one's own is large", wide, large).await;
    });
}

#[test]
fn the_keys_of_a_headset_mute_and_hang_up() {
    stage(async |stage| {
        let [ann, bob] = stage.people([(Chromium, "Ann"), (Chromium, "Bob")]).await;
        let watch = "window.keys = {};
            MediaSession.prototype.setActionHandler = (name, act) => { keys[name] = act; }";
        ann.run(watch, json!([])).await;
        ann.call("Bob").await;
        bob.accept().await;
        ann.sees_the_other_side().await;
        let title = "return navigator.mediaSession.metadata.title === 'Bob'";
        ann.until("the system shows who it is", title, json!([]))
            .await;
        ann.run("keys.togglemicrophone()", json!([])).await;
        bob.shows("#peer-muted").await;
        ann.run("keys.hangup()", json!([])).await;
        bob.is_idle().await;
        ann.until(
            "they do nothing more",
            "return keys.hangup === null",
            json!([]),
        )
        .await;
    });
}

#[test]
fn keys_press_buttons_but_not_where_somebody_writes_nor_where_they_are_not_wanted() {
    stage(async |stage| {
        let [ann, bob] = in_a_call(stage, [Chromium, Chromium]).await;
        press(&ann, "m").await;
        bob.shows("#peer-muted").await;
        press(&ann, "m").await;
        ann.reads("#microphone-label", "Mute").await;
        // Chat stands beside the picture, and takes the focus.
        press(&ann, "c").await;
        press(&ann, "my mum").await;
        let written = "return document.querySelector('#text').value === 'my mum'";
        ann.until("it is written", written, json!([])).await;
        ann.reads("#microphone-label", "Mute").await;
        ann.run("document.activeElement.blur()", json!([])).await;
        press(&ann, "?").await;
        ann.shows("#keys[open]").await;
        ann.click("#keys-on").await;
        // Nothing is done behind it.
        press(&ann, "m").await;
        press(&ann, "\u{e00c}").await;
        let closed = "return !document.querySelector('#keys').open";
        ann.until("Escape closes it", closed, json!([])).await;
        press(&ann, "m").await;
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        ann.reads("#microphone-label", "Mute").await;
        // Nor in the page's next life.
        let kept = "return localStorage['holdfast-no-keys'] === '1'";
        assert_eq!(ann.run(kept, json!([])).await, true);
    });
}

#[test]
fn where_the_network_has_no_room_for_pictures_sound_goes_alone_until_it_has() {
    stage(async |stage| {
        let [ann, bob] = in_a_call(stage, [Chromium, Firefox]).await;
        let narrow = "window.room = 50000;
            const { getStats } = RTCPeerConnection.prototype;
            RTCPeerConnection.prototype.getStats = async function () {
                const report = new Map(await getStats.call(this));
                for (const [id, stats] of report)
                    if (window.room && 'availableOutgoingBitrate' in stats)
                        report.set(id, { ...stats, availableOutgoingBitrate: window.room });
                return report;
            }";
        ann.run(narrow, json!([])).await;
        ann.reads("#silent", "too slow for pictures").await;
        bob.shows("#peer-avatar").await;
        bob.reads(".state", "no picture").await;
        bob.hears_the_other_side().await;
        ann.reads("#camera-button", "Stop camera").await;
        // No packet of a picture is sent.
        let sent = "const [done] = arguments;
            const count = async () => (await Promise.all(peers.map(peer => peer.getStats())))
                .flatMap(report => [...report.values()])
                .filter(({ type, kind }) => type === 'outbound-rtp' && kind === 'video')
                .reduce((sum, { framesSent }) => sum + framesSent, 0);
            (async () => {
                const before = await count();
                setTimeout(async () => done(await count() - before), 1000);
            })()";
        assert_eq!(ann.run_async(sent).await, 0);
        ann.run("window.room = 0", json!([])).await;
        bob.sees_the_other_side().await;
        let quiet = "return document.querySelector('#silent').textContent === ''";
        ann.until("nothing is said any more", quiet, json!([]))
            .await;
        // Another call begins with pictures, and goes on with them.
        ann.run("window.room = 50000", json!([])).await;
        ann.reads("#silent", "too slow for pictures").await;
        ann.run("window.room = 0", json!([])).await;
        ann.hang_up().await;
        bob.is_idle().await;
        ann.call("Bob").await;
        bob.accept().await;
        bob.sees_the_other_side().await;
        tokio::time::sleep(std::time::Duration::from_secs(5)).await;
        assert_eq!(ann.run(quiet, json!([])).await, true);
        bob.sees_the_other_side().await;
    });
}

#[test]
fn one_mark_says_how_good_the_call_is_and_whose_fault_it_is() {
    stage(async |stage| {
        let [ann, bob] = in_a_call(stage, [Chromium, Firefox]).await;
        for person in [&ann, &bob] {
            person
                .reads("#quality-label", "The connection is good")
                .await;
            person.click("#quality-mark").await;
            person.shows("#quality-label").await;
        }
        let loses = "const { getStats } = RTCPeerConnection.prototype;
            RTCPeerConnection.prototype.getStats = async function () {
                const report = new Map(await getStats.call(this));
                report.set('x', { type: 'remote-inbound-rtp', fractionLost: 0.2 });
                return report;
            }";
        ann.run(loses, json!([])).await;
        ann.reads("#quality-label", "Your network is too slow")
            .await;
        ann.shows("#quality-mark[data-grade=bad]").await;
    });
}
