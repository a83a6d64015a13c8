//! Two people find each other, talk, and hang up.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use Kind::{Chromium, Firefox};
use e2e::{Kind, Person, Stage, stage, static_host};
use serde_json::json;
use tokio::time::sleep;

/// Restarts ICE; `restarted` says when the other side's answer has been taken.
const RESTART: &str = "window.restarted = false;
    const [peer] = peers;
    const ufrag = () => peer.remoteDescription.sdp.match(/a=ice-ufrag:(.*)/)[1];
    const before = ufrag();
    setInterval(() => {
        window.restarted ||= peer.signalingState === 'stable' && ufrag() !== before;
    }, 20);
    peer.restartIce();";

/// One calls, the other accepts, both see and hear each other.
async fn talk(caller: &Person, callee: &Person) {
    caller.call(&callee.name).await;
    callee.reads("#ring-title", &caller.name).await;
    callee.accept().await;
    for person in [caller, callee] {
        person.sees_the_other_side().await;
        person.hears_the_other_side().await;
    }
}

async fn talks_and_hangs_up(stage: &Stage, caller: Kind, callee: Kind) {
    let [ann, bob] = stage.people([(caller, "Ann"), (callee, "Bob")]).await;
    talk(&ann, &bob).await;
    ann.hang_up().await;
    ann.is_idle().await;
    bob.is_idle().await;
    bob.reads(".notice", "Ann hung up").await;
}

#[test]
fn s06_chromium_calls_chromium() {
    stage(async |stage| talks_and_hangs_up(stage, Chromium, Chromium).await);
}

#[test]
fn s06_chromium_calls_firefox() {
    stage(async |stage| talks_and_hangs_up(stage, Chromium, Firefox).await);
}

#[test]
fn s06_firefox_calls_chromium() {
    stage(async |stage| talks_and_hangs_up(stage, Firefox, Chromium).await);
}

/// The client of the DTLS association stays its client, whatever Firefox says in its answer.
#[test]
fn r32_the_called_side_restarts_in_a_call_from_firefox() {
    stage(async |stage| {
        let [ann, bob] = stage.people([(Firefox, "Ann"), (Chromium, "Bob")]).await;
        talk(&ann, &bob).await;
        bob.run(RESTART, json!([])).await;
        bob.until("ICE restarts", "return window.restarted", json!([]))
            .await;
        bob.sees_the_other_side().await;
    });
}

#[test]
fn r34_without_a_server_chat_restart_and_hang_up_go_from_browser_to_browser() {
    stage(async |stage| {
        let [ann, bob] = stage.people([(Chromium, "Ann"), (Firefox, "Bob")]).await;
        talk(&ann, &bob).await;
        for person in [&ann, &bob] {
            let deaf = "WebSocket.prototype.send = () => {}";
            person.run(deaf, json!([])).await;
        }
        for (from, to) in [(&ann, &bob), (&bob, &ann)] {
            from.choose("#to", &to.name).await;
            from.type_into("#text", "Still here").await;
            from.click("#send").await;
            to.reads(
                ".chatbox",
                &format!("{} to {} Still here", from.name, to.name),
            )
            .await;
        }
        moves(&ann, &bob).await;
        bob.hang_up().await;
        ann.is_idle().await;
    });
}

#[test]
fn l26_two_codes_carried_by_hand_make_a_call_without_any_server() {
    stage(async |stage| {
        let url = static_host("{}").await;
        let ann = stage.person(Firefox, "Ann").await;
        let bob = stage.person(Chromium, "Bob").await;
        for person in [&ann, &bob] {
            person.open(&url).await;
            person.shows(".carried summary").await;
            person.click(".carried summary").await;
        }
        bob.type_into("#their-code", "not a code").await;
        bob.click("#open-code").await;
        bob.reads(".notice", "This is not a whole code").await;
        ann.type_into("#inviting", "Ann").await;
        ann.type_into("#invited", "Bob").await;
        ann.click("#invite").await;
        carry(&ann, &bob).await;
        bob.reads("#ring-title", "Ann").await;
        bob.accept().await;
        carry(&bob, &ann).await;
        for person in [&ann, &bob] {
            person.sees_the_other_side().await;
            person.hears_the_other_side().await;
        }
        // From here on, the call carries what is said in it.
        moves(&ann, &bob).await;
        ann.type_into("#text", "No server").await;
        ann.click("#send").await;
        bob.reads(".chatbox", "Ann to Bob No server").await;
        ann.hang_up().await;
        bob.is_idle().await;
        bob.shows("#name").await;
    });
}

/// That person's network moves, and the call to a fresh leg.
async fn moves(person: &Person, other: &Person) {
    let script = "window.dispatchEvent(new Event('online'))";
    person.run(script, json!([])).await;
    let moved = "return peers.length === 2 && peers[0].connectionState === 'closed'";
    other.until("the call moves", moved, json!([])).await;
    for person in [person, other] {
        person.sees_the_other_side().await;
    }
}

