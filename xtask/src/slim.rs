//! Classes that a dependency exports to JavaScript, and that no page uses.
//!
//! wasm-bindgen exports every `#[wasm_bindgen]` type of every crate, with all the code behind it: here
//! those of wasm-streams, by way of Leptos. Our page is called by nobody, so they go: 3 kB of the
//! first load.

use std::{fs, path::Path};

use anyhow::Result;

use crate::wasm::{Reader, change_sections, find, write_number};

/// The section of a module that lists its exports (WebAssembly core specification, 5.5.10).
const EXPORTS: u8 = 7;

const CLASS: &str = "export class ";

/// Takes them out of a folder's one `*_bg.wasm` and its JavaScript. The code behind them is for
/// wasm-opt to find.
pub(crate) fn classes(dist: &Path) -> Result<()> {
    let (wasm, script) = find(dist)?;
    let text = fs::read_to_string(&script)?;
    let names: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix(CLASS)?.split_whitespace().next())
        .collect();
    let module = change_sections(&fs::read(&wasm)?, |id, body| match id {
        EXPORTS => without_exports(body, &names),
        _ => Ok(body.to_vec()),
    })?;
    let slim = without_classes(&text, &names);
    fs::write(wasm, module)?;
    fs::write(script, slim)?;
    Ok(())
}

/// `__wbg_name_free` and `name_method` are of the class `Name`.
fn is_of(export: &str, class: &str) -> bool {
    let export = export.strip_prefix("__wbg_").unwrap_or(export);
    let method = export.strip_prefix(&class.to_lowercase());
    method.is_some_and(|method| method.starts_with('_'))
}

fn without_exports(section: &[u8], classes: &[&str]) -> Result<Vec<u8>> {
    let mut reader = Reader { bytes: section };
    let (mut count, mut kept) = (0, Vec::new());
    for _ in 0..reader.number()? {
        let name = reader.name()?;
        let kind = reader.take(1)?[0];
        let index = reader.number()?;
        if classes.iter().any(|class| is_of(&name, class)) {
            continue;
        }
        count += 1;
        write_number(&mut kept, name.len());
        kept.extend(name.bytes());
        kept.push(kind);
        write_number(&mut kept, index);
    }
    let mut out = Vec::new();
    write_number(&mut out, count);
    out.extend(kept);
    Ok(out)
}

/// Without the classes themselves, and the statements that are about them alone.
fn without_classes(script: &str, classes: &[&str]) -> String {
    let begins = |line: &str| {
        classes.iter().find_map(|class| {
            [
                (format!("{CLASS}{class} {{"), "}"),
                (format!("const {class}Finalization = "), ";"),
                (format!("if (Symbol.dispose) {class}.prototype"), ";"),
            ]
            .into_iter()
            .find(|(begin, _)| line.starts_with(begin))
            .map(|(_, end)| end)
        })
    };
    let mut out = String::with_capacity(script.len());
    let mut lines = script.lines();
    while let Some(line) = lines.next() {
        let Some(end) = begins(line) else {
            out.push_str(line);
            out.push('\n');
            continue;
        };
        // A class ends with a brace at the line's beginning, a statement with a semicolon.
        let ends = |line: &str| match end {
            ";" => line.ends_with(end),
            _ => line.starts_with(end),
        };
        if !ends(line) {
            lines.by_ref().find(|line| ends(line));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_goes_with_its_statements_and_nothing_else() {
        let script = "export class Sink {\n    free() {\n    }\n}\n\
            if (Symbol.dispose) Sink.prototype[Symbol.dispose] = Sink.prototype.free;\n\
            const SinkFinalization = (typeof FinalizationRegistry === 'undefined')\n    ? {}\n    \
            : new FinalizationRegistry(ptr => wasm.__wbg_sink_free(ptr, 1));\n\
            const Sinks = 1;\n";
        assert_eq!(without_classes(script, &["Sink"]), "const Sinks = 1;\n");
        assert_eq!(without_classes(script, &["Source"]), script);
    }

    #[test]
    fn exports_of_a_class_go_and_the_others_stay() {
        let section = b"\x03\x0f__wbg_sink_free\x00\x01\x05sinks\x00\x02\x0asink_write\x00\x03";
        let slim = without_exports(section, &["Sink"]).expect("a section");
        assert_eq!(slim, b"\x01\x05sinks\x00\x02");
    }
}
