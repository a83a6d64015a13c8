//! The secret of one side of a call, and the proofs made with it.

use std::fmt;

use hmac::{Hmac, Mac};
use holdfast_protocol::{CallId, JsonFields, JsonValue, Signal, Tag};
use sha2::Sha256;

/// How many bytes a secret has, and a proof.
const BYTES: usize = 16;

/// A secret of 128 bits: what one side of a call proves its messages with; or a page's, which those
/// are made from, one for each token, so that a page loaded anew can still tell that a call is over.
///
/// A proof is HMAC-SHA-256 (RFC 2104) over everything in a message but its names, which servers
/// write, cut to 128 bits.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; BYTES]);

impl Secret {
    /// A secret of these bytes, which nobody else knows.
    #[must_use]
    pub const fn new(bytes: [u8; BYTES]) -> Self {
        Self(bytes)
    }

    /// Reads a secret's digits, as [`Self::digits`] writes them; none if they are not 32 of base 16.
    #[must_use]
    pub fn read(digits: &str) -> Option<Self> {
        let mut bytes = [0; BYTES];
        if digits.len() != 2 * BYTES || !digits.is_ascii() {
            return None;
        }
        for (n, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(digits.get(2 * n..2 * n + 2)?, 16).ok()?;
        }
        Some(Self(bytes))
    }

    /// The secret in digits of base 16.
    #[must_use]
    pub fn digits(&self) -> String {
        digits(&self.0)
    }

    /// The secret of messages that have that token, out of a page's. `dialed`: it is a token of ours;
    /// others can choose theirs to be the same as one that we will have.
    pub(crate) fn of_call(&self, call: &CallId, dialed: bool) -> Self {
        let mut mac = self.mac();
        mac.update(&[u8::from(dialed)]);
        feed(&mut mac, call);
        Self(cut(mac))
    }

    /// The key that somebody with a certificate of those fingerprints is told, out of the lasting secret of whoever
    /// tells it.
    #[must_use]
    pub fn of_contact(&self, certificate: &[String]) -> Self {
        // Browsers may name them in any order; most name one.
        let fingerprint = certificate.iter().min();
        self.derive(b'c', fingerprint.map_or("", String::as_str))
    }

    /// What shows it in the session of that public name, and in no other: whoever is shown it cannot show it on.
    pub(crate) fn in_session(&self, person: &str) -> Self {
        self.derive(b's', person)
    }

    /// Another secret, for one thing alone.
    fn derive(&self, kind: u8, of: &str) -> Self {
        let mut mac = self.mac();
        part(&mut mac, kind, of.as_bytes());
        Self(cut(mac))
    }

    /// Puts the proof into a message that has a tag.
    pub(crate) fn prove(&self, signal: &mut Signal) {
        let proof = digits(&cut(self.over(signal)));
        if let Some(tag) = &mut signal.tag {
            tag.proof = Some(proof);
        }
    }

    /// Whether whoever wrote the message had this secret.
    pub(crate) fn proves(&self, signal: &Signal) -> bool {
        let shown = signal.tag.as_ref().and_then(|tag| tag.proof.as_deref());
        let Some(Self(shown)) = shown.and_then(Self::read) else {
            return false;
        };
        // In a time that does not tell how much of it is right.
        self.over(signal).verify_truncated_left(&shown).is_ok()
    }

    fn over(&self, signal: &Signal) -> Hmac<Sha256> {
        let unproved = |tag: &Tag| Tag {
            proof: None,
            ..tag.clone()
        };
        let signal = Signal {
            name: None,
            target: None,
            from: None,
            to: None,
            body: signal.body.clone(),
            tag: signal.tag.as_ref().map(unproved),
        };
        let mut mac = self.mac();
        feed(&mut mac, &signal);
        mac
    }

    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    fn mac(&self) -> Hmac<Sha256> {
        Hmac::new_from_slice(&self.0).expect("any length")
    }
}

/// Nobody reads one in a log.
impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret")
    }
}

/// Takes an object in, so that no two objects are taken in alike.
fn feed(mac: &mut Hmac<Sha256>, fields: &dyn JsonFields) {
    fields.each(&mut |name, value| {
        part(mac, b'.', name.as_bytes());
        match value {
            JsonValue::Text(text) => part(mac, b'"', text.as_bytes()),
            JsonValue::Number(number) => part(mac, b'0', &number.to_le_bytes()),
            JsonValue::Texts(texts) => texts
                .iter()
                .for_each(|text| part(mac, b'[', text.as_bytes())),
            JsonValue::Object(fields) => {
                mac.update(b"{");
                feed(mac, fields);
                mac.update(b"}");
            }
        }
    });
}