/// Takes the code from one page to the other.
async fn carry(from: &Person, to: &Person) {
    let ready = "return document.querySelector('#our-code').value !== ''";
    from.until("there is a code", ready, json!([])).await;
    let code = "return document.querySelector('#our-code').value";
    let code = from.run(code, json!([])).await;
    let script = "document.querySelector('#their-code').value = arguments[0]";
    to.run(script, json!([code])).await;
    to.click("#open-code").await;
}

#[test]
fn s16_a_track_attaches_the_remote_stream_and_hang_up_is_enabled() {
    stage(async |stage| {
        let [ann, bob] = stage.people([(Chromium, "Ann"), (Chromium, "Bob")]).await;
        ann.is_idle().await;
        talk(&ann, &bob).await;
        for person in [&ann, &bob] {
            let script = "return document.querySelector('#received_video').srcObject.getTracks().length === 2
                && !document.querySelector('#hangup-button').disabled";
            person
                .until("the stream is attached", script, json!([]))
                .await;
        }
    });
}

#[test]
fn s18_s19_either_side_hangs_up_and_the_next_call_works() {
    stage(async |stage| {
        let [ann, bob] = stage.people([(Chromium, "Ann"), (Chromium, "Bob")]).await;
        for (caller, callee, quits) in [(&ann, &bob, &bob), (&ann, &bob, &ann), (&bob, &ann, &bob)]
        {
            talk(caller, callee).await;
            quits.hang_up().await;
            ann.is_idle().await;
            bob.is_idle().await;
        }
    });
}

#[test]
fn s23_the_callee_declines() {
    stage(async |stage| {
        let [ann, bob] = stage.people([(Chromium, "Ann"), (Chromium, "Bob")]).await;
        ann.call("Bob").await;
        bob.decline().await;
        ann.is_idle().await;
        ann.reads(".notice", "Bob declined").await;
        bob.is_idle().await;
    });
}

#[test]
fn the_caller_cancels() {
    stage(async |stage| {
        let [ann, bob] = stage.people([(Chromium, "Ann"), (Chromium, "Bob")]).await;
        ann.call("Bob").await;
        bob.shows("#accept-button").await;
        ann.hang_up().await;
        bob.is_idle().await;
        bob.reads(".notice", "You missed a call from Ann").await;
        talk(&bob, &ann).await;
    });
}

#[test]
fn s07_a_busy_person_is_not_disturbed_and_the_caller_is_told() {
    stage(async |stage| {
        let people = [(Chromium, "Ann"), (Chromium, "Bob"), (Chromium, "Zoe")];
        let [ann, bob, zoe] = stage.people(people).await;
        talk(&ann, &bob).await;
        zoe.call("Bob").await;
        zoe.reads(".notice", "Bob is in another call").await;
        zoe.is_idle().await;
        bob.reads(".notice", "Zoe tried to call you").await;
        ann.call("Zoe").await;
        ann.reads(".notice", "You are in a call with Bob").await;
        ann.sees_the_other_side().await;
        bob.sees_the_other_side().await;
    });
}

#[test]
fn s08_calling_yourself_is_refused_with_a_reason() {
    stage(async |stage| {
        let [ann] = stage.people([(Chromium, "Ann")]).await;
        ann.call("Ann").await;
        ann.reads(".notice", "That is you").await;
        ann.is_idle().await;
    });
}

#[test]
fn p40_glare_ends_in_one_call_twenty_times_of_twenty() {
    stage(async |stage| {
        let [ann, bob] = stage.people([(Chromium, "Ann"), (Chromium, "Bob")]).await;
        for round in 0..20 {
            let now = SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .expect("after 1970");
            let at = u64::try_from(now.as_millis()).expect("before the year 500 million") + 150;
            for (person, other) in [(&ann, "Bob"), (&bob, "Ann")] {
                let script = "const [name, at] = arguments;
                    const button = [...document.querySelectorAll('ul.userlistbox li')]
                        .find(li => li.innerText.startsWith(name)).querySelector('button');
                    setTimeout(() => { window.clickedAt = Date.now(); button.click(); }, at - Date.now());";
                person.run(script, json!([other, at])).await;
            }
            for person in [&ann, &bob] {
                person.sees_the_other_side().await;
            }
            let mut clicked = Vec::new();
            for person in [&ann, &bob] {
                let at = person.run("return window.clickedAt", json!([])).await;
                clicked.push(at.as_i64().expect("clicked"));
            }
            let apart = (clicked[0] - clicked[1]).abs();
            assert!(
                apart <= 20,
                "round {round}: the clicks were {apart} ms apart"
            );
            let quits = if round % 2 == 0 { &ann } else { &bob };
            quits.hang_up().await;
            ann.is_idle().await;
            bob.is_idle().await;
        }
    });
}

