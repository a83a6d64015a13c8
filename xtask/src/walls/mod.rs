//! The walls of the house (docs/architecture.md), checked by reading the sources: which folder may name
//! what, no imports in a circle, and nothing that has outgrown its file.
//!
//! It reads `use` declarations and paths as text, and follows what a `mod.rs` re-exports. It is no
//! compiler: a path made by a macro is not seen.

mod circles;
mod paths;
mod shapes;
mod source;
mod words;

use std::fs;

use anyhow::{Result, ensure};

use self::{
    circles::circles,
    paths::paths,
    shapes::shapes,
    source::{code, mentions, packages, read, short, sources},
    words::words,
};
use crate::run::root;

/// Names that a folder may never have, and why.
const WALLS: [(&str, &[&str], &str); 15] = [
    (
        "crates/protocol/src",
        &["web_sys", "tokio", "leptos"],
        "the wire knows neither browser nor server",
    ),
    ("crates/clock/src", SANS_IO, "time is handed in"),
    ("crates/call/src", SANS_IO, "a call is sans-IO"),
    ("crates/link/src", SANS_IO, "a link is sans-IO"),
    (
        "crates/server/src",
        &["holdfast_call", "holdfast_link"],
        "the server never parses a call",
    ),
    (
        "crates/server/src/hub",
        &["axum::http", "hyper", "tokio::net", "crate::state"],
        "the hub does no I/O",
    ),
    (
        "src/platform",
        &["leptos", "holdfast_", "crate::wire", "crate::session"],
        "the platform knows nothing of ours",
    ),
    (
        "src/rtc",
        &[
            "leptos",
            "crate::session",
            "crate::media",
            "crate::signaling",
        ],
        "what lies below the loop emits its own events",
    ),
    (
        "src/media",
        &["leptos", "crate::session", "crate::signaling"],
        "what lies below the loop emits its own events",
    ),
    (
        "src/signaling",
        &["leptos", "crate::session", "crate::rtc", "crate::media"],
        "what lies below the loop emits its own events",
    ),
    (
        "src/session",
        &[
            "web_sys::Document",
            "web_sys::Html",
            "crate::views",
            "document()",
        ],
        "the session knows no DOM",
    ),
    ("src/text", &["web_sys", "leptos"], "words are words"),
    (
        "src/views",
        &["crate::rtc", "crate::media", "crate::signaling"],
        "views read the model and dispatch actions",
    ),
    (
        "crates/jsep/src",
        &["web_sys", "tokio", "holdfast_call"],
        "it models the browser alone",
    ),
    (
        "src/wire.rs",
        &["leptos", "crate::session"],
        "it lies below the loop",
    ),
];

const SANS_IO: &[&str] = &[
    "web_sys",
    "js_sys",
    "leptos",
    "tokio",
    "Instant::now",
    "SystemTime",
];

/// Types that write a signal, which `model.rs` alone does in the session.
const WRITES: [&str; 4] = ["Live", "RwSignal", "WriteSignal", "leptos::prelude::Set"];

/// Checks every wall.
pub(crate) fn check() -> Result<()> {
    let mut faults = Vec::new();
    for package in packages()? {
        let files = read(&package)?;
        circles(&package, &files, &mut faults);
        for (path, file) in &files {
            shapes(path, &file.code, &mut faults);
        }
    }
    for (folder, names, why) in WALLS {
        let walled = sources(&root().join(folder))?;
        ensure!(!walled.is_empty(), "{folder} is on the map and not there");
        for path in walled {
            let code = code(&fs::read_to_string(&path)?);
            // Also what stands in a group of imports.
            let whole = paths(&code).into_iter().map(|path| path.join("::"));
            let code = whole.fold(code.clone(), |code, path| code + "\n" + &path);
            for name in names.iter().filter(|name| mentions(&code, name)) {
                faults.push(format!("{} names {name}: {why}", short(&path)));
            }
        }
    }
    for path in sources(&root().join("src/session"))? {
        let code = code(&fs::read_to_string(&path)?);
        if !path.ends_with("model.rs") && WRITES.iter().any(|name| mentions(&code, name)) {
            faults.push(format!("{} writes signals: model.rs does", short(&path)));
        }
    }
    named_elements(&mut faults)?;
    documented_tests(&mut faults)?;
    words(&mut faults)?;
    for fault in &faults {
        eprintln!("{fault}");
    }
    ensure!(faults.is_empty(), "{} walls are broken", faults.len());
    Ok(())
}

/// Tests that documents name and nobody wrote.
fn documented_tests(faults: &mut Vec<String>) -> Result<()> {
    let mut sources_of_tests = Vec::new();
    for folder in ["crates", "tests", "e2e", "lab", "src", "xtask"] {
        for path in sources(&root().join(folder))? {
            sources_of_tests.push(fs::read_to_string(path)?);
        }
    }
    for document in [
        "docs/behaviours.md",
        "docs/link.md",
        "docs/recovery.md",
        "docs/security.md",
    ] {
        let text = fs::read_to_string(root().join(document))?;
        for name in text.split('`').skip(1).step_by(2) {
            let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            if name.matches('_').count() < 2 || !name.chars().all(is_name) {
                continue;
            }
            let written = format!("fn {name}(");
            if !sources_of_tests.iter().any(|text| text.contains(&written)) {
                faults.push(format!("{document}: there is no test {name}"));
            }
        }
    }
    Ok(())
}

/// Functions of src/views/bind.rs and src/views/choice.rs that take the id of an element first.
const BINDINGS: [&str; 16] = [
    "attribute",
    "bind",
    "class",
    "does",
    "element",
    "flag",
    "focus",
    "follow",
    "hidden",
    "listen",
    "on",
    "press",
    "set_value",
    "submit",
    "text",
    "value",
];

/// Every element that a view names is in index.html.
fn named_elements(faults: &mut Vec<String>) -> Result<()> {
    let html = fs::read_to_string(root().join("index.html"))?;
    let mut named = 0;
    for path in sources(&root().join("src/views"))? {
        let text = fs::read_to_string(&path)?;
        for (place, _) in text.match_indices('(') {
            let is_name = |c: char| c.is_ascii_alphanumeric() || "_:<>".contains(c);
            let call = text[..place].rsplit(|c| !is_name(c)).next();
            let function = call.and_then(|call| call.split("::<").next()?.rsplit("::").next());
            let is_binding = function.is_some_and(|name| BINDINGS.contains(&name));
            let argument = text[place + 1..].trim_start().strip_prefix('"');
            let id = argument.and_then(|rest| rest.split('"').next());
            if let (true, Some(id)) = (is_binding, id) {
                named += 1;
                if !html.contains(&format!("id=\"{id}\"")) {
                    faults.push(format!("{} names #{id}: index.html lacks it", short(&path)));
                }
            }
        }
    }
    ensure!(named > 50, "only {named} elements are named by src/views");
    Ok(())
}
