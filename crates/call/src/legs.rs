//! The legs of a call: the one it lives on, and at most one that races it.
//!
//! Both sides give a leg the same number, and a higher one is the later. Whose first offer stands
//! decides when a race is over, and says so with `keep-leg`; so both keep the same.

use std::time::Duration;

use holdfast_clock::Instant;
use holdfast_protocol::SignalBody;

use crate::{
    command::{Command, LegId},
    event::LegEvent,
    leg::{Leg, LegOutput},
};

/// How long a fresh leg may take when the other side says nothing of it.
pub(crate) const RACE_LIMIT: Duration = Duration::from_secs(10);

/// How many legs the other side may have made that were never heard of here.
const AHEAD: LegId = 1000;

/// How long the other side's fresh leg is waited for before this side makes one of its own.
const THEIR_TURN: Duration = Duration::from_millis(2500);

#[derive(Debug)]
pub(crate) struct Legs {
    polite: bool,
    /// Camera and microphone are there: peer connections can be made.
    ready: bool,
    current: Option<Leg>,
    /// Media has flowed over the call's leg, here or there.
    media_flowed: bool,
    racer: Option<Racer>,
    highest: LegId,
}

#[derive(Debug)]
struct Racer {
    leg: Leg,
    since: Instant,
    /// Media flows over it here, and is what the person sees.
    media_flowing: bool,
}

impl Legs {
    /// The first leg of a call.
    pub(crate) fn first(polite: bool) -> Self {
        Self {
            current: Some(Leg::new(0, polite, true)),
            ..Self::none(polite, 0)
        }
    }

    /// No leg, in a page that comes back into a call whose legs had numbers up to this.
    pub(crate) fn none(polite: bool, highest: LegId) -> Self {
        Self {
            polite,
            ready: false,
            current: None,
            media_flowed: false,
            racer: None,
            highest,
        }
    }

    /// Whether there is a peer connection.
    pub(crate) fn is_open(&self) -> bool {
        self.ready
    }

    /// The highest number that a leg has had.
    pub(crate) fn highest(&self) -> LegId {
        self.highest
    }

    /// The leg whose media the person sees.
    pub(crate) fn live(&self) -> Option<LegId> {
        let racer = self.racer.as_ref().filter(|racer| racer.media_flowing);
        let leg = racer.map(|racer| &racer.leg).or(self.current.as_ref());
        leg.map(Leg::id)
    }

    /// The leg that the call lives on.
    pub(crate) fn current(&self) -> Option<&Leg> {
        self.current.as_ref()
    }

    /// Whether media has flowed over the call's leg, here or there.
    pub(crate) fn media_flowed(&self) -> bool {
        self.media_flowed
    }

    pub(crate) fn is_racer(&self, id: LegId) -> bool {
        self.racer
            .as_ref()
            .is_some_and(|racer| racer.leg.id() == id)
    }

    /// Camera and microphone are there.
    pub(crate) fn open(&mut self) -> Vec<LegOutput> {
        self.ready = true;
        let racer = self.racer.as_mut().map(|racer| &mut racer.leg);
        let legs = self.current.iter_mut().chain(racer);
        legs.flat_map(Leg::open).collect()
    }

    /// A description or candidate of the other side, for that leg.
    pub(crate) fn receive(&mut self, id: LegId, body: SignalBody, now: Instant) -> Vec<LegOutput> {
        let mut out = Vec::new();
        let is_next = (1..=AHEAD).contains(&id.saturating_sub(self.highest));
        if is_next && matches!(body, SignalBody::Offer(_)) {
            out = self.admit(Leg::new(id, self.polite, false), now);
        }
        let Some(leg) = self.leg(id) else { return out };
        let was_ours = leg.is_ours();
        out.append(&mut leg.receive(body));
        // Both had made it, and ours has been yielded: their time begins now.
        if let Some(racer) = self.racer.as_mut().filter(|racer| racer.leg.id() == id)
            && was_ours
            && !racer.leg.is_ours()
        {
            racer.since = now;
        }
        if self.ready
            && let Some(leg) = self.leg(id)
        {
            out.append(&mut leg.open());
        }
        out
    }

    /// News of that leg from the browser.
    pub(crate) fn handle(&mut self, id: LegId, event: LegEvent) -> Vec<LegOutput> {
        let leg = self.leg(id);
        leg.map(|leg| leg.handle(event)).unwrap_or_default()
    }

    /// Sends a fresh leg into a race, unless there is one whose turn it still is: the other side's,
    /// when it has just come; ours, when it waits for its first answer on a network that has not
    /// `moved` since.
    pub(crate) fn race(&mut self, moved: bool, now: Instant) -> Vec<LegOutput> {
        let waits = self
            .racer
            .as_ref()
            .is_some_and(|racer| match racer.leg.is_ours() {
                true => !moved && !racer.leg.is_negotiated() && now < racer.since + RACE_LIMIT,
                false => now < racer.since + THEIR_TURN,
            });
        if !self.ready || waits {
            return Vec::new();
        }
        let mut out = self.admit(Leg::new(self.highest + 1, self.polite, true), now);
        if let Some(leg) = self.leg(self.highest) {
            out.append(&mut leg.open());
        }
        out
    }

