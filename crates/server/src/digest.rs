//! What is said in the place of what is not to be told.

use ring::digest::{SHA256, digest};

/// The first 64 bits of its SHA-256 hash, as hexadecimal digits.
pub(crate) fn short(text: &str) -> String {
    let digest = digest(&SHA256, text.as_bytes());
    let digits = digest.as_ref().iter().take(8);
    digits.map(|byte| format!("{byte:02x}")).collect()
}
