//! Calls and the people in them, as the messages say that make and end one.

use std::collections::HashMap;

use holdfast_protocol::Kind;

use super::{key::Key, refusal::Refusal, room::Status};
use crate::limits::MAX_CANDIDATES;

/// How many people one person can be in the middle of a call with, as far as we keep track.
const MAX_CALLS: usize = 16;

/// Clients whose status has changed, and to what.
pub(super) type StatusChanges = Vec<(Key, Status)>;

/// The calls of everybody who is in one.
#[derive(Default)]
pub(super) struct Calls(HashMap<Key, Vec<Partner>>);

/// The other side of a call.
struct Partner {
    key: Key,
    /// Candidates that have gone there since the last description.
    candidates: u16,
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
        let Some(kind) = kind else {
            return Ok(Vec::new());
        };
        if matches!(kind, Kind::VideoOffer | Kind::VideoAnswer) {
            let mut changes = Vec::new();
            self.described(sender, receiver, &mut changes);
            self.begin(receiver, sender, &mut changes);
            Ok(changes)
        } else if kind == Kind::HangUp {
            let ended = [self.end(sender, receiver), self.end(receiver, sender)];
            Ok(ended.into_iter().flatten().collect())
        } else {
            match kind == Kind::Candidate && self.is_crowded(sender, receiver) {
                true => Err(Refusal::Candidates),
                false => Ok(Vec::new()),
            }
        }
    }

    /// With whom a client is in a call.
    pub(super) fn partners(&self, key: Key) -> impl Iterator<Item = Key> {
        let partners = self.0.get(&key).into_iter().flatten();
        partners.map(|partner| partner.key)
    }

    /// A client is in no call with anybody any more.
    pub(super) fn end_all(&mut self, key: Key) -> StatusChanges {
        let partners = self.0.remove(&key).into_iter().flatten();
        let partners: Vec<Key> = partners.map(|partner| partner.key).collect();
        let ended = partners
            .into_iter()
            .filter_map(|partner| self.end(partner, key));
        ended.chain([(key, Status::Free)]).collect()
    }

    /// The one is in no call with the other any more. A call that was begun on another server is
    /// known here by its status alone.
    fn end(&mut self, one: Key, other: Key) -> Option<(Key, Status)> {
        let partners = self.0.entry(one).or_default();
        partners.retain(|partner| partner.key != other);
        partners.is_empty().then(|| {
            self.0.remove(&one);
            (one, Status::Free)
        })
    }

    /// A description has gone from the one to the other: its candidates begin anew.
    fn described(&mut self, one: Key, other: Key, changes: &mut StatusChanges) {
        match self.partner(one, other) {
            Some(partner) => partner.candidates = 0,
            None => self.begin(one, other, changes),
        }
    }

    /// The one is in a call with the other.
    fn begin(&mut self, one: Key, other: Key, changes: &mut StatusChanges) {
        if self.partner(one, other).is_some() {
            return;
        }
        let partners = self.0.entry(one).or_default();
        let (key, candidates) = (other, 0);
        partners.insert(0, Partner { key, candidates });
        let oldest = match partners.len() {
            0..=MAX_CALLS => None,
            _ => partners.pop(),
        };
        changes.extend(oldest.and_then(|oldest| self.end(oldest.key, one)));
        changes.push((one, Status::Busy));
    }

    /// Counts a candidate; whether there are too many.
    fn is_crowded(&mut self, sender: Key, receiver: Key) -> bool {
        let Some(partner) = self.partner(sender, receiver) else {
            return false;
        };
        partner.candidates = partner.candidates.saturating_add(1);
        partner.candidates > MAX_CANDIDATES
    }

    fn partner(&mut self, one: Key, other: Key) -> Option<&mut Partner> {
        let partners = self.0.get_mut(&one).into_iter().flatten();
        partners.into_iter().find(|partner| partner.key == other)
    }
}
