//! A message to everybody in a room.

use super::{
    directory::Directory,
    key::Key,
    lines::{AT_ONCE, Line},
    refusal::Refusal,
};
use crate::limits::{MAX_BYTES_IN_ALL, MAX_BYTES_TO_ALL};

/// Whether a message of that size can go to so many people.
pub(super) fn check_size(bytes: usize, people: usize) -> Result<(), Refusal> {
    let most = (MAX_BYTES_IN_ALL / people.max(1)).min(MAX_BYTES_TO_ALL);
    match bytes > most {
        true => Err(Refusal::TooLargeForAll { bytes, most }),
        false => Ok(()),
    }
}

/// Sends a message to everybody in a room who is connected here, at once or soon. Gives how many people are in
/// it.
pub(super) fn broadcast(directory: &mut Directory, room: &str, line: Line) -> usize {
    let Some((name, here)) = directory.rooms.get_key_value(room) else {
        return 0;
    };
    let (name, people) = (name.clone(), here.len());
    if people <= AT_ONCE && !here.lines.is_in_hand() {
        let everybody: Vec<Key> = here.keys().collect();
        hand_out(directory, &line, &everybody);
    } else if let Some(here) = directory.rooms.get_mut(&name)
        && here.lines.put(line)
    {
        directory.lines_in.push(name);
    }
    people
}

/// Hands a message out to these of them.
pub(super) fn hand_out(directory: &mut Directory, line: &Line, to: &[Key]) {
    for key in to {
        // Whoever has not read the sender's last lines misses this one.
        let _ = directory.relay(line.from, *key, line.text.clone());
    }
}
