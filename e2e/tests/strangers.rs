//! Somebody else at the same server gets nothing of a call, in real browsers.

use std::{path::Path, time::Duration};

use Kind::{Chromium, Firefox};
use e2e::{Guest, Kind, Look, Person, Stage, free_address, holdfast_server_at, kill, stage};
use serde_json::{Value, json};
use tempfile::tempdir;
use tokio::time::sleep;

/// The fingerprint that the newest connection shows.
async fn fingerprint(person: &Person) -> Value {
    let script = "return peers.at(-1).localDescription.sdp.match(/a=fingerprint:(\\S+ \\S+)/)[1]";
    person.run(script, json!([])).await
}

/// Ann calls Bob; gives what Ann's browser is known by.
async fn known_by(ann: &Person, bob: &Person) -> Value {
    ann.call("Bob").await;
    bob.accept().await;
    ann.sees_the_other_side().await;
    let known = fingerprint(ann).await;
    ann.hang_up().await;
    bob.is_idle().await;
    known
}

#[test]
fn a_stranger_who_takes_ones_name_after_a_restart_gets_nothing_of_the_call() {
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
        // From when there is a channel, the two know each other by more than their names.
        ann.type_into("#text", "Hello").await;
        ann.click("#send").await;
        bob.reads(".chatbox", "Hello").await;
        stop.send(()).expect("it runs");
        stopped.await.expect("it stops");
        ann.reads(".link", "Can't reach the server").await;
        let (_stop, _running) = holdfast_server_at(address, |options| options).await;
        // Before anybody else.
        let mut stranger = Guest::come(address, "Bob").await;
        ann.sees("Bob2").await;
        ann.reads(".state", "In a call with Bob2").await;
        let is_quiet = "return !document.querySelector('.notices').innerText.trim()";
        ann.until(
            "nothing is said of the server any more",
            is_quiet,
            json!([]),
        )
        .await;
        // What is written in the call goes to the one who is in it.
        ann.choose("#to", "Bob2").await;
        ann.type_into("#text", "For your eyes only").await;
        ann.click("#send").await;
        bob.reads(".chatbox", "For your eyes only").await;
        bob.sees_the_other_side().await;
        ann.sees_the_other_side().await;
        // The stranger tries.
        for kind in ["hang-up", "video-offer"] {
            let sdp = json!({"type": "offer", "sdp": "v=0\r\n"});
            stranger
                .say(json!({"type": kind, "target": "Ann", "sdp": sdp}))
                .await;
        }
        ann.reads(".notice", "Bob tried to call you").await;
        ann.sees_the_other_side().await;
        stranger.say(json!({"type": "ping"})).await;
        for told in stranger.told("heard").await {
            let text = told.to_string();
            assert!(!text.contains("eyes"), "{text}");
            for of_a_call in ["video-offer", "video-answer", "new-ice-candidate"] {
                assert_ne!(told["type"], of_a_call, "{text}");
            }
        }
        bob.hang_up().await;
        ann.is_idle().await;
    });
}

#[test]
fn an_offer_to_everybody_rings_at_nobody() {
    stage(async |stage| {
        let address = free_address();
        let (_stop, _running) = holdfast_server_at(address, |options| options).await;
        let url = format!("http://{address}/");
        let [ann] = stage.people_at(&url, [(Chromium, "Ann")]).await;
        let mut loud = Guest::come(address, "Loud").await;
        ann.sees("Loud").await;
        loud.say(json!({"type": "video-offer", "sdp": {"type": "offer", "sdp": "v=0\r\n"}}))
            .await;
        let told = loud.told("error").await;
        assert_eq!(told.last().expect("an error")["code"], "target");
        ann.is_idle().await;
    });
}

#[test]
fn nobody_is_called_what_looks_like_somebody_else() {
    stage(async |stage| {
        let [ann, _zoe] = stage.people([(Chromium, "Ann"), (Chromium, "Zoé")]).await;
        let url = ann.run("return location.href", json!([])).await;
        let url = url.as_str().expect("an address");
        for (wanted, given) in [
            ("\u{410}nn", "\u{410}nn2"),
            ("\u{202e}ANN", "ANN3"),
            ("Zoe\u{301}", "Zoé2"),
            ("\u{2800}", "Guest"),
        ] {
            let other = stage.person(Chromium, wanted).await;
            other.open(url).await;
            other.join().await;
            other.reads("header", &format!("You are {given}")).await;
            ann.sees(given).await;
        }
    });
}

