//! The project's own commands: `cargo xtask serve | build | test | bench | faults | fuzz`.

#![allow(clippy::print_stdout, reason = "a command talks to whoever typed it")]

mod bench;
mod build;
mod faults;
mod fuzz;
mod linker;
mod order;
mod run;
mod serve;
mod shorten;
mod split;
mod test;
mod tools;
mod walls;
mod wasm;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Runs, builds, tests and measures Holdfast. What is missing is installed on the way: tools into
/// the folder `holdfast` of your cache folder; Node.js and the browsers by apt.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the page, start the server, and print the address
    Serve(serve::Args),
    /// Build the page into dist/, ready for any web server
    Build,
    /// Run the tests
    Test(test::Args),
    /// Measure
    Bench(bench::Args),
    /// Take networks, servers and pages away under calls between real browsers, and measure
    Faults(faults::Args),
    /// Let a fuzzer send things to the server
    Fuzz(fuzz::Args),
}

fn main() -> ExitCode {
    let outcome = match linker::is_asked_for() {
        true => linker::link(),
        false => run(Cli::parse().command),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::Serve(args) => serve::run(&args),
        Command::Build => build::run(),
        Command::Test(args) => test::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Faults(args) => faults::run(&args),
        Command::Fuzz(args) => fuzz::run(&args),
    }
}
