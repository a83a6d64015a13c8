//! The two sides of a call: where each of them is, and what shows that it is still the same.

use holdfast_protocol::{CallId, Signal, SignalBody, Tag};

use crate::{
    identity::{Address, Identity},
    outbox::Outbox,
    secret::Secret,
};

/// We, and the other side.
#[derive(Debug)]
pub(crate) struct Parties {
    me: Address,
    pub(crate) peer: Identity,
    /// What the secrets that our messages are proved with are made from, and whether the other side
    /// has been told those.
    page: Secret,
    told: bool,
    /// How often we have shown ourselves.
    shown: u32,
    /// The token of our own, if we called.
    dialed: Option<CallId>,
    /// The other side cannot be reached through the server, or not be known there.
    peer_lost: bool,
}

impl Parties {
    /// We, with what this page's secrets are made from, and somebody whom we call under a token of
    /// our own, or who calls.
    pub(crate) fn new(me: Address, page: Secret, peer: Identity, dialed: Option<CallId>) -> Self {
        Self {
            me,
            told: false,
            peer,
            page,
            shown: 0,
            dialed,
            peer_lost: false,
        }
    }

    /// A page before this one may have told the other side what our messages are proved with, which then
    /// takes no others; whoever has not been told takes those with a proof as well.
    pub(crate) fn may_have_told(mut self) -> Self {
        self.told = true;
        self
    }

    /// We yield in collisions: both sides know both names, so the roles are fixed, whoever calls.
    pub(crate) fn is_polite(&self) -> bool {
        *self.me.name < *self.peer.key()
    }

    pub(crate) fn me(&self) -> &Address {
        &self.me
    }

    pub(crate) fn my_name(&self) -> &str {
        &self.me.name
    }

    /// What the secrets that our messages are proved with are made from.
    pub(crate) fn page(&self) -> &Secret {
        &self.page
    }

    pub(crate) fn dialed(&self) -> Option<&CallId> {
        self.dialed.as_ref()
    }

    /// Whether the other side has been told what our messages are proved with.
    pub(crate) fn has_told(&self) -> bool {
        self.told
    }

    /// Whether it is not known where the other side is.
    pub(crate) fn is_lost(&self) -> bool {
        self.peer_lost
    }

    /// Whether the server may be given a message for the other side: it may have nobody, or somebody
    /// else, under that name.
    pub(crate) fn is_located(&self) -> bool {
        !self.peer.is_proved() || !self.peer_lost
    }

    // News.

    /// We have that name now, and that session. Gives whether it is another name in the same session:
    /// a new session is shown once the other side is listed.
    pub(crate) fn named(&mut self, me: &Address) -> bool {
        let is_renamed = self.me.name != me.name && self.me.person == me.person;
        self.me = me.clone();
        is_renamed
    }

    /// The other side's session may be over; `is_met`: it has been heard or seen.
    pub(crate) fn lose_peer(&mut self, is_met: bool) {
        self.peer_lost = true;
        self.peer.lost_session(is_met);
    }

    /// The server lists the other side's name again, where nothing more is needed.
    pub(crate) fn peer_is_back(&mut self) {
        self.peer_lost = false;
    }

    /// The other side has shown itself, with that tag: it is there from now on. Gives whether that is
    /// news.
    pub(crate) fn located(&mut self, address: Address, tag: &Tag) -> bool {
        if !self.peer.is_shown_later(tag.epoch, tag.seq) {
            return false;
        }
        let was_lost = std::mem::take(&mut self.peer_lost);
        self.peer.moved_to(address) || was_lost
    }

    // What the other side is told.

    /// Over a channel, which is ours alone: what our messages are proved with, for each token.
    pub(crate) fn tell(&mut self, outbox: &Outbox) -> Vec<Secret> {
        self.told = true;
        let secrets = self.secrets(outbox);
        secrets.into_iter().map(|(_, secret)| secret).collect()
    }

    /// The tokens of the call whose secrets the other side has been told, and the secrets.
    pub(crate) fn secrets(&self, outbox: &Outbox) -> Vec<(CallId, Secret)> {
        let tokens = [outbox.call(), outbox.peer_call()];
        let tokens = tokens.into_iter().flatten().filter(|_| self.told);
        let secret = |token: &CallId| (token.clone(), self.secret_of(token));
        tokens.map(secret).collect()
    }

    /// What our messages with that token are proved with.
    fn secret_of(&self, token: &CallId) -> Secret {
        let dialed = self.dialed.as_ref() == Some(token);
        self.page.of_call(token, dialed)
    }

    /// Shows where we are, if that can be proved. `asks`: the other side is to do so as well; whoever
    /// has its name is asked, because its session may not be known.
    pub(crate) fn here(&mut self, outbox: &Outbox, asks: bool) -> Option<Signal> {
        let at = Address {
            name: self.peer.address().name.clone(),
            person: self.peer.address().person.clone().filter(|_| !asks),
        };
        self.here_at(outbox, at, asks)
    }

    /// The same, to somebody who may be the other side.
    pub(crate) fn here_at(&mut self, outbox: &Outbox, at: Address, asks: bool) -> Option<Signal> {
        // Whoever has told nothing is known by its session, and need not show itself; and nobody is asked
        // who has only the name of somebody who cannot prove to be it.
        if !self.told || asks && !self.peer.is_proved() {
            return None;
        }
        let me = self.me.clone();
        let person = me.person.unwrap_or(me.name);
        let mut signal = outbox.uncounted(0, SignalBody::Here { person, asks });
        if let Some(tag) = &mut signal.tag {
            tag.seq = self.shown;
        }
        self.shown += 1;
        self.address(&mut signal);
        (signal.target, signal.to) = (Some(at.name), at.person);
        Some(signal)
    }

    /// Addresses a message of the call to the other side, where it is now, and proves it.
    pub(crate) fn address(&self, signal: &mut Signal) {
        let Address { name, person } = self.peer.address().clone();
        signal.name = Some(self.me.name.clone());
        signal.target = Some(name);
        signal.to = person;
        let token = signal.tag.as_ref().map(|tag| tag.call.clone());
        if let Some(token) = token.filter(|_| self.told) {
            self.secret_of(&token).prove(signal);
        }
    }
}
