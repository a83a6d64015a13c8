//! What the other side says, and what is said to it.

use holdfast_protocol::{CallId, HangUpReason, Signal, SignalBody, Tag};

use crate::{
    Moment,
    call::Call,
    command::{Command, LegId, Notice},
    talk::Phase,
    timer::{AWAY_LIMIT, Timer},
    view::EndReason,
};

/// How many messages are kept until the other side has heard them.
const UNHEARD: usize = 256;

impl Call {
    /// A message of some call arrived.
    pub(crate) fn received(&mut self, signal: Signal, now: Moment) {
        let tag = signal.tag.as_ref();
        let ours = self.talk.as_ref().filter(|talk| {
            let peer = signal.name.as_deref().unwrap_or_default();
            talk.owns(peer, tag.map(|tag| &tag.call))
        });
        // Of a call that is not under way, any life of this page has to answer.
        let meant_for = tag.map_or(0, |tag| tag.to_life);
        let life = ours.map_or(meant_for, |talk| talk.life);
        for signal in self.inbox.receive(signal, life, now) {
            self.receive(signal, now);
        }
        self.watch_gaps();
    }

    pub(crate) fn receive(&mut self, signal: Signal, now: Moment) {
        let peer = match (&signal.name, &self.talk) {
            (Some(name), _) if *name == self.me => return,
            (Some(name), _) => name.clone(),
            // The sample's clients leave their name out of candidates, and its server does not add
            // it: only the call under way can be meant.
            (None, Some(talk)) if talk.out.is_none() => talk.peer.clone(),
            (None, _) => return,
        };
        let call = signal.tag.as_ref().map(|tag| tag.call.clone());
        if self
            .talk
            .as_ref()
            .is_some_and(|talk| talk.owns(&peer, call.as_ref()))
        {
            return self.receive_own(signal.body, signal.tag, now);
        }
        match signal.body {
            SignalBody::Offer(sdp) if signal.tag.as_ref().is_none_or(begins) => {
                self.receive_call(peer, signal.tag, sdp, now);
            }
            // Whoever negotiates in a call that is over believes in it: say that it is.
            SignalBody::Offer(_) | SignalBody::Answer(_) | SignalBody::Rejoin => {
                if let Some(tag) = signal.tag {
                    let body = SignalBody::HangUp(HangUpReason::UnknownCall);
                    self.say_once(peer, Some(tag.call), (0, tag.life), body);
                }
            }
            SignalBody::Candidate(_)
            | SignalBody::Ringing
            | SignalBody::Accepted
            | SignalBody::HangUp(_)
            | SignalBody::KeepLeg
            | SignalBody::Away => {}
            SignalBody::Text(text) => self.commands.push_back(Command::Hear { from: peer, text }),
        }
    }

    /// A message of the call under way.
    fn receive_own(&mut self, body: SignalBody, tag: Option<Tag>, now: Moment) {
        let Some(talk) = &mut self.talk else { return };
        let call = tag.as_ref().map(|tag| tag.call.clone());
        let leg = tag.as_ref().map_or(0, |tag| tag.leg);
        let mut anew = Vec::new();
        let mut texts = Vec::new();
        if let Some(tag) = &tag {
            talk.tagged = true;
            if tag.life > talk.their_life {
                // What was said to the page before is not for the one that has come.
                talk.their_life = tag.life;
                talk.said = 0;
                texts = talk.unheard.drain(..).filter_map(text).collect();
                talk.recovery.lost(now);
                anew = talk.legs.drop_racer();
            }
            let unheard =
                |said: &Signal| said.tag.as_ref().is_some_and(|said| said.seq >= tag.heard);
            talk.unheard.retain(unheard);
        }
        self.obey(anew, now);
        for text in texts {
            self.say(SignalBody::Text(text));
        }
        let Some(talk) = &mut self.talk else { return };
        let calling = matches!(talk.phase, Phase::Calling { .. });
        match body {
            SignalBody::Ringing => {
                if calling {
                    talk.phase = Phase::Calling { ringing: true };
                }
            }
            SignalBody::Accepted => {
                if calling {
                    self.agreed(now);
                }
            }
            SignalBody::HangUp(reason) => {
                // Both had called: what ended is their call; ours must not go on ringing there.
                if talk.merged.is_some() && talk.merged == call {
                    self.say(SignalBody::HangUp(HangUpReason::HungUp));
                }
                self.end(EndReason::There(reason));
            }
            SignalBody::Offer(_) | SignalBody::Answer(_) | SignalBody::Candidate(_) => {
                // The sample's client says nothing of tokens; its first word shows what it is.
                if call.is_none() {
                    talk.out = None;
                }
                let is_candidate = matches!(body, SignalBody::Candidate(_));
                let out = talk.legs.receive(leg, body, now);
                self.obey(out, now);
                if calling && !is_candidate {
                    self.agreed(now);
                }
            }
            SignalBody::KeepLeg => {
                let is_racer = talk.legs.is_racer(leg);
                let out = talk.legs.keep(leg);
                if is_racer {
                    // It carries media there, and so it does here.
                    talk.recovery.found(now);
                    self.connected(now);
                }
                self.obey(out, now);
            }
            SignalBody::Away => {
                talk.away = Some(now);
                self.timers.set(Timer::Away, now + AWAY_LIMIT);
            }
            SignalBody::Rejoin => {
                talk.away = None;
                self.timers.stop(Timer::Away);
            }
            SignalBody::Text(text) => {
                let from = talk.peer.clone();
                self.commands.push_back(Command::Hear { from, text });
            }
        }
    }

