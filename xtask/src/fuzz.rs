//! `cargo xtask fuzz`: the fuzz targets, one after the other.

use anyhow::Result;

use crate::{
    run::{self, cargo, root},
    tools::Tools,
};

const TARGETS: [&str; 3] = ["cluster", "decoder", "hub"];

#[derive(clap::Args)]
pub(crate) struct Args {
    /// How long each target runs, in minutes
    #[arg(long, default_value_t = 10)]
    minutes: u32,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let tools = Tools::for_fuzzing()?;
    let limit = format!("-max_total_time={}", args.minutes * 60);
    for target in TARGETS {
        // What is found is added to the first folder; the second holds what the search begins with.
        let corpus = root().join("fuzz/corpus").join(target);
        std::fs::create_dir_all(&corpus)?;
        let seeds = root().join("fuzz/seeds").join(target);
        let mut fuzz = cargo(&["fuzz", "run", target]);
        fuzz.arg(corpus)
            .arg(seeds)
            .args(["--", &limit, "-max_len=4096"]);
        // The flags that instrument the code are for nightly compilers, unless told otherwise.
        fuzz.env("RUSTC_BOOTSTRAP", "1");
        run::run(tools.apply(&mut fuzz))?;
    }
    Ok(())
}
