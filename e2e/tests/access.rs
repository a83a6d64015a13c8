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
                ann.open(&static_host("{}").await).await;
                ann.shows(".carried summary").await;
                ann.run("document.querySelector('.carried').open = true", json!([]))
                    .await;
                check("two codes").await;
            });
        }
    }
}