    /// An offer that belongs to no call under way: somebody calls.
    fn receive_call(&mut self, peer: String, tag: Option<Tag>, sdp: String, now: Moment) {
        let call = tag.as_ref().map(|tag| tag.call.clone());
        if call.as_ref().is_some_and(|call| !self.is_latest(call)) {
            return;
        }
        match &mut self.talk {
            Some(talk) if talk.peer != peer => {
                let busy = SignalBody::HangUp(HangUpReason::Busy);
                self.say_once(peer.clone(), call, (0, 0), busy);
                return self.notify(Notice::CalledMeanwhile { peer });
            }
            // Both called at the same moment: one call results.
            Some(talk) if matches!(talk.phase, Phase::Calling { .. }) => {
                if talk.said == 0 {
                    talk.out = call;
                } else {
                    talk.merged = call;
                }
                return self.receive_own(SignalBody::Offer(sdp), tag, now);
            }
            // They call anew, so for them the old call is over.
            Some(_) => self.end(EndReason::There(HangUpReason::HungUp)),
            None => {}
        }
        let tagged = call.is_some();
        self.begin(peer, Phase::Ringing, call);
        if let Some(talk) = &mut self.talk {
            talk.tagged = tagged;
            talk.legs.receive(0, SignalBody::Offer(sdp), now);
        }
        self.timers.set(Timer::Answer, now + self.limits.answer);
        if tagged {
            self.say(SignalBody::Ringing);
        }
    }

    /// Whether no later call of the same page has been seen.
    fn is_latest(&mut self, call: &CallId) -> bool {
        const PAGES: usize = 64;
        match self.latest.iter_mut().find(|known| known.page == call.page) {
            Some(known) if known.nth >= call.nth => false,
            Some(known) => {
                known.nth = call.nth;
                true
            }
            None => {
                self.latest.truncate(PAGES - 1);
                self.latest.push_front(call.clone());
                true
            }
        }
    }

    /// The server lists the other side of the call, or does not.
    pub(crate) fn peer_link(&mut self, up: bool, now: Moment) {
        let Some(talk) = &mut self.talk else { return };
        let is_back = std::mem::replace(&mut talk.peer_link_lost, !up) && up;
        if is_back {
            self.inbox.restart_gaps(now);
            self.say_again();
            self.watch_gaps();
        }
    }

    /// There is another way: says what has not been heard, numbered as it is; what did arrive is
    /// not acted on twice.
    pub(crate) fn say_again(&mut self) {
        let unheard = self.talk.iter().flat_map(|talk| &talk.unheard);
        let again: Vec<Command> = unheard.cloned().map(Command::Send).collect();
        self.commands.extend(again);
    }

    /// Says something in the call under way.
    pub(crate) fn say(&mut self, body: SignalBody) {
        let leg = self.talk.as_ref().and_then(|talk| talk.legs.live());
        self.say_of(leg.unwrap_or_default(), body);
    }

    /// Says something about a leg of the call under way.
    pub(crate) fn say_of(&mut self, leg: LegId, body: SignalBody) {
        let Some(talk) = &mut self.talk else { return };
        let theirs = talk.merged.as_ref().or(talk.out.as_ref());
        let lives = (talk.their_life, talk.life);
        let heard = theirs.map_or(0, |call| self.inbox.heard(&talk.peer, call, lives));
        let tag = talk.out.clone().map(|call| Tag {
            call,
            leg,
            seq: talk.said,
            heard,
            life: talk.life,
            to_life: talk.their_life,
        });
        talk.said += 1;
        let signal = Signal {
            name: Some(self.me.clone()),
            target: Some(talk.peer.clone()),
            body,
            tag,
        };
        if signal.tag.is_some() {
            talk.unheard.truncate(UNHEARD - 1);
            talk.unheard.push_back(signal.clone());
        }
        self.commands.push_back(Command::Send(signal));
    }

    /// Says the only thing we ever say in a call that is not ours.
    pub(crate) fn say_once(
        &mut self,
        target: String,
        call: Option<CallId>,
        (life, to_life): (u32, u32),
        body: SignalBody,
    ) {
        let tag = call.map(|call| Tag {
            call,
            leg: 0,
            seq: 0,
            heard: 0,
            life,
            to_life,
        });
        self.commands.push_back(Command::Send(Signal {
            name: Some(self.me.clone()),
            target: Some(target),
            body,
            tag,
        }));
    }
}

/// What a person has written is for whichever page of the other side's reads it.
fn text(signal: Signal) -> Option<String> {
    match signal.body {
        SignalBody::Text(text) => Some(text),
        SignalBody::Offer(_)
        | SignalBody::Answer(_)
        | SignalBody::Candidate(_)
        | SignalBody::Ringing
        | SignalBody::Accepted
        | SignalBody::HangUp(_)
        | SignalBody::KeepLeg
        | SignalBody::Away
        | SignalBody::Rejoin => None,
    }
}

/// Whether an offer with this tag is the first word of a call.
fn begins(tag: &Tag) -> bool {
    (tag.leg, tag.seq, tag.life, tag.to_life) == (0, 0, 0, 0)
}
