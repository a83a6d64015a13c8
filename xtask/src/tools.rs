//! Getting what is missing: each tool in a pinned version, into a folder of the user's own.
//!
//! Nothing of the system's is replaced. A tool of the right version on the PATH is used as it is.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use crate::run::{cargo, command, output, root, run};

const TRUNK: &str = "0.21.14";
const WASM_SPLIT: &str = "0.2.4";
const GECKODRIVER: &str = "0.37.1";
const BINARYEN: &str = "132.0.0";
const TERSER: &str = "5.51.2";
const AXE: &str = "4.14.1";
const CARGO_DENY: &str = "0.20.2";
const CARGO_FUZZ: &str = "0.13.2";
const MATCHBOX: &str = "0.15.0";
/// Signaling servers that people use.
const SERVERS: [&str; 3] = ["peer@1.0.2", "socket.io@4.8.4", "ws@8.23.0"];

/// Tools are run for seconds and compiled for minutes: cheap builds are the faster ones.
const CHEAP_BUILD: [(&str, &str); 4] = [
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1"),
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "0"),
];

/// Folders to put before the PATH, and what tests find by the environment.
#[derive(Default)]
pub(crate) struct Tools {
    folders: Vec<PathBuf>,
    /// axe-core, as one script: `HOLDFAST_AXE`.
    axe: Option<PathBuf>,
}

impl Tools {
    /// Tools that build the page.
    pub(crate) fn for_building() -> Result<Self> {
        let mut tools = Self::default();
        wasm_target()?;
        let bindgen = locked_version("wasm-bindgen")?;
        let why = "it makes the JavaScript around the WebAssembly";
        tools.cargo_tool("wasm-bindgen", "wasm-bindgen-cli", &bindgen, &[], why)?;
        let args = ["--locked", "--no-default-features", "--features", "rustls"];
        tools.cargo_tool("trunk", "trunk", TRUNK, &args, "it bundles the page")?;
        let args = ["--locked", "--features", "build-binary"];
        let why = "it puts apart what the page can fetch later";
        tools.cargo_tool(
            "wasm-split-cli",
            "wasm_split_cli_support",
            WASM_SPLIT,
            &args,
            why,
        )?;
        tools.wasm_opt()?;
        let why = "it makes the JavaScript smaller";
        tools.npm_tool("terser", "terser", TERSER, why)?;
        Ok(tools)
    }

    /// Tools that check the page's code.
    pub(crate) fn for_linting() -> Result<Self> {
        wasm_target()?;
        Ok(Self::default())
    }

    /// Tools that check the dependencies.
    pub(crate) fn for_denying() -> Result<Self> {
        let mut tools = Self::default();
        let args = ["--locked", "--no-default-features"];
        let why = "it checks what the project depends on";
        tools.cargo_tool("cargo-deny", "cargo-deny", CARGO_DENY, &args, why)?;
        Ok(tools)
    }

    /// Tools of the native tests.
    pub(crate) fn for_servers() -> Result<Self> {
        apt(&[
            ("nats-server", "nats-server", "it joins servers into one"),
            ("pebble", "pebble", "it gives certificates"),
        ])?;
        Ok(Self::default())
    }

    /// Tools that run every test.
    pub(crate) fn for_testing() -> Result<Self> {
        let mut tools = Self::for_building()?;
        apt(&[
            ("chromium", "chromium", "a browser to test in"),
            ("chromedriver", "chromium-driver", "it drives Chromium"),
            ("firefox-esr", "firefox-esr", "another browser to test in"),
            ("turnserver", "coturn", "calls are relayed through it"),
        ])?;
        let why = "it drives Firefox";
        tools.cargo_tool(
            "geckodriver",
            "geckodriver",
            GECKODRIVER,
            &["--locked"],
            why,
        )?;
        let folder = cache()?.join(format!("axe-core-{AXE}"));
        let axe = folder.join("node_modules/axe-core/axe.min.js");
        if !axe.is_file() {
            let package = format!("axe-core@{AXE}");
            npm(
                &folder,
                &[&package],
                "it finds what keeps people out of a page",
            )?;
        }
        tools.axe = Some(axe);
        Ok(tools)
    }

