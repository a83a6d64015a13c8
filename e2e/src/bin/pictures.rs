//! Pictures of the page in every state, at five sizes and in both themes, into `target/pictures/`. Widths
//! as arguments: those alone. `readme`: the three of README.md, taken anew. `languages`: the main states in each
//! language, at two sizes. `unlisted`: a lobby that lists nobody, at two sizes.

#![allow(clippy::expect_used, reason = "a program for developers")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    time::Duration,
};

use e2e::{
    Guest, Kind::Chromium, Look, Person, Portrait, holdfast_server, holdfast_server_with, stage,
    static_host,
};
use holdfast_server::Options;
use serde_json::json;
use tokio::time::sleep;

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/pictures");
    fs::create_dir_all(&folder).expect("a folder");
    // Chromium opens no file by a path with `..` in it.
    let folder = folder.canonicalize().expect("it is there");
    let asked: Vec<String> = env::args().skip(1).collect();
    let is_readme = asked.iter().any(|word| word == "readme");
    let [anns, bobs] =
        [("ann.y4m", Portrait::ANN), ("bob.y4m", Portrait::BOB)].map(|(name, who)| {
            let file = folder.join(name);
            who.write(&file);
            Some(file)
        });
    if asked.iter().any(|word| word == "languages") {
        return in_languages(&folder, &anns, &bobs);
    }
    if asked.iter().any(|word| word == "unlisted") {
        return unlisted(&folder);
    }
    for (width, height) in [
        (360, 740),
        (844, 390),
        (900, 700),
        (1440, 900),
        (2560, 1440),
    ] {
        for (theme, scheme) in [
            ("light", "--blink-settings=preferredColorScheme=1"),
            ("dark", "--blink-settings=preferredColorScheme=0"),
        ] {
            let of_readme = matches!((width, theme), (1440, "light") | (360, "dark"));
            let is_asked = asked.is_empty() || asked.contains(&width.to_string());
            if !(is_asked || is_readme && of_readme) {
                continue;
            }
            let look = Look {
                camera: anns.clone(),
                args: vec![scheme],
                size: Some((width, height)),
                ..Look::default()
            };
            let bobs_look = Look {
                camera: bobs.clone(),
                ..Look::default()
            };
            stage(async |stage| {
                let keep = async |person: &Person, state: &str| {
                    let picture = person
                        .browser()
                        .await
                        .screenshot()
                        .await
                        .expect("a picture");
                    let file = folder.join(format!("{state}-{width}-{theme}.png"));
                    fs::write(file, picture).expect("written");
                };
                // What has just come takes no presses by a finger.
                let aim = || sleep(Duration::from_millis(800));
                let server = holdfast_server().await;
                let url = format!("http://localhost:{}/", server.port());
                let ann = stage.person_with(Chromium, "Ann", &look).await;
                ann.open(&url).await;
                ann.shows("#name").await;
                keep(&ann, "1-join").await;
                ann.click("#preview-button").await;
                ann.shows("#level").await;
                aim().await;
                keep(&ann, "27-preview").await;
                ann.click(".settings summary").await;
                keep(&ann, "17-settings-before").await;
                ann.run("document.querySelector('main').click()", json!([]))
                    .await;
                ann.join().await;
                keep(&ann, "2-alone").await;
                let bob = stage.person_with(Chromium, "Bob", &bobs_look).await;
                bob.open(&url).await;
                bob.join().await;
                ann.sees("Bob").await;
                bob.type_into("#text", "Good morning! Shall we talk?").await;
                bob.click("#send").await;
                ann.reads(".chatbox", "Good morning").await;
                keep(&ann, "3-together").await;
                aim().await;
                ann.call("Bob").await;
                ann.reads(".state", "Ringing").await;
                keep(&ann, "4-calling").await;
                bob.accept().await;
                ann.sees_the_other_side().await;
                keep(&ann, "5-call").await;
                aim().await;
                ann.click(".settings summary").await;
                keep(&ann, "6-settings").await;
                ann.click(".settings summary").await;
                if width < 1200 {
                    ann.click("#chat-button").await;
                    keep(&ann, "18-chat").await;
                    ann.click("#chat-button").await;
                }
                let do_it = async |script: &str| ann.run(script, json!([])).await;
                do_it("document.querySelector('#keys-button').click()").await;
                keep(&ann, "21-keys").await;
                do_it("document.querySelector('#close-keys').click()").await;
                let idle = "return !!document.querySelector('.idle')";
                ann.click("#state").await;
                do_it("document.activeElement.blur()").await;
                ann.until("the bar gives way", idle, json!([])).await;
                // It fades.
                aim().await;
                keep(&ann, "22-idle").await;
                let tap = "for (const type of ['pointerdown', 'pointerup'])
                    document.querySelector('#local_video').dispatchEvent(new PointerEvent(type))";
                do_it(tap).await;
                aim().await;
                keep(&ann, "23-swapped").await;
                do_it(tap).await;
                bob.click("#share-button").await;
                ann.frames("#screen_video").await;
                keep(&ann, "19-their-screen").await;
                let share = "document.querySelector('#share-button').click()";
                bob.run(share, json!([])).await;
                do_it(share).await;
                ann.reads("#share-label", "Stop sharing").await;
                keep(&ann, "20-our-screen").await;
                do_it(share).await;
                ann.reads("#quality-label", "connection").await;
                ann.click("#quality-mark").await;
                // It comes back.
                aim().await;
                keep(&ann, "24-quality").await;
                do_it("document.querySelector('#quality-mark').click()").await;
                // As on a phone whose camera another app has taken.
                let muted = |muted: bool| {
                    format!(
                        "const track = document.querySelector('#local_video').srcObject.getVideoTracks()[0];
                        for (const [name, value] of [['muted', {muted}], ['getSettings', () => ({{ facingMode: 'user' }})]])
                            Object.defineProperty(track, name, {{ value, configurable: true }});
                        track.dispatchEvent(new Event('mute'))"
                    )
                };
                let two = "const { mediaDevices } = navigator, list = mediaDevices.enumerateDevices.bind(mediaDevices);
                    mediaDevices.enumerateDevices = async () => (await list()).flatMap(device =>
                        device.kind === 'videoinput' ? [device, { ...device.toJSON(), deviceId: 'back' }] : [device]);
                    mediaDevices.dispatchEvent(new Event('devicechange'))";
                do_it(two).await;
                do_it(&muted(true)).await;
                ann.reads("#silent", "gives no picture").await;
                ann.shows("#turn-button").await;
                keep(&ann, "30-held-back").await;
                do_it(&muted(false)).await;
                ann.click("#camera-button").await;
                ann.reads("#camera-button", "Start camera").await;
                bob.reads(".state", "no picture").await;
                keep(&ann, "7-camera-off").await;
                bob.hang_up().await;
                ann.is_idle().await;
                keep(&ann, "8-ended").await;
                bob.call("Ann").await;
                ann.shows("#accept-button").await;
                keep(&ann, "9-ringing").await;
                bob.hang_up().await;
                ann.shows("#missed button").await;
                keep(&ann, "25-missed").await;
                do_it("document.querySelector('#code-button').click()").await;
                keep(&ann, "26-code").await;
                aim().await;
                let slow = "const { mediaDevices } = navigator, ask = mediaDevices.getUserMedia.bind(mediaDevices);
                    const late = new Promise(done => window.allow = done);
                    mediaDevices.getUserMedia = async wanted => { await late; return ask(wanted); }";
                do_it(slow).await;
                bob.call("Ann").await;
                ann.shows("#accept-button").await;
                aim().await;
                ann.accept().await;
                // Whoever has talked with her before is connected already.
                ann.shows("#state").await;
                aim().await;
                keep(&ann, "29-answering").await;
                do_it("allow()").await;
                ann.sees_the_other_side().await;
                bob.open("about:blank").await;
                ann.reads(".state", "closed the page").await;
                keep(&ann, "10-interrupted").await;
                ann.is_idle().await;
                keep(&ann, "11-left").await;
                for n in 1..100 {
                    Guest::come(server, &format!("Somebody {n}")).await.stay();
                }
                ann.reads("#people-title", "People here: 10").await;
                keep(&ann, "14-crowd").await;
                ann.type_into("#search", "dy 7").await;
                ann.misses("Somebody 1").await;
                keep(&ann, "15-search").await;
                aim().await;
                ann.click("#new-room").await;
                ann.shows("#copy-link").await;
                ann.misses("Somebody").await;
                keep(&ann, "16-room").await;
                let refuses = Look {
                    refuses_media: true,
                    args: vec![scheme],
                    size: Some((width, height)),
                    ..Look::default()
                };
                let cat = stage.person_with(Chromium, "Cat", &refuses).await;
                cat.open(&url).await;
                cat.join().await;
                cat.sees("Somebody 1").await;
                aim().await;
                cat.call("Somebody 1").await;
                cat.shows("#where").await;
                keep(&cat, "28-blocked").await;
                ann.open(&static_host("{}").await).await;
                ann.shows(".carried summary").await;
                ann.click(".carried summary").await;
                keep(&ann, "12-without-a-server").await;
                ann.type_into("#inviting", "Ann").await;
                ann.type_into("#invited", "Bob").await;
                ann.click("#invite").await;
                ann.shows("#our-code").await;
                keep(&ann, "13-code").await;
            });
        }
    }
    if is_readme {
        let docs = folder.join("../../docs");
        for (picture, name) in [
            ("3-together-1440-light", "lobby"),
            ("5-call-1440-light", "call"),
            ("9-ringing-360-dark", "ring"),
        ] {
            let taken = folder.join(format!("{picture}.png"));
            fs::copy(taken, docs.join(format!("{name}.png"))).expect("copied");
        }
    }
}

