//! The walls of the house (docs/architecture.md), checked by reading the sources: which room may name
//! what, no imports in a circle, and nothing that has outgrown its file.
//!
//! It reads `use` declarations and paths as text, and follows what a `mod.rs` re-exports. It is no
//! compiler: a path made by a macro is not seen.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Result, ensure};

use crate::run::root;

/// The longest function, in lines.
const MAX_FUNCTION: usize = 60;

/// What a room may never name, and why.
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
        &[
            "crate::rtc",
            "crate::media",
            "crate::signaling",
            "crate::platform",
        ],
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

/// What writes a signal, which `model.rs` alone does in the session.
const WRITES: [&str; 3] = ["RwSignal", "WriteSignal", "leptos::prelude::Set"];

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
    for (room, names, why) in WALLS {
        let walled = sources(&root().join(room))?;
        ensure!(!walled.is_empty(), "{room} is on the map and not there");
        for path in walled {
            let code = code(&fs::read_to_string(&path)?);
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
    for fault in &faults {
        eprintln!("{fault}");
    }
    ensure!(faults.is_empty(), "{} walls are broken", faults.len());
    Ok(())
}

/// A source file, as its module.
struct File {
    module: Vec<String>,
    code: String,
}

/// The source folder of each package.
fn packages() -> Result<Vec<PathBuf>> {
    let mut packages = vec![root().join("src")];
    for package in fs::read_dir(root().join("crates"))? {
        packages.push(package?.path().join("src"));
    }
    packages.sort();
    Ok(packages)
}

fn read(package: &Path) -> Result<BTreeMap<PathBuf, File>> {
    let mut files = BTreeMap::new();
    for path in sources(package)? {
        let inside = path.strip_prefix(package)?.with_extension("");
        let mut module: Vec<String> = inside
            .iter()
            .map(|part| part.to_string_lossy().into_owned())
            .collect();
        if module
            .last()
            .is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str()))
        {
            module.pop();
        }
        let code = code(&fs::read_to_string(&path)?);
        files.insert(path, File { module, code });
    }
    Ok(files)
}

fn sources(folder: &Path) -> Result<Vec<PathBuf>> {
    if folder.is_file() {
        return Ok(vec![folder.to_owned()]);
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(sources(&path)?);
        } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("main.rs") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn short(path: &Path) -> String {
    let path = path.strip_prefix(root()).unwrap_or(path);
    path.display().to_string()
}

/// The text without comments, strings and unit tests; lines stay where they are.
fn code(text: &str) -> String {
    let text = text.split("\n#[cfg(test)]\nmod ").next().unwrap_or(text);
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut before = ' ';
    while let Some(c) = chars.next() {
        match c {
            '/' if chars.peek() == Some(&'/') => {
                chars.by_ref().find(|c| *c == '\n');
                out.push('\n');
            }
            '"' => {
                out.push('"');
                while let Some(c) = chars.next() {
                    match c {
                        '\\' => drop(chars.next()),
                        '"' => break,
                        '\n' => out.push('\n'),
                        _ => {}
                    }
                }
                out.push('"');
            }
            // A character, and not a lifetime.
            '\'' if !before.is_alphanumeric() && is_char(&chars) => {
                if chars.next() == Some('\\') {
                    chars.next();
                }
                chars.by_ref().find(|c| *c == '\'');
            }
            c => out.push(c),
        }
        before = c;
    }
    out
}

fn is_char(after: &std::iter::Peekable<std::str::Chars<'_>>) -> bool {
    let mut next = after.clone();
    match next.next() {
        Some('\\') => true,
        Some(_) => next.next() == Some('\''),
        None => false,
    }
}

/// Whether the code has that name, as a whole word at its beginning.
fn mentions(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

/// The paths that begin with `crate`, `super` or `self`, whole.
fn paths(code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for start in ["crate::", "super::", "self::"] {
        for (at, _) in code.match_indices(start) {
            let before = code[..at].chars().next_back();
            if !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                expand(&code[at..], &mut Vec::new(), &mut found);
            }
        }
    }
    found
}

/// Reads one path or tree of paths; gives what follows it.
fn expand<'a>(code: &'a str, prefix: &mut Vec<String>, found: &mut Vec<Vec<String>>) -> &'a str {
    let code = code.trim_start();
    let depth = prefix.len();
    if let Some(mut inside) = code.strip_prefix('{') {
        loop {
            inside = inside.trim_start();
            if let Some(rest) = inside.strip_prefix('}') {
                return rest;
            }
            let before = inside.len();
            inside = expand(inside, prefix, found).trim_start();
            inside = inside.strip_prefix(',').unwrap_or(inside);
            if inside.len() == before {
                // Not a tree of paths, but code.
                return inside;
            }
        }
    }
    let end = code.find(|c: char| !c.is_alphanumeric() && c != '_');
    let (word, rest) = code.split_at(end.unwrap_or(code.len()));
    if word.is_empty() {
        return code;
    }
    prefix.push(word.to_owned());
    let rest = match rest.strip_prefix("::") {
        Some(rest) if !rest.starts_with('<') => expand(rest, prefix, found),
        _ => {
            found.push(prefix.clone());
            // `Name as Other`
            let renamed = rest.strip_prefix(" as ");
            renamed.map_or(rest, |rest| {
                rest.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_')
            })
        }
    };
    prefix.truncate(depth);
    rest
}

