//! Where the page and its signaling can live.

use std::time::Duration;

use Kind::Chromium;
use e2e::{
    Kind, Person, Stage, free_address, holdfast_server, holdfast_server_at, sample_page,
    sample_server, stage, static_host, waiting_host,
};
use serde_json::json;
use tokio::time::sleep;

#[test]
fn a_page_on_a_static_host_at_a_sub_path_signals_through_another_origin() {
    stage(async |stage| {
        let signaling = format!("ws://{}/any/path", holdfast_server().await);
        let url = static_host(&json!({ "signaling": signaling }).to_string()).await;
        let [ann, bob] = stage
            .people_at(&url, [(Chromium, "Ann"), (Chromium, "Bob")])
            .await;
        ann.talks_with(&bob).await;
        let policy = "return document.querySelector('meta[http-equiv]').content";
        let policy = ann.run(policy, json!([])).await.to_string();
        assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe-inline"));
    });
}

#[test]
fn two_tabs_with_no_server_call_each_other_and_are_told_what_this_is() {
    stage(async |stage| {
        let url = static_host("{}").await;
        let mut ann = stage.person(Chromium, "Ann").await;
        let bob = ann.beside("Bob").await;
        for person in [&ann, &bob] {
            person.open(&url).await;
            person.join().await;
            person.reads(".link", "No signaling server here").await;
        }
        ann.sees("Bob").await;
        ann.type_into("#text", "hello").await;
        ann.click("#send").await;
        bob.reads(".chatbox", "Ann hello").await;
        ann.talks_with(&bob).await;
        bob.talks_with(&ann).await;
        let zoe = ann.beside("Bob").await;
        zoe.open(&url).await;
        zoe.join().await;
        zoe.reads("header", "You are Bob2").await;
        zoe.open("about:blank").await;
        ann.misses("Bob2").await;
    });
}

#[test]
fn a_tab_that_is_loaded_anew_is_back_in_its_call_without_a_server() {
    stage(async |stage| {
        let url = static_host("{}").await;
        let mut ann = stage.person(Chromium, "Ann").await;
        let bob = ann.beside("Bob").await;
        for person in [&ann, &bob] {
            person.open(&url).await;
            person.join().await;
        }
        ann.sees("Bob").await;
        ann.call("Bob").await;
        bob.accept().await;
        for person in [&bob, &ann] {
            ann.sees_the_other_side().await;
            bob.sees_the_other_side().await;
            let page = person.browser().await;
            page.refresh().await.expect("the page loads");
        }
        ann.sees_the_other_side().await;
        bob.sees_the_other_side().await;
        ann.hang_up().await;
        bob.is_idle().await;
    });
}

