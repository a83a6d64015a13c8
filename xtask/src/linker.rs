//! The page's linker: LLVM's, less the classes that a dependency exports to JavaScript.
//!
//! wasm-bindgen exports every `#[wasm_bindgen]` type of every crate: here those of wasm-streams, by way of
//! Leptos. Our page is called by nobody, and what is exported keeps all that it could ever call: 3 kB of the
//! first load. So they are not exported, and wasm-bindgen is not told of them.
//!
//! rustc takes this program for `wasm-ld`, by its name.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail, ensure};

use crate::{
    run::target,
    wasm::{Reader, change_sections},
};

/// The name by which rustc knows what arguments a linker takes.
const NAME: &str = "wasm-ld";

/// The section of a module in which wasm-bindgen's macros leave what they have seen, each in a piece of its own.
const DESCRIPTIONS: &str = "__wasm_bindgen_unstable";

/// Whether this program was started as a linker.
pub(crate) fn is_asked_for() -> bool {
    let program = std::env::args_os().next().map(PathBuf::from);
    program.is_some_and(|program| program.file_stem() == Some(NAME.as_ref()))
}

/// This program, by the name of a linker.
pub(crate) fn install() -> Result<PathBuf> {
    let folder = target().join("link");
    let linker = folder.join(format!("{NAME}{}", std::env::consts::EXE_SUFFIX));
    fs::create_dir_all(&folder)?;
    if linker.exists() {
        fs::remove_file(&linker)?;
    }
    fs::hard_link(std::env::current_exe()?, &linker)?;
    Ok(linker)
}

/// Links, as the arguments of this program say.
pub(crate) fn link() -> Result<()> {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let classes = classes(&arguments);
    let arguments = without(&classes, arguments);
    // rustc has its own linker in the path.
    let linked = Command::new("rust-lld")
        .args(&arguments)
        .status()
        .context("rust-lld, which comes with Rust, does not run")?;
    ensure!(linked.success(), "the page cannot be linked");
    let mut output = arguments.iter().skip_while(|argument| *argument != "-o");
    let output = output.nth(1).context("a linker writes a file")?;
    forget(&classes, Path::new(output))
}

/// The classes among the exports, in small letters: each can be freed.
fn classes(arguments: &[OsString]) -> Vec<String> {
    let freed = |argument: &OsString| {
        let name = export(argument.to_str()?);
        // What comes after says which version of the crate it is of.
        let (class, _) = name.strip_prefix("__wbg_")?.split_once("_free_")?;
        Some(class.to_owned())
    };
    arguments.iter().filter_map(freed).collect()
}

fn export(argument: &str) -> &str {
    argument.strip_prefix("--export=").unwrap_or(argument)
}

/// `__wbg_name_free_…`, `__wbg_get_name_field_…` and `name_method_…` are of the class `Name`.
fn is_of(name: &str, class: &str) -> bool {
    let name = name.strip_prefix("__wbg_").unwrap_or(name);
    let name = ["get_", "set_"]
        .iter()
        .find_map(|accessor| name.strip_prefix(accessor))
        .unwrap_or(name);
    let member = name.strip_prefix(class);
    member.is_some_and(|member| member.starts_with('_'))
}

/// The arguments without what exports those classes, as `--export name` or `--export=name`.
fn without(classes: &[String], arguments: Vec<OsString>) -> Vec<OsString> {
    let mut kept: Vec<OsString> = Vec::with_capacity(arguments.len());
    for argument in arguments {
        let name = argument.to_str().map(export);
        let is_exported = argument.to_string_lossy().starts_with("--export=")
            || kept.last().is_some_and(|before| before == "--export");
        let is_classes = |name: &str| classes.iter().any(|class| is_of(name, class));
        if !(is_exported && name.is_some_and(is_classes)) {
            kept.push(argument);
        } else if kept.last().is_some_and(|before| before == "--export") {
            kept.pop();
        }
    }
    kept
}

/// Takes what is said of those classes out of a module.
fn forget(classes: &[String], file: &Path) -> Result<()> {
    let module = change_sections(&fs::read(file)?, |id, body| {
        let mut reader = Reader { bytes: body };
        let is_descriptions = id == 0 && reader.name()? == DESCRIPTIONS;
        if !is_descriptions {
            return Ok(body.to_vec());
        }
        let (name, pieces) = body.split_at(body.len() - reader.bytes.len());
        Ok([name, &described(classes, pieces)?].concat())
    })?;
    fs::write(file, module)?;
    Ok(())
}

/// The pieces, each with its length before it, but for those that name one of the classes. Before each there is
/// one that says which version wrote it.
fn described(classes: &[String], pieces: &[u8]) -> Result<Vec<u8>> {
    let mut reader = Reader { bytes: pieces };
    let mut kept = Vec::with_capacity(pieces.len());
    let piece = |reader: &mut Reader<'_>| -> Result<Vec<u8>> {
        let length: [u8; 4] = reader.take(4)?.try_into()?;
        let size = usize::try_from(u32::from_le_bytes(length))?;
        Ok([&length, reader.take(size)?].concat())
    };
    while !reader.bytes.is_empty() {
        let version = piece(&mut reader)?;
        let description = piece(&mut reader)?;
        if !version.ends_with(b"}") {
            bail!("wasm-bindgen leaves its descriptions in another way than was known");
        }
        let text = description.to_ascii_lowercase();
        let names = |class: &String| {
            let mut windows = text.windows(class.len());
            windows.any(|window| window == class.as_bytes())
        };
        if !classes.iter().any(names) {
            kept.extend(version);
            kept.extend(description);
        }
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn what_exports_a_class_goes_and_the_rest_stays() {
        let line = "--export __wbg_sink_free_58a9 a.o --export=sink_write --export sinks \
            --export=__wbg_get_sink_size --export main -o sink_write";
        let classes = classes(&arguments(line));
        assert_eq!(classes, ["sink"]);
        let kept = without(&classes, arguments(line));
        assert_eq!(
            kept,
            arguments("a.o --export sinks --export main -o sink_write")
        );
    }

    #[test]
    fn what_is_said_of_a_class_goes_with_its_version() {
        let piece = |text: &str| [&(text.len() as u32).to_le_bytes(), text.as_bytes()].concat();
        let version = piece("{\"version\":\"1\"}");
        let [class, other] = ["..Sink..", "..Source.."].map(piece);
        let all = [&version[..], &class, &version, &other].concat();
        let kept = described(&["sink".into()], &all).expect("pieces");
        assert_eq!(kept, [version, other].concat());
        assert!(described(&[], b"\x09\0\0\0 too short").is_err());
    }
}
