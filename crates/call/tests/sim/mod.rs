//! Two calls, joined by a simulated network, each with a model of the browser under it, on a
//! virtual clock.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a test looks at what it is about"
)]

mod eve;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, VecDeque},
    time::Duration,
};

use holdfast_call::{
    CallRecord, CallState, Carries, Command, ConnectionState, EndReason, Endpoint, Event,
    IceConnectionState, LegEvent, LegId, Limits, Notice, Purpose, Secret,
};
use holdfast_clock::Instant;
use holdfast_jsep::{Description as Model, Kind, PeerConnection, SignalingState};
use holdfast_protocol::{
    CallId, Candidate, ChannelMessage, Description, Paths, SdpType, Signal, SignalBody, StandbyPath,
};

pub(crate) use eve::{Attack, EVES, Eve};

/// The name of one side.
pub(crate) type Side = usize;
pub(crate) const ANN: Side = 0;
pub(crate) const BOB: Side = 1;
const NAMES: [&str; 2] = ["Ann", "Bob"];

/// The network's treatment of messages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Network {
    /// The longest delay, ms; messages with different delays overtake each other.
    pub(crate) delay: u64,
    /// Of 100 messages, how many arrive twice.
    pub(crate) doubled: u64,
    /// Of 100 messages, how many are lost and arrive only when sent again, seconds later.
    pub(crate) lost: u64,
    /// The chances that decide all that.
    pub(crate) seed: u64,
    /// The server gives sessions public names, as ours does.
    pub(crate) persons: bool,
    /// The sides that have a relay.
    pub(crate) relays: [bool; 2],
    /// The sides that are in two networks.
    pub(crate) networks: [bool; 2],
    /// They have talked before.
    pub(crate) contacts: bool,
}

impl Network {
    /// In order, at once.
    pub(crate) const PERFECT: Self = Self {
        delay: 0,
        doubled: 0,
        lost: 0,
        seed: 1,
        persons: true,
        relays: [false; 2],
        networks: [false; 2],
        contacts: false,
    };

    /// The same, where both have a relay.
    pub(crate) const RELAYED: Self = Self {
        relays: [true; 2],
        ..Self::PERFECT
    };

    /// The same, where Ann is in two networks.
    pub(crate) const TWO: Self = Self {
        networks: [true, false],
        ..Self::PERFECT
    };

    /// Whether a leg can be kept warm.
    fn has_two_ways(&self) -> bool {
        self.relays.contains(&true) || self.networks.contains(&true)
    }
}

/// An act of a person, or of the ground under a call. Times are in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Dial,
    Accept,
    Decline,
    HangUp,
    /// The path fails for good: these credentials carry nothing more, and the browser says so.
    PathFails,
    /// The path fails for good, and the browser says nothing; the server can be reached.
    BlackHole,
    /// The path stutters here, and comes back.
    PathStutters,
    /// Nothing gets through between the two for so long but by the relay, or over other networks, and no browser
    /// says so.
    DirectBlocked(u64),
    /// Nothing gets through over the other network of whoever is in two.
    OtherBlocked(u64),
    /// Nothing gets through by the relay for so long.
    RelayDown(u64),
    /// A track is added.
    AddTrack,
    /// The person writes to the other, if they are in a call.
    Say,
    /// From now on, this person refuses camera and microphone.
    RefuseMedia,
    /// From now on, this person reads for so long what the browser asks.
    AllowSlowly(u64),
    /// The address goes; another comes so much later. The browser says so both times.
    Move(u64),
    /// The same, and the browser says nothing.
    MoveUnseen(u64),
    /// Nothing comes or goes for so long, on the same address, and the browser says nothing.
    Outage(u64),
    /// The link to the server breaks, and is back so much later.
    LinkBreaks(u64),
    /// The server ends, with all that was on its way, and is back so much later.
    ServerRestarts(u64),
    /// The page is loaded anew, which takes so long.
    Reload(u64),
    /// The page goes without a word, and comes back so much later.
    Crash(u64),
    /// The device sleeps for so long.
    Sleep(u64),
    /// The link to the server is gone for so long that the session is over.
    SessionEnds(u64),
    /// Eve does that to this side.
    Attack(Attack),
}

#[derive(Debug)]
enum Item {
    Act(Side, Act),
    Deliver(Side, Signal),
    /// What has come over the data channel of a leg is read, if it gets through.
    Carry(Side, u32),
    /// The server has nobody for a message of that side's.
    Refuse(Side),
    Media(Side, u32),
    /// An operation of the browser completes.
    Operation(Side, u32, Command),
    Leg(Side, u32, LegEvent),
    Wake(Side),
    Stats(Side, u32),
    /// It is told by what is played whether the call's leg is silent, and the other is heard.
    Listen(Side, bool),
    Address(Side, u32, bool),
    LinkBack(Side),
    /// The session has heard nothing from the server for too long.
    LinkSilent(Side),
    ServerBack,
    PageBack(Side, Option<CallRecord>, Vec<(CallId, Secret)>),
    /// How long a leg has been dead is asked then.
    Dead(Side, u32, u32),
}

/// The ground under a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Over {
    Network,
    OtherNetwork,
    Relay,
}

/// A peer connection and what lies under it.
pub(crate) struct LegEnd {
    pub(crate) pc: PeerConnection,
    id: LegId,
    /// Which of all the connections of this simulation.
    serial: u32,
    pub(crate) purpose: Purpose,
    /// This end made the first offer.
    offers: bool,
    over: Over,
    pub(crate) carries: Carries,
    /// A description is being set.
    operating: bool,
    /// When the last operation that the browser was given will be over: it does one after the other.
    busy: Instant,
    /// The browser has said that it is connected.
    reported: bool,
    received: u64,
    /// The address that each set of credentials was gathered on.
    gathered: BTreeMap<String, u32>,
    /// Credentials, ours and theirs, that carried once: they go on doing so during a restart.
    good: Vec<(String, String)>,
    /// Credentials whose path has failed for good.
    dead: Vec<String>,
    /// Counts the times it went dead.
    deaths: u32,
    /// The connection at the other end of its data channel, once that has opened; there is no other, even where a
    /// new page's leg has the same number.
    channel: Option<u32>,
    /// What is on its way here over it, in order, and whether it has got through; nothing is lost but
    /// with the leg.
    incoming: VecDeque<(ChannelMessage, bool)>,
}

