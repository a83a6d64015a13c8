//! The parts of the page that come later, as files of their own.
//!
//! What is marked with `#[wasm_split(…)]` is taken out of the WebAssembly, and its code is fetched when it is
//! first called. That takes the place of what Trunk has made of the same WebAssembly.

use std::{ffi::OsStr, fs, path::Path};

use anyhow::{Context, Result, ensure};

use crate::{
    run::{command, run, target},
    tools::Tools,
    wasm,
};

/// The JavaScript that fetches parts.
const LOADER: &str = "__wasm_split.js";

/// How it takes a part in, and how it is to: hosts that serve parts as something else than `application/wasm`
/// serve them as well, as wasm-bindgen's own JavaScript knows of the page.
const STREAMING: &str = "WebAssembly.instantiateStreaming(src, imports)";
const WHOLE: &str = "WebAssembly.instantiate(await (await src).arrayBuffer(), imports)";

/// Puts the WebAssembly without its parts, its JavaScript and the parts into a folder that Trunk has filled.
pub(crate) fn parts(tools: &Tools, dist: &Path) -> Result<()> {
    let (wasm, script) = wasm::find(dist)?;
    let folder = target().join("split");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let mut split = command(
        "wasm-split-cli",
        &["--target", "web", "--out-name", "holdfast"],
    );
    split.arg(target().join("wasm32-unknown-unknown/web/holdfast.wasm"));
    run(tools.apply(split.arg(&folder)))?;
    let mut bindgen = command("wasm-bindgen", &["--target", "web", "--keep-lld-exports"]);
    bindgen.args(["--no-typescript", "--out-name", "holdfast", "--out-dir"]);
    bindgen
        .arg(folder.join("page"))
        .arg(folder.join("holdfast.wasm"));
    run(tools.apply(&mut bindgen))?;

    // With the names of its functions, which Trunk takes out: they say which ones lie beside each other.
    fs::copy(folder.join("page/holdfast_bg.wasm"), &wasm)?;
    let hashed = script.file_stem().unwrap_or_default().to_string_lossy();
    let mut loader = fs::read_to_string(folder.join(LOADER))?;
    for entry in fs::read_dir(&folder)? {
        let part = entry?.path();
        let name = part.file_name().unwrap_or_default().to_string_lossy();
        if let Some(of) = name
            .strip_prefix("split_")
            .filter(|_| part.extension() == Some(OsStr::new("wasm")))
        {
            let of = format!("{hashed}-{of}");
            loader = loader.replace(&*name, &of);
            fs::copy(&part, dist.join(of))?;
        }
    }
    ensure!(
        loader.contains(STREAMING),
        "{LOADER} is another than was known"
    );
    let loader = loader.replace(STREAMING, WHOLE);
    let page = fs::read_to_string(folder.join("page/holdfast.js"))?;
    fs::write(
        &script,
        joined(&page, &loader).context("wasm-bindgen's JavaScript fetches no part")?,
    )?;
    Ok(())
}

/// The page's JavaScript with what fetches its parts, which imports the page's and is imported by it.
fn joined(page: &str, loader: &str) -> Option<String> {
    let (import, page) = page.split_once('\n')?;
    let name = import
        .strip_prefix("import * as ")?
        .strip_suffix(&format!(" from \"./{LOADER}\""))?;
    let (_, loader) = loader.split_once('\n')?;
    let exports = loader.lines().filter_map(|line| {
        line.strip_prefix("export const ")?
            .split_whitespace()
            .next()
    });
    let exports = exports.collect::<Vec<_>>().join(", ");
    let loader = loader.replace("export const ", "const ");
    Some(format!(
        "{page}\n{loader}\nconst {name} = {{ {exports} }};\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_scripts_that_import_each_other_become_one() {
        let page = "import * as import1 from \"./__wasm_split.js\"\nuse(import1);\n";
        let loader = "import { initSync } from \"./holdfast.js\";\nexport const load = initSync;\n";
        let one = "use(import1);\n\nconst load = initSync;\n\nconst import1 = { load };\n";
        assert_eq!(joined(page, loader).as_deref(), Some(one));
        assert_eq!(joined("use();\n", loader), None);
    }
}
