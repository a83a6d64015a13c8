//! What the hub alone can do, in this process and without sockets: with one lock for everybody, and with its parts.

use std::time::Duration;

use anyhow::Result;

use crate::median;

/// How many locks the hub has: as it was, as it is, and as many hubs as threads, which is what the machine can do.
const PARTS: [Option<u64>; 3] = [Some(1), Some(holdfast_server::PARTS), None];

/// Messages a second on one core, and on more of them, in turn; medians of so many rounds.
pub(crate) fn measure(rounds: usize, time: Duration) -> Result<()> {
    let cores = std::thread::available_parallelism()?.get();
    println!("\nThe hub alone, messages a second from one to another:\n");
    println!("| locks | one thread | {cores} threads | times |\n|---|---|---|---|");
    for parts in PARTS {
        let (mut alone, mut together) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            alone.push(holdfast_server::throughput(parts, 1, time)?);
            together.push(holdfast_server::throughput(parts, cores, time)?);
        }
        let ratios: Vec<f64> = together
            .iter()
            .zip(&alone)
            .map(|(two, one)| two / one)
            .collect();
        let parts = parts.map_or("nothing shared".to_owned(), |parts| parts.to_string());
        println!(
            "| {parts} | {:.0} | {:.0} | {:.2} |",
            median(alone.into_iter()),
            median(together.into_iter()),
            median(ratios.into_iter())
        );
    }
    Ok(())
}
