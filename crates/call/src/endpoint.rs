//! Who calls whom: ringing, accepting, ending.

use std::collections::VecDeque;

use holdfast_protocol::{CallId, HangUpReason, SignalBody};

use crate::{
    Moment,
    command::{Command, Notice},
    event::{CallRecord, Event},
    leg::LegOutput,
    legs::Legs,
    ordered::Inbox,
    recovery::Cause,
    talk::{Phase, Talk},
    timer::{AWAY_LIMIT, GAP_LIMIT, Limits, Timer, TimerTable},
    view::{CallView, EndReason, Ended, Stage, Trouble},
};

/// The one call that a page can be in, or none.
#[derive(Debug)]
pub struct Call {
    pub(crate) me: String,
    pub(crate) limits: Limits,
    pub(crate) talk: Option<Talk>,
    ended: Option<Ended>,
    /// Our own link to the signaling server is gone.
    pub(crate) link_lost: bool,
    /// The server has been asked whether it can be reached, and has not answered.
    pub(crate) probing: bool,
    pub(crate) inbox: Inbox,
    /// The latest call that each page began, so that an older one's offer cannot ring any more.
    pub(crate) latest: VecDeque<CallId>,
    pub(crate) timers: TimerTable,
    pub(crate) commands: VecDeque<Command>,
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
            link_lost: false,
            probing: false,
            inbox: Inbox::default(),
            latest: VecDeque::new(),
            timers: TimerTable::default(),
            commands: VecDeque::new(),
        }
    }

    /// Waits as long as that from now on.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// How the last call ended is of no interest any more.
    pub fn forget_ended(&mut self) {
        self.ended = None;
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
            Event::Received(signal) => self.received(signal, now),
            Event::Say(text) => self.say(SignalBody::Text(text)),
            Event::PeerAnswers => self.peer_answers(now),
            Event::NoServer => self.probing = false,
            Event::PeerLink { peer, up } => {
                if self.talk_with(&peer).is_some() {
                    self.peer_link(up, now);
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
            Event::NetworkMoved => self.network_moved(now),
            Event::LinkUp { anew } => self.link_up(anew, now),
            Event::LinkLost => self.link_lost = true,
            Event::PageCloses => self.page_closes(),
            Event::Rejoin(record) => self.rejoin(record, now),
            Event::Leg(leg, event) => self.leg_event(leg, event, now),
        }
        self.tend(now);
    }

    /// Acts on the timers that are due.
    pub fn handle_timeout(&mut self, now: Moment) {
        if let Some(slept) = self.timers.overslept(now) {
            // The device slept, and so did the limits.
            self.timers.postpone(slept);
            self.network_moved(now);
        }
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
                // What is missing cannot come while a link is down.
                Timer::Gap if self.cannot_hear() => {
                    self.timers.set(Timer::Gap, now + GAP_LIMIT);
                }
                Timer::Gap => {
                    for signal in self.inbox.skip_gaps(now) {
                        self.receive(signal, now);
                    }
                    self.watch_gaps();
                }
                // Nor can the other side's page say that it is back.
                Timer::Away if self.link_lost || self.probing => {
                    self.timers.set(Timer::Away, now + AWAY_LIMIT / 2);
                }
                Timer::Away => self.give_up(HangUpReason::NoPath, EndReason::Left),
                Timer::Back => {
                    if let Some(talk) = &mut self.talk {
                        talk.back_after = None;
                    }
                }
                Timer::Look => self.look(),
                Timer::Path => {}
            }
        }
        self.tend(now);
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
            trouble: talk.and_then(|talk| self.trouble(talk)),
            back_after: talk.and_then(|talk| talk.back_after),
            ended: self.ended.clone(),
        }
    }

    /// Whether what is written to that person is said in the call, and so gets there if the call
    /// does.
    #[must_use]
    pub fn reaches(&self, peer: &str) -> bool {
        let talk = self.talk.as_ref();
        talk.is_some_and(|talk| talk.peer == peer && talk.tagged && talk.phase.is_agreed())
    }

    /// The token of the call: of two, when both called at the same moment, the lesser.
    #[must_use]
    pub fn id(&self) -> Option<&CallId> {
        let talk = self.talk.as_ref()?;
        [&talk.out, &talk.merged].into_iter().flatten().min()
    }

    /// What the page has to remember to come back into the call after it was loaded anew.
    #[must_use]
    pub fn record(&self) -> Option<CallRecord> {
        let talk = self.talk.as_ref()?;
        let comes_back = talk.phase.is_agreed() && talk.tagged;
        Some(CallRecord {
            peer: talk.peer.clone(),
            call: talk.out.clone().filter(|_| comes_back)?,
            merged: talk.merged.clone(),
            polite: talk.polite,
            life: talk.life + 1,
            leg: talk.legs.highest(),
        })
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

    // What the browser says.

    fn media_ready(&mut self, now: Moment) {
        let Some(talk) = &mut self.talk else { return };
        match talk.phase {
            Phase::Ringing => return,
            Phase::Calling { .. } => self.timers.set(Timer::Answer, now + self.limits.answer),
            Phase::Connecting | Phase::Connected { .. } | Phase::Interrupted { .. } => {}
        }
        let out = talk.legs.open();
        self.obey(out, now);
    }

    /// A call that both want waits for the page to come back; any other is over with it.
    fn page_closes(&mut self) {
        if self.record().is_some() {
            self.say(SignalBody::Away);
        } else {
            self.hang_up();
        }
    }

    fn rejoin(&mut self, record: CallRecord, now: Moment) {
        if self.talk.is_some() {
            return;
        }
        let mut talk = Talk::new(
            record.peer,
            Phase::back(now),
            Some(record.call),
            record.polite,
        );
        talk.merged = record.merged;
        talk.tagged = true;
        talk.life = record.life;
        talk.returning = true;
        talk.legs = Legs::none(record.polite, record.leg);
        talk.recovery.begin(now);
        self.talk = Some(talk);
        self.timers.set(Timer::NoPath, now + self.limits.no_path);
        self.commands.push_back(Command::AcquireMedia);
        self.say(SignalBody::Rejoin);
    }

    // From phase to phase.

    pub(crate) fn begin(&mut self, peer: String, phase: Phase, out: Option<CallId>) {
        // Both sides know both names, so the roles are fixed, whoever calls.
        let polite = self.me < peer;
        self.ended = None;
        self.talk = Some(Talk::new(peer, phase, out, polite));
    }

    /// Both want the call.
    pub(crate) fn agreed(&mut self, now: Moment) {
        if let Some(talk) = &mut self.talk {
            talk.phase = Phase::Connecting;
            talk.recovery.begin(now);
            if talk.moved_early {
                talk.recovery.moved(now);
            }
            self.timers.stop(Timer::Answer);
            self.timers.set(Timer::NoPath, now + self.limits.no_path);
        }
    }

    /// Tells the other side, as far as it knows of the call, and ends it here.
    pub(crate) fn give_up(&mut self, tell: HangUpReason, reason: EndReason) {
        if let Some(talk) = &self.talk {
            if talk.said > 0 || !talk.is_outgoing() {
                let merged = talk.merged.clone().map(|call| (talk.peer.clone(), call));
                self.say(SignalBody::HangUp(tell));
                // The other side may not know yet that its call and ours have become one.
                if let Some((peer, call)) = merged {
                    self.say_once(peer, Some(call), (0, 0), SignalBody::HangUp(tell));
                }
            }
            self.end(reason);
        }
    }

    pub(crate) fn end(&mut self, reason: EndReason) {
        let Some(mut talk) = self.talk.take() else {
            return;
        };
        self.timers.end_of_call();
        for output in talk.legs.close() {
            if let LegOutput::Command(command) = output {
                self.commands.push_back(command);
            }
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

    /// What stands between the two, if anything does.
    fn trouble(&self, talk: &Talk) -> Option<Trouble> {
        let Phase::Interrupted { .. } = talk.phase else {
            return None;
        };
        Some(match talk.recovery.cause() {
            _ if talk.away.is_some() => Trouble::TheirPage,
            _ if talk.returning => Trouble::OurPage,
            Some(Cause::Moved) => Trouble::OurNetwork,
            _ if self.link_lost => Trouble::OurNetwork,
            Some(Cause::Silence) | None => Trouble::TheirNetwork,
        })
    }

    /// Whether a link between us and the other side is known to be down.
    fn cannot_hear(&self) -> bool {
        let theirs = self.talk.as_ref().is_some_and(|talk| talk.peer_link_lost);
        self.link_lost || self.probing || theirs
    }

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

    pub(crate) fn watch_gaps(&mut self) {
        match self.inbox.gap_since() {
            Some(since) => self.timers.set(Timer::Gap, since + GAP_LIMIT),
            None => self.timers.stop(Timer::Gap),
        }
    }

    pub(crate) fn notify(&mut self, notice: Notice) {
        self.commands.push_back(Command::Notify(notice));
    }
}
