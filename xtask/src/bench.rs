//! `cargo xtask bench`: measurements, as ratios within one run.

use std::fs;

use anyhow::Result;
use clap::Subcommand;

use crate::{
    build,
    run::{self, cargo, command, root, target},
    tools::Tools,
};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// From Accept to the first frame of the other side, beside a page written by hand
    Setup {
        /// How many calls of each
        #[arg(long, default_value_t = 20)]
        calls: usize,
    },
    /// A list of many people in a page
    List {
        /// How many
        #[arg(long, default_value_t = 10_000)]
        people: usize,
    },
    /// When the page is seen and answers, on three links, beside a page written by hand
    Page {
        /// How many loads of each
        #[arg(long, default_value_t = 5)]
        loads: usize,
    },
    /// Our server beside those that people use: routing, memory, coming in
    Signaling {
        /// What to measure: `--help` after `--` lists it
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        bench: Vec<String>,
    },
}

pub(crate) fn run(args: &Args) -> Result<()> {
    match &args.what {
        What::Setup { calls } => in_browsers("setup", *calls),
        What::List { people } => in_browsers("list", *people),
        What::Page { loads } => in_browsers("load", *loads),
        What::Signaling { bench } => signaling(bench),
    }
}

fn in_browsers(bench: &str, many: usize) -> Result<()> {
    let tools = Tools::for_testing()?;
    build::page(&tools)?;
    let many = many.to_string();
    let bench = [
        "run",
        "--quiet",
        "--package",
        "bench-page",
        "--bin",
        bench,
        "--",
        &many,
    ];
    run::run(tools.apply(&mut cargo(&bench)))
}

fn signaling(args: &[String]) -> Result<()> {
    let (tools, npm) = Tools::for_comparing_servers()?;
    let peers = root().join("benches/signaling/peers");
    for script in fs::read_dir(peers)? {
        let script = script?;
        // Beside their packages, where node looks for these.
        fs::copy(script.path(), npm.join(script.file_name()))?;
    }
    let packages = [
        "--package",
        "holdfast-server",
        "--package",
        "bench-signaling",
    ];
    run::run(&mut cargo(
        &[&["build", "--release"], &packages[..]].concat(),
    ))?;
    let bench = target().join("release/bench-signaling");
    let mut bench = command(&bench.to_string_lossy(), &["--npm"]);
    run::run(tools.apply(bench.arg(npm).args(args)))
}
