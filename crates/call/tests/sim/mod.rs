//! Two calls, joined by a simulated network, each with a model of the browser under it, on a
//! virtual clock.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a test looks at what it is about"
)]

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    time::Duration,
};

use holdfast_call::{
    Call, Command, ConnectionState, Event, IceConnectionState, LegEvent, Limits, Moment, Notice,
    Stage,
};
use holdfast_jsep::{Description as Model, Kind, PeerConnection, SignalingState};
use holdfast_protocol::{CallId, Candidate, Description, SdpType, Signal, SignalBody};

/// Who.
pub(crate) type Side = usize;
pub(crate) const ANN: Side = 0;
pub(crate) const BOB: Side = 1;
const NAMES: [&str; 2] = ["Ann", "Bob"];

/// What the network does to messages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Network {
    /// The longest delay, ms; messages with different delays overtake each other.
    pub(crate) delay: u64,
    /// Of 100 messages, how many arrive twice.
    pub(crate) doubled: u64,
    /// Of 100 messages, how many are lost and arrive only when sent again, seconds later.
    pub(crate) lost: u64,
    /// What decides all that.
    pub(crate) seed: u64,
}

impl Network {
    /// In order, at once.
    pub(crate) const PERFECT: Self = Self {
        delay: 0,
        doubled: 0,
        lost: 0,
        seed: 1,
    };
}

/// What a person, or the ground under a call, does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Dial,
    Accept,
    Decline,
    HangUp,
    /// The path fails here: ICE and connection say so.
    PathFails,
    /// The path stutters here, and comes back.
    PathStutters,
    /// A track is added.
    AddTrack,
    /// From now on, this person refuses camera and microphone.
    RefuseMedia,
}

#[derive(Debug)]
enum Item {
    Act(Side, Act),
    Deliver(Side, Signal),
    Media(Side, u32),
    /// An operation of the browser completes.
    Operation(Side, u32, Command),
    Leg(Side, u32, LegEvent),
    Wake(Side),
}

/// One person's page.
pub(crate) struct End {
    pub(crate) call: Call,
    pub(crate) pc: Option<PeerConnection>,
    pub(crate) notices: Vec<Notice>,
    pub(crate) sent: Vec<Signal>,
    pub(crate) logged: Vec<String>,
    pub(crate) commands: Vec<&'static str>,
    generation: u32,
    operating: bool,
    has_media: bool,
    refuses_media: bool,
    media_request: u32,
    calls_made: u32,
    reported: bool,
    /// A path that has failed stays so until the ufrag is another.
    dead: Option<String>,
}

pub(crate) struct Sim {
    pub(crate) now: Moment,
    pub(crate) ends: [End; 2],
    network: Network,
    random: u64,
    serial: u64,
    queue: BinaryHeap<Reverse<(Moment, u64)>>,
    items: BTreeMap<u64, Item>,
}

impl Sim {
    pub(crate) fn new(network: Network) -> Self {
        let end = |name: &str| {
            let mut call = Call::new(Limits::default());
            call.handle(Event::Named(name.to_owned()), Moment::ZERO);
            End {
                call,
                pc: None,
                notices: Vec::new(),
                sent: Vec::new(),
                logged: Vec::new(),
                commands: Vec::new(),
                generation: 0,
                operating: false,
                has_media: false,
                refuses_media: false,
                media_request: 0,
                calls_made: 0,
                reported: false,
                dead: None,
            }
        };
        Self {
            now: Moment::ZERO,
            ends: NAMES.map(end),
            network,
            random: network.seed | 1,
            serial: 0,
            queue: BinaryHeap::new(),
            items: BTreeMap::new(),
        }
    }

