//! Randomness that nobody can guess.

/// 128 bits, as hexadecimal digits.
pub(crate) fn token() -> Result<String, getrandom::Error> {
    Ok(format!(
        "{:016x}{:016x}",
        getrandom::u64()?,
        getrandom::u64()?
    ))
}
