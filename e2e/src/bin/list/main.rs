//! A list of ten thousand people in a page: how long until it is painted, and for how long one who
//! comes or goes keeps the page busy.

#![allow(clippy::expect_used, reason = "a program for developers")]
#![allow(clippy::print_stdout, reason = "it prints what it measured")]

use std::{net::SocketAddr, time::Duration};

use e2e::{Kind::Chromium, Person, holdfast_server_with, stage};
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::{net::TcpStream, time::sleep};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

/// How often somebody comes, and goes.
const TIMES: usize = 20;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

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
            let mut socket = come(server, &format!("Person {n}")).await;
            tokio::spawn(async move { while let Some(Ok(_)) = socket.next().await {} });
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
            let mut socket = None;
            come_busy.push(busy(&ann, async || socket = Some(come(server, name).await)).await);
            let mut socket = socket.expect("somebody came");
            go_busy.push(busy(&ann, async || socket.close(None).await.expect("closes")).await);
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

/// Somebody comes in.
async fn come(server: SocketAddr, name: &str) -> Socket {
    let mut request = format!("ws://{server}/")
        .into_client_request()
        .expect("a URL");
    let headers = request.headers_mut();
    headers.insert(
        "sec-websocket-protocol",
        HeaderValue::from_static("holdfast"),
    );
    let (mut socket, _) = connect_async(request).await.expect("connects");
    let hello = json!({ "type": "username", "name": name, "date": 0 }).to_string();
    socket.next().await.expect("open").expect("an id");
    socket
        .send(Message::Text(hello.into()))
        .await
        .expect("sent");
    socket
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