/// One person's page, and the device it is on.
pub(crate) struct End {
    pub(crate) endpoint: Endpoint,
    pub(crate) name: String,
    pub(crate) legs: Vec<LegEnd>,
    pub(crate) notices: Vec<Notice>,
    pub(crate) sent: Vec<Signal>,
    /// What was to go over data channels alone, or as well.
    pub(crate) direct: Vec<ChannelMessage>,
    pub(crate) logged: Vec<String>,
    /// What the other side has told to be shown in later calls.
    pub(crate) told: Vec<Secret>,
    pub(crate) commands: Vec<&'static str>,
    /// When each fresh leg was made.
    pub(crate) races: Vec<Instant>,
    /// How many lines this person has written, and those that have come from the other.
    pub(crate) written: u32,
    pub(crate) read: Vec<u32>,
    pub(crate) used: Option<LegId>,
    /// The leg whose sound is played.
    pub(crate) played: Option<LegId>,
    pub(crate) watched: Option<(LegId, Option<LegId>)>,
    has_media: bool,
    refuses_media: bool,
    reads_for: u64,
    media_request: u32,
    calls_made: u32,
    /// 0 is none.
    address: u32,
    /// The address that a connection of the page's own realm believes in, and since when wrongly.
    stale: (u32, Instant),
    link_broken: bool,
    /// The session's public name.
    pub(crate) person: String,
    /// The server does not know the session any more.
    anew: bool,
    probing: bool,
    page_open: bool,
    asleep_until: Instant,
    /// Messages that wait for this side's link: to come in, and to go out.
    held: Vec<Signal>,
    outbox: Vec<Signal>,
}

impl LegEnd {
    pub(crate) fn leg_id(&self) -> LegId {
        self.id
    }

    /// Whether the browser says that it is connected.
    pub(crate) fn is_reported(&self) -> bool {
        self.reported
    }
}

impl End {
    /// The credentials that have carried carry nothing more.
    fn lose_paths(&mut self) {
        for leg in self.legs.iter_mut().filter(|leg| leg.reported) {
            let good = leg.good.iter().map(|(local, _)| local.clone());
            leg.dead.extend(good);
        }
    }
}

const OTHER_NETWORK: Purpose = Purpose::Standby(StandbyPath::OtherNetwork);

/// How long a browser takes to see a new interface in the page's own realm.
const STALE: Duration = Duration::from_millis(2500);

/// How long it takes to tell that a leg is silent; and where no other is heard.
const HEARD: Duration = Duration::from_millis(80);
const UNHEARD: Duration = Duration::from_millis(250);

/// How long a session takes to notice that its link is dead.
const LINK_SILENCE: Duration = Duration::from_secs(6);

pub(crate) struct Sim {
    pub(crate) now: Instant,
    pub(crate) ends: [End; 2],
    pub(crate) eve: Eve,
    /// The first leg gets no data channel: the offer that has it in it is lost.
    pub(crate) no_channel: bool,
    /// No browser finds any candidate, and no leg carries.
    pub(crate) no_path: bool,
    /// A call has ended because a page said that it was about to close.
    pub(crate) left: bool,
    /// No microphone is on, so that nothing is played.
    pub(crate) nobody_speaks: bool,
    /// Nothing is sent over what is kept warm: neither side has a microphone.
    pub(crate) quiet: bool,
    /// Every leg has found its way through the relay.
    pub(crate) only_relayed: bool,
    /// That side receives nothing over the leg of that number, which carries the other way.
    pub(crate) deaf: Option<(Side, u32)>,
    /// What goes over another network goes over that of the call's own leg.
    pub(crate) astray: bool,
    /// Until when nothing gets through directly, over the other network, and by the relay.
    direct_blocked: Instant,
    other_blocked: Instant,
    relay_down: Instant,
    network: Network,
    server_up: bool,
    random: u64,
    serial: u64,
    addresses: u32,
    connections: u32,
    sessions: u32,
    queue: BinaryHeap<Reverse<(Instant, u64)>>,
    items: BTreeMap<u64, Item>,
}

/// What the keys that this person tells are made from.
fn keys(name: &str) -> Secret {
    Secret::new([name.as_bytes()[1]; 16])
}

fn page(name: &str, person: &str, network: Network) -> Endpoint {
    let person = network.persons.then(|| person.to_owned());
    let secret = Secret::new([name.as_bytes()[0]; 16]);
    let mut endpoint = Endpoint::new(Limits::default(), secret);
    endpoint.set_contacts(network.contacts.then(|| keys(name)));
    let name = name.to_owned();
    endpoint.handle(Event::Named { name, person }, Instant::START);
    endpoint
}

impl Sim {
    pub(crate) fn new(network: Network) -> Self {
        let mut addresses = 0;
        let end = |name: &str| {
            addresses += 1;
            End {
                endpoint: page(name, &format!("{name}'s"), network),
                name: name.to_owned(),
                legs: Vec::new(),
                notices: Vec::new(),
                sent: Vec::new(),
                direct: Vec::new(),
                logged: Vec::new(),
                told: Vec::new(),
                commands: Vec::new(),
                races: Vec::new(),
                written: 0,
                read: Vec::new(),
                used: None,
                played: None,
                watched: None,
                has_media: false,
                refuses_media: false,
                reads_for: 0,
                media_request: 0,
                calls_made: 0,
                address: addresses,
                stale: (addresses, Instant::START),
                link_broken: false,
                person: format!("{name}'s"),
                anew: false,
                probing: false,
                page_open: true,
                asleep_until: Instant::START,
                held: Vec::new(),
                outbox: Vec::new(),
            }
        };
        Self {
            now: Instant::START,
            ends: NAMES.map(end),
            eve: Eve::default(),
            no_channel: false,
            no_path: false,
            left: false,
            nobody_speaks: false,
            only_relayed: false,
            deaf: None,
            quiet: false,
            astray: false,
            direct_blocked: Instant::START,
            other_blocked: Instant::START,
            relay_down: Instant::START,
            network,
            server_up: true,
            random: network.seed | 1,
            serial: 0,
            addresses: 2,
            connections: 0,
            sessions: 0,
            queue: BinaryHeap::new(),
            items: BTreeMap::new(),
        }
    }

    /// Ann has called Bob, and they talk.
    pub(crate) fn talking() -> Self {
        Self::talking_over(Network::PERFECT)
    }

    /// The same over that network.
    pub(crate) fn talking_over(network: Network) -> Self {
        let mut sim = Self::new(network);
        sim.act(ANN, Act::Dial, 1000);
        sim.act(BOB, Act::Accept, 2000);
        assert!(sim.connected());
        sim
    }

    /// Something will be done, so many milliseconds from now.
    pub(crate) fn schedule(&mut self, after: u64, side: Side, act: Act) {
        self.put(Duration::from_millis(after), Item::Act(side, act));
    }

    /// Something is done now, and everything that follows within so many milliseconds happens.
    pub(crate) fn act(&mut self, side: Side, act: Act, then: u64) {
        self.schedule(0, side, act);
        self.run(then);
    }

