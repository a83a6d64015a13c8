//! Many calls in a row in one tab: nothing is left of them.

use std::env;

use Kind::Chromium;
use e2e::{Kind, Person, stage};
use futures_util::future::join;
use serde_json::{Value, json};

/// What a page holds.
#[derive(Debug)]
struct Holdings {
    nodes: u64,
    listeners: u64,
    documents: u64,
    frames: u64,
}

/// What such a frame may take of the heap, bytes. Reckoned, not measured by itself: what cells, shapes and accessors of
/// one more window came to, roughly, in the difference of two heap snapshots, which was 0.6 MB.
const FRAME: u64 = 250_000;

impl Holdings {
    /// Whether that is no more, but for one frame and its document's four nodes, which may outlast it: V8 keeps the
    /// shape of the last report of each type that a connection gave, and with it the frame in which the connection
    /// was made, until another one reports of that type (by a heap snapshot, Chromium 156). What each call of a kind
    /// leaves is noticed from the fifth node on, or the second frame.
    fn holds(&self, later: &Self) -> bool {
        let of = |it: &Self| [it.nodes, it.listeners, it.documents, it.frames];
        of(self)
            .iter()
            .zip([4, 0, 1, 1])
            .zip(of(later))
            .all(|((now, frame), then)| then <= now + frame)
    }
}

/// How many calls there are: ten, and as often as one likes the twelve after which everything has happened to
/// both. `CALLS=106` is for when something has changed.
fn calls() -> usize {
    let asked = env::var("CALLS").ok();
    asked.map_or(22, |calls| calls.parse().expect("a number"))
}

/// What that person's page holds, and how large its heap is, the memory of the wasm with it, in bytes, once
/// nothing can be collected any more.
async fn holdings(person: &Person) -> (Holdings, u64) {
    // The server tells a moment later that the other is free, and a row says that with other nodes.
    person.reads(".userlistbox", "Call").await;
    for _ in 0..2 {
        person.cdp("HeapProfiler.collectGarbage", json!({})).await;
    }
    let found = person.cdp("Performance.getMetrics", json!({})).await;
    let metric = |name: &str| {
        let metrics = found["metrics"].as_array();
        let mut metrics = metrics.into_iter().flatten();
        let metric = metrics.find(|metric| metric["name"] == name);
        let value = metric.and_then(|metric| metric["value"].as_f64());
        value.expect("a metric of Chromium") as u64
    };
    // What the page's script gives to whoever calls it a second time.
    let memory =
        "import(new URL(document.querySelector('script[data-js]').dataset.js, document.baseURI))
        .then(({ initSync }) => initSync().memory.buffer.byteLength)";
    let memory = json!({ "expression": memory, "awaitPromise": true });
    let wasm = person.cdp("Runtime.evaluate", memory).await;
    let wasm = wasm["result"]["value"].as_u64().expect("bytes");
    let held = Holdings {
        nodes: metric("Nodes"),
        listeners: metric("JSEventListeners"),
        documents: metric("Documents"),
        frames: metric("Frames"),
    };
    (held, metric("JSHeapUsedSize") + wasm)
}

/// What the two pages do in a call, all of it in the pages: whatever WebDriver runs leaves something in
/// their heaps.
const STEPS: &str = include_str!("endurance.js");

async fn does(person: &Person, steps: &[&str], peer: &Person) {
    let args = json!([steps, peer.name]);
    let went_wrong = person.run_async_with(STEPS, args).await;
    assert_eq!(went_wrong, Value::Null, "{} in {steps:?}", person.name);
}

/// A call in which something happens, and which one side or the other ends.
async fn call(nth: usize, caller: &Person, callee: &Person) {
    let steps: &[&str] = match nth % 4 {
        0 => &["call", "camera"],
        1 => &["call", "mayShare"],
        2 => &["call", "moves"],
        _ => &["call"],
    };
    join(
        does(caller, steps, callee),
        does(callee, &["answer"], caller),
    )
    .await;
    if steps.contains(&"mayShare") {
        // Which takes the press of a person.
        caller.click("#share-button").await;
        does(callee, &["screen"], caller).await;
    }
    let (ends, other) = match nth.is_multiple_of(3) {
        true => (caller, callee),
        false => (callee, caller),
    };
    join(
        does(ends, &["end", "idle", "forget"], other),
        does(other, &["idle", "forget"], ends),
    )
    .await;
}

#[test]
fn of_many_calls_in_a_row_nothing_is_left() {
    stage(async |stage| {
        let [ann, bob] = stage.people([(Chromium, "Ann"), (Chromium, "Bob")]).await;
        ann.cdp("Performance.enable", json!({})).await;
        let mut early = None;
        for nth in 1..=calls() {
            match nth % 2 {
                0 => call(nth / 2, &ann, &bob).await,
                _ => call(nth / 2, &bob, &ann).await,
            }
            if nth == 10 {
                early = Some(holdings(&ann).await);
            }
        }
        let (before, heap_before) = early.expect("ten calls");
        let (after, heap_after) = holdings(&ann).await;
        assert!(before.holds(&after), "{before:?}, then {after:?}");
        let heap_after = heap_after - after.frames.saturating_sub(before.frames) * FRAME;
        assert!(
            heap_after * 10 <= heap_before * 11,
            "{heap_before} B, then {heap_after} B"
        );
    });
}