    /// Ann has called Bob, and they talk.
    pub(crate) fn talking() -> Self {
        let mut sim = Self::new(Network::PERFECT);
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

    /// Lets time pass until nothing more will happen.
    pub(crate) fn run_out(&mut self) {
        let mut steps = 0;
        while !self.queue.is_empty() {
            self.step();
            steps += 1;
            assert!(steps < 100_000, "the two never come to rest");
        }
    }

    pub(crate) fn stage(&self, side: Side) -> Stage {
        self.ends[side].call.view().stage
    }

    pub(crate) fn connected(&self) -> bool {
        [ANN, BOB]
            .iter()
            .all(|side| matches!(self.stage(*side), Stage::Connected { .. }))
    }

    /// How many messages of that type a side has sent.
    pub(crate) fn sent(&self, side: Side, kind: &str) -> usize {
        self.ends[side]
            .sent
            .iter()
            .filter(|signal| signal.kind() == kind)
            .count()
    }

    /// Hands an event in from outside.
    pub(crate) fn handle(&mut self, side: Side, event: Event) {
        self.ends[side].call.handle(event, self.now);
        self.settle(side);
    }

    /// Both sides agree: no call and nothing held, or the same call with negotiation at rest.
    pub(crate) fn assert_agreement(&self) {
        let [ann, bob] = &self.ends;
        assert_eq!(
            ann.call.id(),
            bob.call.id(),
            "Ann: {:?}, Bob: {:?}",
            ann.call.view(),
            bob.call.view()
        );
        for end in &self.ends {
            let view = end.call.view();
            match &end.pc {
                None => {
                    assert_eq!(view.stage, Stage::Idle);
                    assert!(!end.has_media, "camera and microphone are still on");
                    assert_eq!(end.call.poll_timeout(), None, "a timer is still running");
                }
                Some(pc) => {
                    assert!(matches!(view.stage, Stage::Connected { .. }), "{view:?}");
                    assert_eq!(pc.signaling_state(), SignalingState::Stable);
                }
            }
            assert!(!end.operating);
            assert_eq!(end.logged, Vec::<String>::new());
        }
        if let (Some(ann), Some(bob)) = (&ann.pc, &bob.pc) {
            let swapped = bob.settled().map(|(local, remote)| (remote, local));
            assert_eq!(
                ann.settled(),
                swapped,
                "the two have not settled on the same offer"
            );
        }
    }

    fn step(&mut self) {
        let Some(Reverse((due, serial))) = self.queue.pop() else {
            return;
        };
        self.now = self.now.max(due);
        match self.items.remove(&serial).expect("each entry has its item") {
            Item::Act(side, act) => self.perform(side, act),
            Item::Deliver(side, signal) => self.handle(side, Event::Received(signal)),
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
            }
            Item::Operation(side, generation, command) => {
                if self.ends[side].generation == generation {
                    self.complete(side, command);
                }
            }
            Item::Leg(side, generation, event) => {
                let end = &self.ends[side];
                let obsolete = match (&event, &end.pc) {
                    (LegEvent::Candidate(candidate), Some(pc)) => {
                        let ufrag = candidate.username_fragment.as_deref();
                        !ufrag.is_some_and(|ufrag| pc.gathers(ufrag))
                    }
                    _ => false,
                };
                if end.generation == generation && !obsolete {
                    self.handle(side, Event::Leg(0, event));
                }
            }
            Item::Wake(side) => {
                let end = &mut self.ends[side];
                end.call.handle_timeout(self.now);
                self.settle(side);
            }
        }
        self.report_connectivity();
    }

    fn perform(&mut self, side: Side, act: Act) {
        let end = &mut self.ends[side];
        match act {
            Act::Dial => {
                let id = CallId {
                    page: NAMES[side].to_lowercase(),
                    nth: end.calls_made,
                };
                end.calls_made += 1;
                let peer = NAMES[1 - side].to_owned();
                self.handle(side, Event::Dial { peer, id });
            }
            Act::Accept => self.handle(side, Event::Accept),
            Act::Decline => self.handle(side, Event::Decline),
            Act::HangUp => self.handle(side, Event::HangUp),
            Act::RefuseMedia => end.refuses_media = true,
            Act::AddTrack => {
                if let Some(pc) = &mut end.pc {
                    pc.add_track();
                }
                self.settle(side);
            }
            Act::PathFails => {
                let Some(pc) = end.pc.as_ref().filter(|_| end.reported) else {
                    return;
                };
                end.dead = pc.settled().map(|(local, _)| local.to_owned());
                end.reported = false;
                self.leg(side, LegEvent::IceConnection(IceConnectionState::Failed));
                self.leg(side, LegEvent::Connection(ConnectionState::Failed));
            }
            Act::PathStutters => {
                if !end.reported {
                    return;
                }
                self.leg(
                    side,
                    LegEvent::IceConnection(IceConnectionState::Disconnected),
                );
                self.leg(side, LegEvent::Connection(ConnectionState::Disconnected));
                self.leg(side, LegEvent::IceConnection(IceConnectionState::Connected));
                self.leg(side, LegEvent::Connection(ConnectionState::Connected));
            }
        }
    }

    /// Obeys what the call commands, then sees what the browser does by itself.
    fn settle(&mut self, side: Side) {
        while let Some(command) = self.ends[side].call.poll_command() {
            self.obey(side, command);
        }
        let end = &mut self.ends[side];
        if !end.operating
            && end
                .pc
                .as_mut()
                .is_some_and(PeerConnection::fires_negotiation_needed)
        {
            self.leg(side, LegEvent::NegotiationNeeded);
        }
        if let Some(due) = self.ends[side].call.poll_timeout() {
            self.put(due.saturating_sub(self.now), Item::Wake(side));
        }
    }

