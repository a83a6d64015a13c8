//! A list of ten thousand people in a page: how long until it is painted, and for how long one who
//! comes or goes keeps the page busy.

#![allow(clippy::expect_used, reason = "a program for developers")]
#![allow(clippy::print_stdout, reason = "it prints what it measured")]

use std::{
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    process::{Command, Stdio},
    time::Duration,
};

use e2e::{Guest, Kind::Chromium, Person, holdfast_server_with, stage};
use serde_json::json;
use tokio::time::sleep;

/// How often somebody comes, and goes.
const TIMES: usize = 10;

fn main() {
    rlimit::increase_nofile_limit(u64::MAX).expect("many connections");
    let args: Vec<String> = std::env::args().collect();
    if let [_, role, server, people] = args.as_slice()
        && role == "guests"
    {
        let server = server.parse().expect("an address");
        return be_guests(server, people.parse().expect("a number"));
    }
    let people = args.get(1).and_then(|many| many.parse().ok());
    let people: usize = people.unwrap_or(10_000);
    stage(async |stage| {
        let server = holdfast_server_with(|mut options| {
            options.max_connections = 2 * people;
            options.max_per_address = 2 * people;
            options.max_per_room = 2 * people;
            options
        })
        .await;
        // Each of them is a file, here and there: more than one process may have open.
        let mut guests = Command::new(std::env::current_exe().expect("a program"))
            .args(["guests", &server.to_string(), &people.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let said = guests.stdout.take().expect("piped");
        let here = tokio::task::spawn_blocking(|| BufReader::new(said).lines().next());
        here.await
            .expect("no panic")
            .expect("all came")
            .expect("text");
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
            idle.push(busy(async || {}).await);
            // In sight, and not.
            let name = ["Aaa", "Zzz"][n % 2];
            let mut guest = None;
            let coming = async || guest = Some(Guest::come(server, name).await);
            come_busy.push(busy(coming).await);
            let guest = guest.expect("somebody came");
            go_busy.push(busy(async || guest.go().await).await);
        }
        let idle = median(idle);
        println!(
            "Processor time of the main thread in 1.5 s, above that without news, medians of {TIMES}:"
        );
        println!(
            "  one comes                          {:6.1} ms",
            median(come_busy) - idle
        );
        println!(
            "  one goes                           {:6.1} ms",
            median(go_busy) - idle
        );
        // They go when nobody listens any more.
        drop(guests.stdin.take());
        guests.wait().expect("they have gone");
    });
}

/// Everybody but the page, until nobody listens any more.
#[tokio::main]
async fn be_guests(server: SocketAddr, people: usize) {
    for n in 1..people {
        Guest::come(server, &format!("Person {n}")).await.stay();
    }
    println!("here");
    let until_the_end = || std::io::stdin().read_to_end(&mut Vec::new());
    let _ = tokio::task::spawn_blocking(until_the_end).await;
}

/// How much processor time, in ms, the main threads of all pages take while that happens, and is
/// told: in so large a room news is gathered for a second.
async fn busy(happens: impl AsyncFnOnce()) -> f64 {
    let before = main_threads();
    happens().await;
    sleep(Duration::from_millis(1500)).await;
    main_threads() - before
}

/// The processor time of the main threads of all pages so far, in ms, as the kernel counts it.
fn main_threads() -> f64 {
    let read = |id: &str, file: &str| std::fs::read_to_string(format!("/proc/{id}/{file}"));
    let mut all = 0.0;
    for process in std::fs::read_dir("/proc").expect("Linux").flatten() {
        let id = process.file_name().to_string_lossy().into_owned();
        let command = read(&id, "cmdline").unwrap_or_default();
        if command.contains("--type=renderer") {
            // The first thread has the number of its process; nanoseconds come first.
            let times = read(&id, "schedstat").unwrap_or_default();
            let time = times.split(' ').next().and_then(|time| time.parse().ok());
            all += time.unwrap_or(0.0);
        }
    }
    all / 1e6
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