fn part(mac: &mut Hmac<Sha256>, kind: u8, bytes: &[u8]) {
    mac.update(&[kind]);
    mac.update(&(bytes.len() as u64).to_le_bytes());
    mac.update(bytes);
}

fn cut(mac: Hmac<Sha256>) -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    bytes.copy_from_slice(&mac.finalize().into_bytes()[..BYTES]);
    bytes
}

fn digits(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |of: u8| char::from(DIGITS[usize::from(of)]);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

#[cfg(test)]
mod tests {
    use holdfast_protocol::{HangUpReason, SignalBody};

    use super::*;

    fn signal(body: SignalBody) -> Signal {
        Signal {
            name: Some("Ann".into()),
            target: Some("Bob".into()),
            from: None,
            to: None,
            body,
            tag: Some(Tag {
                call: CallId {
                    page: "p".into(),
                    nth: 0,
                },
                leg: 1,
                seq: 2,
                acked: 3,
                epoch: 4,
                peer_epoch: 5,
                proof: None,
            }),
        }
    }

    #[test]
    fn a_secret_is_written_and_read() {
        let secret = Secret::new(*b"0123456789abcde\xff");
        assert_eq!(secret.digits(), "303132333435363738396162636465ff");
        assert_eq!(Secret::read(&secret.digits()), Some(secret));
        for wrong in [
            "",
            "30",
            "303132333435363738396162636465fg",
            "+03132333435363738396162636465ff0",
        ] {
            assert_eq!(Secret::read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_proof_holds_for_its_message_and_secret_alone() {
        let secret = Secret::new([7; 16]);
        let mut proved = signal(SignalBody::HangUp(HangUpReason::HungUp));
        assert!(!secret.proves(&proved), "no proof at all");
        secret.prove(&mut proved);
        assert!(secret.proves(&proved));
        assert!(!Secret::new([8; 16]).proves(&proved));
        // Servers write these.
        proved.name = Some("Zoe".into());
        proved.from = Some("b".into());
        assert!(secret.proves(&proved));
        let change = |change: fn(&mut Signal, &mut Tag)| {
            let mut changed = proved.clone();
            if let Some(mut tag) = changed.tag.take() {
                change(&mut changed, &mut tag);
                changed.tag = Some(tag);
            }
            secret.proves(&changed)
        };
        assert!(change(|_, _| ()));
        assert!(!change(|signal, _| signal.body = SignalBody::Rejoin));
        assert!(!change(
            |signal, _| signal.body = SignalBody::HangUp(HangUpReason::Busy)
        ));
        assert!(!change(|_, tag| tag.call.page.push('q')));
        assert!(!change(|_, tag| tag.call.nth += 1));
        assert!(!change(|_, tag| tag.leg += 1));
        assert!(!change(|_, tag| tag.seq += 1));
        assert!(!change(|_, tag| tag.acked += 1));
        assert!(!change(|_, tag| tag.epoch += 1));
        assert!(!change(|_, tag| tag.peer_epoch += 1));
    }

    /// Made by another program, after docs/protocol.md.
    #[test]
    fn a_proof_is_what_the_protocol_says() {
        let secret = Secret::read("000102030405060708090a0b0c0d0e0f").expect("digits");
        let mut proved = signal(SignalBody::HangUp(HangUpReason::HungUp));
        if let Some(tag) = &mut proved.tag {
            tag.proof = Some("c3619a48a11fe62e5fd64f025b36f434".into());
        }
        assert!(secret.proves(&proved));
    }

    #[test]
    fn calls_of_one_page_have_secrets_of_their_own() {
        let page = Secret::new([7; 16]);
        let call = |nth| CallId {
            page: "p".into(),
            nth,
        };
        let secret = page.of_call(&call(0), true);
        assert_eq!(secret, page.of_call(&call(0), true));
        let another = Secret::new([8; 16]);
        for other in [
            page.of_call(&call(1), true),
            page.of_call(&call(0), false),
            another.of_call(&call(0), true),
            page,
        ] {
            assert_ne!(secret, other);
        }
    }
}
