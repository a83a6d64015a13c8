//! The legs of a call: the one it lives on, at most one that races it, and at most one that is kept warm.
//!
//! Both sides give a leg the same number, and a higher one is the later. Whose first offer stands
//! decides when a race is over, and says so with `keep-leg`; so both keep the same.

use std::time::Duration;

use holdfast_clock::Instant;
use holdfast_protocol::{SignalBody, StandbyPath};

use crate::{
    command::{Carries, Command, LegId},
    event::LegEvent,
    leg::{Leg, LegOutput},
};

/// How long a fresh leg may take when the other side says nothing of it.
pub(crate) const RACE_LIMIT: Duration = Duration::from_secs(10);

/// How many legs the other side may have made that were never heard of here.
const AHEAD: LegId = 1000;

/// How long the other side may still show a leg that it plays no more: until it has a picture of the other.
const SHOWN: Duration = Duration::from_secs(2);

/// How long the other side's fresh leg is waited for before this side makes one of its own.
const THEIR_TURN: Duration = Duration::from_millis(2500);

#[derive(Debug)]
pub(crate) struct Legs {
    polite: bool,
    /// Camera and microphone are there: peer connections can be made that send.
    ready: bool,
    current: Option<Leg>,
    /// Media has flowed over the call's leg, here or there.
    media_flowed: bool,
    racer: Option<Racer>,
    standby: Option<Leg>,
    /// The other side has announced the standby.
    announced: bool,
    /// The leg that the other side plays, once either side has taken over; until then it is the call's.
    peer_plays: Option<LegId>,
    /// The one that it played before, and may show until then.
    peer_played: Option<(LegId, Instant)>,
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
            standby: None,
            announced: false,
            peer_plays: None,
            peer_played: None,
            highest,
        }
    }

    /// Whether there is a peer connection.
    pub(crate) fn is_open(&self) -> bool {
        self.ready || self.current.as_ref().is_some_and(Leg::is_open)
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

    /// The leg that is kept warm.
    pub(crate) fn standby(&self) -> Option<&Leg> {
        self.standby.as_ref()
    }

    pub(crate) fn is_standby(&self, id: LegId) -> bool {
        self.standby.as_ref().is_some_and(|leg| leg.id() == id)
    }

    /// Camera and microphone are there.
    pub(crate) fn open(&mut self) -> Vec<LegOutput> {
        self.ready = true;
        let racer = self.racer.as_mut().map(|racer| &mut racer.leg);
        let legs = [self.current.as_mut(), racer].into_iter().flatten();
        legs.flat_map(Leg::open).collect()
    }

    /// Whether they are.
    pub(crate) fn has_media(&self) -> bool {
        self.ready
    }

    /// It rings: the call's leg finds its way before camera and microphone are there.
    pub(crate) fn open_early(&mut self) -> Vec<LegOutput> {
        let current = self.current.as_mut();
        current.map(Leg::open).unwrap_or_default()
    }

    /// A description or candidate of the other side, for that leg.
    pub(crate) fn receive(&mut self, id: LegId, body: SignalBody, now: Instant) -> Vec<LegOutput> {
        let mut out = Vec::new();
        if matches!(body, SignalBody::Offer(_)) {
            if self.is_next(id) {
                out = self.admit(Leg::new(id, self.polite, false), now);
            } else if self.is_unannounced(id) {
                out = self.race_with_standby(now);
            }
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

    /// Makes a leg that is to be kept warm.
    pub(crate) fn build(&mut self, path: StandbyPath) -> Vec<LegOutput> {
        let mut out = self.drop_standby();
        if self.ready {
            self.highest += 1;
            let id = self.highest;
            let mut leg = Leg::standby(id, self.polite, true, path);
            out.push(LegOutput::Send(id, SignalBody::Standby(path)));
            out.append(&mut leg.open());
            self.standby = Some(leg);
        }
        out
    }

    /// The other side makes a leg that is to be kept warm. Gives whether that is one of ours now.
    pub(crate) fn announce(&mut self, id: LegId, path: StandbyPath) -> Option<Vec<LegOutput>> {
        if let Some(leg) = self.standby.as_mut().filter(|leg| leg.id() == id) {
            // Both make it: its offers collide, and whoever yields makes it anew.
            leg.goes(path);
            self.announced = true;
            return None;
        }
        if !self.is_next(id) || self.current.is_none() {
            return None;
        }
        let out = self.drop_standby();
        self.highest = id;
        self.announced = true;
        self.standby = Some(Leg::standby(id, self.polite, false, path));
        Some(out)
    }

    /// The leg that was kept warm is the call's, and that one is kept warm. Where that one still has a picture, it
    /// is shown until there is one of the other.
    pub(crate) fn take_over(&mut self, has_picture: bool) -> Vec<LegOutput> {
        if self.current.as_ref().map(Leg::id) != self.live() {
            return Vec::new();
        }
        let known = self.peer_plays.filter(|id| self.leg(*id).is_some());
        let Some(leg) = self.standby.take_if(|leg| leg.is_negotiated()) else {
            return Vec::new();
        };
        let id = leg.id();
        self.peer_plays = known.or(self.live());
        self.standby = self.current.replace(leg);
        self.media_flowed = true;
        let play = match has_picture {
            true => Command::PlayLeg(id),
            false => Command::UseLeg(id),
        };
        vec![
            LegOutput::Command(play),
            LegOutput::Send(id, SignalBody::TakeOver),
        ]
    }

    /// The other side plays that leg from now on.
    pub(crate) fn peer_takes_over(&mut self, id: LegId, now: Instant) {
        let before = self.peer_plays.or(self.live());
        self.peer_played = before.map(|before| (before, now + SHOWN));
        self.peer_plays = Some(id);
    }

    /// Whether the other side plays what is kept warm here.
    pub(crate) fn peer_plays_standby(&self) -> bool {
        let standby = self.standby.as_ref().map(Leg::id);
        standby.is_some() && standby == self.peer_plays
    }

    /// Sends pictures over the legs that either side plays; over the call's own, so much.
    pub(crate) fn carry(&mut self, wanted: Carries, now: Instant) -> Vec<LegOutput> {
        let mut out = Vec::new();
        let peer_plays = self.peer_plays;
        let shown = self.peer_played.filter(|(_, until)| now < *until);
        let shown = shown.map(|(id, _)| id);
        if let Some(leg) = &mut self.current {
            leg.carry(wanted, &mut out);
        }
        if let Some(racer) = &mut self.racer {
            racer.leg.carry(Carries::All, &mut out);
        }
        if let Some(leg) = &mut self.standby {
            let is_played = [peer_plays, shown].contains(&Some(leg.id()));
            let carries = match is_played {
                true => Carries::All,
                false => Carries::Sound,
            };
            leg.carry(carries, &mut out);
        }
        out
    }

    /// Nothing is kept warm any more.
    pub(crate) fn drop_standby(&mut self) -> Vec<LegOutput> {
        self.announced = false;
        (self.peer_plays, self.peer_played) = (None, None);
        self.standby.take().map(close).unwrap_or_default()
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
            // One that has taken over has its picture.
            let is_current = self.current.as_ref().is_some_and(|leg| leg.id() == id);
            let show = LegOutput::Command(Command::UseLeg(id));
            return is_current.then_some(show).into_iter().collect();
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
        // What the other side plays may be what is kept warm here.
        let is_old = self.is_standby(id) || self.current.as_ref().is_some_and(|leg| leg.id() == id);
        let is_theirs = |racer: &Racer| is_old && !racer.leg.is_ours();
        match self.racer.as_ref().is_some_and(is_theirs) {
            true => self.drop_racer(),
            false => Vec::new(),
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
        (!racer.media_flowing).then_some(racer.since + RACE_LIMIT)
    }

    /// Closes them all.
    pub(crate) fn close(&mut self) -> Vec<LegOutput> {
        let mut out = self.drop_racer();
        out.append(&mut self.drop_standby());
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

    /// The fresh leg is the call's; what the old one had kept warm beside it went another way than that.
    fn promote(&mut self) -> Vec<LegOutput> {
        let Some(racer) = self.racer.take() else {
            return Vec::new();
        };
        self.media_flowed = true;
        let old = self.current.replace(racer.leg);
        let mut out = old.map(close).unwrap_or_default();
        out.append(&mut self.drop_standby());
        out
    }

    /// Whether the other side may have made a leg of that number, of which nothing was heard yet.
    fn is_next(&self, id: LegId) -> bool {
        (1..=AHEAD).contains(&id.saturating_sub(self.highest))
    }

    /// Whether both sides have made a leg of that number, this one to keep it warm, the other for a race.
    fn is_unannounced(&self, id: LegId) -> bool {
        let is_fresh = |leg: &Leg| leg.id() == id && leg.is_ours() && !leg.is_negotiated();
        !self.announced && self.standby.as_ref().is_some_and(is_fresh)
    }

    /// A race needs the leg that was to be kept warm.
    fn race_with_standby(&mut self, now: Instant) -> Vec<LegOutput> {
        match self.standby.take() {
            Some(mut leg) if leg.id() == self.highest => {
                leg.races();
                self.admit(leg, now)
            }
            Some(leg) => close(leg),
            None => Vec::new(),
        }
    }

    fn leg(&mut self, id: LegId) -> Option<&mut Leg> {
        let racer = self.racer.as_mut().map(|racer| &mut racer.leg);
        let mut legs = self
            .current
            .iter_mut()
            .chain(racer)
            .chain(&mut self.standby);
        legs.find(|leg| leg.id() == id)
    }
}

fn close(leg: Leg) -> Vec<LegOutput> {
    let close = LegOutput::Command(Command::CloseLeg(leg.id()));
    leg.is_open().then_some(close).into_iter().collect()
}
