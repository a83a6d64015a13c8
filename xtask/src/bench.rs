//! `cargo xtask bench`: measurements, as ratios within one run.

use anyhow::Result;
use clap::Subcommand;

use crate::{
    build,
    run::{self, cargo},
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
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let tools = Tools::for_testing()?;
    build::page(&tools)?;
    match args.what {
        What::Setup { calls } => {
            let calls = calls.to_string();
            let bench = [
                "run",
                "--quiet",
                "--package",
                "e2e",
                "--bin",
                "setup",
                "--",
                &calls,
            ];
            run::run(tools.apply(&mut cargo(&bench)))
        }
    }
}
