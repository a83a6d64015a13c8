//! Randomness that nobody can guess.

use web_sys::window;

/// 128 bits, as hexadecimal digits.
#[must_use]
pub fn token() -> String {
    bytes::<16>()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// 32 bits.
#[must_use]
pub fn seed() -> u32 {
    u32::from_le_bytes(bytes())
}

/// Random bytes.
#[must_use]
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if let Some(crypto) = window().and_then(|window| window.crypto().ok()) {
        // Fails only for arrays above 64 KiB.
        let _ = crypto.get_random_values_with_u8_array(&mut bytes);
    }
    bytes
}
