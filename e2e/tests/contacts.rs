//! Between people who have talked before, a path is found while it rings, and nothing goes over it before the yes.

use Kind::{Chromium, Firefox};
use e2e::{Kind, Person, stage};
use serde_json::json;

/// One that is connected by now, and its channel open.
const CONNECTED: &str = "const peer = peers.at(-1);
    return peer?.connectionState === 'connected' && peer.sctp?.state !== 'closed'";

/// The RTP packets that have gone over the connection so far.
const SENT: &str = "const [done] = arguments;
    peers.at(-1).getStats().then(report => {
        const went = [];
        for (const { type, kind, packetsSent, packetsReceived } of report.values()) {
            const packets = type === 'outbound-rtp' ? packetsSent : type === 'inbound-rtp' ? packetsReceived : 0;
            if (packets) went.push(`${type} ${kind} ${packets}`);
        }
        done(went);
    })";

/// They talk, and hang up.
async fn have_talked(ann: &Person, bob: &Person) {
    ann.talks_with(bob).await;
    bob.until("a key was told", KEPT, json!([])).await;
    ann.until("a key was told", KEPT, json!([])).await;
    ann.hang_up().await;
    ann.is_idle().await;
    bob.is_idle().await;
    for person in [ann, bob] {
        person
            .run("peers.length = 0; taken.length = 0", json!([]))
            .await;
    }
}

/// Whether this browser has something to show to somebody.
const KEPT: &str = "const told = JSON.parse(localStorage.getItem('holdfast-contacts') ?? '{}');
    return Object.keys(told).some(name => name)";

async fn is_connected_while_it_rings(caller: &Person, callee: &Person) {
    caller.call(&callee.name).await;
    callee.shows("#accept-button").await;
    callee.until("it is connected", CONNECTED, json!([])).await;
    caller.until("it is connected", CONNECTED, json!([])).await;
}

/// For a second of the ring.
async fn nothing_goes(person: &Person) {
    for _ in 0..5 {
        assert_eq!(person.run_async(SENT).await, json!([]), "{}", person.name);
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
}

fn of(kinds: [Kind; 2]) {
    stage(async |stage| {
        let [ann, bob] = stage.people([(kinds[0], "Ann"), (kinds[1], "Bob")]).await;
        have_talked(&ann, &bob).await;
        for (caller, callee) in [(&ann, &bob), (&bob, &ann)] {
            is_connected_while_it_rings(caller, callee).await;
            nothing_goes(caller).await;
            nothing_goes(callee).await;
            let opened = callee.run("return taken.length", json!([])).await;
            assert_eq!(opened, json!(0), "no camera is opened before the yes");
            callee.accept().await;
            for person in [caller, callee] {
                person.sees_the_other_side().await;
                person.hears_the_other_side().await;
                let used = person.run("return peers.length", json!([])).await;
                assert_eq!(used, json!(1), "{} needed no other path", person.name);
            }
            callee.hang_up().await;
            for person in [caller, callee] {
                person.is_idle().await;
                person
                    .run("peers.length = 0; taken.length = 0", json!([]))
                    .await;
            }
        }
    });
}

#[test]
fn a_path_is_there_before_the_yes_and_carries_nothing() {
    of([Chromium; 2]);
}

#[test]
fn a_path_is_there_before_the_yes_between_two_browsers() {
    of([Chromium, Firefox]);
}

#[test]
fn both_read_that_the_browser_asks_for_the_camera_though_there_is_a_path() {
    stage(async |stage| {
        let [ann, bob] = stage.people([(Chromium, "Ann"), (Chromium, "Bob")]).await;
        have_talked(&ann, &bob).await;
        let asks = "const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
            const read = new Promise(resolve => window.allow = resolve);
            navigator.mediaDevices.getUserMedia = async wanted => { await read; return ask(wanted); }";
        bob.run(asks, json!([])).await;
        is_connected_while_it_rings(&ann, &bob).await;
        bob.accept().await;
        bob.reads(".state", "waiting for your camera and microphone")
            .await;
        ann.reads(".state", "Bob is answering. Their browser may be asking")
            .await;
        bob.sees_the_other_side().await;
        bob.run("allow()", json!([])).await;
        ann.sees_the_other_side().await;
        ann.reads(".state", "In a call with Bob").await;
        bob.reads(".state", "In a call with Ann").await;
    });
}

#[test]
fn a_no_closes_the_path_and_strangers_have_none() {
    stage(async |stage| {
        let [ann, bob] = stage.people([(Chromium, "Ann"), (Chromium, "Bob")]).await;
        ann.call("Bob").await;
        bob.shows("#accept-button").await;
        let made = bob.run("return peers.length", json!([])).await;
        assert_eq!(made, json!(0), "strangers meet after the yes");
        bob.decline().await;
        ann.is_idle().await;
        have_talked(&ann, &bob).await;
        is_connected_while_it_rings(&ann, &bob).await;
        bob.decline().await;
        ann.is_idle().await;
        bob.is_idle().await;
        let closed = "return peers.length === 1 && peers[0].connectionState === 'closed'";
        for person in [&ann, &bob] {
            person.until("it is closed", closed, json!([])).await;
        }
    });
}

#[test]
fn whoever_wants_nobody_to_know_their_addresses_before_the_yes_is_met_after_it() {
    stage(async |stage| {
        let [ann, bob] = stage.people([(Chromium, "Ann"), (Chromium, "Bob")]).await;
        have_talked(&ann, &bob).await;
        bob.click(".settings summary").await;
        bob.click("#early").await;
        let kept = "return localStorage.getItem('holdfast-late') === '1'";
        bob.until("it is remembered", kept, json!([])).await;
        for (caller, callee) in [(&ann, &bob), (&bob, &ann)] {
            caller.call(&callee.name).await;
            callee.shows("#accept-button").await;
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            for person in [caller, callee] {
                let met = "return peers.filter(peer => peer.remoteDescription).length";
                let met = person.run(met, json!([])).await;
                assert_eq!(met, json!(0), "{} has met nobody yet", person.name);
            }
            callee.accept().await;
            for person in [caller, callee] {
                person.sees_the_other_side().await;
            }
            callee.hang_up().await;
            for person in [caller, callee] {
                person.is_idle().await;
                person.run("peers.length = 0", json!([])).await;
            }
        }
    });
}