#[test]
fn c36_a_browser_shows_the_same_certificate_in_every_call_until_it_is_forgotten() {
    for kind in [Chromium, Firefox] {
        stage(async |stage| {
            let [ann, bob] = stage.people([(kind, "Ann"), (Chromium, "Bob")]).await;
            let url = ann.run("return location.href", json!([])).await;
            let first = known_by(&ann, &bob).await;
            ann.open("about:blank").await;
            bob.misses("Ann").await;
            ann.open(url.as_str().expect("an address")).await;
            ann.join().await;
            assert_eq!(known_by(&ann, &bob).await, first, "{kind:?}");
            ann.click(".settings summary").await;
            ann.click("#forget-device").await;
            ann.reads(".notice", "Forgotten").await;
            assert_ne!(known_by(&ann, &bob).await, first, "{kind:?}");
        });
    }
}

#[test]
fn c36_a_certificate_that_is_about_to_expire_is_replaced_before_the_next_call() {
    stage(async |stage| {
        let [ann, bob] = stage.people([(Chromium, "Ann"), (Chromium, "Bob")]).await;
        ann.click(".settings summary").await;
        ann.click("#forget-device").await;
        let script = "const make = RTCPeerConnection.generateCertificate.bind(RTCPeerConnection);
            RTCPeerConnection.generateCertificate = how => make({ ...how, expires: 4000 });";
        ann.run(script, json!([])).await;
        let first = known_by(&ann, &bob).await;
        sleep(Duration::from_secs(5)).await;
        assert_ne!(known_by(&ann, &bob).await, first);
    });
}

#[test]
fn somebody_whose_browser_died_is_away_and_has_the_name_when_back() {
    stage(async |stage| {
        let [ann, bob] = stage.people([(Chromium, "Ann"), (Chromium, "Bob")]).await;
        let url = ann.run("return location.href", json!([])).await;
        let url = url.as_str().expect("an address");
        // It says no goodbye, and is not kept for the way back.
        let dies = "WebSocket.prototype.close = () => {}; addEventListener('unload', () => {})";
        ann.run(dies, json!([])).await;
        ann.open("about:blank").await;
        bob.reads(".userlistbox li:first-child", "away").await;
        bob.call("Ann").await;
        bob.reads(".state", "Ann is away").await;
        ann.open(url).await;
        ann.join().await;
        ann.reads("header", "You are Ann").await;
        // And the call that was made meanwhile rings.
        ann.accept().await;
        ann.sees_the_other_side().await;
        bob.sees_the_other_side().await;
        bob.hang_up().await;
        ann.is_idle().await;
        let alone = "return document.querySelectorAll('.userlistbox li').length === 2";
        bob.until("nobody is left of the first", alone, json!([]))
            .await;
    });
}

#[test]
fn c36_whoever_was_killed_in_a_call_is_the_same_afterwards_and_comes_back_by_calling() {
    for kind in [Chromium, Firefox] {
        stage(async |stage| {
            let [bob] = stage.people([(Chromium, "Bob")]).await;
            let url = bob.run("return location.href", json!([])).await;
            let folder = tempdir().expect("a folder");
            let profile = folder.path().to_owned();
            let ann = person_in(stage, kind, &profile).await;
            ann.open(url.as_str().expect("an address")).await;
            ann.join().await;
            ann.call("Bob").await;
            bob.accept().await;
            ann.sees_the_other_side().await;
            bob.sees_the_other_side().await;
            let known = fingerprint(&ann).await;
            // Browsers take some seconds to write.
            sleep(Duration::from_secs(7)).await;
            kill(&profile);
            bob.reads(".state", "Ann's connection dropped").await;
            let ann = person_in(stage, kind, &profile).await;
            ann.open(url.as_str().expect("an address")).await;
            ann.join().await;
            ann.reads("header", "You are Ann").await;
            ann.call("Bob").await;
            // Nobody has to answer: it is the same call.
            bob.sees_the_other_side().await;
            ann.sees_the_other_side().await;
            assert_eq!(fingerprint(&ann).await, known, "{kind:?}");
            // And both see the end of it.
            bob.hang_up().await;
            ann.is_idle().await;
            ann.talks_with(&bob).await;
        });
    }
}

/// Ann, in the browser that has that profile.
async fn person_in(stage: &Stage, kind: Kind, profile: &Path) -> Person {
    let look = Look {
        profile: Some(profile.to_owned()),
        ..Look::default()
    };
    stage.person_with(kind, "Ann", &look).await
}
