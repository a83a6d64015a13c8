//! The key with which a server knows again what it has given out, also after it has restarted.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use crate::{options::Options, random};

/// The key in the file that the options name, which is made if it is not there; or one that is
/// forgotten with the process.
///
/// # Errors
/// When the file cannot be read or made, or is too short to be a key.
pub(crate) fn load(options: &Options) -> io::Result<Vec<u8>> {
    let Some(file) = &options.key else {
        return Ok(random::token()?.into_bytes());
    };
    let said = |error: io::Error| {
        let file = file.display();
        io::Error::other(format!("the key {file} cannot be had: {error}"))
    };
    let key = match fs::read(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(file).map_err(said)?,
        read => read.map_err(said)?,
    };
    match key.len() {
        32.. => Ok(key),
        _ => Err(said(io::Error::other("it has less than 32 bytes"))),
    }
}

fn make(file: &Path) -> io::Result<Vec<u8>> {
    let key = random::token()?.into_bytes();
    let mut made = secret().create_new(true).open(file)?;
    made.write_all(&key)?;
    Ok(key)
}

/// Writes what nobody else may read, in place of what there is: whole, or not at all.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn write_secretly(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = file.with_extension("new");
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut made = secret().create_new(true).open(&beside)?;
    made.write_all(bytes)?;
    made.sync_all()?;
    fs::rename(beside, file)
}

/// A file for its owner alone.
fn secret() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_read_from_then_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let options = |name| Options {
            key: Some(folder.path().join(name)),
            ..Options::default()
        };
        let made = load(&options("key")).expect("made");
        assert_eq!(made.len(), 32);
        assert_eq!(load(&options("key")).expect("read"), made);
        assert_ne!(load(&Options::default()).expect("made up"), made);
        fs::write(folder.path().join("short"), "short").expect("written");
        let error = load(&options("short")).expect_err("too short").to_string();
        assert!(error.contains("less than 32 bytes"), "{error}");
        let error = load(&options("no/such"))
            .expect_err("no folder")
            .to_string();
        assert!(error.contains("cannot be had"), "{error}");
    }
}
