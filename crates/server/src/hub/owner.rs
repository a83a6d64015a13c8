//! Whose a name is, also after its session is over, and after the server has restarted.

use std::time::{Duration, Instant, SystemTime};

use ring::hmac;

/// For how long a claim is good. It names no session, and a page forgets it when told to.
const GOOD_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// For how long after its start a server gives names back to whom they belonged to before, though
/// somebody else has been faster. Later, whoever is in keeps the name.
const COMING_BACK: Duration = Duration::from_secs(10 * 60);

/// The owner of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) id: u64,
    /// Since when the name is theirs, in milliseconds since 1970.
    since: u64,
}

impl Owner {
    /// Somebody who has a name from now on.
    pub(super) fn new() -> Self {
        Self {
            // Without randomness nobody is let in anyway.
            id: getrandom::u64().unwrap_or_default(),
            since: millis(),
        }
    }

    /// Since when the name is theirs, in milliseconds since 1970.
    pub(super) fn since(self) -> u64 {
        self.since
    }

    /// Whether the name was theirs before it was the other's.
    pub(super) fn is_before(self, other: Self) -> bool {
        self.since < other.since
    }
}

/// Makes claims to names, and tells good ones from others.
#[derive(Clone)]
pub(crate) struct Claims {
    key: hmac::Key,
    started: Instant,
}

impl Claims {
    pub(crate) fn new(key: &[u8]) -> Self {
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, key),
            started: Instant::now(),
        }
    }

    /// Whether the server has started so lately that people are still coming back.
    pub(super) fn are_coming_back(&self) -> bool {
        self.started.elapsed() < COMING_BACK
    }

    /// A claim to what looks like that name in that room.
    pub(super) fn make(&self, owner: Owner, room: &str, likeness: &str) -> String {
        let tag = hmac::sign(&self.key, message(owner, room, likeness).as_bytes());
        format!("{:x}.{:x}.{}", owner.id, owner.since, digits(tag.as_ref()))
    }

    /// Whose claim that is, if it is a good one.
    pub(super) fn read(&self, claim: &str, room: &str, likeness: &str) -> Option<Owner> {
        let mut parts = claim.splitn(3, '.');
        let mut number = || u64::from_str_radix(parts.next()?, 16).ok();
        let (id, since) = (number()?, number()?);
        let owner = Owner { id, since };
        let tag = bytes(parts.next()?)?;
        let message = message(owner, room, likeness);
        hmac::verify(&self.key, message.as_bytes(), &tag).ok()?;
        let age = Duration::from_millis(millis().checked_sub(since)?);
        (age < GOOD_FOR).then_some(owner)
    }
}

/// No room has a space in its name.
fn message(owner: Owner, room: &str, likeness: &str) -> String {
    format!("{:x} {:x} {room} {likeness}", owner.id, owner.since)
}

fn millis() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}

fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(digits: &str) -> Option<Vec<u8>> {
    if !digits.is_ascii() {
        return None;
    }
    let places = (0..digits.len()).step_by(2);
    let bytes = places.map(|n| u8::from_str_radix(digits.get(n..n + 2)?, 16).ok());
    bytes.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_good_for_its_name_and_room_and_key_alone() {
        let claims = Claims::new(b"key");
        let owner = Owner::new();
        let claim = claims.make(owner, "red", "ann");
        assert_eq!(claims.read(&claim, "red", "ann"), Some(owner));
        assert_eq!(Claims::new(b"key").read(&claim, "red", "ann"), Some(owner));
        assert_eq!(Claims::new(b"other").read(&claim, "red", "ann"), None);
        assert_eq!(claims.read(&claim, "red", "bob"), None);
        assert_eq!(claims.read(&claim, "", "ann"), None);
        let (id, rest) = claim.split_once('.').expect("parts");
        for wrong in [
            String::new(),
            "é.é.é".into(),
            format!("{id}0.{rest}"),
            format!("{claim}00"),
            format!("{id}.0{rest}x"),
            claim[..claim.len() - 2].to_owned(),
        ] {
            assert_eq!(claims.read(&wrong, "red", "ann"), None, "{wrong}");
        }
    }

    #[test]
    fn a_claim_is_good_for_a_day() {
        let claims = Claims::new(b"key");
        let day = u64::try_from(GOOD_FOR.as_millis()).expect("short");
        let since = millis() - day;
        let claim = |since| claims.make(Owner { id: 1, since }, "", "ann");
        assert_eq!(claims.read(&claim(since), "", "ann"), None);
        assert!(claims.read(&claim(since + 10_000), "", "ann").is_some());
        assert_eq!(claims.read(&claim(millis() + 100_000), "", "ann"), None);
    }
}
