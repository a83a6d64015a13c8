//! Nobody is kept out: WCAG 2.2 AA, as far as a program can tell (axe-core), in every state, at two widths
//! and in both themes.

use std::time::Duration;

use Kind::Chromium;
use e2e::{Kind, Look, Person, holdfast_server, stage, static_host};
use serde_json::{Value, json};
use tokio::time::sleep;

/// Every rule of WCAG 2.0 to 2.2, A and AA.
const CHECK: &str = "const [done] = arguments;
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
    axe.run(document, { runOnly: tags }).then(({ violations }) => done(violations.map(found =>
        `${found.id}: ${found.nodes.map(node => `${node.target} ${node.failureSummary}`).join('; ')}`)))";

/// Nothing is found in what that person sees now.
async fn is_open_to_all(person: &Person, state: &str, look: &Look) {
    let axe = std::env::var("HOLDFAST_AXE").expect("cargo xtask test says where axe-core is");
    let axe = std::fs::read_to_string(axe).expect("axe-core");
    let there = person.run("return 'axe' in window", json!([])).await;
    if there == Value::Bool(false) {
        person.run(&axe, json!([])).await;
    }
    let found = person.run_async(CHECK).await;
    assert_eq!(found, json!([]), "{state}, {look:?}");
}

#[test]
fn no_state_of_the_page_keeps_anybody_out() {
    for size in [(360, 740), (1440, 900)] {
        for theme in [
            "--blink-settings=preferredColorScheme=1",
            "--blink-settings=preferredColorScheme=0",
        ] {
            let look = Look {
                args: vec![theme],
                size: Some(size),
                ..Look::default()
            };
            stage(async |stage| {
                let url = format!("http://localhost:{}/", holdfast_server().await.port());
                let ann = stage.person_with(Chromium, "Ann", &look).await;
                let check = async |state: &str| is_open_to_all(&ann, state, &look).await;
                ann.open(&url).await;
                check("coming in").await;
                ann.click("#preview-button").await;
                ann.shows("#level").await;
                check("a preview").await;
                ann.click("button[name=login]").await;
                ann.reads("#name-problem", "enter your name").await;
                check("a name is missing").await;
                ann.join().await;
                check("alone").await;
                let bob = stage.person(Chromium, "Bob").await;
                bob.open(&url).await;
                bob.join().await;
                bob.type_into("#text", "See https://example.org/").await;
                bob.click("#send").await;
                ann.sees("Bob").await;
                check("together").await;
                bob.call("Ann").await;
                ann.shows("#ring").await;
                check("a ring").await;
                ann.run(
                    "document.querySelector('#accept-button').click()",
                    json!([]),
                )
                .await;
                ann.sees_the_other_side().await;
                ann.run("document.querySelector('#quality-mark').click()", json!([]))
                    .await;
                ann.shows("#quality-label").await;
                check("a call").await;
                ann.run("document.querySelector('#keys-button').click()", json!([]))
                    .await;
                check("shortcuts").await;
                ann.run("document.querySelector('#close-keys').click()", json!([]))
                    .await;
                for person in [&bob, &ann] {
                    let share = "document.querySelector('#share-button').click()";
                    person.run(share, json!([])).await;
                    person.reads("#share-label", "Stop sharing").await;
                }
                ann.frames("#screen_video").await;
                check("screens are shared").await;
                bob.click("#share-button").await;
                ann.run("document.querySelector('.settings').open = true", json!([]))
                    .await;
                check("settings").await;
                ann.run(
                    "document.querySelector('.settings').open = false",
                    json!([]),
                )
                .await;
                ann.run(
                    "document.querySelector('#camera-button').click()",
                    json!([]),
                )
                .await;
                ann.run(
                    "document.querySelector('#microphone-button').click()",
                    json!([]),
                )
                .await;
                bob.click("#camera-button").await;
                ann.shows("#peer-avatar").await;
                check("nobody sees anybody").await;
                bob.hang_up().await;
                ann.reads("#notice", "Bob hung up").await;
                check("a call is over").await;
                let row =
                    "document.querySelectorAll('.userlistbox li')[1].firstElementChild.click()";
                ann.run(row, json!([])).await;
                ann.reads(".state", "Calling Bob").await;
                check("calling").await;
                // What has just come takes no presses by a finger.
                sleep(Duration::from_millis(800)).await;
                ann.hang_up().await;
                bob.reads("#missed", "Ann").await;
                sleep(Duration::from_millis(800)).await;
                bob.call("Ann").await;
                ann.shows("#accept-button").await;
                bob.hang_up().await;
                ann.shows("#missed button").await;
                check("somebody was missed").await;
                ann.run("document.querySelector('#code-button').click()", json!([]))
                    .await;
                check("a code").await;
                let refuses = Look {
                    refuses_media: true,
                    args: vec![theme],
                    size: Some(size),
                    ..Look::default()
                };
                let cat = stage.person_with(Chromium, "Cat", &refuses).await;
                cat.open(&url).await;
                cat.join().await;
                cat.sees("Bob").await;
                sleep(Duration::from_millis(800)).await;
                cat.call("Bob").await;
                cat.shows("#where").await;
                is_open_to_all(&cat, "blocked", &look).await;
                ann.open(&static_host("[]").await).await;
                ann.reads("#fatal", "not a JSON object").await;
                check("a wrong configuration").await;
                ann.open(&static_host("{}").await).await;
                ann.shows(".carried summary").await;
                ann.run("document.querySelector('.carried').open = true", json!([]))
                    .await;
                check("two codes").await;
            });
        }
    }
}

const ENTER: &str = "\u{e007}";
const TAB: &str = "\u{e004}";

