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

/// Sends a message to everybody in a room who is connected here: at once if they are few or it is `urgent`, or in
/// its turn. Gives how many people are in it.
pub(super) fn broadcast(
    directory: &mut Directory,
    room: &str,
    line: Line,
    urgent: bool,
) -> Result<usize, Refusal> {
    let Some((name, here)) = directory.rooms.get_key_value(room) else {
        return Ok(0);
    };
    let (name, people, waits) = (name.clone(), here.len(), !here.lines.is_empty());
    if urgent || people <= AT_ONCE && !waits {
        let everybody: Vec<Key> = here.keys().collect();
        hand_out(directory, &line, &everybody);
    } else if let Some(here) = directory.rooms.get_mut(&name) {
        here.lines.put(line).ok_or(Refusal::ManySpeak)?;
        if !waits {
            directory.lines_in.push_back(name);
        }
    }
    Ok(people)
}

/// Hands out a part of the lines that wait. Whether some are left.
pub(super) fn hand_out_some(directory: &mut Directory) -> bool {
    if let Some(name) = directory.lines_in.pop_front()
        && let Some(here) = directory.rooms.get_mut(&name)
    {
        if let Some((line, some)) = here.next_line() {
            hand_out(directory, &line, &some);
        }
        let here = directory.rooms.get(&name);
        if here.is_some_and(|here| !here.lines.is_empty()) {
            // Other rooms have their turn.
            directory.lines_in.push_back(name);
        }
    }
    !directory.lines_in.is_empty()
}

/// Hands a message out to these of them.
fn hand_out(directory: &mut Directory, line: &Line, to: &[Key]) {
    for key in to {
        // Whoever has not read the sender's last lines misses this one.
        let _ = directory.relay(line.from, *key, line.text.clone());
    }
}
