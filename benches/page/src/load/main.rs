//! When the page is seen, can be typed into, and answers: on three links, beside a page written by hand, in turn;
//! and what a second visit takes, when the service worker has it.

#![allow(clippy::expect_used, reason = "a program for developers")]
#![allow(clippy::print_stdout, reason = "it prints what it measured")]

use e2e::{Kind::Chromium, Person, holdfast_server, page_host, stage};
use serde_json::json;

/// A link, and how much slower the processor is.
struct Link {
    name: &'static str,
    /// Bits a second.
    rate: f64,
    /// A round trip, ms.
    round_trip: u32,
    slower: u32,
}

const LINKS: [Link; 3] = [
    Link {
        name: "as it is",
        rate: -1.0,
        round_trip: 0,
        slower: 1,
    },
    Link {
        name: "1.6 Mbit/s, 150 ms, processor x4",
        rate: 1_600_000.0,
        round_trip: 150,
        slower: 4,
    },
    Link {
        name: "400 kbit/s, 400 ms, processor x6",
        rate: 400_000.0,
        round_trip: 400,
        slower: 6,
    },
];

/// Painted, the field is there, Join answers: ms since the navigation began.
type Times = [f64; 3];

fn main() {
    let loads = std::env::args().nth(1).and_then(|loads| loads.parse().ok());
    let loads: usize = loads.unwrap_or(5);
    stage(async |stage| {
        let ours = format!("http://localhost:{}/", holdfast_server().await.port());
        let by_hand = page_host(include_str!("by_hand.html")).await;
        let ann = stage.person(Chromium, "Ann").await;
        for method in ["Network.enable", "Page.enable"] {
            ann.cdp(method, json!({})).await;
        }
        let watch = json!({ "source": include_str!("watch.js") });
        ann.cdp("Page.addScriptToEvaluateOnNewDocument", watch)
            .await;
        println!("Painted, the field is there, Join answers; ms, medians of {loads} loads:");
        for link in LINKS {
            slow_down(&ann, &link).await;
            let mut times = [Vec::new(), Vec::new(), Vec::new()];
            for _ in 0..loads {
                let visits = [(&by_hand, false), (&ours, false), (&ours, true)];
                for ((page, known), times) in visits.into_iter().zip(&mut times) {
                    times.push(load(&ann, page, known).await);
                }
            }
            let [by_hand, first, second] = times.map(medians);
            println!("{}", link.name);
            for (name, times) in [
                ("by hand", by_hand),
                ("Holdfast, first visit", first),
                ("Holdfast, second visit", second),
            ] {
                let [painted, field, answers] = times;
                println!(
                    "  {name:<23} {painted:6.0} {field:6.0} {answers:6.0}   ratios {:4.2} {:4.2} {:4.2}",
                    painted / by_hand[0],
                    field / by_hand[1],
                    answers / by_hand[2],
                );
            }
        }
    });
}

async fn slow_down(person: &Person, link: &Link) {
    let conditions = json!({
        "offline": false,
        "latency": link.round_trip,
        "downloadThroughput": link.rate / 8.0,
        "uploadThroughput": link.rate / 8.0,
    });
    person
        .cdp("Network.emulateNetworkConditions", conditions)
        .await;
    let processor = json!({ "rate": link.slower });
    person
        .cdp("Emulation.setCPUThrottlingRate", processor)
        .await;
}

/// Loads a page: `known` by a browser that was there before, or by one that has nothing of it.
async fn load(person: &Person, page: &str, known: bool) -> Times {
    let fresh = json!({ "cacheDisabled": !known });
    person.cdp("Network.setCacheDisabled", fresh).await;
    let bypass = json!({ "bypass": !known });
    person.cdp("Network.setBypassServiceWorker", bypass).await;
    let browser = person.browser().await;
    if known {
        browser.goto(page).await.expect("the page loads");
        person
            .run_async(
                "const [done] = arguments; navigator.serviceWorker.ready.then(() => done(1))",
            )
            .await;
    }
    browser.goto("about:blank").await.expect("it loads");
    browser.goto(page).await.expect("the page loads");
    let answered = "return 'answered' in window.marks";
    person.until("Join answers", answered, json!([])).await;
    let times = "const [{ startTime }] = performance.getEntriesByName('first-contentful-paint');
        return [startTime, marks.field, marks.answered]";
    person
        .until(
            "it is painted",
            "return performance.getEntriesByName('first-contentful-paint').length > 0",
            json!([]),
        )
        .await;
    let times = person.run(times, json!([])).await;
    [0, 1, 2].map(|nth: usize| times[nth].as_f64().expect("a time"))
}

fn medians(times: Vec<Times>) -> Times {
    [0, 1, 2].map(|nth| {
        let mut all: Vec<f64> = times.iter().map(|times| times[nth]).collect();
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    })
}