/// Presses keys where the focus is.
async fn press(person: &Person, keys: &str) {
    let browser = person.browser().await;
    let focused = browser.active_element().await;
    let focused = focused.expect("something has the focus");
    focused.send_keys(keys).await.expect("it takes keys");
}

/// Goes on by Tab until what has the focus is found by that selector.
async fn tab_to(person: &Person, selector: &str) {
    for _ in 0..40 {
        let there = "return document.activeElement.matches(arguments[0])";
        if person.run(there, json!([selector])).await == json!(true) {
            return;
        }
        press(person, TAB).await;
    }
    panic!("{selector} is not in reach of the keyboard");
}

#[test]
fn a_whole_call_goes_by_keyboard_alone_and_the_focus_is_never_lost() {
    stage(async |stage| {
        let url = format!("http://localhost:{}/", holdfast_server().await.port());
        let [ann, bob] = ["Ann", "Bob"].map(|name| stage.person(Chromium, name));
        let (ann, bob) = (ann.await, bob.await);
        let keeps = async |person: &Person, state: &str| {
            // What goes gives the focus on at once; a screen that comes takes it a moment later.
            let has = "return document.activeElement !== document.body";
            person.until(state, has, json!([])).await;
        };
        for person in [&ann, &bob] {
            person.open(&url).await;
            person.shows("#name").await;
            press(person, &format!("{}{ENTER}", person.name)).await;
            person.shows(".userlistbox li").await;
            keeps(person, "the lobby has the focus").await;
        }
        ann.sees("Bob").await;
        tab_to(&ann, "li[data-name=Bob] button").await;
        press(&ann, ENTER).await;
        bob.shows("#ring").await;
        tab_to(&bob, "#accept-button").await;
        press(&bob, ENTER).await;
        bob.sees_the_other_side().await;
        keeps(&bob, "the call has the focus").await;
        tab_to(&bob, "#camera-button").await;
        press(&bob, ENTER).await;
        ann.shows("#peer-avatar").await;
        tab_to(&ann, "#text").await;
        press(&ann, &format!("Where are you?{ENTER}")).await;
        bob.reads(".chatbox", "Where are you?").await;
        tab_to(&bob, "#hangup-button").await;
        press(&bob, ENTER).await;
        ann.is_idle().await;
        for person in [&ann, &bob] {
            keeps(person, "the lobby has the focus again").await;
        }
        // What goes with the press, gives the focus on.
        tab_to(&ann, "#dismiss-button").await;
        press(&ann, ENTER).await;
        let gone = "return document.querySelector('#dismiss-button').hidden";
        ann.until("it is dismissed", gone, json!([])).await;
        keeps(&ann, "somewhere is the focus").await;
        tab_to(&ann, "#new-room").await;
        press(&ann, ENTER).await;
        ann.shows("#leave-room").await;
        keeps(&ann, "the room has the focus").await;
    });
}

#[test]
fn whatever_is_pressed_is_large_enough_for_a_finger() {
    let small = "return [...document.querySelectorAll('button, summary, select, input:not([type=checkbox]), textarea, .check')]
        .filter(element => element.checkVisibility() && !element.closest('.corner') && !element.closest('.carried > summary'))
        .map(element => [element.id, element.getBoundingClientRect()])
        .filter(([, { width, height }]) => width && (width < 44 || height < 44))
        .map(([id, { width, height }]) => `${id} ${width} ${height}`)";
    for size in [(360, 740), (844, 390), (1440, 900)] {
        let look = Look {
            size: Some(size),
            ..Look::default()
        };
        stage(async |stage| {
            let url = format!("http://localhost:{}/", holdfast_server().await.port());
            let ann = stage.person_with(Chromium, "Ann", &look).await;
            ann.open(&url).await;
            ann.shows("#name").await;
            let check = async |state: &str| {
                let found = ann.run(small, json!([])).await;
                assert_eq!(found, json!([]), "{state} at {size:?}");
            };
            check("coming in").await;
            ann.join().await;
            let bob = stage.person(Chromium, "Bob").await;
            bob.open(&url).await;
            bob.join().await;
            ann.sees("Bob").await;
            check("together").await;
            bob.call("Ann").await;
            ann.shows("#ring").await;
            check("a ring").await;
            sleep(Duration::from_millis(800)).await;
            ann.accept().await;
            ann.sees_the_other_side().await;
            check("a call").await;
            ann.run("document.querySelector('.settings').open = true", json!([]))
                .await;
            check("settings").await;
        });
    }
}

#[test]
fn colours_of_the_system_and_less_motion_keep_everything_in_sight() {
    let look = Look {
        args: vec!["--force-high-contrast", "--force-prefers-reduced-motion"],
        ..Look::default()
    };
    stage(async |stage| {
        let url = format!("http://localhost:{}/", holdfast_server().await.port());
        let ann = stage.person_with(Chromium, "Ann", &look).await;
        ann.open(&url).await;
        let both = "return ['(forced-colors: active)', '(prefers-reduced-motion: reduce)']
            .map(query => matchMedia(query).matches)";
        assert_eq!(ann.run(both, json!([])).await, json!([true, true]));
        ann.join().await;
        ann.click("#microphone-button").await;
        let framed =
            "return getComputedStyle(document.querySelector('#microphone-button')).outlineStyle";
        assert_eq!(ann.run(framed, json!([])).await, "solid");
        let bob = stage.person(Chromium, "Bob").await;
        bob.open(&url).await;
        bob.join().await;
        bob.call("Ann").await;
        ann.shows("#ring-avatar").await;
        let still = "return getComputedStyle(document.querySelector('#ring-avatar')).animationName";
        assert_eq!(ann.run(still, json!([])).await, "none");
    });
}
