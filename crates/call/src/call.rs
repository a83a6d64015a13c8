//! A call under way, from the first click or ring to the end: who has agreed to it, and what its two
//! sides tell each other.

use std::time::Duration;

use holdfast_clock::Instant;
use holdfast_protocol::{CallId, HangUpReason, Signal, SignalBody, Tag};

use crate::{
    command::{Command, LegId},
    connectivity::{Connectivity, PathOutput},
    event::{CallRecord, LegEvent},
    outbox::{Outbox, Peer},
    recovery::Cause,
    timer::{AWAY_LIMIT, Limits, Timer, TimerTable},
    view::{CallState, EndReason, Interruption},
};

/// How long after its last word a page that closes may still be sending.
const LAST_PACKETS: Duration = Duration::from_secs(1);

/// A call with one person.
#[derive(Debug)]
pub(crate) struct Call {
    me: String,
    peer: String,
    /// We called, and were not called.
    outgoing: bool,
    /// We yield in collisions.
    polite: bool,
    agreement: Agreement,
    outbox: Outbox,
    path: Connectivity,
    /// When the other side's page said that it closes.
    away: Option<Instant>,
    peer_link_lost: bool,
    /// The server has been asked whether it can be reached, and has not answered.
    probing: bool,
    limits: Limits,
    timers: TimerTable,
    out: Vec<CallOutput>,
    over: Option<EndReason>,
}

/// The sides that want the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Agreement {
    /// We called.
    Calling { ringing: bool },
    /// We are called.
    Ringing,
    /// Both.
    Agreed,
}

/// An output of a call, for its endpoint.
#[derive(Debug)]
pub(crate) enum CallOutput {
    Command(Command),
    /// A message of the call, to be told how much of the other side's has been acted on.
    Send(Signal),
}

impl Call {
    /// We call somebody.
    pub(crate) fn dial(me: String, peer: String, id: CallId, limits: Limits) -> Self {
        let outbox = Outbox::new(Peer::Unknown { call: id }, 0);
        let calling = Agreement::Calling { ringing: false };
        let mut call = Self::new(me, peer, calling, outbox, limits);
        call.command(Command::AcquireMedia);
        call
    }

    /// Somebody calls us, with that offer; a client of the sample has no token.
    pub(crate) fn ring(
        me: String,
        peer: String,
        token: Option<CallId>,
        sdp: String,
        limits: Limits,
        now: Instant,
    ) -> Self {
        let known = match token {
            Some(call) => Peer::Holdfast {
                call,
                peer_call: None,
            },
            None => Peer::Sample,
        };
        let outbox = Outbox::new(known, 0);
        let mut call = Self::new(me, peer, Agreement::Ringing, outbox, limits);
        call.path.receive(0, SignalBody::Offer(sdp), now);
        call.timers.set(Timer::Answer, now + limits.answer);
        if call.outbox.is_holdfast() {
            call.path.peer_knows_legs();
            call.send(SignalBody::Ringing);
        }
        call
    }

    /// Our page was loaded anew during a call.
    pub(crate) fn rejoin(me: String, record: CallRecord, limits: Limits, now: Instant) -> Self {
        let known = Peer::Holdfast {
            call: record.call,
            peer_call: record.peer_call,
        };
        let outbox = Outbox::new(known, record.epoch);
        let mut call = Self::new(me, record.peer, Agreement::Agreed, outbox, limits);
        // The roles are those of the whole call, whatever we are called now.
        call.polite = record.polite;
        let seed = call.seed();
        call.path = Connectivity::reloaded(record.polite, seed, limits, record.leg, now);
        call.command(Command::AcquireMedia);
        call.send(SignalBody::Rejoin);
        call
    }

    fn new(me: String, peer: String, agreement: Agreement, outbox: Outbox, limits: Limits) -> Self {
        // Both sides know both names, so the roles are fixed, whoever calls.
        let polite = me < peer;
        let mut call = Self {
            me,
            peer,
            outgoing: matches!(agreement, Agreement::Calling { .. }),
            polite,
            agreement,
            outbox,
            path: Connectivity::new(polite, 0, limits),
            away: None,
            peer_link_lost: false,
            probing: false,
            limits,
            timers: TimerTable::default(),
            out: Vec::new(),
            over: None,
        };
        call.path = Connectivity::new(polite, call.seed(), limits);
        call
    }

    /// Different on the two sides, and in different calls.
    fn seed(&self) -> u32 {
        let call = self.outbox.call();
        let page = call.iter().flat_map(|call| call.page.bytes());
        let mut bytes = self.peer.bytes().chain(page);
        bytes
            .by_ref()
            .fold(call.map_or(7, |call| call.nth), |seed, byte| {
                seed.wrapping_mul(31).wrapping_add(u32::from(byte))
            })
    }

