//! Which files a file names.

use std::{collections::BTreeMap, path::PathBuf};

use super::source::File;

/// The paths that begin with `crate`, `super` or `self`, whole.
pub(super) fn paths(code: &str) -> Vec<Vec<String>> {
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
pub(super) fn resolve<'a>(
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