    /// Tools of the fault lab.
    pub(crate) fn for_faults() -> Result<Self> {
        let tools = Self::for_testing()?;
        if cfg!(target_os = "linux") {
            apt(&[
                ("ip", "iproute2", "the fault lab makes networks with it"),
                ("nft", "nftables", "the fault lab loses packets with it"),
            ])?;
        }
        Ok(tools)
    }

    /// Tools that fuzz.
    pub(crate) fn for_fuzzing() -> Result<Self> {
        let mut tools = Self::default();
        let why = "it runs the fuzz targets";
        tools.cargo_tool("cargo-fuzz", "cargo-fuzz", CARGO_FUZZ, &["--locked"], why)?;
        Ok(tools)
    }

    /// Tools that compare our server with others; gives the folder of npm's packages too.
    pub(crate) fn for_comparing_servers() -> Result<(Self, PathBuf)> {
        let mut tools = Self::default();
        let why = "our server is compared with it";
        let args = ["--locked"];
        tools.cargo_tool("matchbox_server", "matchbox_server", MATCHBOX, &args, why)?;
        let folder = cache()?.join(SERVERS.join("-"));
        if !folder.join("node_modules").is_dir() {
            npm(&folder, &SERVERS, "our server is compared with them")?;
        }
        Ok((tools, folder))
    }

    /// Lets a command find the tools.
    pub(crate) fn apply<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        if let Some(axe) = &self.axe {
            command.env("HOLDFAST_AXE", axe);
        }
        let path = env::var_os("PATH").unwrap_or_default();
        let folders = self.folders.iter().cloned().chain(env::split_paths(&path));
        match env::join_paths(folders) {
            Ok(path) => command.env("PATH", path),
            Err(_) => command,
        }
    }

    fn cargo_tool(
        &mut self,
        program: &str,
        package: &str,
        version: &str,
        args: &[&str],
        why: &str,
    ) -> Result<()> {
        if version_on_path(program).is_some_and(|found| found == version) {
            return Ok(());
        }
        let folder = cache()?.join(format!("{package}-{version}"));
        if !folder.join("bin").join(program).is_file() {
            println!("Getting {package} {version}: {why}.");
            let mut install = cargo(&["install", package, "--version", version, "--quiet"]);
            install.arg("--root").arg(&folder).args(args);
            install.envs(CHEAP_BUILD).current_dir(cache()?);
            run(&mut install).with_context(|| {
                format!("{package} {version} cannot be had; install it so that `{program}` is on the PATH")
            })?;
        }
        self.folders.push(folder.join("bin"));
        Ok(())
    }

    fn wasm_opt(&mut self) -> Result<()> {
        let major = BINARYEN.split('.').next().unwrap_or(BINARYEN);
        if version_on_path("wasm-opt").is_some_and(|found| found == major) {
            return Ok(());
        }
        let why = "it nearly halves the WebAssembly";
        self.npm_tool("wasm-opt", "binaryen", BINARYEN, why)
    }

    fn npm_tool(&mut self, program: &str, package: &str, version: &str, why: &str) -> Result<()> {
        let folder = cache()?.join(format!("{package}-{version}"));
        let programs = folder.join("node_modules").join(".bin");
        if !programs.join(program).exists() {
            npm(&folder, &[&format!("{package}@{version}")], why)?;
        }
        self.folders.push(programs);
        Ok(())
    }
}

/// Puts packages of npm's registry into a folder.
fn npm(folder: &Path, packages: &[&str], why: &str) -> Result<()> {
    apt(&[
        ("node", "nodejs", "what npm's packages are written for"),
        ("npm", "npm", "it gets packages from its registry"),
    ])?;
    let names = packages.join(" ");
    println!("Getting {names}: {why}.");
    fs::create_dir_all(folder)?;
    let mut install = command("npm", &["install", "--silent", "--prefix"]);
    install.arg(folder).args(packages).current_dir(folder);
    run(&mut install).with_context(|| format!("{names} cannot be had from npm; {why}"))
}

