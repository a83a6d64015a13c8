//! A server is killed; everybody comes back to the next one at its address.

use std::{
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use futures_util::{StreamExt, stream};
use tokio::{task::JoinSet, time::sleep};

use crate::{
    LIMIT, Server,
    client::{Client, Dialect, Received},
    free_port, median,
};

/// How many people have one address, which may have 200.
const PER_ADDRESS: usize = 150;

/// How many come at once, the first time.
const AT_ONCE: usize = 200;

/// Between two attempts, while nobody answers.
const RETRY: Duration = Duration::from_millis(100);

/// Somebody who is back.
struct Back {
    /// Since the server was killed.
    after: Duration,
    has_name: bool,
}

/// So many people in rooms of two, with the limits that there are by themselves.
pub(crate) async fn measure(people: usize, rounds: usize) -> Result<()> {
    println!("\nThe server is killed, and started again at once, with {people} people:\n");
    println!("| first back after, ms | half of all | all | with another name |\n|---|---|---|---|");
    for _ in 0..rounds {
        let mut back = kill(people).await?;
        back.sort_by_key(|back| back.after);
        let after = |n: usize| back[n].after.as_millis();
        let renamed = back.iter().filter(|back| !back.has_name).count();
        println!(
            "| {} | {} | {} | {renamed} |",
            after(0),
            median(back.iter().map(|back| back.after.as_secs_f64() * 1e3)).round(),
            after(back.len() - 1)
        );
    }
    Ok(())
}

async fn kill(people: usize) -> Result<Vec<Back>> {
    let key = std::env::temp_dir().join(format!("holdfast-bench-{}", std::process::id()));
    let key = key.to_string_lossy().into_owned();
    let (port, more) = (free_port()?, ["--key", &key]);
    let mut server = Server::holdfast_at(port, &more).await?;
    let received = Received::default();
    let all = stream::iter(0..people).map(|n| come(port, n, None, &received));
    let all: Vec<_> = all.buffer_unordered(AT_ONCE).collect().await;
    let mut there = JoinSet::new();
    for client in all {
        let (n, client) = client?;
        let claim = client.claim().context("no claim to the name")?.to_owned();
        there.spawn(async move {
            client.drain().await;
            (n, claim)
        });
    }
    let killed = Instant::now();
    server.process.kill().await?;
    let next = tokio::spawn(async move { Server::holdfast_at(port, &["--key", &key]).await });
    let mut coming = JoinSet::new();
    while let Some(gone) = there.join_next().await {
        let (n, claim) = gone?;
        let received = received.clone();
        coming.spawn(async move {
            // Not all at the same moment, as pages do it.
            let mut pause = RETRY * u32::try_from(n % 16)? / 16;
            loop {
                sleep(pause).await;
                pause = RETRY;
                if let Ok((_, client)) = come(port, n, Some(&claim), &received).await {
                    let (after, has_name) = (killed.elapsed(), client.has_name());
                    let back = Back { after, has_name };
                    return anyhow::Ok((client, back));
                }
                anyhow::ensure!(killed.elapsed() < LIMIT, "somebody does not come back");
            }
        });
    }
    let mut back = Vec::with_capacity(people);
    let mut clients = Vec::with_capacity(people);
    while let Some(done) = coming.join_next().await {
        let (client, one) = done??;
        // Who leaves gives the name back.
        clients.push(client);
        back.push(one);
    }
    drop(next.await??);
    Ok(back)
}

/// Somebody comes in, and knows who is there.
async fn come(
    port: u16,
    n: usize,
    claim: Option<&str>,
    received: &Received,
) -> Result<(usize, Client)> {
    let [high, low] = u16::try_from(n / PER_ADDRESS)?.to_be_bytes();
    let from = Some(Ipv4Addr::new(127, 1, high, low + 1));
    let (own, other) = (format!("P{n}"), format!("P{}", n ^ 1));
    let client = Client::connect(Dialect::Holdfast, port, &own, &other, from, received);
    let mut client = client.await?;
    client.come_in(&format!("room{}", n / 2), claim).await?;
    client.meet().await?;
    Ok((n, client))
}
