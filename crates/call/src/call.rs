//! A call under way, from the first click or ring to the end: who has agreed to it, and what its two
//! sides tell each other.

use std::time::Duration;

use holdfast_clock::Instant;
use holdfast_protocol::{
    CallId, ChannelMessage, HangUpReason, MediaState, Paths, Signal, SignalBody, Tag,
};

use crate::{
    chat::Chat,
    command::{Command, LegId},
    connectivity::{Connectivity, PathOutput},
    contact::Contact,
    event::{CallRecord, LegEvent},
    identity::{Address, Identity, Way},
    outbox::{Outbox, Peer},
    parties::Parties,
    recovery::Cause,
    secret::Secret,
    timer::{ASKING_LIMIT, AWAY_LIMIT, Limits, Timer, TimerTable},
    view::{CallState, EndReason, Interruption},
};

/// How long after its last word a page that closes may still be sending.
const LAST_PACKETS: Duration = Duration::from_secs(1);

/// A call with one person.
#[derive(Debug)]
pub(crate) struct Call {
    parties: Parties,
    /// We called, and were not called.
    outgoing: bool,
    /// We yield in collisions.
    polite: bool,
    agreement: Agreement,
    outbox: Outbox,
    chat: Chat,
    contact: Contact,
    /// A data channel has been open.
    has_channel: bool,
    /// The path was there before the side that was called had camera and microphone.
    is_found_early: bool,
    path: Connectivity,
    /// What we send, and what the other side has said that it does.
    media: Option<MediaState>,
    peer_media: Option<MediaState>,
    /// When the other side's page said that it closes.
    away: Option<Instant>,
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

/// Our side of a call, as it begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Party<'a> {
    pub(crate) me: &'a Address,
    /// What the secrets of this page's calls are made from.
    pub(crate) page: &'a Secret,
    /// What the keys that others are told are made from.
    pub(crate) contacts: Option<&'a Secret>,
    pub(crate) limits: Limits,
}

impl Party<'_> {
    /// Together with somebody; `dialed`: the token of our own, if we called.
    fn with(self, peer: Identity, dialed: Option<CallId>) -> Parties {
        Parties::new(self.me.clone(), self.page.clone(), peer, dialed)
    }
}

/// An output of a call, for its endpoint.
#[derive(Debug)]
pub(crate) enum CallOutput {
    Command(Command),
    /// A message of the call, to be told how much of the other side's has been acted on, and to be
    /// addressed.
    Send(Signal),
}

impl Call {
    /// We call somebody; `key`: what they have told us in an earlier call.
    pub(crate) fn dial(party: Party<'_>, peer: String, id: CallId, key: Option<Secret>) -> Self {
        let peer = Identity::new(Address {
            name: peer,
            person: None,
        });
        let parties = party.with(peer, Some(id.clone()));
        let outbox = Outbox::new(Peer::Unknown { call: id });
        let calling = Agreement::Calling { ringing: false };
        let mut call = Self::new(parties, party.limits, calling, outbox);
        call.contact = Contact::calls(party.contacts.cloned(), key);
        call.command(Command::AcquireMedia);
        call
    }

    /// Somebody calls us, with that offer; a client of the sample has no token.
    pub(crate) fn ring(
        party: Party<'_>,
        peer: Address,
        token: Option<CallId>,
        sdp: String,
        now: Instant,
    ) -> Self {
        let known = match token {
            Some(call) => Peer::Holdfast {
                call,
                peer_call: None,
            },
            None => Peer::Sample,
        };
        let outbox = Outbox::new(known);
        let parties = party.with(Identity::new(peer), None);
        let mut call = Self::new(parties, party.limits, Agreement::Ringing, outbox);
        call.contact = Contact::called(party.contacts.cloned());
        call.receive_description(0, SignalBody::Offer(sdp), now);
        call.timers.set(Timer::Answer, now + party.limits.answer);
        if call.outbox.is_holdfast() {
            call.path.peer_knows_legs();
            call.send(SignalBody::Ringing);
        }
        call
    }

