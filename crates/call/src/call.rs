//! Who calls whom: ringing, accepting, ending.

use std::collections::VecDeque;

use holdfast_protocol::{CallId, HangUpReason, Signal, SignalBody, Tag};

use crate::{
    Moment,
    command::{Command, LegId, Notice},
    event::{ConnectionState, Event, IceConnectionState, LegEvent},
    leg::LegOutput,
    ordered::Inbox,
    talk::{FIRST_LEG, Phase, Talk},
    timer::{GAP_LIMIT, Limits, Timer, TimerTable},
    view::{CallView, EndReason, Ended, Stage},
};

/// The one call that a page can be in, or none.
#[derive(Debug)]
pub struct Call {
    me: String,
    limits: Limits,
    talk: Option<Talk>,
    ended: Option<Ended>,
    inbox: Inbox,
    /// The latest call that each page began, so that an older one's offer cannot ring any more.
    latest: VecDeque<CallId>,
    timers: TimerTable,
    commands: VecDeque<Command>,
}

impl Call {
    /// No call yet, for a person whose name is not known yet.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            me: String::new(),
            limits,
            talk: None,
            ended: None,
            inbox: Inbox::default(),
            latest: VecDeque::new(),
            timers: TimerTable::default(),
            commands: VecDeque::new(),
        }
    }

    /// Takes in what happened. Drain [`Self::poll_command`] afterwards.
    pub fn handle(&mut self, event: Event, now: Moment) {
        match event {
            Event::Named(name) => self.me = name,
            // Calling who calls is a yes.
            Event::Dial { peer, .. } if self.is_rung_by(&peer) => self.accept(now),
            Event::Dial { peer, id } => self.dial(peer, id),
            Event::Accept => self.accept(now),
            Event::Decline if self.phase() != Some(Phase::Ringing) => {}
            Event::Decline | Event::HangUp => self.hang_up(),
            Event::Received(signal) => {
                for signal in self.inbox.receive(signal, now) {
                    self.receive(signal, now);
                }
                self.watch_gaps();
            }
            Event::PeerLink { peer, up } => {
                if let Some(talk) = self.talk_with(&peer) {
                    talk.peer_link_lost = !up;
                }
            }
            Event::Unreachable { peer } => {
                if let Some(talk) = self.talk_with(&peer) {
                    if let Phase::Calling { .. } = talk.phase {
                        self.end(EndReason::Unreachable);
                    } else {
                        talk.peer_link_lost = true;
                    }
                }
            }
            Event::MediaReady => self.media_ready(now),
            Event::MediaRefused => self.give_up(HangUpReason::Declined, EndReason::MediaRefused),
            Event::Leg(leg, event) => self.leg_event(leg, event, now),
        }
    }

    /// Acts on the timers that are due.
    pub fn handle_timeout(&mut self, now: Moment) {
        while let Some(timer) = self.timers.expire(now) {
            match timer {
                Timer::Answer => {
                    let reason = match self.talk.as_ref().map(|talk| talk.phase) {
                        Some(Phase::Ringing) => EndReason::Missed,
                        _ => EndReason::NoAnswer,
                    };
                    self.give_up(HangUpReason::NoAnswer, reason);
                }
                Timer::NoPath => self.give_up(HangUpReason::NoPath, EndReason::NoPath),
                Timer::Gap => {
                    for signal in self.inbox.skip_gaps(now) {
                        self.receive(signal, now);
                    }
                    self.watch_gaps();
                }
            }
        }
    }

    /// The next thing to do, if any.
    pub fn poll_command(&mut self) -> Option<Command> {
        self.commands.pop_front()
    }

    /// When to call [`Self::handle_timeout`] next.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Moment> {
        self.timers.next()
    }

    /// What to show.
    #[must_use]
    pub fn view(&self) -> CallView {
        let stage = self.talk.as_ref().map_or(Stage::Idle, Talk::stage);
        let talk = self.talk.as_ref();
        CallView {
            stage,
            peer: talk.map(|talk| talk.peer.clone()).unwrap_or_default(),
            peer_link_lost: talk.is_some_and(|talk| talk.peer_link_lost),
            ended: self.ended.clone(),
        }
    }

    /// The token of the call: of two, when both called at the same moment, the lesser.
    #[must_use]
    pub fn id(&self) -> Option<&CallId> {
        let talk = self.talk.as_ref()?;
        [&talk.out, &talk.merged].into_iter().flatten().min()
    }

    // What people do.

    fn dial(&mut self, peer: String, id: CallId) {
        if peer == self.me {
            return self.notify(Notice::CannotCallYourself);
        }
        if let Some(talk) = &self.talk {
            let with = talk.peer.clone();
            return self.notify(Notice::AlreadyInCall { with });
        }
        self.begin(peer, Phase::Calling { ringing: false }, Some(id));
        self.commands.push_back(Command::AcquireMedia);
    }

    fn accept(&mut self, now: Moment) {
        if self.phase() == Some(Phase::Ringing) {
            self.agreed(now);
            if self.talk.as_ref().is_some_and(|talk| talk.tagged) {
                self.say(SignalBody::Accepted);
            }
            self.commands.push_back(Command::AcquireMedia);
        }
    }

    fn hang_up(&mut self) {
        let reason = match self.phase() {
            Some(Phase::Calling { .. }) => HangUpReason::Cancelled,
            Some(Phase::Ringing) => HangUpReason::Declined,
            _ => HangUpReason::HungUp,
        };
        self.give_up(reason, EndReason::Here);
    }

    // What the other side says.

    fn receive(&mut self, signal: Signal, now: Moment) {
        let peer = match (&signal.name, &self.talk) {
            (Some(name), _) if *name == self.me => return,
            (Some(name), _) => name.clone(),
            // The sample's clients leave their name out of candidates, and its server does not add
            // it: only the call under way can be meant.
            (None, Some(talk)) if talk.out.is_none() => talk.peer.clone(),
            (None, _) => return,
        };
        let begins = signal.tag.as_ref().is_none_or(|tag| tag.seq == 0);
        let call = signal.tag.map(|tag| tag.call);
        if self
            .talk
            .as_ref()
            .is_some_and(|talk| talk.owns(&peer, call.as_ref()))
        {
            return self.receive_own(signal.body, call, now);
        }
        match signal.body {
            SignalBody::Offer(sdp) if begins => self.receive_call(peer, call, sdp, now),
            // Whoever negotiates in a call that is over believes in it: say that it is.
            SignalBody::Offer(_) | SignalBody::Answer(_) if call.is_some() => {
                self.say_once(peer, call, SignalBody::HangUp(HangUpReason::UnknownCall));
            }
            SignalBody::Offer(_)
            | SignalBody::Answer(_)
            | SignalBody::Candidate(_)
            | SignalBody::Ringing
            | SignalBody::Accepted
            | SignalBody::HangUp(_) => {}
        }
    }

    /// A message of the call under way.
    fn receive_own(&mut self, body: SignalBody, call: Option<CallId>, now: Moment) {
        let Some(talk) = &mut self.talk else { return };
        talk.tagged |= call.is_some();
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
                let out = talk.leg.receive(body);
                self.obey(out);
                if calling && !is_candidate {
                    self.agreed(now);
                }
            }
        }
    }

    /// An offer that belongs to no call under way: somebody calls.
    fn receive_call(&mut self, peer: String, call: Option<CallId>, sdp: String, now: Moment) {
        if call.as_ref().is_some_and(|call| !self.is_latest(call)) {
            return;
        }
        match &mut self.talk {
            Some(talk) if talk.peer != peer => {
                self.say_once(peer.clone(), call, SignalBody::HangUp(HangUpReason::Busy));
                return self.notify(Notice::CalledMeanwhile { peer });
            }
            // Both called at the same moment: one call results.
            Some(talk) if matches!(talk.phase, Phase::Calling { .. }) => {
                if talk.said == 0 {
                    talk.out = call.clone();
                } else {
                    talk.merged = call.clone();
                }
                return self.receive_own(SignalBody::Offer(sdp), call, now);
            }
            // They call anew, so for them the old call is over.
            Some(_) => self.end(EndReason::There(HangUpReason::HungUp)),
            None => {}
        }
        let tagged = call.is_some();
        self.begin(peer, Phase::Ringing, call);
        if let Some(talk) = &mut self.talk {
            talk.tagged = tagged;
            talk.leg.receive(SignalBody::Offer(sdp));
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

    // What the browser says.

    fn media_ready(&mut self, now: Moment) {
        let Some(talk) = &mut self.talk else { return };
        match talk.phase {
            Phase::Ringing => return,
            Phase::Calling { .. } => self.timers.set(Timer::Answer, now + self.limits.answer),
            Phase::Connecting | Phase::Connected { .. } | Phase::Interrupted { .. } => {}
        }
        let out = talk.leg.open();
        self.obey(out);
    }

    fn leg_event(&mut self, id: LegId, event: LegEvent, now: Moment) {
        let Some(talk) = &mut self.talk else { return };
        if id != FIRST_LEG {
            return;
        }
        match event {
            LegEvent::Connection(ConnectionState::Connected) => {
                talk.failed = false;
                self.connected(now);
            }
            LegEvent::Connection(ConnectionState::Connecting)
            | LegEvent::IceConnection(
                IceConnectionState::Checking | IceConnectionState::Connected,
            ) => talk.failed = false,
            LegEvent::Connection(ConnectionState::Disconnected)
            | LegEvent::IceConnection(IceConnectionState::Disconnected) => self.interrupted(now),
            LegEvent::Connection(ConnectionState::Failed)
            | LegEvent::IceConnection(IceConnectionState::Failed) => {
                // Both states say it, in either order; one restart is enough.
                if !std::mem::replace(&mut talk.failed, true) {
                    self.commands.push_back(Command::RestartIce(id));
                }
                self.interrupted(now);
            }
            LegEvent::RemoteTracksGone => {
                self.give_up(HangUpReason::HungUp, EndReason::TracksGone);
            }
            LegEvent::Connection(ConnectionState::Closed)
            | LegEvent::IceConnection(IceConnectionState::Closed) => {}
            event @ (LegEvent::NegotiationNeeded
            | LegEvent::LocalDescriptionSet(_)
            | LegEvent::RemoteDescriptionSet
            | LegEvent::DescriptionRefused(_)
            | LegEvent::CandidateAdded
            | LegEvent::CandidateRefused(_)
            | LegEvent::Candidate(_)) => {
                let out = talk.leg.handle(event);
                self.obey(out);
            }
        }
    }

    fn obey(&mut self, outputs: Vec<LegOutput>) {
        for output in outputs {
            match output {
                LegOutput::Command(command) => self.commands.push_back(command),
                LegOutput::Say(body) => self.say(body),
                LegOutput::Broken(why) => {
                    self.give_up(HangUpReason::Failed, EndReason::Failed(why));
                }
            }
        }
    }

    // From phase to phase.

    fn begin(&mut self, peer: String, phase: Phase, out: Option<CallId>) {
        // Both sides know both names, so the roles are fixed, whoever calls.
        let polite = self.me < peer;
        self.ended = None;
        self.talk = Some(Talk::new(peer, phase, out, polite));
    }

    /// Both want the call.
    fn agreed(&mut self, now: Moment) {
        if let Some(talk) = &mut self.talk {
            talk.phase = Phase::Connecting;
            self.timers.stop(Timer::Answer);
            self.timers.set(Timer::NoPath, now + self.limits.no_path);
        }
    }

    fn connected(&mut self, now: Moment) {
        if let Some(talk) = &mut self.talk {
            talk.phase = talk.phase.connected(now);
            self.timers.stop(Timer::Answer);
            self.timers.stop(Timer::NoPath);
        }
    }

    fn interrupted(&mut self, now: Moment) {
        if let Some(talk) = &mut self.talk
            && let Some(phase) = talk.phase.interrupted(now)
        {
            talk.phase = phase;
            self.timers.set(Timer::NoPath, now + self.limits.no_path);
        }
    }

    /// Tells the other side, as far as it knows of the call, and ends it here.
    fn give_up(&mut self, tell: HangUpReason, reason: EndReason) {
        if let Some(talk) = &self.talk {
            if talk.said > 0 || !talk.is_outgoing() {
                let merged = talk.merged.clone().map(|call| (talk.peer.clone(), call));
                self.say(SignalBody::HangUp(tell));
                // The other side may not know yet that its call and ours have become one.
                if let Some((peer, call)) = merged {
                    self.say_once(peer, Some(call), SignalBody::HangUp(tell));
                }
            }
            self.end(reason);
        }
    }

    fn end(&mut self, reason: EndReason) {
        let Some(talk) = self.talk.take() else { return };
        self.timers.stop(Timer::Answer);
        self.timers.stop(Timer::NoPath);
        if talk.leg.is_open() {
            self.commands.push_back(Command::CloseLeg(FIRST_LEG));
        }
        if talk.phase != Phase::Ringing {
            self.commands.push_back(Command::ReleaseMedia);
        }
        self.ended = Some(Ended {
            peer: talk.peer,
            outgoing: talk.outgoing,
            reason,
        });
    }

    // Small things.

    fn phase(&self) -> Option<Phase> {
        self.talk.as_ref().map(|talk| talk.phase)
    }

    fn is_rung_by(&self, peer: &str) -> bool {
        let talk = self.talk.as_ref();
        talk.is_some_and(|talk| talk.peer == peer && talk.phase == Phase::Ringing)
    }

    fn talk_with(&mut self, peer: &str) -> Option<&mut Talk> {
        self.talk.as_mut().filter(|talk| talk.peer == peer)
    }

    fn watch_gaps(&mut self) {
        match self.inbox.gap_since() {
            Some(since) => self.timers.set(Timer::Gap, since + GAP_LIMIT),
            None => self.timers.stop(Timer::Gap),
        }
    }

    /// Says something in the call under way.
    fn say(&mut self, body: SignalBody) {
        let Some(talk) = &mut self.talk else { return };
        let tag = talk.out.clone().map(|call| Tag {
            call,
            leg: FIRST_LEG,
            seq: talk.said,
        });
        talk.said += 1;
        let (name, target) = (self.me.clone(), talk.peer.clone());
        self.send(name, target, body, tag);
    }

    /// Says the only thing we ever say in a call that is not ours.
    fn say_once(&mut self, target: String, call: Option<CallId>, body: SignalBody) {
        let tag = call.map(|call| Tag {
            call,
            leg: FIRST_LEG,
            seq: 0,
        });
        self.send(self.me.clone(), target, body, tag);
    }

    fn send(&mut self, name: String, target: String, body: SignalBody, tag: Option<Tag>) {
        self.commands.push_back(Command::Send(Signal {
            name: Some(name),
            target: Some(target),
            body,
            tag,
        }));
    }

    fn notify(&mut self, notice: Notice) {
        self.commands.push_back(Command::Notify(notice));
    }
}