    /// Lets so many milliseconds pass.
    pub(crate) fn run(&mut self, millis: u64) {
        let until = self.now + Duration::from_millis(millis);
        while self
            .queue
            .peek()
            .is_some_and(|Reverse((due, _))| *due <= until)
        {
            self.step();
        }
        self.now = until;
    }

    /// Lets time pass until nothing more will happen, but that the packets of a good path are
    /// counted.
    pub(crate) fn run_out(&mut self) {
        let limit = self.now + Duration::from_secs(900);
        let mut quiet = 0;
        while quiet < 4 {
            self.run(1000);
            let at_rest = self.items.values().all(|item| {
                matches!(
                    item,
                    Item::Wake(_) | Item::Stats(..) | Item::Listen(..) | Item::Dead(..)
                )
            });
            let settled = [ANN, BOB].iter().all(|side| {
                let end = &self.ends[*side];
                match end.endpoint.view().state {
                    CallState::Idle => end.legs.is_empty() && end.endpoint.poll_timeout().is_none(),
                    CallState::Connected { .. } => {
                        let is_relayed = self.network.relays.contains(&true) && !self.only_relayed;
                        // Another network is given up for minutes where nothing came of it.
                        let in_two = self.network.networks.contains(&true);
                        end.legs.len() == 1 + usize::from(is_relayed)
                            || in_two && !is_relayed && end.legs.len() == 2
                    }
                    _ => false,
                }
            });
            // One that was kept warm may have been given up at one side, and not yet at the other.
            let numbers = |side: Side| self.ends[side].legs.iter().map(|leg| leg.id);
            let is_awake = |end: &End| end.asleep_until <= self.now;
            // Pictures go where they are seen, and nowhere else.
            let [ann, bob] = &self.ends;
            let seen = if ann.used == bob.used { 1 } else { 2 };
            let pictures = |end: &End| {
                let legs = end.legs.iter();
                legs.filter(|leg| leg.carries == Carries::All).count()
            };
            let settled = settled
                && numbers(ANN).eq(numbers(BOB))
                && (self.ends.iter()).all(|end| is_awake(end) && pictures(end) <= seen);
            quiet = if at_rest && settled { quiet + 1 } else { 0 };
            assert!(
                self.now < limit,
                "the two never come to rest: {:?} with {:?}, {:?} with {:?}, {:?}",
                self.stage(ANN),
                self.ends[ANN]
                    .legs
                    .iter()
                    .map(|leg| leg.id)
                    .collect::<Vec<_>>(),
                self.stage(BOB),
                self.ends[BOB]
                    .legs
                    .iter()
                    .map(|leg| leg.id)
                    .collect::<Vec<_>>(),
                self.items
            );
        }
    }

    pub(crate) fn stage(&self, side: Side) -> CallState {
        self.ends[side].endpoint.view().state
    }

    pub(crate) fn connected(&self) -> bool {
        [ANN, BOB]
            .iter()
            .all(|side| matches!(self.stage(*side), CallState::Connected { .. }))
    }

    /// The connection that the call lives on.
    pub(crate) fn pc(&self, side: Side) -> Option<&PeerConnection> {
        self.ends[side].legs.first().map(|leg| &leg.pc)
    }

    /// How many messages of that type a side has sent.
    pub(crate) fn sent(&self, side: Side, kind: &str) -> usize {
        self.ends[side]
            .sent
            .iter()
            .filter(|signal| signal.kind().as_str() == kind)
            .count()
    }

    /// Hands an event in from outside.
    pub(crate) fn handle(&mut self, side: Side, event: Event) {
        if self.ends[side].page_open {
            self.ends[side].endpoint.handle(event, self.now);
            self.settle(side);
        }
    }

    /// Both sides agree: no call and nothing held, or the same call with negotiation at rest, on
    /// one leg that carries.
    pub(crate) fn assert_agreement(&self) {
        let [ann, bob] = &self.ends;
        // Of two tokens, when both had called, one side may not have heard of the other's.
        assert_eq!(
            ann.endpoint.id().is_some(),
            bob.endpoint.id().is_some(),
            "Ann: {:?}, Bob: {:?}",
            ann.endpoint.view(),
            bob.endpoint.view()
        );
        for (side, end) in self.ends.iter().enumerate() {
            let in_order = end.read.is_sorted_by(|one, next| one < next);
            assert!(in_order, "{} reads {:?}", NAMES[side], end.read);
            let view = end.endpoint.view();
            match &end.legs[..] {
                [] => {
                    assert_eq!(view.state, CallState::Idle);
                    assert!(!end.has_media, "camera and microphone are still on");
                    assert_eq!(
                        end.endpoint.poll_timeout(),
                        None,
                        "a timer is still running"
                    );
                }
                [leg] => {
                    assert!(
                        matches!(view.state, CallState::Connected { .. }),
                        "{view:?}"
                    );
                    assert_eq!(leg.pc.signaling_state(), SignalingState::Stable);
                    assert!(!leg.operating);
                    assert_eq!(end.used, Some(leg.id), "another leg is shown");
                    assert_eq!(end.played, Some(leg.id), "another leg is heard");
                    assert_eq!(leg.carries, Carries::All, "no pictures are sent");
                }
                [one, other] if self.network.has_two_ways() => {
                    let shown = end.legs.iter().find(|leg| Some(leg.id) == end.used);
                    let shown = shown.expect("a leg that is there is shown");
                    assert_eq!(end.used, end.played, "one leg is shown, another heard");
                    assert!(self.carries(side, shown.serial), "what is shown is dead");
                    assert!(!one.operating && !other.operating);
                    let there = &self.ends[1 - side].legs;
                    let sends = there.iter().find(|leg| Some(leg.id) == end.used);
                    let sends = sends.expect("a leg has two ends").carries;
                    assert_eq!(sends, Carries::All, "no picture comes where it is shown");
                }
                _ => panic!("two legs are left"),
            }
        }
        for leg in &ann.legs {
            let theirs = bob.legs.iter().find(|theirs| theirs.id == leg.id);
            let theirs = theirs.expect("the two have not the same legs");
            let swapped = theirs.pc.settled().map(|(local, remote)| (remote, local));
            assert_eq!(
                leg.pc.settled(),
                swapped,
                "the two have not settled on the same offer"
            );
        }
    }

    /// Somebody else was given nothing of the call, whatever name they had: only that somebody looks
    /// for the other side, and answers to calls of their own.
    pub(crate) fn assert_eve_has_nothing(&self) {
        for signal in &self.eve.received {
            let is_nothing = match signal.body {
                SignalBody::Here { .. } | SignalBody::HangUp(_) => true,
                SignalBody::Ringing => {
                    let token = signal.tag.as_ref().map(|tag| &tag.call);
                    token.is_some_and(|token| token.page.starts_with(eve::PAGE))
                }
                _ => false,
            };
            assert!(is_nothing, "Eve has {signal:?}");
        }
    }

