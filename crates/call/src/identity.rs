//! The other side of a call: where it is, and what shows that it is still the same.

use holdfast_protocol::Signal;

use crate::secret::Secret;

/// Somebody, as a server has them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Address {
    pub(crate) name: String,
    /// The session, by its public name, where the server gives such.
    pub(crate) person: Option<String>,
}

/// The way that a message took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Through a server, which others can reach as well.
    Server,
    /// Over a data channel of the call, which nobody else can.
    Channel,
}

/// The other side of a call.
#[derive(Debug)]
pub(crate) struct Identity {
    /// What its messages are ordered by: the name that it had at the beginning.
    key: String,
    address: Address,
    /// Its session may be over: what has come for that session since is for nobody else.
    adrift: bool,
    /// What it proves its messages with, since it has told us over a channel: one for each token of
    /// the call.
    secrets: Vec<Secret>,
    /// The fingerprints of its certificate, since its first description.
    certificate: Option<Vec<String>>,
    /// The last time that it has shown itself: its page, and the count.
    shown: Option<(u32, u32)>,
}

impl Identity {
    /// Somebody who is called, or calls.
    pub(crate) fn new(address: Address) -> Self {
        Self {
            key: address.name.clone(),
            address,
            adrift: false,
            secrets: Vec::new(),
            certificate: None,
            shown: None,
        }
    }

    /// Of a call that this page comes back into.
    pub(crate) fn known(address: Address, secrets: Vec<Secret>, certificate: Vec<String>) -> Self {
        Self {
            secrets,
            certificate: Some(certificate).filter(|shown| !shown.is_empty()),
            ..Self::new(address)
        }
    }

    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    pub(crate) fn secrets(&self) -> &[Secret] {
        &self.secrets
    }

    pub(crate) fn certificate(&self) -> &[String] {
        self.certificate.as_deref().unwrap_or_default()
    }

    /// Whether its messages are proved from now on.
    pub(crate) fn is_proved(&self) -> bool {
        !self.secrets.is_empty()
    }

    /// Whether a message is from there, as far as can be known: by its proof; before there are such,
    /// by what the server says of the sender.
    pub(crate) fn admits(&mut self, signal: &Signal, way: Way) -> bool {
        match way {
            Way::Channel => true,
            Way::Server if self.is_proved() => {
                self.secrets.iter().any(|secret| secret.proves(signal))
            }
            Way::Server => self.is_sender(signal),
        }
    }

    fn is_sender(&mut self, signal: &Signal) -> bool {
        // The sample's clients leave their name out of candidates, and its server does not add it.
        let is_name = match &signal.name {
            Some(name) => *name == self.address.name,
            None => signal.tag.is_none(),
        };
        let is_person = match (&self.address.person, &signal.from) {
            // Nobody else has been told the token.
            (Some(known), Some(from)) => known == from || self.adrift && signal.tag.is_some(),
            (None, _) | (_, None) => true,
        };
        if is_name && is_person && signal.from.is_some() {
            self.address.person.clone_from(&signal.from);
            self.adrift = false;
        }
        is_name && is_person
    }

    /// It has told a secret. A call has at most two tokens.
    pub(crate) fn told(&mut self, secret: Secret) {
        if self.secrets.len() < 2 && !self.secrets.contains(&secret) {
            self.secrets.push(secret);
        }
    }

    /// Whether it shows itself later than ever before: what is late, or sent again by somebody else,
    /// says where it was.
    pub(crate) fn is_shown_later(&mut self, epoch: u32, count: u32) -> bool {
        let is_later = self.shown < Some((epoch, count));
        if is_later {
            self.shown = Some((epoch, count));
        }
        is_later
    }

    /// It is there now; gives whether that is news.
    pub(crate) fn moved_to(&mut self, address: Address) -> bool {
        let is_news = self.address != address;
        self.address = address;
        is_news
    }

    /// Its session is over, or may be: whoever has the name next is somebody whose session is not
    /// known. `is_met`: it has been heard or seen, and what is said in the call is for nobody else of
    /// that name.
    pub(crate) fn lost_session(&mut self, is_met: bool) {
        if is_met {
            self.adrift = true;
        } else if !self.is_proved() {
            self.address.person = None;
        }
    }

    /// Its session is over, and nobody can prove to be it any more.
    pub(crate) fn is_gone(&self) -> bool {
        self.adrift && self.secrets.is_empty()
    }

    /// Whether a description shows the certificate that the first one showed. Whoever has another is
    /// somebody else, whatever they know.
    pub(crate) fn shows_certificate(&mut self, sdp: &str) -> bool {
        let shown = fingerprints(sdp);
        match &self.certificate {
            // Browsers may name them in any order.
            Some(known) => {
                shown.len() == known.len() && shown.iter().all(|one| known.contains(one))
            }
            None => {
                self.certificate = Some(shown);
                true
            }
        }
    }

    /// Whether that is the certificate that it has shown, as far as it has shown one.
    pub(crate) fn is_met(&self, fingerprint: &str) -> bool {
        let known = self.certificate();
        known.is_empty() || known.contains(&fingerprint.to_ascii_uppercase())
    }
}

/// The fingerprints in a description (RFC 8122, 5), each once.
fn fingerprints(sdp: &str) -> Vec<String> {
    let mut all = Vec::new();
    for line in sdp.lines() {
        if let Some(value) = line.strip_prefix("a=fingerprint:") {
            let value = value.trim_end().to_ascii_uppercase();
            if !all.contains(&value) {
                all.push(value);
            }
        }
    }
    all
}
