//! What servers that are one cost each other, with so many people: in this process, without sockets.

use anyhow::Result;
use holdfast_server::{Cost, Placed, million};

use crate::proc;

const SERVERS: usize = 20;

pub(crate) fn measure(people: usize) -> Result<()> {
    println!("\n{people} people on {SERVERS} servers; for each server, on average:\n");
    println!(
        "| rooms | what happens | messages said | heard | by whichever heard most | MB both ways | seconds of a core |"
    );
    println!("|---|---|---|---|---|---|---|");
    let before = proc::anonymous_memory(std::process::id())?;
    let mut rows = Vec::new();
    for placed in [Placed::ByRoom, Placed::Anywhere] {
        let memory = || proc::anonymous_memory(std::process::id()).unwrap_or_default();
        let figures = million(people, SERVERS, placed, memory)?;
        let name = match placed {
            Placed::ByRoom => "each at one server",
            Placed::Anywhere => "people anywhere",
        };
        let row = |what: &str, cost: Cost| {
            println!(
                "| {name} | {what} | {:.0} | {:.0} | {} | {:.1} | {:.1} |",
                cost.said,
                cost.heard,
                cost.heard_most,
                cost.bytes / 1e6,
                cost.seconds
            );
        };
        row("everybody comes", figures.join);
        row("two quiet minutes", figures.quiet);
        row("every room is looked over", figures.reconnect);
        row("a server is lost", figures.lost);
        rows.push((name, figures));
    }
    println!("\n| rooms | rooms of a server | wrongly known |\n|---|---|---|");
    for (name, figures) in &rows {
        println!("| {name} | {:.0} | {} |", figures.rooms, figures.wrong);
    }
    // Of the first alone: what is left of it counts with the second.
    let memory = rows[0].1.memory.saturating_sub(before) as f64;
    println!(
        "\n{}: {:.0} MB a server, {:.2} kB a person",
        rows[0].0,
        memory / 1e6 / SERVERS as f64,
        memory / 1e3 / people as f64
    );
    Ok(())
}
