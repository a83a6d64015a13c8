//! Imports in a circle.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use super::{
    paths::{paths, resolve},
    source::{File, short},
};

/// Imports in a circle: among files, and among the folders that hold them, on every floor.
pub(super) fn circles(package: &Path, files: &BTreeMap<PathBuf, File>, faults: &mut Vec<String>) {
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

#[cfg(test)]
mod tests {
    use super::{super::source::code, *};

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
}
