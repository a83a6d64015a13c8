//! `cargo xtask build`: the page, ready for any web server.

use std::{
    ffi::OsStr,
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    io::{Read, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use base64::{Engine, prelude::BASE64_STANDARD};
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};

use crate::{
    linker, order,
    run::{self, command, root},
    shorten, split,
    tools::{Tools, std_source},
};

/// The most that the first load may weigh: html, css, js and wasm, in bytes of brotli. It was
/// 100,000 before a page could race legs, come back into its session and its call, go to rooms and hold a list of
/// ten thousand, and 132,000 before its calls proved themselves; it is to be 100,000 again.
const BUDGET: usize = 148_000;

/// The most that everything may weigh that the page ever loads of itself.
const WHOLE_BUDGET: usize = 180_000;

/// The standard library is compiled with the page, and what panics ends there and then: nobody could read what it would
/// say, and the code that says it is some 8 kB of the first load. Compilers that are not nightly want to be told that
/// what is not yet stable is meant; the language is the same.
const OWN_STD: [(&str, &str); 2] = [
    ("RUSTC_BOOTSTRAP", "1"),
    ("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort"),
];
const END_AT_ONCE: [&str; 2] = ["-Zunstable-options", "-Cpanic=immediate-abort"];

/// What wasm-opt does, in that order: flat code is put together anew. Only what is small, in operations, becomes a
/// part of those who call it: what is called once is shorter inside, and less like anything else.
///
/// How far memory is aligned is said beside each access, as a hint that today's processors need not have: without it,
/// accesses are more alike (2.2 kB); and so they are where locals are numbered by how often they are used (0.2 kB).
const OPTIMISE: [&str; 15] = [
    "--always-inline-max-function-size",
    "4",
    "--one-caller-inline-max-function-size",
    "24",
    "-Oz",
    "--flatten",
    "--rereloop",
    "--low-memory-unused",
    "-Oz",
    "--converge",
    "-Oz",
    "--dealign",
    "--reorder-locals",
    "--strip-debug",
    "--strip-producers",
];

/// What it does then, see [`order`]; at these levels it writes as it did before, and numbers locals anew.
const REORDER: [&str; 8] = [
    "--optimize-level",
    "2",
    "--shrink-level",
    "2",
    "--reorder-functions-by-name",
    "--reorder-locals",
    "--strip-debug",
    "--strip-target-features",
];

/// What terser does: functions become arrows and methods where that is shorter. None of ours is called with `new`.
const MINIFY: &str = "passes=3,ecma=2022,unsafe_arrows=true,unsafe_methods=true";

/// The service worker.
const WORKER: &str = "service-worker.js";

/// Features that browsers of the last years have; the same as in index.html, for Trunk.
const WASM_FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
];

/// Scripts come from the page's own host alone, and styles are those in the page. Signaling may be on any host:
/// which one is for config.json to say.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; \
    style-src 'sha256-STYLE'; img-src 'self'; connect-src 'self' ws: wss:; media-src 'self'; manifest-src 'self'; \
    base-uri 'none'; form-action 'none'";

/// Builds the page into dist/.
pub(crate) fn page(tools: &Tools) -> Result<()> {
    std_source()?;
    let mut trunk = command("trunk", &["build", "--release", "--features", "split"]);
    trunk.env("CARGO_ENCODED_RUSTFLAGS", flags()).envs(OWN_STD);
    trunk.env(
        "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER",
        linker::install()?,
    );
    // Trunk takes NO_COLOR for a flag of its own, and not for `1`.
    run::run(tools.apply(&mut trunk).env_remove("NO_COLOR"))?;
    let dist = root().join("dist");
    split::parts(tools, &dist)?;
    let script = shorten::names(&dist)?;
    optimise(tools, &dist)?;
    minify(tools, &script)?;
    minify(tools, &dist.join("boot.js"))?;
    protect(&dist.join("index.html"))?;
    name_files(&dist)?;
    minify(tools, &dist.join(WORKER))?;
    let sizes = compress(&dist)?;
    report(&sizes)
}

fn minify(tools: &Tools, script: &Path) -> Result<()> {
    let mut minify = command("terser", &["--module", "--mangle", "--compress", MINIFY]);
    run::run(tools.apply(minify.arg("--output").arg(script).arg(script)))
}

/// What was exported needlessly goes, and the lowest 1024 addresses are taken to be unused: they are the
/// far end of the stack, which is 1 MiB.
fn optimise(tools: &Tools, dist: &Path) -> Result<()> {
    for entry in fs::read_dir(dist)? {
        let file = entry?.path();
        if file.extension() == Some(OsStr::new("wasm")) {
            wasm_opt(tools, &OPTIMISE, &file)?;
            order::name_functions(&file)?;
            wasm_opt(tools, &REORDER, &file)?;
        }
    }
    Ok(())
}

fn wasm_opt(tools: &Tools, passes: &[&str], file: &Path) -> Result<()> {
    let mut optimise = command("wasm-opt", passes);
    let optimise = optimise.args(WASM_FEATURES).arg(file);
    run::run(tools.apply(optimise.arg("--output").arg(file)))
}

pub(crate) fn run() -> Result<()> {
    page(&Tools::for_building()?)
}

/// Flags for the compiler: what parts are split by, and panic messages that name source files by something else
/// than where they lie on the machine that built.
fn flags() -> String {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    let registries = home.and_then(|home| fs::read_dir(home.join("registry/src")).ok());
    let folders = registries
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path());
    let remap = |folder: PathBuf| format!("--remap-path-prefix={}/=", folder.display());
    // What separates flags in this variable, so that paths may have spaces.
    let flags = folders
        .map(remap)
        .chain(["-Clink-arg=--emit-relocs".to_owned()])
        .chain(END_AT_ONCE.map(str::to_owned));
    flags.collect::<Vec<_>>().join("\u{1f}")
}

