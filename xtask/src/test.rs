//! `cargo xtask test`: everything, or the parts named.

use std::time::Instant;

use anyhow::Result;
use clap::ValueEnum;

use crate::{
    build, faults,
    run::{self, cargo},
    tools::{Tools, find},
    walls,
};

const WASM: [&str; 4] = [
    "--package",
    "holdfast",
    "--target",
    "wasm32-unknown-unknown",
];

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The parts to run; all of them if none is named
    parts: Vec<Part>,

    /// Only the tests whose name contains this
    #[arg(long)]
    only: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Part {
    /// Formatting
    Fmt,
    /// The walls of the house: what may name what (docs/architecture.md)
    Walls,
    /// Clippy, native and wasm, warnings as errors
    Clippy,
    /// Warnings of `cargo doc`, as errors
    Doc,
    /// Licences, bans and sources of what the tree depends on (deny.toml)
    Deny,
    /// Native tests: protocol, call, server
    Native,
    /// The server's hub, under threads in every order that a scheduler tries (Shuttle)
    Threads,
    /// Tests in headless Chromium, with a fake camera and microphone
    Wasm,
    /// Real browsers against the whole system
    E2e,
    /// Real browsers that lose their network: the most telling scenarios of `cargo xtask faults`
    Faults,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let chosen = match args.parts.is_empty() {
        true => Part::value_variants(),
        false => &args.parts,
    };
    let only: Vec<&str> = args.only.iter().map(String::as_str).collect();
    for part in chosen {
        println!("── {part:?} ──");
        let began = Instant::now();
        let tools = match part {
            Part::Fmt | Part::Walls => Tools::default(),
            Part::Native => Tools::for_servers()?,
            Part::Threads => Tools::default(),
            Part::Clippy | Part::Doc => Tools::for_linting()?,
            Part::Deny => Tools::for_denying()?,
            Part::Wasm | Part::E2e => Tools::for_testing()?,
            Part::Faults => Tools::for_faults()?,
        };
        part.run(&tools, &only)?;
        println!("── {part:?}: passed in {} s ──", began.elapsed().as_secs());
    }
    Ok(())
}

impl Part {
    fn run(self, tools: &Tools, only: &[&str]) -> Result<()> {
        let go = |args: &[&str], tail: &[&str]| {
            let mut command = cargo(args);
            command.args(only);
            if !tail.is_empty() {
                command.arg("--").args(tail);
            }
            run::run(tools.apply(&mut command))
        };
        let native = ["--workspace", "--exclude", "holdfast"];
        match self {
            Self::Fmt => run::run(&mut cargo(&["fmt", "--all", "--check"])),
            Self::Walls => walls::check(),
            Self::Clippy => {
                let clippy = |which: &[&str]| {
                    let args = [&["clippy", "--quiet", "--all-targets"], which].concat();
                    run::run(cargo(&args).args(["--", "-D", "warnings"]))
                };
                clippy(&native)?;
                clippy(&["--package", "holdfast-server", "--features", "echo,shuttle"])?;
                clippy(&WASM)
            }
            Self::Doc => {
                let doc = |which: &[&str]| {
                    let args = ["doc", "--quiet", "--no-deps", "--document-private-items"];
                    let mut command = cargo(&[&args, which].concat());
                    run::run(command.env("RUSTDOCFLAGS", "-D warnings"))
                };
                doc(&native)?;
                doc(&WASM)
            }
            Self::Deny => {
                // It judges what other systems would build as well, which nothing else has fetched.
                run::run(&mut cargo(&["fetch", "--locked"]))?;
                let mut command = cargo(&["deny", "--offline", "check", "bans", "licenses"]);
                run::run(tools.apply(command.arg("sources")))
            }
            Self::Native => {
                let browsers = [
                    "--exclude",
                    "e2e",
                    "--exclude",
                    "lab",
                    "--exclude",
                    "bench-page",
                ];
                go(&[&["test"], &native[..], &browsers].concat(), &[])
            }
            Self::Threads => {
                let server = ["test", "--package", "holdfast-server", "--lib"];
                let args = [&server[..], &["--features", "shuttle", "threads_test"]].concat();
                run::run(&mut cargo(&args))
            }
            Self::Wasm => {
                let mut command = cargo(&[&["test"], &WASM[..], only].concat());
                if let Some(driver) = find("chromedriver") {
                    command.env("CHROMEDRIVER", driver);
                }
                run::run(tools.apply(&mut command))
            }
            Self::E2e => {
                build::page(tools)?;
                // Browsers are heavy: one test at a time.
                go(&["test", "--package", "e2e"], &["--test-threads=1"])
            }
            Self::Faults => {
                build::page(tools)?;
                faults::play(tools, &["--short".to_owned()])
            }
        }
    }
}