/// A lobby that lists nobody, and the settings there.
fn unlisted(folder: &Path) {
    for size in [(360, 740), (1440, 900)] {
        for (theme, scheme) in [
            ("light", "--blink-settings=preferredColorScheme=1"),
            ("dark", "--blink-settings=preferredColorScheme=0"),
        ] {
            let look = Look {
                args: vec![scheme],
                size: Some(size),
                ..Look::default()
            };
            stage(async |stage| {
                let ann = stage.person_with(Chromium, "Ann", &look).await;
                let server = holdfast_server_with(|options| Options {
                    no_list: true,
                    ..options
                });
                let url = format!("http://localhost:{}/", server.await.port());
                ann.open(&url).await;
                ann.type_into("#name", "Ann").await;
                ann.click("button[name=login]").await;
                ann.shows("#unlisted").await;
                for state in ["28-unlisted", "29-unlisted-settings"] {
                    let picture = ann.browser().await.screenshot().await;
                    let file = folder.join(format!("{state}-{}-{theme}.png", size.0));
                    fs::write(file, picture.expect("a picture")).expect("written");
                    // What has just come takes no presses.
                    sleep(Duration::from_millis(800)).await;
                    ann.click(".settings summary").await;
                    let down = "document.querySelector('#early').scrollIntoView()";
                    ann.run(down, json!([])).await;
                }
            });
        }
    }
}

