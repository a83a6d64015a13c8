//! Who is in a call with whom, as the messages say that make and end one.

use super::{Hub, Key, Refusal, refusal::MAX_CANDIDATES};
use crate::room::Status;

/// How many people one person can be in the middle of a call with, as far as we keep track.
const MAX_CALLS: usize = 16;

/// The other side of a call.
pub(super) struct Partner {
    pub(super) key: Key,
    /// How many candidates have gone there since the last description.
    candidates: u16,
}

impl Hub {
    /// Remembers who is in a call with whom, by the messages that make and end one.
    pub(super) fn follow_call(
        &mut self,
        sender: Key,
        receiver: Key,
        kind: &str,
    ) -> Result<(), Refusal> {
        match kind {
            "video-offer" | "video-answer" => {
                for (one, other) in [(sender, receiver), (receiver, sender)] {
                    let Some(person) = self.people.get_mut(&one) else {
                        continue;
                    };
                    let known = person.calls.iter_mut().find(|p| p.key == other);
                    if let Some(partner) = known {
                        if one == sender {
                            partner.candidates = 0;
                        }
                        continue;
                    }
                    let (key, candidates) = (other, 0);
                    person.calls.insert(0, Partner { key, candidates });
                    if person.calls.len() > MAX_CALLS
                        && let Some(oldest) = person.calls.pop()
                    {
                        self.end_call(oldest.key, one);
                    }
                    self.set_status(one, Status::Busy);
                }
            }
            "new-ice-candidate" => {
                let person = self.people.get_mut(&sender);
                let mut calls = person.into_iter().flat_map(|person| &mut person.calls);
                if let Some(partner) = calls.find(|partner| partner.key == receiver) {
                    partner.candidates = partner.candidates.saturating_add(1);
                    if partner.candidates > MAX_CANDIDATES {
                        return Err(Refusal::Candidates);
                    }
                }
            }
            "hang-up" => {
                self.end_call(sender, receiver);
                self.end_call(receiver, sender);
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn end_calls(&mut self, key: Key) {
        let person = self.people.get_mut(&key);
        let calls = person.map(|person| std::mem::take(&mut person.calls));
        for partner in calls.into_iter().flatten() {
            self.end_call(partner.key, key);
        }
        self.set_status(key, Status::Free);
    }

    /// The one is in no call with the other any more.
    pub(super) fn end_call(&mut self, one: Key, other: Key) {
        if let Some(person) = self.people.get_mut(&one) {
            person.calls.retain(|partner| partner.key != other);
            if person.calls.is_empty() {
                self.set_status(one, Status::Free);
            }
        }
    }

    fn set_status(&mut self, key: Key, status: Status) {
        let person = self.people.get(&key);
        let Some(place) = person.and_then(|person| person.place.clone()) else {
            return;
        };
        let is_here = person.is_some_and(|person| person.elsewhere.is_none());
        let room = self.rooms.get_mut(&place.room);
        if room.is_some_and(|room| room.set_status(key, status)) {
            self.note(&place.room);
            if is_here {
                self.note_elsewhere(key);
            }
        }
    }
}
