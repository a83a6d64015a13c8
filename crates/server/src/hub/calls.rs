//! Calls and the people in them, as the messages say that make and end one.

use std::collections::HashMap;

use holdfast_protocol::Kind;

use super::{key::Key, refusal::Refusal};
use crate::limits::MAX_CANDIDATES;

/// How many people one person can be in the middle of a call with, as far as we keep track.
const MAX_CALLS: usize = 16;

/// Clients who are in a call now, or are not any more.
pub(super) type StatusChanges = Vec<(Key, bool)>;

/// The calls of everybody who is in one, or in the making of one.
#[derive(Default)]
pub(super) struct Calls(HashMap<Key, Vec<Partner>>);

/// The other side of a call.
struct Partner {
    key: Key,
    progress: Progress,
    /// Candidates that have gone there since the last description.
    candidates: u16,
}

/// How far a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// We have offered it.
    Offering,
    /// They have.
    Offered,
    /// The one has offered it, and the other has said yes.
    Agreed,
}

impl Calls {
    /// Follows a message of that kind from one client to another.
    ///
    /// # Errors
    /// [`Refusal::Candidates`] when there are too many of them.
    pub(super) fn follow(
        &mut self,
        sender: Key,
        receiver: Key,
        kind: Option<Kind>,
    ) -> Result<StatusChanges, Refusal> {
        let mut changes = Vec::new();
        match kind {
            Some(Kind::VideoOffer) => {
                // Whoever calls who calls says yes.
                let (ours, theirs) = match self.progress(sender, receiver) {
                    Some(Progress::Offered) => (Progress::Agreed, Progress::Agreed),
                    _ => (Progress::Offering, Progress::Offered),
                };
                self.put(sender, receiver, ours, &mut changes);
                self.put(receiver, sender, theirs, &mut changes);
                self.described(sender, receiver);
            }
            Some(Kind::VideoAnswer | Kind::Accepted) => {
                // Whoever was not asked cannot say yes.
                if self.progress(sender, receiver) == Some(Progress::Offered) {
                    self.put(sender, receiver, Progress::Agreed, &mut changes);
                    self.put(receiver, sender, Progress::Agreed, &mut changes);
                }
                self.described(sender, receiver);
            }
            Some(Kind::HangUp) => {
                changes.extend(self.end(sender, receiver));
                changes.extend(self.end(receiver, sender));
            }
            Some(Kind::Candidate) if self.is_crowded(sender, receiver) => {
                return Err(Refusal::Candidates);
            }
            Some(_) | None => {}
        }
        Ok(changes)
    }

    /// With whom a client is in a call, or in the making of one.
    pub(super) fn partners(&self, key: Key) -> impl Iterator<Item = Key> {
        let partners = self.0.get(&key).into_iter().flatten();
        partners.map(|partner| partner.key)
    }

    /// Whether the two are in a call.
    pub(super) fn are_agreed(&self, one: Key, other: Key) -> bool {
        self.progress(one, other) == Some(Progress::Agreed)
    }

    /// A client is in no call with anybody any more.
    pub(super) fn end_all(&mut self, key: Key) -> StatusChanges {
        let partners = self.0.remove(&key).into_iter().flatten();
        let partners: Vec<Key> = partners.map(|partner| partner.key).collect();
        let ended = partners
            .into_iter()
            .filter_map(|partner| self.end(partner, key));
        ended.chain([(key, false)]).collect()
    }

    /// The one is in no call with the other any more. A call that was begun on another server is
    /// known here by its status alone.
    fn end(&mut self, one: Key, other: Key) -> Option<(Key, bool)> {
        let partners = self.0.entry(one).or_default();
        partners.retain(|partner| partner.key != other);
        let is_free = !partners.iter().any(Partner::is_agreed);
        if partners.is_empty() {
            self.0.remove(&one);
        }
        is_free.then_some((one, false))
    }

    /// The one's call with the other is as far as that; what both have agreed to stays so.
    fn put(&mut self, one: Key, other: Key, progress: Progress, changes: &mut StatusChanges) {
        match self.partner(one, other) {
            Some(partner) if partner.is_agreed() => return,
            Some(partner) => partner.progress = progress,
            None => {
                let partners = self.0.entry(one).or_default();
                let (key, candidates) = (other, 0);
                partners.insert(
                    0,
                    Partner {
                        key,
                        progress,
                        candidates,
                    },
                );
                if partners.len() > MAX_CALLS {
                    // Of those who only want to call, first.
                    let wants = partners.iter().rposition(|partner| !partner.is_agreed());
                    let oldest = partners.remove(wants.unwrap_or(MAX_CALLS)).key;
                    changes.extend(self.end(oldest, one));
                }
            }
        }
        if progress == Progress::Agreed {
            changes.push((one, true));
        }
    }

    /// A description has gone from the one to the other: its candidates begin anew.
    fn described(&mut self, one: Key, other: Key) {
        if let Some(partner) = self.partner(one, other) {
            partner.candidates = 0;
        }
    }

    /// Counts a candidate; whether there are too many.
    fn is_crowded(&mut self, sender: Key, receiver: Key) -> bool {
        let Some(partner) = self.partner(sender, receiver) else {
            return false;
        };
        partner.candidates = partner.candidates.saturating_add(1);
        partner.candidates > MAX_CANDIDATES
    }

    fn progress(&self, one: Key, other: Key) -> Option<Progress> {
        let mut partners = self.0.get(&one).into_iter().flatten();
        let partner = partners.find(|partner| partner.key == other);
        partner.map(|partner| partner.progress)
    }

    fn partner(&mut self, one: Key, other: Key) -> Option<&mut Partner> {
        let partners = self.0.get_mut(&one).into_iter().flatten();
        partners.into_iter().find(|partner| partner.key == other)
    }
}

impl Partner {
    fn is_agreed(&self) -> bool {
        self.progress == Progress::Agreed
    }
}