    /// The call's own leg is connected. In a page that has come back, it is one that the other side
    /// takes for a fresh one, and has to be told of.
    pub(crate) fn connected(&mut self) -> Vec<LegOutput> {
        self.media_flowed = true;
        let alone = self.current.as_ref().filter(|_| self.racer.is_none());
        let ours = alone.filter(|leg| leg.id() > 0 && leg.is_ours());
        let keep = ours.map(|leg| LegOutput::Send(leg.id(), SignalBody::KeepLeg));
        keep.into_iter().collect()
    }

    /// Media flows over the fresh leg. If it is ours to say, it is the call's leg from now on.
    pub(crate) fn media_flows(&mut self, id: LegId) -> Vec<LegOutput> {
        let Some(racer) = self.racer.as_mut().filter(|racer| racer.leg.id() == id) else {
            return Vec::new();
        };
        racer.media_flowing = true;
        let mut out = vec![LegOutput::Command(Command::UseLeg(id))];
        if racer.leg.is_ours() {
            out.push(LegOutput::Send(id, SignalBody::KeepLeg));
            out.append(&mut self.promote());
        }
        out
    }

    /// The other side says which leg it keeps.
    pub(crate) fn keep(&mut self, id: LegId) -> Vec<LegOutput> {
        if self.is_racer(id) {
            let mut out = vec![LegOutput::Command(Command::UseLeg(id))];
            out.append(&mut self.promote());
            return out;
        }
        let is_current = self.current.as_ref().is_some_and(|leg| leg.id() == id);
        match self
            .racer
            .take_if(|racer| is_current && !racer.leg.is_ours())
        {
            Some(racer) => {
                let mut out = close(racer.leg);
                if racer.media_flowing {
                    out.push(LegOutput::Command(Command::UseLeg(id)));
                }
                out
            }
            None => Vec::new(),
        }
    }

    /// The old path is back: our own fresh leg is not needed.
    pub(crate) fn call_off(&mut self) -> Vec<LegOutput> {
        let Some(current) = self.current.as_ref().map(Leg::id) else {
            return Vec::new();
        };
        let Some(racer) = self.racer.take_if(|racer| racer.leg.is_ours()) else {
            return Vec::new();
        };
        let mut out = vec![LegOutput::Send(current, SignalBody::KeepLeg)];
        out.append(&mut close(racer.leg));
        out
    }

    /// The fresh leg has no part in the call any more.
    pub(crate) fn drop_racer(&mut self) -> Vec<LegOutput> {
        let Some(racer) = self.racer.take() else {
            return Vec::new();
        };
        let mut out = Vec::new();
        if let Some(current) = self.current.as_ref().filter(|_| racer.media_flowing) {
            out.push(LegOutput::Command(Command::UseLeg(current.id())));
        }
        out.append(&mut close(racer.leg));
        out
    }

    /// Closes a fresh leg of which nothing more was heard.
    pub(crate) fn expire(&mut self, now: Instant) -> Vec<LegOutput> {
        match self.expires() {
            Some(due) if due <= now => self.drop_racer(),
            Some(_) | None => Vec::new(),
        }
    }

    /// When [`Self::expire`] will have something to do.
    pub(crate) fn expires(&self) -> Option<Instant> {
        let racer = self.racer.as_ref()?;
        let waits = !racer.leg.is_ours() && !racer.media_flowing;
        waits.then_some(racer.since + RACE_LIMIT)
    }

    /// Closes them all.
    pub(crate) fn close(&mut self) -> Vec<LegOutput> {
        let mut out = self.drop_racer();
        if let Some(current) = self.current.take() {
            out.append(&mut close(current));
        }
        out
    }

    /// Takes in a leg with a higher number than any before: as the one that races, in place of
    /// another over which no media flows; or, where there is none, as the call's.
    fn admit(&mut self, leg: Leg, now: Instant) -> Vec<LegOutput> {
        self.highest = leg.id();
        let out = match &self.racer {
            Some(racer) if racer.media_flowing => self.promote(),
            Some(_) | None => self.drop_racer(),
        };
        if self.current.is_none() {
            self.current = Some(leg);
        } else {
            self.racer = Some(Racer {
                leg,
                since: now,
                media_flowing: false,
            });
        }
        out
    }

    fn promote(&mut self) -> Vec<LegOutput> {
        let Some(racer) = self.racer.take() else {
            return Vec::new();
        };
        self.media_flowed = true;
        let old = self.current.replace(racer.leg);
        old.map(close).unwrap_or_default()
    }

    fn leg(&mut self, id: LegId) -> Option<&mut Leg> {
        let racer = self.racer.as_mut().map(|racer| &mut racer.leg);
        let mut legs = self.current.iter_mut().chain(racer);
        legs.find(|leg| leg.id() == id)
    }
}

fn close(leg: Leg) -> Vec<LegOutput> {
    let close = LegOutput::Command(Command::CloseLeg(leg.id()));
    leg.is_open().then_some(close).into_iter().collect()
}
