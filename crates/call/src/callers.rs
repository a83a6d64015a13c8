//! People who are not to ring: who is declined, or not answered, has to wait longer each time; who is
//! blocked waits for ever.

use std::{collections::VecDeque, time::Duration};

use holdfast_clock::Instant;

use crate::identity::Address;

/// How long a caller has to wait after each ring that came to nothing; the last is repeated. The
/// first may have been a mistake.
const WAIT: [Duration; 5] = [
    Duration::ZERO,
    Duration::from_secs(10),
    Duration::from_secs(60),
    Duration::from_secs(5 * 60),
    Duration::from_secs(30 * 60),
];

/// How many callers are remembered.
const CALLERS: usize = 64;

/// Callers whose rings came to nothing, and those who are blocked.
#[derive(Debug, Default)]
pub(crate) struct Callers {
    unanswered: VecDeque<Caller>,
    blocked: Vec<Address>,
}

#[derive(Debug)]
struct Caller {
    address: Address,
    rings: usize,
    /// They are not let through before that.
    until: Instant,
}

impl Callers {
    /// A ring of theirs was declined, or not answered.
    pub(crate) fn refused(&mut self, caller: &Address, now: Instant) {
        let rings = self.forget(caller);
        let [.., longest] = WAIT;
        let wait = WAIT.get(rings).copied().unwrap_or(longest);
        self.unanswered.truncate(CALLERS - 1);
        self.unanswered.push_front(Caller {
            address: caller.clone(),
            rings: rings + 1,
            until: now + wait,
        });
    }

    /// Everybody of that name is called.
    pub(crate) fn welcome(&mut self, name: &str) {
        self.unanswered.retain(|caller| caller.address.name != name);
    }

    /// They were answered. Gives how many rings had come to nothing.
    pub(crate) fn forget(&mut self, address: &Address) -> usize {
        let place = self
            .unanswered
            .iter()
            .position(|caller| caller.address == *address);
        let caller = place.and_then(|place| self.unanswered.remove(place));
        caller.map_or(0, |caller| caller.rings)
    }

    /// Whether they have to wait.
    pub(crate) fn must_wait(&self, address: &Address, now: Instant) -> bool {
        let mut callers = self.unanswered.iter();
        callers.any(|caller| caller.address == *address && now < caller.until)
    }

    /// The person wants to hear of them no more.
    pub(crate) fn block(&mut self, address: Address) {
        self.blocked.push(address);
    }

    /// Everybody of that name may ring again.
    pub(crate) fn unblock(&mut self, name: &str) {
        self.blocked.retain(|blocked| blocked.name != name);
    }

    /// Whether they are blocked. Another name in the same session changes nothing.
    pub(crate) fn is_blocked(&mut self, caller: &Address) -> bool {
        let Address { name, person } = caller;
        let is_it = |blocked: &&mut Address| {
            blocked.name == *name || blocked.person.is_some() && blocked.person == *person
        };
        let blocked = self.blocked.iter_mut().find(is_it);
        if let Some(blocked) = blocked {
            if blocked.person.is_none() {
                blocked.person.clone_from(person);
            }
            return true;
        }
        false
    }
}
