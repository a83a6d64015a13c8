//! A list of ten thousand people in a page: how long until it is painted, and for how long one who
//! comes or goes keeps the page busy.

#![allow(clippy::expect_used, reason = "a program for developers")]
#![allow(clippy::print_stdout, reason = "it prints what it measured")]

use std::time::Duration;

use e2e::{Guest, Kind::Chromium, Person, holdfast_server_with, stage};
use serde_json::json;
use tokio::time::sleep;

/// How often somebody comes, and goes.
const TIMES: usize = 20;

fn main() {
    let people = std::env::args().nth(1).and_then(|many| many.parse().ok());
    let people: usize = people.unwrap_or(10_000);
    rlimit::increase_nofile_limit(u64::MAX).expect("many connections");
    stage(async |stage| {
        let server = holdfast_server_with(|mut options| {
            options.max_connections = 2 * people;
            options.max_per_address = 2 * people;
            options.max_per_room = 2 * people;
            options
        })
        .await;
        for n in 1..people {
            Guest::come(server, &format!("Person {n}")).await.stay();
        }
        sleep(Duration::from_secs(1)).await;
        let ann = stage.person(Chromium, "Ann").await;
        ann.open(&format!("http://localhost:{}/", server.port()))
            .await;
        ann.run(include_str!("watch.js"), json!([])).await;
        ann.join().await;
        ann.reads("#people-title", &people.to_string()).await;
        ann.until("the list is painted", "return painted !== null", json!([]))
            .await;
        let painted = number(&ann, "return painted - came").await;
        let rows = number(
            &ann,
            "return document.querySelectorAll('.userlistbox li').length",
        )
        .await;
        println!("{people} people, {rows} of them as elements:");
        println!("  from the news to the painted list  {painted:6.1} ms");
        let (mut come_busy, mut go_busy, mut idle) = (Vec::new(), Vec::new(), Vec::new());
        for n in 0..TIMES {
            idle.push(busy(&ann, async || {}).await);
            // In sight, and not.
            let name = ["Aaa", "Zzz"][n % 2];
            let mut guest = None;
            let coming = async || guest = Some(Guest::come(server, name).await);
            come_busy.push(busy(&ann, coming).await);
            let guest = guest.expect("somebody came");
            go_busy.push(busy(&ann, async || guest.go().await).await);
        }
        let idle = median(idle);
        println!(
            "Main thread busy, in the 300 ms around it, less than in as many without, medians of {TIMES}:"
        );
        println!(
            "  one comes                          {:6.1} ms",
            median(come_busy) - idle
        );
        println!(
            "  one goes                           {:6.1} ms",
            median(go_busy) - idle
        );
    });
}

/// For how long the page is busy while that happens.
async fn busy(page: &Person, happens: impl AsyncFnOnce()) -> f64 {
    page.run("busy = 0", json!([])).await;
    happens().await;
    sleep(Duration::from_millis(300)).await;
    number(page, "return busy").await
}

async fn number(page: &Person, script: &str) -> f64 {
    page.run(script, json!([]))
        .await
        .as_f64()
        .expect("a number")
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
