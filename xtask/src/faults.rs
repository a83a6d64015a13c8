//! `cargo xtask faults`: the fault lab.

use anyhow::Result;

use crate::{
    build,
    run::{self, cargo, command, target},
    tools::Tools,
};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// What to play and how often: `--help` after `--` lists it
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    lab: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let tools = Tools::for_faults()?;
    build::page(&tools)?;
    play(&tools, &args.lab)
}

/// Plays scenarios on the page as it was built last.
pub(crate) fn play(tools: &Tools, args: &[String]) -> Result<()> {
    let programs = [
        "build",
        "--quiet",
        "--package",
        "holdfast-server",
        "--package",
        "lab",
    ];
    run::run(tools.apply(&mut cargo(&programs)))?;
    let lab = target().join("debug/lab");
    let mut lab = command(&lab.to_string_lossy(), &[]);
    run::run(tools.apply(lab.args(args)))
}
