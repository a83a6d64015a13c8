//! Short names between the WebAssembly and its JavaScript.
//!
//! wasm-bindgen calls each import something like `__wbg_addTrack_d09b64ba5ac161f2`, in both files.
//! The digits do not compress: short names take 5 kB off the first load.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

/// The section of a module that lists its imports (WebAssembly core specification, 5.5.5).
const IMPORTS: u8 = 2;

/// The kind of an import that is a function; wasm-bindgen makes no others.
const FUNCTION: u8 = 0;

/// The module that wasm-bindgen's imports come from ends so, and is called this instead.
const MODULE: (&str, &str) = ("_bg.js", "w");

/// Renames the imports in a folder's one `*_bg.wasm` and its JavaScript; gives the latter's path.
pub(crate) fn imports(dist: &Path) -> Result<PathBuf> {
    let mut files = fs::read_dir(dist)?.flatten().map(|entry| entry.path());
    let wasm = files.find(|file| file.to_string_lossy().ends_with("_bg.wasm"));
    let wasm = wasm.context("there is no WebAssembly in dist")?;
    let script = wasm.with_file_name(
        wasm.file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .replace("_bg.wasm", ".js"),
    );
    let mut names = HashMap::new();
    let module = rename(&fs::read(&wasm)?, &mut names)?;
    let text = in_script(&fs::read_to_string(&script)?, &names);
    fs::write(wasm, module)?;
    fs::write(&script, text)?;
    Ok(script)
}

/// The module with other import names, which are noted.
fn rename(module: &[u8], names: &mut HashMap<String, String>) -> Result<Vec<u8>> {
    let mut reader = Reader { bytes: module };
    let mut out = reader.take(8)?.to_vec();
    while !reader.bytes.is_empty() {
        let id = reader.take(1)?[0];
        let size = reader.number()?;
        let body = reader.take(size)?;
        let body = match id {
            IMPORTS => rename_section(body, names)?,
            _ => body.to_vec(),
        };
        out.push(id);
        write_number(&mut out, body.len());
        out.extend(body);
    }
    Ok(out)
}

fn rename_section(section: &[u8], names: &mut HashMap<String, String>) -> Result<Vec<u8>> {
    let mut reader = Reader { bytes: section };
    let count = reader.number()?;
    let mut out = Vec::new();
    write_number(&mut out, count);
    for _ in 0..count {
        let module = reader.name()?;
        let name = reader.name()?;
        if !module.ends_with(MODULE.0) || reader.take(1)?[0] != FUNCTION {
            bail!("an import that wasm-bindgen does not make: {module} {name}");
        }
        names.insert(module, MODULE.1.into());
        let short = format!("_{}", names.len());
        for text in [MODULE.1, names.entry(name).or_insert(short)] {
            write_number(&mut out, text.len());
            out.extend(text.bytes());
        }
        out.push(FUNCTION);
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

struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self
            .bytes
            .split_at_checked(count)
            .context("the module ends early")?;
        self.bytes = rest;
        Ok(taken)
    }

    /// An unsigned LEB128 number.
    fn number(&mut self) -> Result<usize> {
        let mut number = 0;
        for shift in (0..35).step_by(7) {
            let byte = self.take(1)?[0];
            number |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        bail!("a number with too many digits")
    }

    fn name(&mut self) -> Result<String> {
        let size = self.number()?;
        Ok(std::str::from_utf8(self.take(size)?)?.to_owned())
    }
}

fn write_number(out: &mut Vec<u8>, mut number: usize) {
    loop {
        let byte = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 {
            return out.push(byte);
        }
        out.push(byte | 0x80);
    }
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
        assert!(
            rename(&long, &mut names).is_err(),
            "not a module of wasm-bindgen's"
        );
        let long = module(b"\x01\x0b./app_bg.js\x05add_1\x00\x07");
        let short = rename(&long, &mut names).expect("a module");
        assert_eq!(short, module(b"\x01\x01w\x02_1\x00\x07"));
        let script = in_script(r#"{"./app_bg.js": {add_1: f, add_12: g}}"#, &names);
        assert_eq!(script, r#"{"w": {_1: f, add_12: g}}"#);
    }

    #[test]
    fn what_is_no_module_is_refused() {
        for bytes in [&b""[..], b"\0asm", b"\0asm\x01\0\0\0\x02\xff"] {
            assert!(rename(bytes, &mut HashMap::new()).is_err());
        }
    }
}
