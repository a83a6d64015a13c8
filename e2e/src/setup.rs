//! How long it takes from Accept to the first picture, in our page and in one written by hand.

use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;

use crate::Person;

/// The same call in a page written by hand: `?server=` names the signaling server, `&room=` the room.
pub const BY_HAND: &str = include_str!("by_hand.html");

/// How long it rings: as long as somebody takes to look who it is.
const RINGS: Duration = Duration::from_millis(1500);

/// How long they talk: by then each knows the other again.
const TALK: Duration = Duration::from_secs(1);

/// A call, from ring to hang-up; gives how long the callee waited for the other's picture, ms.
pub async fn accept_to_picture([caller, callee]: &[Person; 2]) -> f64 {
    let script = "window.waited = null;
        const video = document.querySelector('#received_video');
        document.addEventListener('click', () => {
            const clicked = performance.now();
            video.requestVideoFrameCallback(() => { window.waited = performance.now() - clicked; });
        }, { capture: true, once: true });";
    caller.call(&callee.name).await;
    callee.shows("#accept-button").await;
    sleep(RINGS).await;
    callee.run(script, json!([])).await;
    callee.accept().await;
    callee
        .until("a frame came", "return window.waited !== null", json!([]))
        .await;
    let waited = callee.run("return window.waited", json!([])).await;
    caller.sees_the_other_side().await;
    sleep(TALK).await;
    callee.hang_up().await;
    caller.is_idle().await;
    callee.is_idle().await;
    waited.as_f64().expect("a time")
}

/// Whom that person calls next has never been talked with, as far as can be shown.
pub async fn is_a_stranger(person: &Person) {
    let forget = "localStorage.removeItem('holdfast-contacts')";
    person.run(forget, json!([])).await;
}

/// The median.
#[must_use]
pub fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
