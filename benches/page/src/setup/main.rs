//! From the click on Accept to the first decoded frame of the other side: Holdfast, and the same
//! call in a page written by hand, in turn, through the same server.

#![allow(clippy::expect_used, reason = "a program for developers")]
#![allow(clippy::print_stdout, reason = "it prints what it measured")]

use std::time::Duration;

use e2e::{Kind::Chromium, Person, holdfast_server, page_host, stage};
use serde_json::json;
use tokio::time::sleep;

/// How long it rings.
const RINGS: Duration = Duration::from_millis(800);

/// The most that Holdfast may take, as a ratio: between strangers, and between people who have talked before.
const TARGETS: [f64; 2] = [1.25, 0.6];

fn main() {
    let calls = std::env::args()
        .nth(1)
        .and_then(|calls| calls.parse().ok())
        .unwrap_or(20);
    stage(async |stage| {
        let server = holdfast_server().await;
        let by_hand = page_host(include_str!("by_hand.html")).await;
        let ours = format!("http://localhost:{}/", server.port());
        let theirs = format!("{by_hand}?server=ws://{server}/");
        let holdfast = stage
            .people_at(&ours, [(Chromium, "Ann"), (Chromium, "Bob")])
            .await;
        let by_hand = stage
            .people_at(&theirs, [(Chromium, "Cid"), (Chromium, "Dot")])
            .await;
        let mut times = [Vec::new(), Vec::new(), Vec::new()];
        // One call of each to warm up.
        for call in 0..=calls {
            let pairs = [(&holdfast, true), (&holdfast, false), (&by_hand, false)];
            for ((pair, forgets), times) in pairs.into_iter().zip(&mut times) {
                if forgets {
                    let forget = "localStorage.removeItem('holdfast-contacts')";
                    pair[0].run(forget, json!([])).await;
                }
                let time = set_up(pair).await;
                if call > 0 {
                    times.push(time);
                }
            }
        }
        let [strangers, contacts, by_hand] = times.map(median);
        println!("Accept to first frame, median of {calls} calls of each, in turn:");
        println!("  by hand      {by_hand:6.1} ms");
        let [of_strangers, of_contacts] = TARGETS;
        for (who, time, target) in [
            ("strangers", strangers, of_strangers),
            ("who talked", contacts, of_contacts),
        ] {
            let ratio = time / by_hand;
            println!("  {who:<12} {time:6.1} ms, ratio {ratio:.2} of at most {target}");
        }
    });
}

/// A call, from ring to hang-up; gives the time that was waited for the picture, ms.
async fn set_up([caller, callee]: &[Person; 2]) -> f64 {
    let script = "window.waited = null;
        const video = document.querySelector('#received_video');
        document.addEventListener('click', () => {
            const clicked = performance.now();
            video.requestVideoFrameCallback(() => { window.waited = performance.now() - clicked; });
        }, { capture: true, once: true });";
    caller.call(&callee.name).await;
    callee.shows("#accept-button").await;
    // As long as somebody takes to look who it is.
    sleep(RINGS).await;
    callee.run(script, json!([])).await;
    callee.accept().await;
    callee
        .until("a frame came", "return window.waited !== null", json!([]))
        .await;
    let waited = callee.run("return window.waited", json!([])).await;
    caller.sees_the_other_side().await;
    callee.hang_up().await;
    caller.is_idle().await;
    callee.is_idle().await;
    waited.as_f64().expect("a time")
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
