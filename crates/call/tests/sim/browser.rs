//! The browser under a page: what a call commands is done, and what comes of it is told.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use holdfast_call::{CallState, Carries, Command, EndReason, Event, LegEvent, Purpose};
use holdfast_clock::Instant;
use holdfast_jsep::{Description as Model, Kind, PeerConnection};
use holdfast_protocol::{
    Candidate, ChannelMessage, Description, Paths, SdpType, SignalBody, StandbyPath,
};

use super::{EVES, Item, LegEnd, NAMES, Over, Side, Sim};

impl Sim {
    /// Obeys what the call commands, then sees what the browser does by itself.
    pub(super) fn settle(&mut self, side: Side) {
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

    pub(super) fn obey(&mut self, side: Side, command: Command) {
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

    /// An operation of the browser completes, as the model says.
    pub(super) fn complete(&mut self, side: Side, serial: u32, command: Command) {
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

    pub(super) fn leg(&mut self, side: Side, serial: u32) -> Option<&mut LegEnd> {
        let mut legs = self.ends[side].legs.iter_mut();
        legs.find(|leg| leg.serial == serial)
    }

    pub(super) fn tell_paths(&mut self, side: Side) {
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

    pub(super) fn leg_event(&mut self, side: Side, serial: u32, event: LegEvent) {
        self.put(Duration::ZERO, Item::Leg(side, serial, event));
    }
}

/// What it is called in a test.
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
