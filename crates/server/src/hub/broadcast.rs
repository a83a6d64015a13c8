//! A message to everybody in a room.

use std::{collections::VecDeque, sync::Arc};

use tungstenite::Utf8Bytes;

use super::{directory::Directory, key::Key, refusal::Refusal};
use crate::limits::{MAX_BYTES_IN_ALL, MAX_BYTES_TO_ALL};

/// To how many people something goes in one go; in between, others get their turn.
pub(super) const AT_ONCE: usize = 64;

/// A message to everybody.
pub(super) struct Line {
    pub(super) from: Key,
    pub(super) text: Utf8Bytes,
}

/// Lines that take more than one go. Each is handed out to its end before the next is begun: everybody
/// reads them in one order.
#[derive(Default)]
pub(super) struct Lines {
    waiting: VecDeque<Line>,
    /// Somebody hands them out.
    is_in_hand: bool,
}

impl Lines {
    /// The next one; without one, nobody hands them out any more.
    pub(super) fn next(&mut self) -> Option<Line> {
        let next = self.waiting.pop_front();
        self.is_in_hand = next.is_some();
        next
    }
}

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
    if people <= AT_ONCE && !here.lines.is_in_hand {
        let everybody: Vec<Key> = here.keys().collect();
        hand_out(directory, &line, &everybody);
    } else {
        queue(directory, name, line);
    }
    people
}

fn queue(directory: &mut Directory, room: Arc<str>, line: Line) {
    if let Some(here) = directory.rooms.get_mut(&room) {
        here.lines.waiting.push_back(line);
        if !std::mem::replace(&mut here.lines.is_in_hand, true) {
            directory.lines_in.push(room);
        }
    }
}

/// Hands a message out to these of them.
pub(super) fn hand_out(directory: &mut Directory, line: &Line, to: &[Key]) {
    for key in to {
        // Whoever has not read the sender's last lines misses this one.
        let _ = directory.relay(line.from, *key, line.text.clone());
    }
}
