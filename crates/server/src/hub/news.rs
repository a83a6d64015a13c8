//! What the people in a room have yet to be told of each other. It is taken out of the room in no time, and put
//! into words while nobody waits for the room.

use std::sync::Arc;

use holdfast_protocol::ServerMessage;
use tungstenite::Message as Frame;

use super::{
    key::Key,
    presence::{PresenceFeed, Status},
};
use crate::wire::{encode, pack};

/// Names, and how those are whom they belong to; nothing where they are gone.
pub(super) type Statuses = Vec<(Arc<str>, Option<Status>)>;

/// What is to be told to whom.
pub(super) struct News {
    /// Everybody, for clients of the sample.
    pub(super) list: Option<Vec<Arc<str>>>,
    /// What is no longer as the others know it.
    pub(super) changes: Statuses,
    /// Everybody, in that version.
    pub(super) snapshot: Option<(u32, Statuses)>,
    pub(super) receivers: Vec<(Key, PresenceFeed)>,
}

/// The same, as frames.
pub(super) struct Frames {
    list: Option<Frame>,
    changes: Option<Frame>,
    snapshot: Option<Frame>,
    pub(super) receivers: Vec<(Key, PresenceFeed)>,
}

impl News {
    /// The same, where nobody is listed: not even who is told.
    pub(super) fn of_nobody(self) -> Self {
        Self {
            list: self.list.map(|_| Vec::new()),
            changes: Vec::new(),
            snapshot: self.snapshot.map(|(version, _)| (version, Vec::new())),
            receivers: self.receivers,
        }
    }

    pub(super) fn into_frames(self) -> Frames {
        let list = self.list.map(|names| {
            let users = names.iter().map(ToString::to_string).collect();
            Frame::Text(encode(&ServerMessage::UserList { users }))
        });
        Frames {
            list,
            changes: (!self.changes.is_empty()).then(|| changes(&self.changes)),
            snapshot: self.snapshot.map(|(version, all)| snapshot(version, &all)),
            receivers: self.receivers,
        }
    }
}

impl Frames {
    /// What somebody with such a feed is told.
    pub(super) fn of(&self, feed: PresenceFeed) -> Option<&Frame> {
        match feed {
            PresenceFeed::Lists => self.list.as_ref(),
            PresenceFeed::Changes => self.changes.as_ref(),
            PresenceFeed::Snapshot => self.snapshot.as_ref(),
            PresenceFeed::Remote => None,
        }
    }
}

fn changes(changes: &Statuses) -> Frame {
    pack(&ServerMessage::PresenceChanges {
        free: with(changes, Some(Status::Free)),
        busy: with(changes, Some(Status::Busy)),
        away: with(changes, Some(Status::Away)),
        gone: with(changes, None),
    })
}

fn snapshot(version: u32, all: &Statuses) -> Frame {
    let sorted = |status| {
        let mut names = with(all, Some(status));
        // In the order in which pages keep them, so that they need not sort.
        names.sort_by_cached_key(|name| (name.to_ascii_lowercase(), name.clone()));
        names
    };
    pack(&ServerMessage::Presence {
        version,
        free: sorted(Status::Free),
        busy: sorted(Status::Busy),
        away: sorted(Status::Away),
    })
}

fn with(statuses: &Statuses, wanted: Option<Status>) -> Vec<String> {
    let names = statuses.iter().filter(|(_, status)| *status == wanted);
    names.map(|(name, _)| name.to_string()).collect()
}
