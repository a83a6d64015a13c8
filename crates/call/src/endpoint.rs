//! A page's end of calls: who calls whom, and which call a message belongs to.

use std::{collections::VecDeque, time::Duration};

use holdfast_clock::Instant;
use holdfast_protocol::{CallId, ChannelMessage, HangUpReason, Signal, SignalBody, Tag};

use crate::{
    call::{Call, CallOutput, Party, reply},
    callers::Callers,
    calls::Calls,
    command::{Command, Notice},
    event::{CallRecord, Event},
    identity::{Address, Way},
    inbox::Inbox,
    known_calls::KnownCalls,
    secret::Secret,
    timer::{GAP_LIMIT, Limits, SLEPT},
    view::{CallState, CallView, EndReason, Ended},
};

/// How many calls that are over are remembered, to say so to who believes in one.
const OVER: usize = 8;

/// How many answers are given in a second to messages that belong to no call: nobody makes us send so
/// much that we are taken for somebody who floods the server.
const ANSWERS: usize = 5;

/// How long a ring goes on after the caller's link to the server is lost, and a call that nothing has
/// come of: long enough for it to come back on another network.
const AWAY: Duration = Duration::from_secs(10);

/// A page's end of calls. It can be in one at a time; while that is interrupted, another may ring.
#[derive(Debug)]
pub struct Endpoint {
    me: Address,
    /// What the secrets of calls are made from.
    page: Secret,
    /// What the keys that others are told are made from, if a path may be found while it rings.
    contacts: Option<Secret>,
    limits: Limits,
    calls: Calls,
    ended: Option<Ended>,
    /// Our own link to the signaling server is gone.
    link_lost: bool,
    inbox: Inbox,
    /// When a missing message is to be given up.
    gap_due: Option<Instant>,
    known_calls: KnownCalls,
    callers: Callers,
    /// Calls that are over, and what our messages in them are proved with.
    over: VecDeque<(CallId, Secret)>,
    /// When the last answers were given to messages that belong to no call.
    answers: VecDeque<Instant>,
    commands: VecDeque<Command>,
}

impl Endpoint {
    /// No call yet, for a person whose name is not known yet. `page` is a secret that nobody else has:
    /// those of its calls are made from it.
    #[must_use]
    pub fn new(limits: Limits, page: Secret) -> Self {
        Self {
            me: Address::default(),
            page,
            contacts: None,
            limits,
            calls: Calls::default(),
            ended: None,
            link_lost: false,
            inbox: Inbox::default(),
            gap_due: None,
            known_calls: KnownCalls::default(),
            callers: Callers::default(),
            over: VecDeque::new(),
            answers: VecDeque::new(),
            commands: VecDeque::new(),
        }
    }

