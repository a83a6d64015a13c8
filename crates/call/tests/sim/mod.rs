//! Two calls, joined by a simulated network, each with a model of the browser under it, on a
//! virtual clock.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a test looks at what it is about"
)]

mod acts;
mod agreement;
mod browser;
mod ends;
mod eve;
mod path;
mod server;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    time::Duration,
};

use holdfast_call::{
    CallRecord, CallState, Carries, Command, ConnectionState, Endpoint, Event, LegEvent, Limits,
    Purpose, Secret,
};
use holdfast_clock::Instant;
use holdfast_jsep::PeerConnection;
use holdfast_protocol::{CallId, MediaState, Signal, StandbyPath};

use ends::Over;
pub(crate) use ends::{End, LegEnd};
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

const OTHER_NETWORK: Purpose = Purpose::Standby(StandbyPath::OtherNetwork);

/// How long a browser takes to see a new interface in the page's own realm.
const STALE: Duration = Duration::from_millis(2500);

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
                        // Another network is given up for a while where nothing came of it.
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
                if self.ends[side].has_media {
                    self.handle(side, Event::LocalMedia(MediaState::default()));
                }
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