    /// Nothing came that did not fit. (What a server took down with it may leave candidates behind
    /// whose offer is lost; they are refused, which is logged and does no harm.)
    pub(crate) fn assert_nothing_amiss(&self) {
        for end in &self.ends {
            assert_eq!(end.logged, Vec::<String>::new());
        }
    }

    fn step(&mut self) {
        let Some(Reverse((due, serial))) = self.queue.pop() else {
            return;
        };
        self.now = self.now.max(due);
        let item = self.items.remove(&serial).expect("each entry has its item");
        if let Some(side) = self.sleeper(&item) {
            let after = self.ends[side].asleep_until.since(self.now);
            return self.put(after, item);
        }
        match item {
            Item::Act(side, act) => self.perform(side, act),
            Item::Deliver(side, signal) => {
                if self.link_is_up(side) {
                    self.handle(side, Event::Received(signal));
                } else {
                    self.ends[side].held.push(signal);
                }
            }
            Item::Carry(side, serial) => self.read_channel(side, serial),
            Item::Refuse(side) => {
                let peer = self.ends[side].endpoint.view().peer;
                self.handle(side, Event::Unreachable { peer });
            }
            Item::Media(side, request) => {
                let end = &mut self.ends[side];
                if end.media_request != request {
                    return;
                }
                end.has_media = !end.refuses_media;
                let event = if end.has_media {
                    Event::MediaReady
                } else {
                    Event::MediaRefused
                };
                self.handle(side, event);
                self.tell_paths(side);
            }
            Item::Operation(side, serial, command) => self.complete(side, serial, command),
            Item::Leg(side, serial, event) => {
                let Some(leg) = self.leg(side, serial) else {
                    return;
                };
                let obsolete = match &event {
                    LegEvent::Candidate(candidate) => {
                        let ufrag = candidate.username_fragment.as_deref();
                        !ufrag.is_some_and(|ufrag| leg.pc.gathers(ufrag))
                    }
                    _ => false,
                };
                let id = leg.id;
                if !obsolete {
                    self.handle(side, Event::Leg(id, event));
                }
            }
            Item::Wake(side) => {
                let end = &mut self.ends[side];
                if end.page_open
                    && end
                        .endpoint
                        .poll_timeout()
                        .is_some_and(|due| due <= self.now)
                {
                    end.endpoint.handle_timeout(self.now);
                    self.settle(side);
                }
            }
            Item::Stats(side, serial) => {
                let (is_quiet, deaf) = (self.quiet, self.deaf);
                let is_deaf = |id| deaf == Some((side, id));
                let carries = self.carries(side, serial);
                let Some(leg) = self.leg(side, serial) else {
                    return;
                };
                let is_silent = is_quiet && leg.carries == Carries::Sound;
                let carries = carries && !is_silent && !is_deaf(leg.id);
                leg.received += u64::from(carries);
                let (id, received) = (leg.id, leg.received);
                let relayed = leg.over == Over::Relay;
                let is_pinned = !leg.offers && leg.purpose == OTHER_NETWORK;
                let traffic = LegEvent::Traffic {
                    received,
                    relayed: relayed || self.only_relayed,
                    astray: is_pinned && self.astray,
                };
                self.handle(side, Event::Leg(id, traffic));
            }
            Item::Listen(side, late) => self.listen(side, late),
            Item::Address(side, address, seen) => {
                let end = &mut self.ends[side];
                end.address = address;
                if seen {
                    self.handle(side, Event::NetworkMoved);
                }
                self.link_changed(side);
            }
            Item::LinkBack(side) => {
                self.ends[side].link_broken = false;
                self.link_changed(side);
            }
            Item::LinkSilent(side) => {
                if !self.link_is_up(side) {
                    self.handle(side, Event::LinkLost);
                }
            }
            Item::ServerBack => {
                self.server_up = true;
                for side in [ANN, BOB] {
                    self.ends[side].anew = true;
                    self.link_changed(side);
                }
            }
            Item::PageBack(side, record, over) => {
                // A page that was loaded anew is sent nothing that was meant for the one before.
                self.drop_items(|item| matches!(item, Item::Deliver(to, _) if *to == side));
                let end = &mut self.ends[side];
                end.held.clear();
                end.endpoint = page(&end.name, &end.person, self.network);
                // What the page before has shown is gone.
                end.read.clear();
                end.page_open = true;
                end.calls_made += 100;
                self.handle(side, Event::Over(over));
                if let Some(record) = record {
                    self.handle(side, Event::Rejoin(record));
                    self.tell_paths(side);
                }
                self.link_changed(side);
            }
            Item::Dead(side, serial, deaths) => {
                let Some(leg) = self.leg(side, serial) else {
                    return;
                };
                if leg.deaths != deaths || leg.reported {
                    return;
                }
                self.leg_event(side, serial, LegEvent::Connection(ConnectionState::Failed));
            }
        }
        self.report_connectivity();
    }

    /// The side whose device sleeps, so that this waits.
    fn sleeper(&self, item: &Item) -> Option<Side> {
        let side = match item {
            Item::Act(side, _)
            | Item::Deliver(side, _)
            | Item::Carry(side, ..)
            | Item::Refuse(side)
            | Item::Media(side, _)
            | Item::Operation(side, ..)
            | Item::Leg(side, ..)
            | Item::Wake(side)
            | Item::Stats(side, _)
            | Item::Listen(side, _)
            | Item::Address(side, ..)
            | Item::LinkBack(side)
            | Item::LinkSilent(side)
            | Item::PageBack(side, ..)
            | Item::Dead(side, ..) => *side,
            Item::ServerBack => return None,
        };
        (self.ends[side].asleep_until > self.now).then_some(side)
    }

    fn link_is_up(&self, side: Side) -> bool {
        let end = &self.ends[side];
        self.server_up && end.address != 0 && !end.link_broken && end.page_open
    }