/// Which file of the package a path leads to, from a module.
fn resolve<'a>(
    files: &'a BTreeMap<PathBuf, File>,
    from: &[String],
    path: &[String],
) -> Option<&'a PathBuf> {
    let mut module = from.to_vec();
    let mut rest = path.iter();
    let mut next = rest.next();
    match next.map(String::as_str) {
        Some("crate") => module.clear(),
        Some("self") => {}
        Some("super") => drop(module.pop()),
        _ => return None,
    }
    next = rest.next();
    while next.is_some_and(|word| word == "super") {
        module.pop();
        next = rest.next();
    }
    let file_of = |module: &[String]| files.iter().find(|(_, file)| file.module == *module);
    while let Some(word) = next {
        let mut child = module.clone();
        child.push(word.clone());
        if file_of(&child).is_none() {
            break;
        }
        module = child;
        next = rest.next();
    }
    let (path, file) = file_of(&module)?;
    // What a folder's face re-exports is its child's.
    let item = next?;
    for statement in file.code.split(';') {
        let statement = statement.trim_start();
        let Some(at) = statement.find("use ").filter(|_| statement.contains("pub")) else {
            continue;
        };
        let mut exported = Vec::new();
        expand(&statement[at + 4..], &mut Vec::new(), &mut exported);
        for mut path in exported {
            if path.len() > 1 && path.last() == Some(item) {
                if !["crate", "self", "super"].contains(&path[0].as_str()) {
                    path.insert(0, "self".into());
                }
                if let Some(found) = resolve(files, &module, &path) {
                    return Some(found);
                }
            }
        }
    }
    Some(path)
}

/// Imports in a circle: among files, and among the folders that hold them, on every floor.
fn circles(package: &Path, files: &BTreeMap<PathBuf, File>, faults: &mut Vec<String>) {
    let mut floors: BTreeMap<PathBuf, BTreeSet<(String, String)>> = BTreeMap::new();
    for (path, file) in files {
        for target in paths(&file.code) {
            let Some(to) = resolve(files, &file.module, &target).filter(|to| *to != path) else {
                continue;
            };
            // On the lowest floor that both stand on.
            let common: PathBuf = path
                .iter()
                .zip(to.iter())
                .take_while(|(one, other)| one == other)
                .map(|(part, _)| part)
                .collect();
            let room = |file: &Path| {
                let inside = file
                    .strip_prefix(&common)
                    .ok()
                    .and_then(|path| path.iter().next());
                inside.unwrap_or_default().to_string_lossy().into_owned()
            };
            let arrow = (room(path), room(to));
            floors.entry(common).or_default().insert(arrow);
        }
    }
    for (floor, arrows) in floors {
        let mut left: BTreeSet<&(String, String)> = arrows.iter().collect();
        // Whoever names nobody any more is at the bottom.
        while let Some(bottom) = left
            .iter()
            .map(|(_, to)| to)
            .find(|to| !left.iter().any(|(from, _)| from == *to))
        {
            let bottom = bottom.clone();
            left.retain(|(_, to)| *to != bottom);
        }
        // Whoever nobody names is no part of it.
        while let Some(top) = left
            .iter()
            .map(|(from, _)| from)
            .find(|from| !left.iter().any(|(_, to)| to == *from))
        {
            let top = top.clone();
            left.retain(|(from, _)| *from != top);
        }
        if !left.is_empty() {
            let arrows: Vec<_> = left
                .iter()
                .map(|(one, other)| format!("{one} → {other}"))
                .collect();
            let floor = short(if floor.starts_with(package) {
                &floor
            } else {
                package
            });
            faults.push(format!(
                "{floor}: imports in a circle: {}",
                arrows.join(", ")
            ));
        }
    }
}