    /// Outputs since this was last asked.
    pub(crate) fn take_outputs(&mut self) -> Vec<CallOutput> {
        std::mem::take(&mut self.out)
    }

    // What is asked of it.

    pub(crate) fn peer(&self) -> &str {
        &self.peer
    }

    pub(crate) fn is_outgoing(&self) -> bool {
        self.outgoing
    }

    pub(crate) fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Why it is over, if it is.
    pub(crate) fn over(&self) -> Option<&EndReason> {
        self.over.as_ref()
    }

    pub(crate) fn is_calling(&self) -> bool {
        matches!(self.agreement, Agreement::Calling { .. })
    }

    pub(crate) fn is_ringing(&self) -> bool {
        self.agreement == Agreement::Ringing
    }

    pub(crate) fn is_agreed(&self) -> bool {
        self.agreement == Agreement::Agreed
    }

    pub(crate) fn state(&self) -> CallState {
        match self.agreement {
            Agreement::Calling { .. } if !self.path.legs().is_open() => CallState::Preparing,
            Agreement::Calling { ringing } => CallState::Calling { ringing },
            Agreement::Ringing => CallState::Ringing,
            Agreement::Agreed => self.path.state(),
        }
    }

    pub(crate) fn back_after(&self) -> Option<Duration> {
        self.path.back_after()
    }

    pub(crate) fn peer_link_lost(&self) -> bool {
        self.peer_link_lost
    }

    /// The interruption, if there is one. `link_lost`: our own link to the server is.
    pub(crate) fn interruption(&self, link_lost: bool) -> Option<Interruption> {
        if !self.path.is_interrupted() {
            return None;
        }
        Some(match self.path.cause() {
            _ if self.away.is_some() => Interruption::TheirPage,
            _ if self.path.is_reloaded() => Interruption::OurPage,
            Some(Cause::Moved) => Interruption::OurNetwork,
            _ if link_lost => Interruption::OurNetwork,
            Some(Cause::Silence) | None => Interruption::TheirNetwork,
        })
    }

    /// Whether a link between us and the other side is known to be down.
    pub(crate) fn cannot_hear(&self) -> bool {
        self.probing || self.peer_link_lost
    }

    /// The state with which the page comes back into the call after a reload.
    pub(crate) fn record(&self) -> Option<CallRecord> {
        let comes_back = self.is_agreed() && self.outbox.is_holdfast();
        let (_, epoch) = self.outbox.epochs();
        Some(CallRecord {
            peer: self.peer.clone(),
            call: self.outbox.call().filter(|_| comes_back)?.clone(),
            peer_call: self.outbox.peer_call().cloned(),
            polite: self.polite,
            epoch: epoch + 1,
            leg: self.path.legs().highest(),
        })
    }

    // What people do.

    pub(crate) fn accept(&mut self, now: Instant) {
        if self.is_ringing() {
            self.agreed(now);
            if self.outbox.is_holdfast() {
                self.send(SignalBody::Accepted);
            }
            self.command(Command::AcquireMedia);
        }
    }

    pub(crate) fn hang_up(&mut self) {
        let reason = match self.agreement {
            Agreement::Calling { .. } => HangUpReason::Cancelled,
            Agreement::Ringing => HangUpReason::Declined,
            Agreement::Agreed => HangUpReason::HungUp,
        };
        self.give_up(reason, EndReason::Here);
    }

    /// A call that both want waits for the page to come back; any other is over with it.
    pub(crate) fn page_closes(&mut self) {
        if self.record().is_some() {
            self.send(SignalBody::Away);
        } else {
            self.hang_up();
        }
    }

    // What the browser and the ground do.

    pub(crate) fn media_ready(&mut self, now: Instant) {
        match self.agreement {
            Agreement::Ringing => return,
            Agreement::Calling { .. } => self.timers.set(Timer::Answer, now + self.limits.answer),
            Agreement::Agreed => {}
        }
        self.path.open_legs(now);
        self.follow_path(now);
    }

    pub(crate) fn leg_event(&mut self, leg: LegId, event: LegEvent, now: Instant) {
        if event == LegEvent::ChannelOpen {
            self.retransmit();
        }
        self.path.leg_event(leg, event, now);
        self.follow_path(now);
    }

    pub(crate) fn network_moved(&mut self, now: Instant) {
        self.path.network_moved(now);
        self.follow_path(now);
    }