    /// Waits as long as that from now on.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
        self.calls.each(|call| call.set_limits(limits));
    }

    /// Whoever has been talked with before finds a path while it rings here, by keys that are made from this lasting
    /// secret; or nobody does.
    pub fn set_contacts(&mut self, contacts: Option<Secret>) {
        self.contacts = contacts;
    }

    /// Nobody finds one any more, nor do we elsewhere; not by a call that there is, either.
    pub fn forget_contacts(&mut self) {
        self.contacts = None;
        self.calls.each(Call::forget_contact);
    }

    /// How the last call ended is of no interest any more.
    pub fn forget_ended(&mut self) {
        self.ended = None;
    }

    /// Takes in what happened. Drain [`Self::poll_command`] afterwards.
    pub fn handle(&mut self, event: Event, now: Instant) {
        match event {
            Event::Named { name, person } => {
                self.me = Address { name, person };
                let me = self.me.clone();
                self.calls.each(|call| call.named(&me));
            }
            Event::Dial { peer, id, key } => self.dial(peer, id, key, now),
            Event::Received(signal) => self.received(signal, Way::Server, now),
            Event::ReceivedDirect(ChannelMessage::Signal(signal)) => {
                self.received(signal, Way::Channel, now);
            }
            Event::Rejoin(record) => self.rejoin(record, now),
            Event::Over(calls) => self.over = calls.into(),
            Event::LinkUp { anew } => self.link_up(anew, now),
            Event::LinkLost => self.link_lost = true,
            Event::PeerLink { peer, person, up } => {
                self.peer_link(Address { name: peer, person }, up, now)
            }
            Event::PeerAway { peer } => {
                let limit = now + AWAY;
                self.calls.each(|call| {
                    if call.peer().name == peer {
                        call.is_away(limit);
                    }
                });
            }
            Event::Accept | Event::Decline if self.calls.waiting.is_some() => {
                self.answer_waiting(event == Event::Accept, now);
            }
            Event::Block { peer, blocked } => self.block(&peer, blocked),
            Event::Unreachable { peer } => self.calls.each(|call| {
                if call.peer().name == peer {
                    call.unreachable();
                }
            }),
            Event::PageCloses => self.calls.each(Call::page_closes),
            Event::Accept
            | Event::Decline
            | Event::HangUp
            | Event::SendText(_)
            | Event::LocalMedia(_)
            | Event::Paths(_)
            | Event::ReceivedDirect(_)
            | Event::NoServer
            | Event::MediaReady
            | Event::MediaRefused
            | Event::NetworkMoved
            | Event::Leg(..) => {
                if let Some(call) = &mut self.calls.current {
                    feed(call, event, now);
                }
            }
        }
        self.drive(now);
    }

    /// Acts on the timers that are due.
    pub fn handle_timeout(&mut self, now: Instant) {
        let late = self.poll_timeout().map(|due| now.since(due));
        if let Some(late) = late.filter(|late| *late >= SLEPT) {
            // The device slept, and so did the limits.
            self.gap_due = self.gap_due.map(|due| due + late);
            self.calls.each(|call| call.slept(late, now));
        }
        if self.gap_due.take_if(|due| *due <= now).is_some() {
            self.gap_is_due(now);
        }
        let link_lost = self.link_lost;
        self.calls.each(|call| call.handle_timeout(link_lost, now));
        self.drive(now);
    }

    /// The next thing to do, if any.
    pub fn poll_command(&mut self) -> Option<Command> {
        self.commands.pop_front()
    }

    /// When to call [`Self::handle_timeout`] next.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let due = [self.gap_due, self.calls.poll_timeout()];
        due.into_iter().flatten().min()
    }

    /// The call as it is to be shown.
    #[must_use]
    pub fn view(&self) -> CallView {
        let call = self.calls.current.as_ref();
        CallView {
            state: call.map_or(CallState::Idle, Call::state),
            peer: call
                .map(|call| call.peer().name.clone())
                .unwrap_or_default(),
            peer_link_lost: call.is_some_and(Call::is_lost),
            interruption: call.and_then(|call| call.interruption(self.link_lost)),
            back_after: call.and_then(Call::back_after),
            peer_media: call.and_then(Call::peer_media),
            is_ours: call.is_some_and(Call::is_ours),
            waiting: self
                .calls
                .waiting
                .as_ref()
                .map(|call| call.peer().name.clone()),
            ended: self.ended.clone(),
        }
    }

    /// Whether what is written to that person is said in the call, and so gets there if the call
    /// does.
    #[must_use]
    pub fn reaches(&self, peer: &str) -> bool {
        let call = self
            .calls
            .current
            .as_ref()
            .filter(|call| call.peer().name == peer);
        call.is_some_and(Call::is_ours)
    }

    /// Whether the other end of the call is known to be one of ours, though nobody may have accepted yet.
    #[must_use]
    pub fn peer_is_ours(&self) -> bool {
        let call = self.calls.current.as_ref();
        call.is_some_and(|call| call.outbox().is_holdfast())
    }

    /// The token of the call: of two, when both called at the same moment, the lesser.
    #[must_use]
    pub fn id(&self) -> Option<&CallId> {
        let outbox = self.calls.current.as_ref()?.outbox();
        [outbox.call(), outbox.peer_call()]
            .into_iter()
            .flatten()
            .min()
    }

    /// The state with which the page comes back into the call after a reload.
    #[must_use]
    pub fn record(&self) -> Option<CallRecord> {
        self.calls.current.as_ref()?.record()
    }

    /// Calls that are over, and what our messages in them are proved with: to be kept through a reload.
    pub fn over(&self) -> impl Iterator<Item = &(CallId, Secret)> {
        self.over.iter()
    }

    // What people do.

    fn dial(&mut self, peer: String, id: CallId, key: Option<Secret>, now: Instant) {
        let waiting = self.calls.waiting.as_ref();
        if waiting.is_some_and(|call| call.peer().name == peer) {
            return self.answer_waiting(true, now);
        }
        match &mut self.calls.current {
            // Calling who calls is a yes.
            Some(call) if call.is_ringing() && call.peer().name == peer => call.accept(now),
            _ if peer == self.me.name => self.notify(Notice::CannotCallYourself),
            Some(call) => {
                let with = call.peer().name.clone();
                self.notify(Notice::AlreadyInCall { with });
            }
            None => {
                self.callers.welcome(&peer);
                self.begin(Call::dial(self.party(), peer, id, key));
            }
        }
    }

    fn block(&mut self, peer: &str, blocked: bool) {
        self.callers.unblock(peer);
        if blocked {
            let rings = |call: &Call| call.is_ringing() && call.peer().name == peer;
            let ringing = self.calls.find(rings);
            let person = ringing.and_then(|call| {
                // It stops here; there it goes on.
                call.end(EndReason::Here);
                call.peer().person.clone()
            });
            let name = peer.to_owned();
            self.callers.block(Address { name, person });
        }
    }

    fn party(&self) -> Party<'_> {
        Party {
            me: &self.me,
            page: &self.page,
            contacts: self.contacts.as_ref(),
            limits: self.limits,
        }
    }

    fn rejoin(&mut self, record: CallRecord, now: Instant) {
        if self.calls.current.is_none() {
            self.begin(Call::rejoin(self.party(), record, now));
        }
    }

    // Links.

    /// The signaling server can be reached.
    fn link_up(&mut self, anew: bool, now: Instant) {
        let was_lost = std::mem::take(&mut self.link_lost);
        if was_lost || anew {
            self.restart_gaps(now);
        }
        self.calls.each(|call| call.link_up(anew, was_lost, now));
    }

    /// The server lists somebody, or does not.
    fn peer_link(&mut self, of: Address, up: bool, now: Instant) {
        let is_peer = |call: &Call| match &of.person {
            Some(person) => {
                call.peer()
                    .person
                    .as_ref()
                    .is_none_or(|known| known == person)
                    && call.peer().name == of.name
            }
            None => call.peer().name == of.name,
        };
        let mut is_back = false;
        self.calls.each(|call| {
            if !is_peer(call) {
                return;
            }
            if call.peer_link(up) {
                call.retransmit();
                is_back = true;
            }
            if !up {
                call.is_away(now + AWAY);
            }
        });
        if is_back {
            self.restart_gaps(now);
        }
    }

    /// Missing messages had no way to come until now.
    fn restart_gaps(&mut self, now: Instant) {
        self.inbox.restart_gaps(now);
        self.watch_gaps(now);
    }

    // Messages.

    /// A message of some call arrived.
    fn received(&mut self, mut signal: Signal, way: Way, now: Instant) {
        // Of a call that is not under way, any epoch of this page has to answer.
        let mut epoch = signal.tag.as_ref().map_or(0, |tag| tag.peer_epoch);
        // What comes over a leg is of the call that has legs.
        let has_legs = |call: &Call| way == Way::Server || call.has_legs();
        let owner = |call: &Call| has_legs(call) && call.may_own(&signal);
        if let Some(call) = self.calls.find(owner) {
            if !call.admits(&signal, way) {
                // Whoever knows the token, or has the name, and cannot show more is told nothing.
                return;
            }
            if let SignalBody::Here { person, .. } = &signal.body {
                // No server says who sent it where none has passed it on.
                let is_person = way == Way::Channel && Some(person) != signal.name.as_ref();
                signal.from = signal.from.or_else(|| is_person.then(|| person.clone()));
                return self.shown(signal, now);
            }
            if signal.body == SignalBody::Contact {
                // A call that rings beside another has no legs: there are those of the other.
                if let Some(call) = self.calls.current.as_mut().filter(|call| owner(call)) {
                    call.shows_contact(&signal, now);
                }
                return self.collect(now);
            }
            if let (Way::Server, Some(name)) = (way, signal.name.take()) {
                let person = signal.from.clone();
                if call.is_lost() && may_answer(&mut self.answers, now) {
                    call.ask(Address { name, person });
                }
            }
            signal.name = Some(call.key().to_owned());
            epoch = call.outbox().epochs().1;
        } else if way == Way::Channel {
            // Over a leg of a call that is over.
            return;
        } else if matches!(signal.body, SignalBody::Here { .. }) {
            // Not numbered as what waits its turn.
            return self.receive(signal, now);
        } else if signal.body == SignalBody::Contact {
            return;
        }
        let calls = &self.calls;
        let keeps = |sender: &str, token: &CallId| {
            calls
                .iter()
                .any(|call| call.key() == sender && call.outbox().owns(Some(token)))
        };
        for signal in self.inbox.receive(signal, keeps, epoch, now) {
            self.receive(signal, now);
        }
        self.watch_gaps(now);
    }

    /// The other side shows that it is that person: it is, if the server says so too.
    fn shown(&mut self, signal: Signal, now: Instant) {
        let (Some(name), SignalBody::Here { person, asks }) = (signal.name, signal.body) else {
            return;
        };
        let Some(tag) = signal
            .tag
            .filter(|_| signal.from.as_ref().unwrap_or(&name) == &person)
        else {
            return;
        };
        let address = Address {
            name,
            person: signal.from,
        };
        let owner = |call: &Call| call.outbox().owns(Some(&tag.call));
        let call = self.calls.find(owner);
        if call.is_some_and(|call| call.located(address, asks, &tag)) {
            self.restart_gaps(now);
        }
        self.collect(now);
    }

    /// A message is due.
    fn receive(&mut self, signal: Signal, now: Instant) {
        let Some(name) = signal.name else { return };
        let token = signal.tag.as_ref().map(|tag| &tag.call);
        let owner = |call: &Call| call.key() == name && call.outbox().owns(token);
        match self.calls.find(owner) {
            Some(call) => call.receive(signal.body, signal.tag, now),
            // What we send to everybody comes back from the sample's server.
            None if name == self.me.name => {}
            None => {
                let person = signal.from;
                let from = Address { name, person };
                self.receive_of_no_call(from, signal.body, signal.tag, now);
            }
        }
        self.collect(now);
    }

    /// A message that belongs to no call under way.
    fn receive_of_no_call(
        &mut self,
        from: Address,
        body: SignalBody,
        tag: Option<Tag>,
        now: Instant,
    ) {
        match body {
            SignalBody::Offer(sdp) if tag.as_ref().is_none_or(begins) => {
                self.receive_call(from, tag, sdp, now);
            }
            SignalBody::Offer(_)
            | SignalBody::Answer(_)
            | SignalBody::Accepted
            | SignalBody::Rejoin
            | SignalBody::Here { .. } => self.say_that_it_is_over(&from, tag, now),
            SignalBody::Candidate(_)
            | SignalBody::Ringing
            | SignalBody::Contact
            | SignalBody::HangUp(_)
            | SignalBody::KeepLeg
            | SignalBody::Standby(_)
            | SignalBody::TakeOver
            | SignalBody::Away => {}
        }
    }

    /// Whoever negotiates in a call that is over believes in it.
    fn say_that_it_is_over(&mut self, to: &Address, tag: Option<Tag>, now: Instant) {
        if let Some(tag) = tag {
            let body = SignalBody::HangUp(HangUpReason::UnknownCall);
            self.reply(to, Some(tag.call), (0, tag.epoch), body, now);
        }
    }

    /// Somebody calls.
    fn receive_call(&mut self, from: Address, tag: Option<Tag>, sdp: String, now: Instant) {
        let token = tag.as_ref().map(|tag| tag.call.clone());
        let mut calls = token.iter();
        // One that is over is over, whoever began it: this was on its way since.
        let is_over = |token| self.over.iter().any(|(over, _)| over == token);
        let is_known =
            calls.any(|token| is_over(token) || !self.known_calls.is_latest(&from.name, token));
        // Whoever is called is welcome for once.
        let is_called = |call: &Call| call.is_calling() && call.peer().name == from.name;
        let is_called = self.calls.current.as_ref().is_some_and(is_called);
        if !is_called && self.callers.is_blocked(&from) {
            return;
        }
        if is_known {
            return self.say_that_it_is_over(&from, tag, now);
        }
        let rings_beside = match &mut self.calls.current {
            // Both called at the same moment: one call results.
            Some(call) if call.is_calling() && call.peer().name == from.name => {
                call.merge(token);
                return call.receive(SignalBody::Offer(sdp), tag, now);
            }
            // They call anew, so for them the old call is over.
            Some(call) if call.can_be_replaced_by(&from) => {
                call.end(EndReason::There(HangUpReason::HungUp));
                self.collect(now);
                false
            }
            Some(call) => {
                let waiting = self.calls.waiting.as_ref();
                if !call.is_interrupted()
                    || waiting.is_some_and(|call| !call.can_be_replaced_by(&from))
                {
                    let busy = SignalBody::HangUp(HangUpReason::Busy);
                    self.reply(&from, token, (0, 0), busy, now);
                    return self.notify(Notice::CalledMeanwhile { peer: from.name });
                }
                true
            }
            None => false,
        };
        if self.callers.must_wait(&from, now) {
            let declined = SignalBody::HangUp(HangUpReason::Declined);
            return self.reply(&from, token, (0, 0), declined, now);
        }
        let call = Call::ring(self.party(), from, token, sdp, now);
        match rings_beside {
            true => self.calls.waiting = Some(call),
            false => self.begin(call),
        }
    }

    /// Whether the person takes the call that waits, in place of the one that is interrupted.
    fn answer_waiting(&mut self, accepts: bool, now: Instant) {
        if accepts {
            self.calls.current.iter_mut().for_each(Call::hang_up);
            // What waits takes its place.
            self.collect(now);
            self.calls
                .current
                .iter_mut()
                .for_each(|call| call.accept(now));
        } else {
            self.calls.waiting.iter_mut().for_each(Call::hang_up);
        }
    }

    /// Answers a message of a call that is not under way.
    fn reply(
        &mut self,
        to: &Address,
        token: Option<CallId>,
        epochs: (u32, u32),
        body: SignalBody,
        now: Instant,
    ) {
        if !may_answer(&mut self.answers, now) {
            return;
        }
        let mut over = self.over.iter();
        let over = over.find(|(call, _)| Some(call) == token.as_ref());
        let secret = over.map(|(_, secret)| secret.clone());
        let mut signal = reply(&self.me.name, to, token, epochs, body);
        // Only what was ours: a proof for a call that is to come would end it.
        if let Some(secret) = secret {
            secret.prove(&mut signal);
        }
        self.commands.push_back(Command::SendByServer(signal));
    }

    // Missing messages.

    /// What is due already is due now: a timer in the past would look as if the device had slept.
    fn watch_gaps(&mut self, now: Instant) {
        let due = self.inbox.gap_since().map(|since| since + GAP_LIMIT);
        self.gap_due = due.map(|due| due.max(now));
    }

    fn gap_is_due(&mut self, now: Instant) {
        // What is missing cannot come while a link is down.
        let call = self.calls.current.as_ref();
        if self.link_lost || call.is_some_and(Call::cannot_hear) {
            self.gap_due = Some(now + GAP_LIMIT);
            return;
        }
        for signal in self.inbox.skip_gaps(now) {
            self.receive(signal, now);
        }
        self.watch_gaps(now);
    }

    // The call under way.

    fn begin(&mut self, call: Call) {
        self.ended = None;
        self.calls.current = Some(call);
    }

    fn drive(&mut self, now: Instant) {
        self.calls.each(|call| call.drive(now));
        self.collect(now);
        let goes_on = self
            .calls
            .current
            .as_ref()
            .is_some_and(|call| !call.is_interrupted());
        if goes_on && let Some(mut waiting) = self.calls.waiting.take() {
            // The call is back, and nobody else is let in.
            waiting.give_up(HangUpReason::Busy, EndReason::Missed);
            self.pass_on(&mut waiting);
            self.missed(&waiting);
        }
    }

    /// Takes what the calls want done, and takes them down when they are over.
    fn collect(&mut self, now: Instant) {
        if let Some(mut call) = self.calls.current.take() {
            self.pass_on(&mut call);
            match call.over().cloned() {
                Some(reason) => self.take_down(&call, reason, now),
                None => self.calls.current = Some(call),
            }
        }
        if let Some(mut waiting) = self.calls.waiting.take() {
            self.pass_on(&mut waiting);
            match waiting.over() {
                Some(reason) => {
                    let reason = reason.clone();
                    if reason != EndReason::Here {
                        self.missed(&waiting);
                    }
                    self.remember_caller(&waiting, &reason, now);
                }
                // How the other one ended is not to be lost over it.
                None if self.calls.current.is_none() => self.calls.current = Some(waiting),
                None => self.calls.waiting = Some(waiting),
            }
        }
    }

    /// Takes what a call wants done.
    fn pass_on(&mut self, call: &mut Call) {
        for output in call.take_outputs() {
            self.commands.push_back(match output {
                CallOutput::Command(command) => command,
                CallOutput::Send(mut signal) => {
                    let outbox = call.outbox();
                    let theirs = outbox.peer_call().or(outbox.call());
                    if let (Some(tag), Some(theirs)) = (&mut signal.tag, theirs) {
                        tag.acked = self.inbox.acked(call.key(), theirs, outbox.epochs());
                    }
                    call.address(&mut signal);
                    // That the call is over may be known to whoever has the name.
                    let is_end = matches!(signal.body, SignalBody::HangUp(_));
                    match is_end || call.is_located() {
                        // It has no legs; those there are lead to somebody else.
                        true if !call.has_legs() => Command::SendByServer(signal),
                        true => Command::Send(signal),
                        false => Command::SendDirect(ChannelMessage::Signal(signal)),
                    }
                }
            });
        }
    }

    /// A call is over.
    fn take_down(&mut self, call: &Call, reason: EndReason, now: Instant) {
        for over in call.secrets() {
            self.over.truncate(OVER - 1);
            self.over.push_front(over);
        }
        self.remember_caller(call, &reason, now);
        self.ended = Some(Ended {
            peer: call.peer().name.clone(),
            outgoing: call.is_outgoing(),
            reason,
            lasted: call.first_connected().map(|first| now.since(first)),
        });
    }

    /// Whoever called in vain has to wait; whoever was answered does not.
    fn remember_caller(&mut self, call: &Call, reason: &EndReason, now: Instant) {
        let is_unanswered = matches!(
            reason,
            EndReason::Here
                | EndReason::Missed
                | EndReason::There(HangUpReason::Cancelled | HangUpReason::NoAnswer)
        );
        if call.is_agreed() {
            self.callers.forget(call.peer());
        } else if call.is_ringing() && is_unanswered {
            self.callers.refused(call.peer(), now);
        }
    }

    /// Somebody has called beside the call, and was not answered.
    fn missed(&mut self, call: &Call) {
        let peer = call.peer().name.clone();
        self.notify(Notice::CalledMeanwhile { peer });
    }

    fn notify(&mut self, notice: Notice) {
        self.commands.push_back(Command::Notify(notice));
    }
}

