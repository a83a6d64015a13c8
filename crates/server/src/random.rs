//! Randomness that nobody can guess.

/// 64 bits, as hexadecimal digits: enough for two never to be the same, and no secret.
pub(crate) fn name() -> Result<String, getrandom::Error> {
    Ok(format!("{:016x}", getrandom::u64()?))
}

/// 128 bits, as hexadecimal digits.
pub(crate) fn token() -> Result<String, getrandom::Error> {
    Ok(format!(
        "{:016x}{:016x}",
        getrandom::u64()?,
        getrandom::u64()?
    ))
}