/// Each language, from coming in to the end of a call.
fn in_languages(folder: &Path, anns: &Option<PathBuf>, bobs: &Option<PathBuf>) {
    for tag in ["ar", "de", "es", "ko"] {
        for size in [(360, 740), (1440, 900)] {
            let look = Look {
                camera: anns.clone(),
                args: vec!["--blink-settings=preferredColorScheme=1"],
                size: Some(size),
                ..Look::default()
            };
            let bobs_look = Look {
                camera: bobs.clone(),
                ..Look::default()
            };
            stage(async |stage| {
                let ann = stage.person_with(Chromium, "Ann", &look).await;
                let bob = stage.person_with(Chromium, "Bob", &bobs_look).await;
                let keep = async |state: &str| {
                    let picture = ann.browser().await.screenshot().await;
                    let file = folder.join(format!("{tag}-{state}-{}.png", size.0));
                    fs::write(file, picture.expect("a picture")).expect("written");
                };
                let aim = || sleep(Duration::from_millis(800));
                let url = format!("http://localhost:{}/", holdfast_server().await.port());
                ann.open(&url).await;
                let choose = "localStorage['holdfast-language'] = arguments[0]";
                ann.run(choose, json!([tag])).await;
                ann.open("about:blank").await;
                ann.open(&url).await;
                ann.shows("#name").await;
                keep("1-join").await;
                ann.join().await;
                keep("2-alone").await;
                bob.open(&url).await;
                bob.join().await;
                ann.sees("Bob").await;
                bob.call("Ann").await;
                ann.shows("#accept-button").await;
                keep("3-ring").await;
                aim().await;
                ann.accept().await;
                ann.sees_the_other_side().await;
                aim().await;
                keep("4-call").await;
                ann.click(".settings summary").await;
                keep("5-settings").await;
                ann.click(".settings summary").await;
                bob.hang_up().await;
                ann.is_idle().await;
                keep("6-ended").await;
            });
        }
    }
}