/// Puts the Content-Security-Policy into the page, where it holds on any web server. Trunk's own
/// server needs an inline script to reload the page, so the source does not have it.
fn protect(index: &Path) -> Result<()> {
    let html = fs::read_to_string(index)?;
    let (html, style) = with_style(&html, index)?;
    let hash = BASE64_STANDARD.encode(Sha256::digest(style));
    let policy = CONTENT_SECURITY_POLICY.replace("STYLE", &hash);
    let policy = format!("<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">");
    // Trunk leaves out the tags that html does not need, such as that of the head.
    let begins = html.find("<meta").context("index.html has no <meta>")?;
    let (before, after) = html.split_at(begins);
    fs::write(index, format!("{before}{policy}{after}"))?;
    Ok(())
}

/// The page with its style sheet in it, which then has no way of its own to make before anything is painted.
fn with_style(html: &str, index: &Path) -> Result<(String, String)> {
    let parts = html.split_once("<link href=./main-");
    let (before, link) = parts.context("index.html has no style sheet")?;
    let parts = link.split_once(" rel=stylesheet>");
    let (name, after) = parts.context("index.html has no style sheet")?;
    let file = index.with_file_name(format!("main-{name}"));
    let style = fs::read_to_string(&file)?;
    fs::remove_file(file)?;
    Ok((format!("{before}<style>{style}</style>{after}"), style))
}

/// Tells the service worker which files the page has, and what they hold: another page is another worker. What is
/// for the site to write is none of them.
fn name_files(dist: &Path) -> Result<()> {
    let mut names = Vec::new();
    let mut contents = DefaultHasher::new();
    let mut entries: Vec<_> = fs::read_dir(dist)?.collect::<Result<_, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !entry.file_type()?.is_file() || [WORKER, "config.json"].contains(&&*name) {
            continue;
        }
        fs::read(entry.path())?.hash(&mut contents);
        // A language is fetched by those who read it, and by those who install it what they need for that.
        if ![".json", ".png", ".webmanifest"]
            .iter()
            .any(|end| name.ends_with(end))
        {
            // Hosts may answer another address with the page's own.
            let is_page = name == "index.html";
            names.push(if is_page { "./".into() } else { name });
        }
    }
    let worker = dist.join(WORKER);
    let script = fs::read_to_string(&worker)?;
    let named = script.replacen("[]", &format!("{names:?}"), 1).replacen(
        "\"\"",
        &format!("\"{:x}\"", contents.finish()),
        1,
    );
    fs::write(worker, named)?;
    Ok(())
}

struct Size {
    name: String,
    plain: usize,
    brotli: usize,
}

/// As small as brotli makes it.
pub(crate) fn brotli(plain: &[u8]) -> Vec<u8> {
    let params = brotli::enc::BrotliEncoderParams {
        quality: 11,
        lgwin: 24,
        // A whole file is one block: by itself it takes smaller ones, which find less that is alike.
        lgblock: 24,
        ..Default::default()
    };
    let mut small = Vec::new();
    let read = &mut &*plain;
    brotli::BrotliCompress(read, &mut small, &params).expect("memory takes everything");
    small
}

/// Leaves a .br and a .gz beside each file.
fn compress(dist: &Path) -> Result<Vec<Size>> {
    let mut sizes = Vec::new();
    let mut files: Vec<PathBuf> = fs::read_dir(dist)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.sort();
    for file in files {
        let name = file
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if !file.is_file() || name.ends_with(".br") || name.ends_with(".gz") {
            continue;
        }
        let mut plain = Vec::new();
        fs::File::open(&file)?.read_to_end(&mut plain)?;
        let small = brotli(&plain);
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(&plain)?;
        // config.json is edited after the build, and would then differ from its compressed forms.
        if name != "config.json" {
            fs::write(dist.join(format!("{name}.br")), &small)?;
            fs::write(dist.join(format!("{name}.gz")), gzip.finish()?)?;
        }
        sizes.push(Size {
            name,
            plain: plain.len(),
            brotli: small.len(),
        });
    }
    Ok(sizes)
}

fn report(sizes: &[Size]) -> Result<()> {
    println!("{:>9} {:>9}  file", "bytes", "brotli");
    for size in sizes {
        println!("{:>9} {:>9}  {}", size.plain, size.brotli, size.name);
    }
    let is_page = |size: &&Size| {
        let kinds = ["html", "css", "js", "wasm", "webmanifest"];
        kinds.contains(&size.name.rsplit('.').next().unwrap_or_default())
    };
    let later = ["-later.wasm", WORKER, "manifest.webmanifest"];
    let (later, first): (Vec<&Size>, Vec<&Size>) = sizes
        .iter()
        .filter(is_page)
        .partition(|size| later.iter().any(|end| size.name.ends_with(end)));
    let weight = |of: Vec<&Size>| of.iter().map(|size| size.brotli).sum::<usize>();
    let (first, later) = (weight(first), weight(later));
    println!("First load (html, css, js, wasm; brotli 11): {first} bytes of at most {BUDGET}");
    println!(
        "With what comes later: {} bytes of at most {WHOLE_BUDGET}",
        first + later
    );
    ensure!(first <= BUDGET, "the first load is over its budget");
    ensure!(first + later <= WHOLE_BUDGET, "the page is over its budget");
    sizes.first().context("dist is empty").map(drop)
}