#[test]
fn a_wrong_configuration_is_a_sentence_that_names_the_field() {
    stage(async |stage| {
        let url = static_host(r#"{"iceServers":[{"urls":"turn:example.org"}]}"#).await;
        let ann = stage.person(Chromium, "Ann").await;
        ann.open(&url).await;
        ann.reads(".fatal", "iceServers[0].username").await;
    });
}

#[test]
fn while_the_configuration_is_on_its_way_the_page_says_nothing_wrong() {
    stage(async |stage| {
        let url = waiting_host().await;
        let ann = stage.person(Chromium, "Ann").await;
        ann.open(&url).await;
        ann.run("localStorage['holdfast-name'] = 'Zoe\\n'", json!([]))
            .await;
        let page = ann.browser().await;
        page.refresh().await.expect("the page loads");
        let runs = "return document.querySelector('#name').placeholder === 'Zoe'";
        ann.until("the page runs", runs, json!([])).await;
        ann.reads("#welcome", "Private video calls").await;
    });
}

#[test]
fn what_comes_later_is_fetched_again_where_it_could_not_be_had() {
    stage(async |stage| {
        let ann = stage.person(Chromium, "Ann").await;
        ann.cdp("Network.enable", json!({})).await;
        let blocked = json!({ "urls": ["*-later.wasm"] });
        ann.cdp("Network.setBlockedURLs", blocked).await;
        let url = format!("http://localhost:{}/", holdfast_server().await.port());
        ann.open(&url).await;
        ann.join().await;
        // Settings are among it.
        let there = "return document.querySelector('#quality').options.length > 0";
        let tried = "return performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('-later.wasm')).length > 1";
        ann.until("it is tried again", tried, json!([])).await;
        assert_eq!(ann.run(there, json!([])).await, false);
        ann.cdp("Network.disable", json!({})).await;
        ann.until("it is there", there, json!([])).await;
    });
}

#[test]
fn c35_relay_only_is_taken_from_the_configuration_without_a_rebuild() {
    stage(async |stage| {
        let signaling = format!("ws://{}/", holdfast_server().await);
        let config = json!({ "signaling": signaling, "iceTransportPolicy": "relay" });
        let url = static_host(&config.to_string()).await;
        let [ann, bob] = stage
            .people_at(&url, [(Chromium, "Ann"), (Chromium, "Bob")])
            .await;
        ann.call("Bob").await;
        bob.accept().await;
        // Without a relay there is no candidate, so gathering completes and nothing connects.
        ann.reads(".state", "Connecting with Bob").await;
        ann.click(".settings summary").await;
        ann.reads(".peer-state", "complete").await;
        ann.hang_up().await;
        bob.is_idle().await;
    });
}

#[test]
fn x38_what_the_browser_refuses_reaches_the_person_as_a_sentence() {
    stage(async |stage| {
        let signaling = format!("ws://{}/", holdfast_server().await);
        // The browser alone knows that STUN has no transports.
        let servers = json!([{ "urls": "stun:stun.example.org?transport=udp" }]);
        let config = json!({ "signaling": signaling, "iceServers": servers });
        let url = static_host(&config.to_string()).await;
        let ann = stage.person(Chromium, "Ann").await;
        ann.open(&url).await;
        ann.reads(".fatal", "In config.json, `iceServers[0].urls` must be")
            .await;
    });
}

#[test]
fn l28_r31_changed_servers_are_set_before_the_restart() {
    stage(async |stage| {
        let signaling = format!("ws://{}/", holdfast_server().await);
        let config = json!({ "signaling": signaling, "recovery": "restart" });
        let url = static_host(&config.to_string()).await;
        let [ann, bob] = stage
            .people_at(&url, [(Chromium, "Ann"), (Chromium, "Bob")])
            .await;
        ann.call("Bob").await;
        bob.accept().await;
        ann.sees_the_other_side().await;
        let before = "return peers[0].localDescription.sdp.match(/ice-ufrag:(.*)/)[1]";
        let before = ann.run(before, json!([])).await;
        // The host's config.json names another server from now on.
        let script = "window.order = [];
            const peer = peers[0];
            for (const name of ['setConfiguration', 'restartIce']) {
                const native = peer[name].bind(peer);
                peer[name] = (...args) => { order.push(name); return native(...args); };
            }
            const native = window.fetch;
            const given = arguments[0];
            window.fetch = (request, ...args) => (request.url ?? String(request)).includes('config.json')
                ? Promise.resolve(new Response(JSON.stringify(given))) : native(request, ...args);
            window.dispatchEvent(new Event('online'));";
        let servers = json!([{ "urls": "stun:192.0.2.7:3478" }]);
        let changed = json!({ "signaling": signaling, "iceServers": servers });
        ann.run(script, json!([changed])).await;
        ann.until(
            "ICE has restarted",
            "return peers[0].localDescription.sdp.match(/ice-ufrag:(.*)/)[1] !== arguments[0]",
            json!([before]),
        )
        .await;
        let order = ann.run("return order.slice(0, 2)", json!([])).await;
        assert_eq!(order, json!(["setConfiguration", "restartIce"]));
        let servers = "return peers[0].getConfiguration().iceServers[0].urls";
        let servers = ann.run(servers, json!([])).await.to_string();
        assert!(servers.contains("stun:192.0.2.7:3478"), "{servers}");
        ann.sees_the_other_side().await;
        bob.sees_the_other_side().await;
        ann.hang_up().await;
        ann.is_idle().await;
        bob.is_idle().await;
    });
}

#[test]
fn a_call_outlives_its_server_and_people_come_back_by_themselves() {
    stage(async |stage| {
        let address = free_address();
        let (stop, stopped) = holdfast_server_at(address, |options| options).await;
        let url = format!("http://{address}/");
        let [ann, bob] = stage
            .people_at(&url, [(Chromium, "Ann"), (Chromium, "Bob")])
            .await;
        ann.call("Bob").await;
        bob.accept().await;
        bob.sees_the_other_side().await;
        stop.send(()).expect("it runs");
        stopped.await.expect("it stops");
        for person in [&ann, &bob] {
            person.reads(".link", "Can't reach the server").await;
            person.sees_the_other_side().await;
        }
        let (_stop, _running) = holdfast_server_at(address, |options| options).await;
        let good = "return document.querySelector('.link').innerText === ''";
        for person in [&ann, &bob] {
            person.until("the link is back", good, json!([])).await;
            person.sees("Ann").await;
            person.sees("Bob").await;
            person.sees_the_other_side().await;
        }
        ann.hang_up().await;
        ann.is_idle().await;
        bob.is_idle().await;
    });
}

/// Ann at our page and Bob at a client of the sample, both on our server.
async fn ours_and_theirs(stage: &Stage) -> [Person; 2] {
    let server = holdfast_server().await;
    let ours = stage.person(Chromium, "Ann").await;
    ours.open(&format!("http://{server}/")).await;
    ours.join().await;
    let theirs = stage.person(Chromium, "Bob").await;
    theirs
        .open(&format!("{}?server=ws://{server}/", sample_page().await))
        .await;
    theirs.join().await;
    [ours, theirs]
}

#[test]
fn a_client_of_the_sample_calls_our_page_and_hangs_up() {
    stage(async |stage| {
        let [ours, theirs] = ours_and_theirs(stage).await;
        theirs.talks_with(&ours).await;
        let strange = theirs.run("return strange", json!([])).await;
        assert_eq!(
            strange,
            json!([]),
            "it was sent nothing that it does not know"
        );
    });
}

#[test]
fn a_client_of_the_sample_takes_all_its_tracks_away_and_gives_others() {
    stage(async |stage| {
        let [ours, theirs] = ours_and_theirs(stage).await;
        theirs.call("Ann").await;
        ours.accept().await;
        ours.sees_the_other_side().await;
        let anew = "const [done] = arguments, [peer] = peers, { srcObject } = document.querySelector('#local_video');
            peer.getSenders().filter(sender => sender.track).forEach(sender => peer.removeTrack(sender));
            setTimeout(() => {
                srcObject.getTracks().forEach(track => peer.addTrack(track, srcObject));
                done();
            }, 500);";
        theirs.run_async(anew).await;
        sleep(Duration::from_secs(3)).await;
        ours.sees_the_other_side().await;
        ours.reads(".state", "In a call with Bob").await;
        ours.hang_up().await;
        theirs.is_idle().await;
    });
}

#[test]
fn our_page_calls_a_client_of_the_sample_and_hangs_up() {
    stage(async |stage| {
        let [ours, theirs] = ours_and_theirs(stage).await;
        ours.call("Bob").await;
        ours.sees_the_other_side().await;
        theirs.sees_the_other_side().await;
        ours.hang_up().await;
        ours.is_idle().await;
        theirs.is_idle().await;
    });
}

#[test]
fn our_page_calls_our_page_through_a_server_of_the_sample() {
    stage(async |stage| {
        let config = json!({ "signaling": sample_server().await });
        let url = static_host(&config.to_string()).await;
        let people = [(Chromium, "Ann"), (Chromium, "Bob"), (Chromium, "Ann")];
        let [ann, bob, other] = stage.people_at(&url, people).await;
        other.reads("header", "You are Ann1").await;
        ann.type_into("#text", "Good morning").await;
        ann.click("#send").await;
        bob.reads(".chatbox", "Good morning").await;
        ann.talks_with(&bob).await;
        bob.talks_with(&ann).await;
    });
}