/// Where a program is.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let mut candidates = env::split_paths(&path).map(|folder| folder.join(program));
    candidates.find(|candidate| candidate.is_file())
}

fn wasm_target() -> Result<()> {
    const TARGET: &str = "wasm32-unknown-unknown";
    let sysroot = output(&mut command("rustc", &["--print", "sysroot"])).unwrap_or_default();
    if Path::new(&sysroot)
        .join("lib/rustlib")
        .join(TARGET)
        .is_dir()
    {
        return Ok(());
    }
    println!("Getting the Rust target {TARGET}: the page is built for it.");
    run(&mut command("rustup", &["target", "add", TARGET]))
        .with_context(|| format!("install the Rust standard library for {TARGET}"))
}

/// What the page's own standard library is made from.
pub(crate) fn std_source() -> Result<()> {
    let sysroot = output(&mut command("rustc", &["--print", "sysroot"])).unwrap_or_default();
    let library = Path::new(&sysroot).join("lib/rustlib/src/rust/library");
    if library.is_dir() {
        return Ok(());
    }
    println!(
        "Getting the source of Rust's standard library: the page has a smaller one of its own."
    );
    run(&mut command("rustup", &["component", "add", "rust-src"]))
        .context("install the source of the Rust standard library (rust-src)")
}

/// Installs packages of Debian for the programs that are missing: program, package, why.
fn apt(wanted: &[(&str, &str, &str)]) -> Result<()> {
    let missing: Vec<_> = wanted
        .iter()
        .filter(|(program, ..)| find(program).is_none())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().map(|(_, package, _)| *package).collect();
    if find("apt-get").is_none() {
        bail!(
            "install {} and put them on the PATH, then try again",
            packages.join(", ")
        );
    }
    for (_, package, why) in &missing {
        println!("Getting {package} by apt: {why}.");
    }
    let root = output(&mut command("id", &["-u"])).is_some_and(|id| id == "0");
    let apt = |args: &[&str]| -> Result<()> {
        let mut apt = match root {
            true => command("apt-get", args),
            false => command("sudo", &[&["apt-get"], args].concat()),
        };
        apt.env("DEBIAN_FRONTEND", "noninteractive");
        run(&mut apt).with_context(|| format!("install {} by hand", packages.join(", ")))
    };
    apt(&["update", "-qq"])?;
    apt(&[
        &["install", "-y", "-qq", "--no-install-recommends"],
        &packages[..],
    ]
    .concat())
}

/// The version that a program on the PATH says it has.
fn version_on_path(program: &str) -> Option<String> {
    let text = output(&mut command(program, &["--version"]))?;
    let mut words = text.split_whitespace();
    let version = words.find(|word| word.starts_with(|first: char| first.is_ascii_digit()))?;
    Some(version.to_owned())
}

/// The version of a package in Cargo.lock.
fn locked_version(package: &str) -> Result<String> {
    let lock = fs::read_to_string(root().join("Cargo.lock")).context("Cargo.lock is missing")?;
    let mut lines = lock
        .lines()
        .skip_while(|line| *line != format!("name = \"{package}\""));
    let version = lines
        .nth(1)
        .and_then(|line| line.strip_prefix("version = "));
    let version = version.with_context(|| format!("{package} is not in Cargo.lock"))?;
    Ok(version.trim_matches('"').to_owned())
}

/// Where tools go.
fn cache() -> Result<PathBuf> {
    let set = |name: &str| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let base = set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")));
    let folder = base
        .context("set HOME, so that there is a cache folder")?
        .join("holdfast");
    fs::create_dir_all(&folder)?;
    Ok(folder)
}
