//! Short names between the WebAssembly and its JavaScript.
//!
//! wasm-bindgen calls each import something like `__wbg_addTrack_d09b64ba5ac161f2`, in both files.
//! The digits do not compress: short names take 5 kB off the first load.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Result, bail, ensure};

use crate::wasm::{Reader, change_sections, find, write_number};

/// The section of a module that lists its imports (WebAssembly core specification, 5.5.5).
const IMPORTS: u8 = 2;

/// The section that lists its exports (the same, 5.5.10).
const EXPORTS: u8 = 7;

/// What wasm-bindgen exports to call closures by begins so, and its JavaScript calls it with this before it.
const CLOSURE: (&str, &str) = ("wasm_bindgen__convert__", "wasm.");

/// The kind of an import that is a function; wasm-bindgen makes no others.
const FUNCTION: u8 = 0;

/// The module that wasm-bindgen's imports come from ends so, and is called this instead.
const MODULE: (&str, &str) = ("_bg.js", "w");

/// Renames the imports and closures in a folder's one `*_bg.wasm` and its JavaScript; gives the latter's path.
pub(crate) fn names(dist: &Path) -> Result<PathBuf> {
    let (wasm, script) = find(dist)?;
    let mut names = HashMap::new();
    let module = rename(&fs::read(&wasm)?, &mut names)?;
    let text = in_script(&fs::read_to_string(&script)?, &names);
    let called = format!("{}{}", CLOSURE.1, CLOSURE.0);
    ensure!(
        !text.contains(&called),
        "the script calls closures otherwise than was known"
    );
    fs::write(wasm, module)?;
    fs::write(&script, text)?;
    Ok(script)
}

/// The module with other import names, which are noted.
fn rename(module: &[u8], names: &mut HashMap<String, String>) -> Result<Vec<u8>> {
    change_sections(module, |id, body| match id {
        IMPORTS => rename_section(body, names),
        EXPORTS => rename_exports(body, names),
        _ => Ok(body.to_vec()),
    })
}

fn rename_section(section: &[u8], names: &mut HashMap<String, String>) -> Result<Vec<u8>> {
    let mut reader = Reader { bytes: section };
    let count = reader.number()?;
    let mut out = Vec::new();
    write_number(&mut out, count);
    for _ in 0..count {
        let module = reader.name()?;
        let name = reader.name()?;
        if reader.take(1)?[0] != FUNCTION {
            bail!("an import that is no function: {module} {name}");
        }
        // What fetches the parts is not wasm-bindgen's.
        let both = match module.ends_with(MODULE.0) {
            true => {
                names.insert(module, MODULE.1.into());
                let short = format!("_{}", names.len());
                [MODULE.1.into(), names.entry(name).or_insert(short).clone()]
            }
            false => [module, name],
        };
        for text in both {
            write_number(&mut out, text.len());
            out.extend(text.bytes());
        }
        out.push(FUNCTION);
        write_number(&mut out, reader.number()?);
    }
    Ok(out)
}

fn rename_exports(section: &[u8], names: &mut HashMap<String, String>) -> Result<Vec<u8>> {
    let mut reader = Reader { bytes: section };
    let count = reader.number()?;
    let mut out = Vec::new();
    write_number(&mut out, count);
    for index in 0..count {
        let mut name = reader.name()?;
        if name.starts_with(CLOSURE.0) {
            let short = format!("e{index}");
            let called = |name: &str| format!("{}{name}", CLOSURE.1);
            names.insert(called(&name), called(&short));
            name = short;
        }
        write_number(&mut out, name.len());
        out.extend(name.bytes());
        out.push(reader.take(1)?[0]);
        write_number(&mut out, reader.number()?);
    }
    Ok(out)
}

/// The script with the names replaced, word by word.
fn in_script(script: &str, names: &HashMap<String, String>) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || "_$./".contains(c);
    let mut out = String::with_capacity(script.len());
    let mut rest = script;
    while let Some(start) = rest.find(is_word) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c| !is_word(c)).unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        out.push_str(before);
        out.push_str(names.get(word).map_or(word, String::as_str));
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: [u8; 8] = *b"\0asm\x01\0\0\0";

    fn module(import: &[u8]) -> Vec<u8> {
        let mut module = HEAD.to_vec();
        module.extend([IMPORTS, import.len() as u8]);
        module.extend(import);
        module.extend([0, 1, 0]);
        module
    }

    #[test]
    fn imports_get_the_same_short_name_on_both_sides() {
        let mut names = HashMap::new();
        let long = module(b"\x01\x0c./app_bg.js!\x05add_1\x00\x07".as_slice());
        let kept = rename(&long, &mut names).expect("a module");
        assert_eq!(kept, long, "not an import of wasm-bindgen's");
        let long = module(b"\x01\x0b./app_bg.js\x05add_1\x00\x07");
        let short = rename(&long, &mut names).expect("a module");
        assert_eq!(short, module(b"\x01\x01w\x02_1\x00\x07"));
        let script = in_script(r#"{"./app_bg.js": {add_1: f, add_12: g}}"#, &names);
        assert_eq!(script, r#"{"w": {_1: f, add_12: g}}"#);
    }

    #[test]
    fn closures_get_the_same_short_name_on_both_sides() {
        let exports = |closure: &[u8]| {
            let mut body = b"\x02\x04main\x00\x07".to_vec();
            body.push(closure.len() as u8);
            body.extend([closure, b"\x00\x08"].concat());
            let mut module = HEAD.to_vec();
            module.extend([EXPORTS, body.len() as u8]);
            module.extend(body);
            module
        };
        let mut names = HashMap::new();
        let short = rename(&exports(b"wasm_bindgen__convert__h7a"), &mut names);
        assert_eq!(short.expect("a module"), exports(b"e1"));
        let script = in_script("wasm.wasm_bindgen__convert__h7a(1); wasm.main()", &names);
        assert_eq!(script, "wasm.e1(1); wasm.main()");
    }

    #[test]
    fn what_is_no_module_is_refused() {
        for bytes in [&b""[..], b"\0asm", b"\0asm\x01\0\0\0\x02\xff"] {
            assert!(rename(bytes, &mut HashMap::new()).is_err());
        }
    }
}