    pub(crate) fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
        self.path.set_limits(limits);
    }

    // Links.

    /// The signaling server can be reached. `anew`: it knows nothing of the session before;
    /// `was_lost`: our link was.
    pub(crate) fn link_up(&mut self, anew: bool, was_lost: bool, now: Instant) {
        self.probing = false;
        // What we sent may have gone down with the old session; it is sent again once the server
        // lists the other side.
        self.peer_link_lost |= anew;
        if was_lost && self.away.is_some() {
            // The other side's page could not say that it is back.
            self.timers.set(Timer::Away, now + AWAY_LIMIT);
        }
        self.path.server_answers(now);
        self.follow_path(now);
    }

    /// There is no server that could be asked.
    pub(crate) fn no_server(&mut self) {
        self.probing = false;
    }

    /// The other side answers over a leg.
    pub(crate) fn peer_answers(&mut self, now: Instant) {
        self.probing = false;
        self.path.peer_answers(now);
        self.follow_path(now);
    }

    /// The server lists the other side, or does not. Whether it is back.
    pub(crate) fn peer_link(&mut self, up: bool) -> bool {
        std::mem::replace(&mut self.peer_link_lost, !up) && up
    }

    /// Nobody has the other side's name.
    pub(crate) fn unreachable(&mut self) {
        if self.is_calling() {
            self.end(EndReason::Unreachable);
        } else {
            self.peer_link_lost = true;
        }
    }

    // What the other side says.

    /// Both called at the same moment: one call results, theirs and ours.
    pub(crate) fn merge(&mut self, token: Option<CallId>) {
        if let Some(token) = token {
            self.outbox.merge(token);
        }
    }

    /// A message of the call.
    pub(crate) fn receive(&mut self, body: SignalBody, tag: Option<Tag>, now: Instant) {
        if let Some(tag) = &tag {
            self.tagged(tag, now);
        }
        let leg = tag.as_ref().map_or(0, |tag| tag.leg);
        match body {
            SignalBody::Ringing => {
                if self.is_calling() {
                    self.agreement = Agreement::Calling { ringing: true };
                }
            }
            SignalBody::Accepted => {
                if self.is_calling() {
                    self.agreed(now);
                }
            }
            SignalBody::HangUp(reason) => self.hung_up(reason, tag.as_ref()),
            SignalBody::Offer(_) | SignalBody::Answer(_) | SignalBody::Candidate(_) => {
                self.negotiate(leg, body, tag.is_some(), now);
            }
            SignalBody::KeepLeg => self.path.keep(leg, now),
            SignalBody::Away => {
                self.away = Some(now);
                self.timers.set(Timer::Away, now + AWAY_LIMIT);
            }
            SignalBody::Rejoin => {
                self.away = None;
                self.timers.stop(Timer::Away);
            }
            SignalBody::Text(text) => {
                let from = self.peer.clone();
                self.command(Command::ShowText { from, text });
            }
        }
        self.follow_path(now);
    }

    /// Takes in a message's tag.
    fn tagged(&mut self, tag: &Tag, now: Instant) {
        let texts = self.outbox.tagged(tag);
        self.path.peer_knows_legs();
        if let Some(texts) = texts {
            self.path.peer_reloaded(now);
            self.follow_path(now);
            for text in texts {
                self.send(SignalBody::Text(text));
            }
        }
    }

    fn hung_up(&mut self, reason: HangUpReason, tag: Option<&Tag>) {
        // Both had called: what ended is their call; ours must not go on ringing there.
        let theirs = self.outbox.peer_call();
        if theirs.is_some() && theirs == tag.map(|tag| &tag.call) {
            self.send(SignalBody::HangUp(HangUpReason::HungUp));
        }
        self.end(EndReason::There(reason));
    }

    fn negotiate(&mut self, leg: LegId, body: SignalBody, is_tagged: bool, now: Instant) {
        // The sample's client says nothing of tokens; its first word shows what it is.
        if !is_tagged {
            self.outbox.peer_is_sample();
        }
        let is_candidate = matches!(body, SignalBody::Candidate(_));
        self.path.receive(leg, body, now);
        self.follow_path(now);
        if self.is_calling() && !is_candidate {
            self.agreed(now);
        }
    }

    // What the other side is told.

    /// Sends something in the call.
    pub(crate) fn send(&mut self, body: SignalBody) {
        let leg = self.path.legs().live();
        self.send_for_leg(leg.unwrap_or_default(), body);
    }

    /// Sends something about a leg of the call.
    fn send_for_leg(&mut self, leg: LegId, body: SignalBody) {
        let signal = self.outbox.next(&self.me, &self.peer, leg, body);
        self.out.push(CallOutput::Send(signal));
    }

    /// There is another way: sends what has not been acknowledged, numbered as it is; what did
    /// arrive is not acted on twice.
    pub(crate) fn retransmit(&mut self) {
        let again = self.outbox.unacked().cloned().map(CallOutput::Send);
        self.out.extend(again);
    }

    // From state to state.

    /// Both want the call.
    fn agreed(&mut self, now: Instant) {
        self.agreement = Agreement::Agreed;
        self.timers.stop(Timer::Answer);
        self.path.begin(now);
    }

    /// Tells the other side, as far as it knows of the call, and ends it here.
    pub(crate) fn give_up(&mut self, tell: HangUpReason, reason: EndReason) {
        if self.outbox.has_sent() || !self.is_calling() {
            self.send(SignalBody::HangUp(tell));
            // The other side may not know yet that its call and ours have become one.
            if let Some(theirs) = self.outbox.peer_call().cloned() {
                let body = SignalBody::HangUp(tell);
                let signal = reply(&self.me, self.peer.clone(), Some(theirs), (0, 0), body);
                self.command(Command::Send(signal));
            }
        }
        self.end(reason);
    }

    pub(crate) fn end(&mut self, reason: EndReason) {
        let closed: Vec<Command> = self.path.close().collect();
        closed.into_iter().for_each(|command| self.command(command));
        if !self.is_ringing() {
            self.command(Command::ReleaseMedia);
        }
        self.over = Some(reason);
    }

    /// Does what the path wants.
    fn follow_path(&mut self, now: Instant) {
        for output in self.path.take_outputs() {
            if self.over.is_some() {
                return;
            }
            match output {
                PathOutput::Command(command) => {
                    self.probing |= command == Command::ProbeLink;
                    self.command(command);
                }
                PathOutput::Send(leg, body) => self.send_for_leg(leg, body),
                PathOutput::Connected => self.connected(now),
                PathOutput::GiveUp(tell, reason) => self.give_up(tell, reason),
            }
        }
    }

    /// Media flows.
    fn connected(&mut self, now: Instant) {
        self.agreement = Agreement::Agreed;
        self.timers.stop(Timer::Answer);
        // What was on its way when the page closed comes a moment after.
        if self.away.is_some_and(|at| now > at + LAST_PACKETS) {
            self.away = None;
            self.timers.stop(Timer::Away);
        }
    }

    fn command(&mut self, command: Command) {
        self.out.push(CallOutput::Command(command));
    }

    // Time.

    /// Does what is due about the path. To be called after everything that happens.
    pub(crate) fn drive(&mut self, now: Instant) {
        if self.over.is_none() {
            self.path.drive(now);
            self.follow_path(now);
        }
    }

    /// Acts on the timers that are due. `link_lost`: our own link to the server is.
    pub(crate) fn handle_timeout(&mut self, link_lost: bool, now: Instant) {
        while let Some(timer) = self.timers.expire(now) {
            match timer {
                Timer::Answer if self.is_ringing() => {
                    self.give_up(HangUpReason::NoAnswer, EndReason::Missed);
                }
                Timer::Answer => self.give_up(HangUpReason::NoAnswer, EndReason::NoAnswer),
                // The other side's page cannot say that it is back.
                Timer::Away if link_lost || self.probing => {
                    self.timers.set(Timer::Away, now + AWAY_LIMIT / 2);
                }
                Timer::Away => self.give_up(HangUpReason::NoPath, EndReason::Left),
                // Those of the path.
                Timer::NoPath | Timer::ReadStats | Timer::Path | Timer::Back => {}
            }
            if self.over.is_some() {
                return;
            }
        }
        self.path.handle_timeout(now);
        self.follow_path(now);
    }

    /// When to call [`Self::handle_timeout`] next.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        [self.timers.next(), self.path.next()]
            .into_iter()
            .flatten()
            .min()
    }

    /// The device slept, and so did the limits.
    pub(crate) fn slept(&mut self, by: Duration, now: Instant) {
        self.timers.postpone(by);
        self.path.postpone(by);
        self.network_moved(now);
    }
}

/// The only thing that is ever said in a call that is not under way: that it is not.
pub(crate) fn reply(
    me: &str,
    target: String,
    call: Option<CallId>,
    (epoch, peer_epoch): (u32, u32),
    body: SignalBody,
) -> Signal {
    let tag = call.map(|call| Tag {
        call,
        leg: 0,
        seq: 0,
        acked: 0,
        epoch,
        peer_epoch,
    });
    Signal {
        name: Some(me.to_owned()),
        target: Some(target),
        body,
        tag,
    }
}