    fn obey(&mut self, side: Side, command: Command) {
        let end = &mut self.ends[side];
        end.commands.push(name_of(&command));
        match command {
            Command::AcquireMedia => {
                end.media_request += 1;
                let request = end.media_request;
                let delay = self.roll(500);
                self.put(Duration::from_millis(delay), Item::Media(side, request));
            }
            Command::ReleaseMedia => {
                end.media_request += 1;
                end.has_media = false;
            }
            Command::OpenLeg { .. } => {
                assert!(end.has_media, "a leg without media");
                assert!(end.pc.is_none(), "two legs");
                let mut pc = PeerConnection::new(&format!("{}{}.", NAMES[side], end.generation));
                pc.add_track();
                pc.add_track();
                end.pc = Some(pc);
            }
            Command::CloseLeg(_) => {
                assert!(end.pc.is_some(), "closed twice");
                end.pc = None;
                end.generation += 1;
                end.operating = false;
                end.reported = false;
                end.dead = None;
            }
            Command::SetLocalDescription(_)
            | Command::SetRemoteDescription(..)
            | Command::AddIceCandidate(..) => {
                assert!(end.pc.is_some(), "an operation without a connection");
                assert!(!end.operating, "two operations at a time");
                end.operating = true;
                let generation = end.generation;
                let delay = self.roll(30);
                let item = Item::Operation(side, generation, command);
                self.put(Duration::from_millis(delay), item);
            }
            Command::RestartIce(_) => {
                if let Some(pc) = &mut end.pc {
                    pc.restart_ice();
                }
            }
            Command::Send(signal) => {
                assert_eq!(signal.target.as_deref(), Some(NAMES[1 - side]));
                end.sent.push(signal.clone());
                self.transmit(1 - side, signal);
            }
            Command::Notify(notice) => end.notices.push(notice),
            Command::Log(line) => end.logged.push(line),
        }
    }

    fn transmit(&mut self, to: Side, signal: Signal) {
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
                Item::Deliver(to, signal.clone()),
            );
        }
    }

    /// An operation of the browser completes, as the model says.
    fn complete(&mut self, side: Side, command: Command) {
        let end = &mut self.ends[side];
        end.operating = false;
        let Some(pc) = &mut end.pc else { return };
        let event = match command {
            Command::SetLocalDescription(_) => match pc.set_local_description() {
                Ok(set) => {
                    let mut after = 0;
                    for n in 0..2 {
                        after += self.roll(100);
                        let candidate = LegEvent::Candidate(Candidate {
                            candidate: format!("candidate:{n}"),
                            sdp_mid: Some("0".into()),
                            sdp_m_line_index: None,
                            username_fragment: Some(set.ufrag.clone()),
                        });
                        let item = Item::Leg(side, self.ends[side].generation, candidate);
                        self.put(Duration::from_millis(after), item);
                    }
                    let kind = match set.kind {
                        Kind::Offer => SdpType::Offer,
                        Kind::Answer => SdpType::Answer,
                    };
                    let sdp = set.to_string();
                    LegEvent::LocalDescriptionSet(Description { kind, sdp })
                }
                Err(refusal) => LegEvent::DescriptionRefused(format!("{refusal:?}")),
            },
            Command::SetRemoteDescription(_, description) => {
                let kind = match description.kind {
                    SdpType::Offer => Kind::Offer,
                    SdpType::Answer => Kind::Answer,
                };
                let model = Model::parse(kind, &description.sdp).expect("the model's own text");
                match pc.set_remote_description(model) {
                    Ok(()) => LegEvent::RemoteDescriptionSet,
                    Err(refusal) => LegEvent::DescriptionRefused(format!("{refusal:?}")),
                }
            }
            Command::AddIceCandidate(_, candidate) => {
                let ufrag = candidate.username_fragment.unwrap_or_default();
                match pc.add_ice_candidate(&ufrag) {
                    Ok(()) => LegEvent::CandidateAdded,
                    Err(refusal) => LegEvent::CandidateRefused(format!("{refusal:?}")),
                }
            }
            _ => return,
        };
        self.handle(side, Event::Leg(0, event));
    }

    /// Tells each side when the two have settled on each other's credentials and candidates.
    fn report_connectivity(&mut self) {
        let ready = |here: &End, there: &End| -> bool {
            let (Some(a), Some(b)) = (&here.pc, &there.pc) else {
                return false;
            };
            let (Some((local, remote)), Some(theirs)) = (a.settled(), b.settled()) else {
                return false;
            };
            let dead = [here, there].iter().any(|end| {
                end.dead
                    .as_ref()
                    .is_some_and(|dead| dead == local || dead == remote)
            });
            theirs == (remote, local) && a.has_candidate_of(remote) && !dead
        };
        let both =
            ready(&self.ends[ANN], &self.ends[BOB]) && ready(&self.ends[BOB], &self.ends[ANN]);
        for side in [ANN, BOB] {
            if both && !self.ends[side].reported {
                self.ends[side].reported = true;
                self.leg(side, LegEvent::IceConnection(IceConnectionState::Connected));
                self.leg(side, LegEvent::Connection(ConnectionState::Connected));
            }
        }
    }

    fn leg(&mut self, side: Side, event: LegEvent) {
        let item = Item::Leg(side, self.ends[side].generation, event);
        self.put(Duration::ZERO, item);
    }

    fn put(&mut self, after: Moment, item: Item) {
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
        Command::AddIceCandidate(..) => "AddIceCandidate",
        Command::RestartIce(_) => "RestartIce",
        Command::Send(signal) => match signal.body {
            SignalBody::Offer(_) => "Send offer",
            SignalBody::Answer(_) => "Send answer",
            SignalBody::Candidate(_) => "Send candidate",
            SignalBody::Ringing => "Send ringing",
            SignalBody::Accepted => "Send accepted",
            SignalBody::HangUp(_) => "Send hang-up",
        },
        Command::Notify(_) => "Notify",
        Command::Log(_) => "Log",
    }
}
