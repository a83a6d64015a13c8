//! WebAssembly modules, as far as the build changes them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

/// A module and its JavaScript, in a folder that has one.
pub(crate) fn find(dist: &Path) -> Result<(PathBuf, PathBuf)> {
    let mut files = fs::read_dir(dist)?.flatten().map(|entry| entry.path());
    let wasm = files.find(|file| file.to_string_lossy().ends_with("_bg.wasm"));
    let wasm = wasm.context("there is no WebAssembly in dist")?;
    let name = wasm.file_name().unwrap_or_default().to_string_lossy();
    let script = wasm.with_file_name(name.replace("_bg.wasm", ".js"));
    Ok((wasm, script))
}

/// The module with each section as `change` makes it from its id and its content.
pub(crate) fn change_sections(
    module: &[u8],
    mut change: impl FnMut(u8, &[u8]) -> Result<Vec<u8>>,
) -> Result<Vec<u8>> {
    let mut reader = Reader { bytes: module };
    let mut out = reader.take(8)?.to_vec();
    while !reader.bytes.is_empty() {
        let id = reader.take(1)?[0];
        let size = reader.number()?;
        let body = change(id, reader.take(size)?)?;
        out.push(id);
        write_number(&mut out, body.len());
        out.extend(body);
    }
    Ok(out)
}

/// Reads what a module is made of.
pub(crate) struct Reader<'a> {
    pub(crate) bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self
            .bytes
            .split_at_checked(count)
            .context("the module ends early")?;
        self.bytes = rest;
        Ok(taken)
    }

    /// An unsigned LEB128 number.
    pub(crate) fn number(&mut self) -> Result<usize> {
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

    pub(crate) fn name(&mut self) -> Result<String> {
        let size = self.number()?;
        Ok(std::str::from_utf8(self.take(size)?)?.to_owned())
    }
}

/// Writes an unsigned LEB128 number.
pub(crate) fn write_number(out: &mut Vec<u8>, mut number: usize) {
    loop {
        let byte = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 {
            return out.push(byte);
        }
        out.push(byte | 0x80);
    }
}