    /// The link came or went: the session notices, comes back, and is sent what waited.
    fn link_changed(&mut self, side: Side) {
        if !self.link_is_up(side) {
            return;
        }
        let anew = std::mem::take(&mut self.ends[side].anew);
        if anew {
            // What was said in calls of an earlier session is not said in the next.
            self.ends[side].outbox.clear();
        }
        self.ends[side].probing = false;
        if anew {
            self.sessions += 1;
            let person = format!("{}'s {}", NAMES[side], self.sessions);
            self.ends[side].person.clone_from(&person);
            if self.eve.waits_for == Some(side) {
                // She was faster.
                self.eve.waits_for = None;
                let taken = self.ends[side].name.clone();
                self.ends[side].name = format!("{taken}2");
                self.eve.name = Some(taken);
            }
            let name = self.ends[side].name.clone();
            let person = Some(person).filter(|_| self.network.persons);
            self.handle(side, Event::Named { name, person });
        }
        self.handle(side, Event::LinkUp { anew });
        for signal in std::mem::take(&mut self.ends[side].held) {
            self.put(Duration::ZERO, Item::Deliver(side, signal));
        }
        for signal in std::mem::take(&mut self.ends[side].outbox) {
            self.transmit(side, signal);
        }
        // The server lists everybody to everybody.
        for one in [ANN, BOB] {
            if self.link_is_up(one) {
                let other = &self.ends[1 - one];
                let is_here = self.link_is_up(1 - one) && !other.anew;
                let here = [(&*other.name, is_here), (self.eve.name(), true)];
                let peer = self.ends[one].endpoint.view().peer;
                let up = here.contains(&(&*peer, true));
                let person = None;
                self.handle(one, Event::PeerLink { peer, person, up });
            }
        }
    }

    fn perform(&mut self, side: Side, act: Act) {
        if !self.ends[side].page_open {
            return;
        }
        let end = &mut self.ends[side];
        match act {
            Act::Dial => {
                let id = CallId {
                    page: NAMES[side].to_lowercase(),
                    nth: end.calls_made,
                };
                end.calls_made += 1;
                let peer = self.ends[1 - side].name.clone();
                let certificate = [format!("SHA-256 {}", NAMES[side].to_uppercase())];
                let key = keys(NAMES[1 - side]).of_contact(&certificate);
                let key = self.network.contacts.then_some(key);
                self.handle(side, Event::Dial { peer, id, key });
            }
            Act::Accept => self.handle(side, Event::Accept),
            Act::Decline => self.handle(side, Event::Decline),
            Act::HangUp => self.handle(side, Event::HangUp),
            Act::RefuseMedia => end.refuses_media = true,
            Act::AllowSlowly(millis) => end.reads_for = millis,
            Act::Say => {
                if end.endpoint.reaches(&end.endpoint.view().peer) {
                    end.written += 1;
                    let line = end.written.to_string();
                    self.handle(side, Event::SendText(line));
                }
            }
            Act::AddTrack => {
                for leg in &mut end.legs {
                    leg.pc.add_track();
                }
                self.settle(side);
            }
            Act::BlackHole => end.lose_paths(),
            Act::PathFails => {
                end.lose_paths();
                let serials: Vec<u32> = end
                    .legs
                    .iter_mut()
                    .filter(|leg| leg.reported)
                    .map(|leg| {
                        leg.reported = false;
                        leg.serial
                    })
                    .collect();
                for serial in serials {
                    self.leg_event(
                        side,
                        serial,
                        LegEvent::IceConnection(IceConnectionState::Failed),
                    );
                    self.leg_event(side, serial, LegEvent::Connection(ConnectionState::Failed));
                }
            }
            Act::PathStutters => {
                let Some(leg) = end.legs.iter().find(|leg| leg.reported) else {
                    return;
                };
                let serial = leg.serial;
                for state in [
                    IceConnectionState::Disconnected,
                    IceConnectionState::Connected,
                ] {
                    self.leg_event(side, serial, LegEvent::IceConnection(state));
                }
                for state in [ConnectionState::Disconnected, ConnectionState::Connected] {
                    self.leg_event(side, serial, LegEvent::Connection(state));
                }
            }
            Act::Move(gap) | Act::MoveUnseen(gap) => {
                let seen = matches!(act, Act::Move(_));
                self.addresses += 1;
                let fresh = self.addresses;
                self.cut(side, gap, fresh, seen);
            }
            Act::Outage(gap) => {
                let same = end.address;
                if same != 0 {
                    self.cut(side, gap, same, false);
                }
            }
            Act::DirectBlocked(gap) => {
                let gap = Duration::from_millis(gap);
                self.direct_blocked = self.now + gap;
                self.put(gap, Item::Listen(side, false));
            }
            Act::OtherBlocked(gap) => {
                let gap = Duration::from_millis(gap);
                self.other_blocked = self.now + gap;
                self.put(gap, Item::Listen(side, false));
            }
            Act::RelayDown(gap) => {
                let gap = Duration::from_millis(gap);
                self.relay_down = self.now + gap;
                self.put(gap, Item::Listen(side, false));
            }
            Act::LinkBreaks(gap) => {
                end.link_broken = true;
                self.handle(side, Event::LinkLost);
                self.put(Duration::from_millis(gap), Item::LinkBack(side));
            }
            Act::ServerRestarts(gap) => {
                self.server_up = false;
                self.drop_items(|item| matches!(item, Item::Deliver(..)));
                for side in [ANN, BOB] {
                    self.ends[side].held.clear();
                    self.handle(side, Event::LinkLost);
                }
                self.put(Duration::from_millis(gap), Item::ServerBack);
            }
            Act::Reload(gap) => {
                self.handle(side, Event::PageCloses);
                self.close_page(side, gap);
            }
            Act::Crash(gap) => self.close_page(side, gap),
            Act::SessionEnds(gap) => {
                end.anew = true;
                self.perform(side, Act::LinkBreaks(gap));
            }
            Act::Attack(attack) => self.attack(side, attack),
            Act::Sleep(gap) => end.asleep_until = self.now + Duration::from_millis(gap),
        }
    }

    /// Eve does something to one side.
    fn attack(&mut self, victim: Side, attack: Attack) {
        // If both had lost their names, and every path, nobody could tell them of each other; the
        // server keeps names for whom they belong to, so that this does not happen.
        if attack == Attack::TakeName && self.eve.name.is_none() {
            self.eve.waits_for = Some(1 - victim);
        }
        if !self.server_up {
            return;
        }
        let name = self.ends[victim].name.clone();
        for signal in self.eve.forge(attack, &name) {
            self.put(Duration::from_millis(1), Item::Deliver(victim, signal));
        }
    }

    fn drop_items(&mut self, dropped: impl Fn(&Item) -> bool) {
        self.items.retain(|_, item| !dropped(item));
        let items = &self.items;
        self.queue
            .retain(|Reverse((_, serial))| items.contains_key(serial));
    }

    /// No address, and later that one.
    fn cut(&mut self, side: Side, gap: u64, then: u32, seen: bool) {
        let end = &mut self.ends[side];
        if end.address != then {
            end.stale = (end.address, self.now + Duration::from_millis(gap) + STALE);
        }
        end.address = 0;
        if seen {
            self.handle(side, Event::NetworkMoved);
        }
        self.put(LINK_SILENCE, Item::LinkSilent(side));
        self.put(Duration::from_millis(gap), Item::Address(side, then, seen));
    }

