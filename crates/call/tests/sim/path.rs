//! What gets through between the two, and what their browsers say of it.

use std::time::Duration;

use holdfast_call::{CallState, Carries, ConnectionState, Event, IceConnectionState, LegEvent};
use holdfast_protocol::ChannelMessage;

use super::{ANN, BOB, Item, LegEnd, Over, Side, Sim};

/// How long it takes to tell that a leg is silent; and where no other is heard.
const HEARD: Duration = Duration::from_millis(80);
const UNHEARD: Duration = Duration::from_millis(250);

impl Sim {
    /// Sends over every data channel that has opened.
    pub(super) fn send_direct(&mut self, from: Side, message: &ChannelMessage) {
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
    pub(super) fn read_channel(&mut self, side: Side, serial: u32) {
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
    pub(super) fn carries(&self, side: Side, serial: u32) -> bool {
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

    /// Three looks, 20 ms apart, tell that one leg is silent and the other is not; so they are looked at
    /// together, 80 ms after anything has changed. Nothing is heard of either after 250 ms.
    pub(super) fn listen(&mut self, side: Side, late: bool) {
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
    pub(super) fn report_connectivity(&mut self) {
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
}
