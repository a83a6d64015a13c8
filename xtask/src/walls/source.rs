//! Sources as text: what is code, and of which module.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Result;

use crate::run::root;

/// A source file, as its module.
pub(super) struct File {
    pub(super) module: Vec<String>,
    pub(super) code: String,
}

/// The source folder of each package.
pub(super) fn packages() -> Result<Vec<PathBuf>> {
    let mut packages = vec![root().join("src")];
    for package in fs::read_dir(root().join("crates"))? {
        packages.push(package?.path().join("src"));
    }
    packages.sort();
    Ok(packages)
}

pub(super) fn read(package: &Path) -> Result<BTreeMap<PathBuf, File>> {
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

pub(super) fn sources(folder: &Path) -> Result<Vec<PathBuf>> {
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

pub(super) fn short(path: &Path) -> String {
    let path = path.strip_prefix(root()).unwrap_or(path);
    path.display().to_string()
}

/// The text without comments, strings and unit tests; lines stay where they are.
pub(super) fn code(text: &str) -> String {
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
            '/' if chars.peek() == Some(&'*') => {
                let mut last = ' ';
                for c in chars.by_ref() {
                    if c == '\n' {
                        out.push('\n');
                    }
                    if (last, c) == ('*', '/') {
                        break;
                    }
                    last = c;
                }
            }
            'r' if !before.is_alphanumeric() && before != '_' && raw(&chars).is_some() => {
                let hashes = raw(&chars).unwrap_or_default();
                chars.by_ref().take(hashes + 1).for_each(drop);
                let mut left = 0;
                for c in chars.by_ref() {
                    match c {
                        '"' => left = hashes + 1,
                        '#' if left > 1 => left -= 1,
                        '\n' => out.push('\n'),
                        _ => left = 0,
                    }
                    if left == 1 {
                        break;
                    }
                }
                out.push_str("\"\"");
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

/// How many `#` a raw string has, if one begins after the `r`.
fn raw(after: &std::iter::Peekable<std::str::Chars<'_>>) -> Option<usize> {
    let mut next = after.clone();
    let mut hashes = 0;
    loop {
        match next.next()? {
            '#' => hashes += 1,
            '"' => return Some(hashes),
            _ => return None,
        }
    }
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
pub(super) fn mentions(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_strings_and_tests_are_no_code() {
        let text = "fn a() {} // tokio\nconst T: &str = \"tokio\\\"\";\n#[cfg(test)]\nmod tests { use tokio; }";
        assert!(!mentions(&code(text), "tokio"));
        assert!(mentions(&code("use tokio::net;"), "tokio"));
        let raw = "const T: &str = r#\"tokio \" tokio\"#; /* tokio \" */ use leptos;";
        assert!(!mentions(&code(raw), "tokio"));
        assert!(mentions(&code(raw), "leptos"));
        assert!(!mentions("use my_tokio;", "tokio"));
    }
}