    fn close_page(&mut self, side: Side, gap: u64) {
        let end = &mut self.ends[side];
        let record = end.endpoint.record();
        let over = end.endpoint.over().cloned().collect();
        end.page_open = false;
        end.legs.clear();
        end.has_media = false;
        end.media_request += 1;
        end.outbox.clear();
        end.used = None;
        end.played = None;
        end.watched = None;
        self.put(
            Duration::from_millis(gap),
            Item::PageBack(side, record, over),
        );
    }

    /// Obeys what the call commands, then sees what the browser does by itself.
    fn settle(&mut self, side: Side) {
        while let Some(command) = self.ends[side].endpoint.poll_command() {
            self.obey(side, command);
        }
        let ended = self.ends[side].endpoint.view().ended;
        self.left |= ended.is_some_and(|ended| ended.reason == EndReason::Left);
        let mut needs = Vec::new();
        for leg in &mut self.ends[side].legs {
            if !leg.operating && leg.pc.fires_negotiation_needed() {
                needs.push(leg.serial);
            }
        }
        for serial in needs {
            self.leg_event(side, serial, LegEvent::NegotiationNeeded);
        }
        if let Some(due) = self.ends[side].endpoint.poll_timeout() {
            self.put(due.since(self.now), Item::Wake(side));
        }
    }

    fn obey(&mut self, side: Side, command: Command) {
        let end = &mut self.ends[side];
        end.commands.push(name_of(&command));
        match command {
            Command::AcquireMedia => {
                end.media_request += 1;
                let request = end.media_request;
                let reads_for = end.reads_for;
                let delay = self.roll(500) + reads_for;
                self.put(Duration::from_millis(delay), Item::Media(side, request));
            }
            Command::ReleaseMedia => {
                end.media_request += 1;
                end.has_media = false;
            }
            Command::OpenLeg {
                leg: id,
                offers,
                purpose,
            } => {
                let has_other = self.network.networks.contains(&true);
                let at_most = 2 + usize::from(self.network.has_two_ways());
                let used = end.legs.iter().find(|leg| Some(leg.id) == end.used);
                let over = match purpose {
                    Purpose::Standby(StandbyPath::Relay) => Over::Relay,
                    Purpose::Standby(StandbyPath::OtherNetwork)
                        if used.is_some_and(|leg| leg.over != Over::OtherNetwork) =>
                    {
                        Over::OtherNetwork
                    }
                    Purpose::Call if has_other && self.now < self.direct_blocked => {
                        Over::OtherNetwork
                    }
                    Purpose::Call | Purpose::Standby(_) => Over::Network,
                };
                let rings = end.endpoint.view().state == CallState::Ringing;
                let may = rings && self.network.contacts && self.network.persons;
                assert!(end.has_media || may, "a leg without media");
                assert!(end.legs.len() < at_most, "too many legs");
                assert!(end.legs.iter().all(|leg| leg.id != id), "a number twice");
                if offers && id > 0 && purpose == Purpose::Call {
                    end.races.push(self.now);
                }
                // What comes first is shown at once.
                end.used.get_or_insert(id);
                end.played.get_or_insert(id);
                self.connections += 1;
                let serial = self.connections;
                let mut pc = PeerConnection::new(&format!("{}{serial}.", NAMES[side]));
                pc.add_track();
                pc.add_track();
                let place = end.legs.partition_point(|leg| leg.id < id);
                end.legs.insert(
                    place,
                    LegEnd {
                        pc,
                        id,
                        serial,
                        purpose,
                        offers,
                        over,
                        carries: match purpose {
                            Purpose::Call => Carries::All,
                            Purpose::Standby(_) => Carries::Sound,
                        },
                        operating: false,
                        busy: Instant::START,
                        reported: false,
                        received: 0,
                        gathered: BTreeMap::new(),
                        good: Vec::new(),
                        dead: Vec::new(),
                        deaths: 0,
                        channel: None,
                        incoming: VecDeque::new(),
                    },
                );
            }
            Command::CloseLeg(id) => {
                let open = end.legs.len();
                end.legs.retain(|leg| leg.id != id);
                assert_eq!(end.legs.len() + 1, open, "closed twice");
                if end.legs.is_empty() {
                    end.used = None;
                }
                if end.played == Some(id) {
                    end.played = end.used;
                }
            }
            Command::SetLocalDescription(id)
            | Command::SetRemoteDescription(id, _)
            | Command::AddIceCandidate { leg: id, .. } => {
                if let Command::SetRemoteDescription(_, description) = &command {
                    let is_eves = description.sdp.contains(EVES);
                    assert!(!is_eves, "Eve has camera and microphone");
                }
                let leg = end.legs.iter_mut().find(|leg| leg.id == id);
                let leg = leg.expect("an operation has a connection");
                if !matches!(command, Command::AddIceCandidate { .. }) {
                    assert!(!leg.operating, "two descriptions at a time");
                    leg.operating = true;
                }
                let (serial, begins) = (leg.serial, self.now.max(leg.busy));
                let over = begins + Duration::from_millis(self.roll(30));
                if let Some(leg) = self.leg(side, serial) {
                    leg.busy = over;
                }
                let item = Item::Operation(side, serial, command);
                self.put(over.since(self.now), item);
            }
            Command::KeepContact(key) => end.told.push(key),
            Command::RestartIce(id) => {
                if let Some(leg) = end.legs.iter_mut().find(|leg| leg.id == id) {
                    leg.pc.restart_ice();
                }
            }
            Command::UseLeg(id) => {
                assert!(
                    end.legs.iter().any(|leg| leg.id == id),
                    "a closed leg is used"
                );
                end.used = Some(id);
                end.played = Some(id);
            }
            Command::PlayLeg(id) => {
                end.played = Some(id);
                let leg = end.legs.iter().find(|leg| leg.id == id);
                let serial = leg.expect("a closed leg is played").serial;
                let after = Duration::from_millis(self.roll(100));
                self.put(after, Item::Leg(side, serial, LegEvent::MediaFlowing));
            }
            Command::Carry(id, carries) => {
                let leg = end.legs.iter_mut().find(|leg| leg.id == id);
                leg.expect("a closed leg carries").carries = carries;
            }
            Command::Watch(watched) => {
                end.watched = watched;
                self.put(Duration::ZERO, Item::Listen(side, false));
            }
            Command::ReadStats(id) => {
                if let Some(leg) = end.legs.iter().find(|leg| leg.id == id) {
                    let serial = leg.serial;
                    self.put(Duration::from_millis(2), Item::Stats(side, serial));
                }
            }
            Command::ProbeLink => {
                end.probing = true;
                self.send_direct(side, &ChannelMessage::Ping);
                if self.link_is_up(side) {
                    let delay = self.roll(self.network.delay + 20);
                    self.put(Duration::from_millis(delay), Item::LinkBack(side));
                }
            }
            Command::Send(signal) => {
                end.sent.push(signal.clone());
                self.send_direct(side, &ChannelMessage::Signal(signal.clone()));
                self.transmit(side, signal);
            }
            Command::SendByServer(signal) => {
                end.sent.push(signal.clone());
                self.transmit(side, signal);
            }
            Command::SendDirect(message) => self.send_direct(side, &message),
            Command::ShowText { from, text } => {
                assert_eq!(from, end.endpoint.view().peer);
                end.read.push(text.parse().expect("a line's number"));
            }
            Command::Notify(notice) => end.notices.push(notice),
            Command::Log(line) => end.logged.push(line),
        }
    }