/// Whether another answer may be given in this second.
fn may_answer(answers: &mut VecDeque<Instant>, now: Instant) -> bool {
    answers.retain(|at| now < *at + Duration::from_secs(1));
    let may = answers.len() < ANSWERS;
    if may {
        answers.push_back(now);
    }
    may
}

/// Events that concern the call under way alone.
fn feed(call: &mut Call, event: Event, now: Instant) {
    match event {
        Event::Accept => call.accept(now),
        Event::Decline if !call.is_ringing() => {}
        Event::Decline | Event::HangUp => call.hang_up(),
        Event::SendText(text) => call.say(text),
        Event::LocalMedia(media) => call.sends(media),
        Event::Paths(paths) => call.set_paths(paths),
        Event::ReceivedDirect(message) => call.receive_direct(message, now),
        Event::NoServer => call.no_server(),
        Event::MediaReady => call.media_ready(now),
        Event::MediaRefused => call.give_up(HangUpReason::Declined, EndReason::MediaRefused),
        Event::NetworkMoved => call.network_moved(now),
        Event::Leg(leg, event) => call.leg_event(leg, event, now),
        Event::Named { .. }
        | Event::Dial { .. }
        | Event::Block { .. }
        | Event::Received(_)
        | Event::Rejoin(_)
        | Event::Over(_)
        | Event::LinkUp { .. }
        | Event::LinkLost
        | Event::PageCloses
        | Event::PeerLink { .. }
        | Event::PeerAway { .. }
        | Event::Unreachable { .. } => {}
    }
}

/// Whether an offer with this tag is the first word of a call.
fn begins(tag: &Tag) -> bool {
    (tag.leg, tag.seq, tag.epoch, tag.peer_epoch) == (0, 0, 0, 0)
}
