//! A message to everybody in a room.

use tungstenite::Utf8Bytes;

use super::{directory::Directory, key::Key, refusal::Refusal};
use crate::limits::{MAX_BYTES_IN_ALL, MAX_BYTES_TO_ALL};

/// Whether a message of that size can go to so many people.
pub(super) fn check_size(bytes: usize, people: usize) -> Result<(), Refusal> {
    let most = (MAX_BYTES_IN_ALL / people.max(1)).min(MAX_BYTES_TO_ALL);
    match bytes > most {
        true => Err(Refusal::TooLargeForAll { bytes, most }),
        false => Ok(()),
    }
}

/// Sends a message to everybody in a room who is connected here. Gives how many people are in it.
pub(super) fn broadcast(
    directory: &mut Directory,
    from: Key,
    room: &str,
    text: &Utf8Bytes,
) -> usize {
    let everybody = directory.keys_in(room);
    for key in &everybody {
        // Whoever has not read the sender's last lines misses this one.
        let _ = directory.relay(from, *key, text.clone());
    }
    everybody.len()
}