    fn transmit(&mut self, from: Side, signal: Signal) {
        if self.ends[from].page_open && !self.link_is_up(from) {
            return self.ends[from].outbox.push(signal);
        }
        // The server says who it is from, and gives it to nobody but whom it is for.
        let person = self.ends[from].person.clone();
        let signal = Signal {
            from: Some(person).filter(|_| self.network.persons),
            ..signal
        };
        self.eve.overheard.push(signal.clone());
        let receiver = &self.ends[1 - from];
        let is_for = |name: &str, person: &str| match &signal.to {
            Some(to) => to == person,
            None => signal.target.as_deref() == Some(name),
        };
        if is_for(self.eve.name(), Eve::PERSON) {
            return self.eve.received.push(signal);
        }
        if receiver.anew || !is_for(&receiver.name, &receiver.person) {
            return self.put(Duration::from_millis(5), Item::Refuse(from));
        }
        let copies = if self.roll(100) < self.network.doubled {
            2
        } else {
            1
        };
        for _ in 0..copies {
            let mut delay = self.roll(self.network.delay + 1);
            if self.roll(100) < self.network.lost {
                delay += 1000 + self.roll(3000);
            }
            self.put(
                Duration::from_millis(delay),
                Item::Deliver(1 - from, signal.clone()),
            );
        }
    }

    /// An operation of the browser completes, as the model says.
    fn complete(&mut self, side: Side, serial: u32, command: Command) {
        let address = self.ends[side].address;
        let (believed, until) = self.ends[side].stale;
        let now = self.now;
        let Some(leg) = self.leg(side, serial) else {
            return;
        };
        leg.operating &= matches!(command, Command::AddIceCandidate { .. });
        let (id, pc) = (leg.id, &mut leg.pc);
        let event = match command {
            Command::SetLocalDescription(_) => match pc.set_local_description() {
                Ok(set) => {
                    let seen = match id == 0 && now < until {
                        true => believed,
                        false => address,
                    };
                    leg.gathered.entry(set.ufrag.clone()).or_insert(seen);
                    let mut after = 0;
                    for n in 0..2 {
                        after += self.roll(100);
                        let candidate = LegEvent::Candidate(Candidate {
                            candidate: format!("candidate:{n}"),
                            sdp_mid: Some("0".into()),
                            sdp_m_line_index: None,
                            username_fragment: Some(set.ufrag.clone()),
                        });
                        let candidate = match self.no_path {
                            true => LegEvent::NoCandidates,
                            false => candidate,
                        };
                        let item = Item::Leg(side, serial, candidate);
                        self.put(Duration::from_millis(after), item);
                    }
                    let kind = match set.kind {
                        Kind::Offer => SdpType::Offer,
                        Kind::Answer => SdpType::Answer,
                    };
                    let sdp = format!("{set}\na=fingerprint:sha-256 {}", NAMES[side]);
                    LegEvent::LocalDescriptionSet(Description { kind, sdp })
                }
                Err(refusal) => LegEvent::DescriptionRefused(format!("{refusal:?}")),
            },
            Command::SetRemoteDescription(_, description) => {
                let kind = match description.kind {
                    SdpType::Offer => Kind::Offer,
                    SdpType::Answer => Kind::Answer,
                };
                let sdp = description.sdp.lines().next().unwrap_or_default();
                let model = Model::parse(kind, sdp).expect("the model's own words");
                match pc.set_remote_description(model) {
                    Ok(()) => LegEvent::RemoteDescriptionSet,
                    Err(refusal) => LegEvent::DescriptionRefused(format!("{refusal:?}")),
                }
            }
            Command::AddIceCandidate {
                candidate,
                may_be_refused,
                ..
            } => {
                let ufrag = candidate.username_fragment.unwrap_or_default();
                if let Err(refusal) = pc.add_ice_candidate(&ufrag)
                    && !may_be_refused
                {
                    self.ends[side].logged.push(format!("{refusal:?}"));
                }
                return;
            }
            _ => return,
        };
        self.handle(side, Event::Leg(id, event));
    }

    fn leg(&mut self, side: Side, serial: u32) -> Option<&mut LegEnd> {
        let mut legs = self.ends[side].legs.iter_mut();
        legs.find(|leg| leg.serial == serial)
    }

    /// Sends over every data channel that has opened.
    fn send_direct(&mut self, from: Side, message: &ChannelMessage) {
        let legs = self.ends[from].legs.iter();
        let open: Vec<(u32, bool)> = legs
            .filter_map(|leg| Some((leg.channel?, self.carries(from, leg.serial))))
            .collect();
        self.ends[from].direct.push(message.clone());
        for (serial, carries) in open {
            let Some(leg) = self.leg(1 - from, serial) else {
                continue;
            };
            leg.incoming.push_back((message.clone(), carries));
            let delay = Duration::from_millis(5 + self.roll(30));
            self.put(delay, Item::Carry(1 - from, serial));
        }
    }

    /// What has come over a data channel is read; what does not get through comes later.
    fn read_channel(&mut self, side: Side, serial: u32) {
        let carries = self.carries(side, serial);
        let Some(leg) = self.leg(side, serial) else {
            return;
        };
        if carries {
            leg.incoming
                .iter_mut()
                .for_each(|(_, through)| *through = true);
        }
        if leg.incoming.iter().any(|(_, through)| !through) {
            self.put(Duration::from_millis(200), Item::Carry(side, serial));
        }
        let next = |sim: &mut Self| {
            let incoming = &mut sim.leg(side, serial)?.incoming;
            incoming.pop_front_if(|(_, through)| *through)
        };
        while let Some((message, _)) = next(self) {
            self.handle(side, Event::ReceivedDirect(message));
        }
    }