/// Functions that are two, and types spread over files.
fn shapes(path: &Path, code: &str, faults: &mut Vec<String>) {
    let lines: Vec<&str> = code.lines().collect();
    let mut implemented = BTreeSet::new();
    for (n, line) in lines.iter().enumerate() {
        let indent = line.len() - line.trim_start().len();
        let words: Vec<&str> = line.split_whitespace().collect();
        let function = words.iter().position(|word| *word == "fn");
        if function.is_some_and(|at| at < 4) && !line.trim_end().ends_with(';') {
            let close = format!("{}}}", " ".repeat(indent));
            let length = lines[n..].iter().position(|line| **line == close);
            if let Some(length) = length.filter(|length| *length >= MAX_FUNCTION) {
                let name = words[function.unwrap_or_default() + 1];
                let name = name.split('(').next().unwrap_or(name);
                faults.push(format!("{}: {name} has {} lines", short(path), length + 1));
            }
        }
        if let Some(rest) = line.strip_prefix("impl")
            && !line.contains(" for ")
            && line.ends_with('{')
        {
            let name = type_name(rest);
            let is_here = ["struct", "enum"]
                .iter()
                .any(|kind| mentions(code, &format!("{kind} {name}")));
            if !is_here && !code.contains("macro_rules!") {
                faults.push(format!("{}: {name} is another file's type", short(path)));
            }
            if !implemented.insert(name.clone()) {
                faults.push(format!("{}: {name} has two impls", short(path)));
            }
        }
    }
}

/// The type that is implemented in `<T> Name<T> {`.
fn type_name(rest: &str) -> String {
    let mut depth = 0;
    let mut name = String::new();
    for c in rest.chars() {
        match c {
            '<' => depth += 1,
            '>' => depth -= 1,
            c if depth == 0 && (c.is_alphanumeric() || c == '_') => name.push(c),
            _ if !name.is_empty() => break,
            _ => {}
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(files: &[(&str, &str)]) -> BTreeMap<PathBuf, File> {
        let file = |(path, text): &(&str, &str)| {
            let module = path.trim_end_matches(".rs").split('/').map(str::to_owned);
            let mut module: Vec<String> = module.collect();
            if ["mod", "lib"].contains(&module.last().expect("a name").as_str()) {
                module.pop();
            }
            let code = code(text);
            (PathBuf::from(path), File { module, code })
        };
        files.iter().map(file).collect()
    }

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let mut faults = Vec::new();
        circles(Path::new(""), &package(files), &mut faults);
        faults
    }

    #[test]
    fn a_circle_of_two_files_is_found() {
        let files = [
            ("a.rs", "use crate::b::B;"),
            ("b.rs", "use super::{a::A, c};"),
            ("c.rs", ""),
        ];
        let faults = found(&files);
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].contains("a.rs → b.rs") && !faults[0].contains("c.rs"));
    }

    #[test]
    fn a_circle_of_folders_is_found_though_no_files_go_round() {
        let files = [
            ("a/mod.rs", "mod x; mod y; pub use x::X;"),
            ("a/x.rs", "use crate::b::P;"),
            ("a/y.rs", ""),
            ("b/mod.rs", "mod p; mod q; pub(crate) use p::P;"),
            ("b/p.rs", ""),
            ("b/q.rs", "fn q() { crate::a::y::why(); }"),
        ];
        let faults = found(&files);
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].contains("a → b"), "{faults:?}");
    }

    #[test]
    fn what_a_face_re_exports_is_its_childs() {
        let files = [
            ("lib.rs", "mod a; pub use a::A;"),
            ("a/mod.rs", "mod x; mod y; pub use x::X;"),
            ("a/x.rs", ""),
            ("a/y.rs", "use super::X; // use super::z;"),
            ("b.rs", "use crate::a::{X, y::Y as Why};"),
        ];
        assert_eq!(found(&files), Vec::<String>::new());
    }

    #[test]
    fn long_functions_and_spread_types_are_found() {
        let mut faults = Vec::new();
        let body = "    let _ = '\"';\n".repeat(MAX_FUNCTION);
        let text =
            format!("struct A;\nimpl A {{\n}}\nimpl<T> B<T> {{\n}}\nfn long() {{\n{body}}}\n");
        shapes(Path::new("a.rs"), &code(&text), &mut faults);
        assert_eq!(
            faults,
            ["a.rs: B is another file's type", "a.rs: long has 62 lines"]
        );
    }

    #[test]
    fn comments_strings_and_tests_are_no_code() {
        let text = "fn a() {} // tokio\nconst T: &str = \"tokio\\\"\";\n#[cfg(test)]\nmod tests { use tokio; }";
        assert!(!mentions(&code(text), "tokio"));
        assert!(mentions(&code("use tokio::net;"), "tokio"));
        assert!(!mentions("use my_tokio;", "tokio"));
    }
}