#[test]
fn closing_the_page_ends_the_call_on_the_other_side() {
    stage(async |stage| {
        let [ann, bob] = stage.people([(Chromium, "Ann"), (Chromium, "Bob")]).await;
        talk(&ann, &bob).await;
        ann.open("about:blank").await;
        // It may be loaded anew; for a while it is waited for.
        bob.reads(".state", "Ann closed the page").await;
        bob.is_idle().await;
        bob.reads(".notice", "Ann left").await;
        bob.shows("#again-button").await;
    });
}

#[test]
fn who_closes_the_page_without_a_call_is_gone_at_once() {
    stage(async |stage| {
        let people = [(Firefox, "Ann"), (Chromium, "Bob"), (Chromium, "Zoe")];
        let [ann, bob, zoe] = stage.people(people).await;
        for person in [&ann, &bob] {
            person.open("about:blank").await;
            zoe.misses(&person.name).await;
        }
    });
}

#[test]
fn closing_the_page_while_it_rings_stops_the_ring() {
    stage(async |stage| {
        let [ann, bob] = stage.people([(Chromium, "Ann"), (Chromium, "Bob")]).await;
        ann.call("Bob").await;
        bob.shows("#accept-button").await;
        ann.open("about:blank").await;
        bob.is_idle().await;
        bob.misses("Ann").await;
    });
}

#[test]
fn a_page_that_is_loaded_anew_is_back_in_its_call() {
    stage(async |stage| {
        let [ann, bob] = stage.people([(Chromium, "Ann"), (Chromium, "Bob")]).await;
        talk(&ann, &bob).await;
        for person in [&ann, &bob] {
            let page = person.browser().await;
            page.refresh().await.expect("the page loads");
            ann.sees_the_other_side().await;
            bob.sees_the_other_side().await;
            person.reads("header", &person.name).await;
        }
        ann.hang_up().await;
        bob.is_idle().await;
    });
}

#[test]
fn a_tab_that_is_restored_comes_back_in_time_and_asks_first_later() {
    stage(async |stage| {
        let [ann, bob] = stage.people([(Chromium, "Ann"), (Chromium, "Bob")]).await;
        let url = ann.run("return location.href", json!([])).await;
        let url = url.as_str().expect("an address");
        for (seconds, comes_back) in [(5, true), (25, false)] {
            ann.call("Bob").await;
            bob.accept().await;
            ann.sees_the_other_side().await;
            // As long ago as that, by what the page keeps.
            ann.open(&format!("{url}icon.svg")).await;
            let older = "const [at, ...rest] = sessionStorage.holdfast.split('\\n');
                const kept = [at - arguments[0] * 1000, ...rest].join('\\n');
                sessionStorage.holdfast = localStorage.holdfast = kept;";
            ann.run(older, json!([seconds])).await;
            ann.open(url).await;
            if comes_back {
                ann.sees_the_other_side().await;
                ann.hang_up().await;
                ann.is_idle().await;
                bob.is_idle().await;
            } else {
                ann.shows("button[name=login]").await;
                ann.reads("button[name=login]", "Join").await;
                sleep(Duration::from_secs(1)).await;
                assert_eq!(ann.run("return taken.length", json!([])).await, 0);
            }
        }
    });
}

#[test]
fn s05_text_goes_to_all_and_to_one() {
    stage(async |stage| {
        let people = [(Chromium, "Ann"), (Chromium, "Bob"), (Firefox, "Zoe")];
        let [ann, bob, zoe] = stage.people(people).await;
        ann.type_into("#text", "hello <b>all</b>").await;
        ann.click("#send").await;
        for person in [&ann, &bob, &zoe] {
            person.reads(".chatbox", "hello <b>all</b>").await;
        }
        ann.choose("#to", "Bob").await;
        ann.type_into("#text", "for Bob alone").await;
        ann.click("#send").await;
        for person in [&ann, &bob] {
            person.reads(".chatbox", "for Bob alone").await;
        }
        bob.type_into("#text", "the last word").await;
        bob.click("#send").await;
        zoe.reads(".chatbox", "the last word").await;
        let read = zoe
            .run(
                "return document.querySelector('.chatbox').innerText",
                json!([]),
            )
            .await;
        assert!(!read.to_string().contains("alone"), "{read}");
    });
}

#[test]
fn s03_a_name_that_is_taken_is_changed_and_its_owner_told() {
    stage(async |stage| {
        let [ann] = stage.people([(Chromium, "Ann")]).await;
        let url = ann.browser().await.current_url().await.expect("a page");
        let other = stage.person(Chromium, "Ann").await;
        other.open(url.as_str()).await;
        other.join().await;
        other.reads("header", "You are Ann2").await;
        ann.sees("Ann2").await;
    });
}