    /// Whether media gets through on that leg, both ways.
    fn carries(&self, side: Side, serial: u32) -> bool {
        let here = self.ends[side].legs.iter().find(|leg| leg.serial == serial);
        let Some(here) = here.filter(|_| !self.no_path) else {
            return false;
        };
        let other = &self.ends[1 - side];
        let Some(there) = other.legs.iter().find(|leg| leg.id == here.id) else {
            return false;
        };
        // A direct leg finds the relay too, where there is one.
        let is_blocked = |leg: &LegEnd| {
            self.now
                < match leg.over {
                    Over::Network => self.direct_blocked,
                    Over::OtherNetwork => self.other_blocked,
                    Over::Relay => self.relay_down,
                }
        };
        if is_blocked(here) || is_blocked(there) {
            return false;
        }
        let reachable = |leg: &LegEnd, side: Side, local: &str| {
            let end = &self.ends[side];
            end.address != 0
                && end.asleep_until <= self.now
                && leg.gathered.get(local) == Some(&end.address)
                && !leg.dead.iter().any(|dead| dead == local)
        };
        let works = |local: &str, remote: &str| {
            reachable(here, side, local) && reachable(there, 1 - side, remote)
        };
        let known = |leg: &LegEnd, remote: &str| leg.pc.has_candidate_of(remote);
        let settled = match (here.pc.settled(), there.pc.settled()) {
            (Some((local, remote)), Some(theirs)) => {
                theirs == (remote, local)
                    && known(here, remote)
                    && known(there, local)
                    && works(local, remote)
            }
            _ => false,
        };
        settled || here.good.iter().any(|(local, remote)| works(local, remote))
    }

    fn tell_paths(&mut self, side: Side) {
        let (relay, other_network) = (self.network.relays[side], self.network.networks[side]);
        if self.network.has_two_ways() {
            let paths = Paths {
                relay,
                saves: false,
                other_network: Some(other_network),
            };
            self.handle(side, Event::Paths(paths));
        }
    }

    /// Three looks, 20 ms apart, tell that one leg is silent and the other is not; so they are looked at
    /// together, 80 ms after anything has changed. Nothing is heard of either after 250 ms.
    fn listen(&mut self, side: Side, late: bool) {
        let Some((live, standby)) = self.ends[side].watched.filter(|_| !self.nobody_speaks) else {
            return;
        };
        let carries = |id| {
            let leg = self.ends[side].legs.iter().find(|leg| leg.id == id);
            leg.is_some_and(|leg| self.carries(side, leg.serial))
        };
        let standby_heard = standby.is_some_and(carries);
        if carries(live) {
            return;
        }
        if standby_heard || late {
            self.handle(side, Event::Leg(live, LegEvent::Unheard { standby_heard }));
        }
        if standby_heard {
            self.put(HEARD, Item::Listen(side, false));
        }
    }

    /// The browser's news of legs that have come to carry, or have ceased to.
    fn report_connectivity(&mut self) {
        for side in [ANN, BOB] {
            for n in 0..self.ends[side].legs.len() {
                let leg = &self.ends[side].legs[n];
                let (serial, id, reported) = (leg.serial, leg.id, leg.reported);
                let carries = self.carries(side, serial);
                if carries == reported {
                    continue;
                }
                match self.stage(side) {
                    CallState::Ringing => assert!(!self.ends[side].has_media),
                    CallState::Calling { .. } => assert_eq!(leg.carries, Carries::Nothing),
                    _ => {}
                }
                if self.ends[side].watched.is_some() {
                    self.put(HEARD, Item::Listen(side, false));
                    self.put(UNHEARD, Item::Listen(side, true));
                }
                let leg = &mut self.ends[side].legs[n];
                leg.reported = carries;
                leg.deaths += 1;
                let deaths = leg.deaths;
                if carries {
                    let pair = leg.pc.settled();
                    let pair = pair.map(|(local, remote)| (local.to_owned(), remote.to_owned()));
                    leg.good.extend(pair);
                    self.leg_event(
                        side,
                        serial,
                        LegEvent::IceConnection(IceConnectionState::Connected),
                    );
                    let connected = LegEvent::Connection(ConnectionState::Connected);
                    self.leg_event(side, serial, connected);
                    let mut there = self.ends[1 - side].legs.iter();
                    let there = there.find(|leg| leg.id == id).map(|leg| leg.serial);
                    let opens = id > 0 || !self.no_channel;
                    let channel = &mut self.ends[side].legs[n].channel;
                    if opens && channel.is_none() {
                        *channel = there;
                        self.leg_event(side, serial, LegEvent::ChannelOpen);
                    }
                } else {
                    self.put(Duration::from_secs(17), Item::Dead(side, serial, deaths));
                }
            }
        }
    }

    fn leg_event(&mut self, side: Side, serial: u32, event: LegEvent) {
        self.put(Duration::ZERO, Item::Leg(side, serial, event));
    }

    fn put(&mut self, after: Duration, item: Item) {
        self.serial += 1;
        self.queue.push(Reverse((self.now + after, self.serial)));
        self.items.insert(self.serial, item);
    }

    /// A number below `limit`, from a xorshift generator.
    fn roll(&mut self, limit: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % limit.max(1)
    }
}

fn name_of(command: &Command) -> &'static str {
    match command {
        Command::AcquireMedia => "AcquireMedia",
        Command::ReleaseMedia => "ReleaseMedia",
        Command::OpenLeg { .. } => "OpenLeg",
        Command::CloseLeg(_) => "CloseLeg",
        Command::SetLocalDescription(_) => "SetLocalDescription",
        Command::SetRemoteDescription(..) => "SetRemoteDescription",
        Command::AddIceCandidate { .. } => "AddIceCandidate",
        Command::KeepContact(_) => "KeepContact",
        Command::RestartIce(_) => "RestartIce",
        Command::UseLeg(_) => "UseLeg",
        Command::PlayLeg(_) => "PlayLeg",
        Command::Carry(..) => "Carry",
        Command::Watch(_) => "Watch",
        Command::ReadStats(_) => "ReadStats",
        Command::ProbeLink => "ProbeLink",
        Command::Send(signal) | Command::SendByServer(signal) => match signal.body {
            SignalBody::Offer(_) => "Send offer",
            SignalBody::Answer(_) => "Send answer",
            SignalBody::Candidate(_) => "Send candidate",
            SignalBody::Ringing => "Send ringing",
            SignalBody::Contact => "Send contact",
            SignalBody::Accepted => "Send accepted",
            SignalBody::HangUp(_) => "Send hang-up",
            SignalBody::KeepLeg => "Send keep-leg",
            SignalBody::Standby(_) => "Send standby",
            SignalBody::TakeOver => "Send take-over",
            SignalBody::Away => "Send away",
            SignalBody::Rejoin => "Send rejoin",
            SignalBody::Here { .. } => "Send here",
        },
        Command::SendDirect(_) => "SendDirect",
        Command::ShowText { .. } => "Hear",
        Command::Notify(_) => "Notify",
        Command::Log(_) => "Log",
    }
}