    /// Our page was loaded anew during a call.
    pub(crate) fn rejoin(party: Party<'_>, record: CallRecord, now: Instant) -> Self {
        let address = Address {
            name: record.peer,
            person: record.person,
        };
        let peer = Identity::known(address, record.secrets, record.certificate);
        let known = Peer::Holdfast {
            call: record.call,
            peer_call: record.peer_call,
        };
        let outbox = Outbox::reloaded(known, record.epoch, record.peer_epoch);
        let parties = Parties::new(party.me.clone(), record.page, peer, record.dialed);
        let parties = parties.may_have_told();
        let mut call = Self::new(parties, party.limits, Agreement::Agreed, outbox);
        call.contact = Contact::called(party.contacts.cloned());
        // The roles are those of the whole call, whatever we are called now.
        call.polite = record.polite;
        let seed = call.seed();
        call.path = Connectivity::reloaded(record.polite, seed, party.limits, record.leg, now);
        call.command(Command::AcquireMedia);
        call.send(SignalBody::Rejoin);
        call
    }

    fn new(parties: Parties, limits: Limits, agreement: Agreement, outbox: Outbox) -> Self {
        let polite = parties.is_polite();
        let mut call = Self {
            parties,
            outgoing: matches!(agreement, Agreement::Calling { .. }),
            polite,
            agreement,
            outbox,
            chat: Chat::default(),
            contact: Contact::default(),
            has_channel: false,
            is_found_early: false,
            path: Connectivity::new(polite, 0, limits),
            media: None,
            peer_media: None,
            away: None,
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
        let mut bytes = self.key().bytes().chain(page);
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

    pub(crate) fn peer(&self) -> &Address {
        self.parties.peer.address()
    }

    /// What the other side's messages are ordered by.
    pub(crate) fn key(&self) -> &str {
        self.parties.peer.key()
    }

    pub(crate) fn is_outgoing(&self) -> bool {
        self.outgoing
    }

    pub(crate) fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Whether an offer from there is for a call in this one's place: the other side has begun anew,
    /// and nothing has come of this one. A call that has carried media ends by its own two sides.
    pub(crate) fn can_be_replaced_by(&self, from: &Address) -> bool {
        let Address { name, person } = self.peer();
        let is_person = person.is_none() || from.person.is_none() || *person == from.person;
        *name == from.name && is_person && !self.path.was_connected()
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

    /// Whether there is a peer connection.
    pub(crate) fn has_legs(&self) -> bool {
        self.path.legs().is_open()
    }

    /// Whether the other end is one of ours as well, and both want the call.
    pub(crate) fn is_ours(&self) -> bool {
        self.outbox.is_holdfast() && self.is_agreed()
    }

    pub(crate) fn is_agreed(&self) -> bool {
        self.agreement == Agreement::Agreed
    }

    /// Whether there was a path, and there is none.
    pub(crate) fn is_interrupted(&self) -> bool {
        matches!(self.state(), CallState::Interrupted { .. })
    }

    /// Whether a message can be one of this call, by its token; where there are none, by its sender.
    pub(crate) fn may_own(&self, signal: &Signal) -> bool {
        let token = signal.tag.as_ref().map(|tag| &tag.call);
        let is_name = signal.name.as_ref().is_none_or(|name| name == self.key());
        self.outbox.owns(token) && (token.is_some() || is_name)
    }

    pub(crate) fn state(&self) -> CallState {
        let answering = CallState::Answering {
            here: !self.outgoing,
        };
        match self.agreement {
            Agreement::Calling { .. } if !self.has_legs() => CallState::Preparing,
            Agreement::Calling { ringing } => CallState::Calling { ringing },
            Agreement::Ringing => CallState::Ringing,
            Agreement::Agreed if self.is_asking() => answering,
            Agreement::Agreed => {
                let state = self.path.state();
                let is_connected = matches!(state, CallState::Connected { .. });
                match is_connected && self.lacks_media() {
                    true => answering,
                    false => state,
                }
            }
        }
    }

    /// What the other side has said that it sends.
    pub(crate) fn peer_media(&self) -> Option<MediaState> {
        self.peer_media.clone()
    }

    /// When media first flowed, if it has.
    pub(crate) fn first_connected(&self) -> Option<Instant> {
        self.path.first_connected()
    }

    pub(crate) fn back_after(&self) -> Option<Duration> {
        self.path.back_after()
    }

    /// Whether it is not known where the other side is: the server has nobody of that name, or
    /// somebody who has yet to show that it is the same.
    pub(crate) fn is_lost(&self) -> bool {
        self.parties.is_lost()
    }

    /// Whether the server may be given a message for the other side.
    pub(crate) fn is_located(&self) -> bool {
        self.parties.is_located()
    }

    /// The tokens of the call, and what our messages with them are proved with.
    pub(crate) fn secrets(&self) -> Vec<(CallId, Secret)> {
        self.parties.secrets(&self.outbox)
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
        self.probing || self.is_lost()
    }

    /// The state with which the page comes back into the call after a reload.
    pub(crate) fn record(&self) -> Option<CallRecord> {
        let comes_back = self.is_agreed() && self.outbox.is_holdfast();
        let (peer_epoch, epoch) = self.outbox.epochs();
        let Address { name, person } = self.peer().clone();
        Some(CallRecord {
            peer: name,
            person,
            call: self.outbox.call().filter(|_| comes_back)?.clone(),
            peer_call: self.outbox.peer_call().cloned(),
            polite: self.polite,
            epoch: epoch + 1,
            peer_epoch,
            dialed: self.parties.dialed().cloned(),
            leg: self.path.legs().highest(),
            page: self.parties.page().clone(),
            secrets: match self.parties.has_told() {
                true => self.parties.peer.secrets().to_vec(),
                false => Vec::new(),
            },
            certificate: self.parties.peer.certificate().to_vec(),
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
            self.begin_if_found(now);
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

    /// The person writes.
    pub(crate) fn say(&mut self, text: String) {
        let message = self.chat.send(text);
        self.command(Command::SendDirect(message));
    }

    /// What we send from now on.
    pub(crate) fn sends(&mut self, media: MediaState) {
        if self.media.as_ref() != Some(&media) {
            self.media = Some(media.clone());
            if self.is_agreed() {
                self.command(Command::SendDirect(ChannelMessage::Media(media)));
            }
        }
    }

    /// Which ways this device has besides that of the call.
    pub(crate) fn set_paths(&mut self, paths: Paths) {
        self.path.set_paths(paths);
    }

    // What the browser and the ground do.

    pub(crate) fn media_ready(&mut self, now: Instant) {
        match self.agreement {
            Agreement::Ringing => return,
            Agreement::Calling { .. } => self.timers.set(Timer::Answer, now + self.limits.answer),
            Agreement::Agreed => self.begin_path(now),
        }
        self.path.open_legs(now);
        self.follow_path(now);
    }

    pub(crate) fn leg_event(&mut self, leg: LegId, event: LegEvent, now: Instant) {
        if event == LegEvent::ChannelOpen {
            self.channel_open();
        }
        if let LegEvent::Certificate(met) = &event
            && !self.parties.peer.is_met(met)
        {
            // The browser has let in somebody else than the description names.
            let impostor = EndReason::Impostor(met.clone());
            return self.give_up(HangUpReason::Failed, impostor);
        }
        self.path.leg_event(leg, event, now);
        self.begin_if_found(now);
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

    /// We have that name now, and that session.
    pub(crate) fn named(&mut self, me: &Address) {
        if self.parties.named(me) {
            self.show(true);
        }
    }

    /// The signaling server can be reached. `anew`: it knows nothing of the session before;
    /// `was_lost`: our link was.
    pub(crate) fn link_up(&mut self, anew: bool, was_lost: bool, now: Instant) {
        self.probing = false;
        if anew {
            // What we sent may have gone down with the old session, and the other side may have a
            // new one too; it is sent again once the server lists it, or it has shown itself.
            self.lose_peer();
        }
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

    /// The server lists the other side's name, or does not. Gives whether it is back; where messages
    /// are proved, whoever has the name has yet to show that.
    pub(crate) fn peer_link(&mut self, up: bool) -> bool {
        if up && (self.is_ringing() || self.is_asking()) {
            self.timers.stop(Timer::Away);
        }
        if !up {
            self.lose_peer();
            return false;
        }
        let was_lost = self.is_lost();
        if was_lost && self.parties.peer.is_proved() {
            self.show(true);
            return false;
        }
        if was_lost {
            self.parties.peer_is_back();
        }
        let asks = |sent: &Signal| sent.body == SignalBody::Rejoin;
        let is_asked = self.outbox.unacked().any(asks);
        if self.is_asking() && self.outbox.is_holdfast() && !is_asked {
            // What was said meanwhile may be lost, or was never sent by a page that was loaded anew, and that
            // it is over with it: whoever knows nothing of the call says so.
            self.send(SignalBody::Rejoin);
        }
        was_lost
    }

    /// The other side has shown itself, with that tag: it is there from now on. `asks`: it may not
    /// know where we are. Gives whether that is news.
    pub(crate) fn located(&mut self, address: Address, asks: bool, tag: &Tag) -> bool {
        let is_news = self.parties.located(address, tag);
        if asks {
            self.show(false);
        }
        if is_news {
            self.retransmit();
        }
        is_news
    }

    /// The server waits for the other side, or has nobody of that name. A ring, and whoever has been
    /// answered and sees nothing yet, do so until then, and no longer.
    pub(crate) fn is_away(&mut self, limit: Instant) {
        let waits = self.is_ringing() || self.is_asking();
        if waits && !self.timers.is_set(Timer::Away) {
            self.timers.set(Timer::Away, limit);
        }
    }

    fn lose_peer(&mut self) {
        self.parties
            .lose_peer(self.path.first_connected().is_some());
    }

    /// Nobody has the other side's name.
    pub(crate) fn unreachable(&mut self) {
        if self.is_calling() {
            self.end(EndReason::Unreachable);
        } else {
            self.lose_peer();
        }
    }

    // What the other side says.

    /// Both called at the same moment: one call results, theirs and ours.
    pub(crate) fn merge(&mut self, token: Option<CallId>) {
        self.path.release();
        if let Some(token) = token {
            self.outbox.merge(token);
        }
    }

    /// Whether a message with the call's token is from the other side.
    pub(crate) fn admits(&mut self, signal: &Signal, way: Way) -> bool {
        self.parties.peer.admits(signal, way)
    }

    /// A message over a data channel, but for those that come through servers too.
    pub(crate) fn receive_direct(&mut self, message: ChannelMessage, now: Instant) {
        // Whoever tells these has said yes. Before it, there is nothing to say but the call's messages.
        if let ChannelMessage::Secret(_) | ChannelMessage::ContactKey(_) = &message {
            self.accepted(now);
        }
        if !self.is_agreed() {
            return;
        }
        match message {
            // The endpoint's, which keeps the inbox.
            ChannelMessage::Signal(_) => {}
            ChannelMessage::Secret(digits) => {
                if let Some(secret) = Secret::read(&digits) {
                    self.parties.peer.told(secret);
                }
            }
            ChannelMessage::ContactKey(digits) => {
                if let Some(key) = Secret::read(&digits) {
                    self.command(Command::KeepContact(key));
                }
            }
            ChannelMessage::Media(media) => self.peer_media = Some(media),
            ChannelMessage::Paths(paths) => self.path.peer_paths(paths),
            ChannelMessage::Text { nth, text } => {
                if self.chat.received(nth) {
                    let from = self.peer().name.clone();
                    self.command(Command::ShowText { from, text });
                }
                self.command(Command::SendDirect(self.chat.ack()));
            }
            ChannelMessage::Ping => self.command(Command::SendDirect(self.chat.ack())),
            ChannelMessage::Ack { acked } => {
                self.chat.acked(acked);
                self.peer_answers(now);
            }
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
                    self.show_contact();
                }
            }
            SignalBody::Accepted => self.accepted(now),
            SignalBody::HangUp(reason) => self.hung_up(reason, tag.as_ref()),
            SignalBody::Offer(_) | SignalBody::Answer(_) | SignalBody::Candidate(_) => {
                self.negotiate(leg, body, tag.is_some(), now);
            }
            // Nobody else says the person's yes.
            SignalBody::KeepLeg | SignalBody::Standby(_) | SignalBody::TakeOver
                if self.is_ringing() => {}
            SignalBody::KeepLeg => self.path.keep(leg, now),
            SignalBody::Standby(path) => self.path.announced(leg, path, now),
            SignalBody::TakeOver => self.path.peer_takes_over(leg, now),
            SignalBody::Away => {
                self.away = Some(now);
                self.timers.set(Timer::Away, now + AWAY_LIMIT);
            }
            SignalBody::Rejoin => {
                self.away = None;
                self.timers.stop(Timer::Away);
            }
            // The endpoint's.
            SignalBody::Here { .. } | SignalBody::Contact => {}
        }
        self.follow_path(now);
    }

    /// The person who was called has said yes.
    fn accepted(&mut self, now: Instant) {
        if self.is_calling() {
            self.agreed(now);
            self.begin_if_found(now);
        }
    }

    /// Whoever calls shows that we have talked before: a path is found while it rings.
    pub(crate) fn shows_contact(&mut self, signal: &Signal, now: Instant) {
        let certificate = self.parties.peer.certificate();
        let me = self.parties.me();
        if self.is_ringing() && self.contact.is_shown(signal, certificate, me) {
            self.path.open_early(now);
            self.follow_path(now);
        }
    }

    /// The other side rings: it may find a path meanwhile, over which nothing goes until it has answered.
    /// Nothing of earlier calls is shown or believed any more.
    pub(crate) fn forget_contact(&mut self) {
        self.contact = Contact::default();
    }

    fn show_contact(&mut self) {
        if let Some(mut signal) = self.contact.show(&self.outbox, self.peer()) {
            self.path.hold();
            self.parties.address(&mut signal);
            self.command(Command::SendByServer(signal));
        }
    }

    /// Takes in a message's tag.
    fn tagged(&mut self, tag: &Tag, now: Instant) {
        let is_anew = self.outbox.tagged(tag);
        self.path.peer_knows_legs();
        if is_anew && !self.is_ringing() {
            // A page that comes back comes into a call that both want.
            if self.is_calling() {
                self.agreed(now);
            }
            self.begin_path(now);
            self.chat.restart();
            self.path.peer_reloaded(now);
            self.follow_path(now);
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
        // While it rings there, a path is found for somebody who has yet to say yes.
        let agrees = !matches!(body, SignalBody::Candidate(_)) && !self.path.is_held();
        if self.receive_description(leg, body, now) && agrees {
            if self.is_calling() {
                self.agreed(now);
            }
            self.begin_path(now);
        }
    }

    /// A description or a candidate of the other side; gives whether it is from there.
    fn receive_description(&mut self, leg: LegId, body: SignalBody, now: Instant) -> bool {
        if let SignalBody::Offer(sdp) | SignalBody::Answer(sdp) = &body
            && self.outbox.call().is_some()
            && !self.parties.peer.shows_certificate(sdp)
        {
            let line = format!("leg {leg}: a description with another certificate");
            self.command(Command::Log(line));
            return false;
        }
        self.path.receive(leg, body, now);
        self.follow_path(now);
        true
    }

    // What the other side is told.

    /// Sends something in the call.
    pub(crate) fn send(&mut self, body: SignalBody) {
        let leg = self.path.legs().live();
        self.send_for_leg(leg.unwrap_or_default(), body);
    }

    /// Sends something about a leg of the call.
    fn send_for_leg(&mut self, leg: LegId, body: SignalBody) {
        let signal = self.outbox.next(leg, body);
        self.out.push(CallOutput::Send(signal));
    }

    /// A message of the call has come from there, while it is not known where the other side is. It
    /// may have been sent by somebody else, again: whoever it is, is asked.
    pub(crate) fn ask(&mut self, at: Address) {
        if let Some(signal) = self.parties.here_at(&self.outbox, at, true) {
            self.command(Command::Send(signal));
        }
    }

    /// Shows the other side where we are. `asks`: it is to do so as well.
    fn show(&mut self, asks: bool) {
        if let Some(signal) = self.parties.here(&self.outbox, asks) {
            self.command(Command::Send(signal));
        }
    }

    /// Addresses a message of the call to the other side, where it is now, and proves it.
    pub(crate) fn address(&self, signal: &mut Signal) {
        self.parties.address(signal);
    }

    /// A data channel is open: there is another way, and one that is ours alone.
    fn channel_open(&mut self) {
        self.has_channel = true;
        if self.is_agreed() {
            self.tell();
        }
        self.retransmit();
    }

    /// Tells the other side what goes over a channel alone, once both want the call: whoever has told nothing needs
    /// no proof, and whose page goes while it rings has none left.
    fn tell(&mut self) {
        for secret in self.parties.tell(&self.outbox) {
            let secret = ChannelMessage::Secret(secret.digits());
            self.command(Command::SendDirect(secret));
        }
        if let Some(media) = self.media.clone() {
            self.command(Command::SendDirect(ChannelMessage::Media(media)));
        }
        self.path.tell_paths();
        if let Some(key) = self.contact.key(self.parties.peer.certificate()) {
            let key = ChannelMessage::ContactKey(key.digits());
            self.command(Command::SendDirect(key));
        }
        for message in self.chat.again() {
            self.command(Command::SendDirect(message));
        }
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
        self.timers.set(Timer::Answer, now + ASKING_LIMIT);
        self.timers.stop(Timer::Away);
        self.path.release();
    }

    /// Camera and microphone are there, or as much as is allowed of them, or a path was found while it rang: from now
    /// on one is looked for. Until then somebody may be reading what their browser asks, for as long as they like.
    fn begin_path(&mut self, now: Instant) {
        if self.is_asking() {
            self.timers.stop(Timer::Answer);
            self.path.begin(now);
            if self.has_channel {
                self.tell();
            }
            self.follow_path(now);
        }
    }

    /// There may be a path already that both have found while it rang.
    fn begin_if_found(&mut self, now: Instant) {
        if self.is_agreed() && self.path.is_found() {
            self.is_found_early = true;
            self.begin_path(now);
        }
    }

    /// Whether both want the call, and the side that was called is being asked for camera and microphone.
    fn is_asking(&self) -> bool {
        self.is_agreed() && !self.path.has_begun()
    }

    /// Whether there is a path, and the side that was called is being asked for camera and microphone still.
    fn lacks_media(&self) -> bool {
        self.is_found_early
            && match self.outgoing {
                true => self.peer_media.is_none(),
                false => !self.path.legs().has_media(),
            }
    }

    /// Tells the other side, as far as it knows of the call, and ends it here.
    pub(crate) fn give_up(&mut self, tell: HangUpReason, reason: EndReason) {
        if self.outbox.has_sent() || !self.is_calling() {
            self.send(SignalBody::HangUp(tell));
            // The other side may not know yet that its call and ours have become one.
            if let Some(theirs) = self.outbox.peer_call().cloned() {
                let body = SignalBody::HangUp(tell);
                let mut signal = reply(
                    self.parties.my_name(),
                    self.peer(),
                    Some(theirs),
                    (0, 0),
                    body,
                );
                self.address(&mut signal);
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
                // No path is missing to a page that is gone.
                PathOutput::GiveUp(tell, EndReason::NoPath) if self.parties.peer.is_gone() => {
                    self.give_up(tell, EndReason::Left);
                }
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
                Timer::Answer | Timer::Away if self.is_ringing() => {
                    self.give_up(HangUpReason::NoAnswer, EndReason::Missed);
                }
                Timer::Answer if self.is_asking() => {
                    self.give_up(HangUpReason::NoPath, EndReason::NoPath);
                }
                Timer::Answer => self.give_up(HangUpReason::NoAnswer, EndReason::NoAnswer),
                // The other side's page cannot say that it is back.
                Timer::Away if link_lost || self.probing => {
                    self.timers.set(Timer::Away, now + AWAY_LIMIT / 2);
                }
                Timer::Away => self.give_up(HangUpReason::NoPath, EndReason::Left),
                // Those of the path.
                Timer::NoPath | Timer::ReadStats | Timer::Path | Timer::Back | Timer::Tracks => {}
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
    peer: &Address,
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
        proof: None,
    });
    Signal {
        name: Some(me.to_owned()),
        target: Some(peer.name.clone()),
        from: None,
        to: peer.person.clone(),
        body,
        tag,
    }
}
