//! What people, networks and devices do.

use std::{cmp::Reverse, time::Duration};

use holdfast_call::{ConnectionState, Event, IceConnectionState, LegEvent};
use holdfast_protocol::CallId;

use super::{ANN, Act, Attack, BOB, Item, LINK_SILENCE, NAMES, STALE, Side, Sim, keys};

impl Sim {
    pub(super) fn perform(&mut self, side: Side, act: Act) {
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
    pub(super) fn attack(&mut self, victim: Side, attack: Attack) {
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

    pub(super) fn drop_items(&mut self, dropped: impl Fn(&Item) -> bool) {
        self.items.retain(|_, item| !dropped(item));
        let items = &self.items;
        self.queue
            .retain(|Reverse((_, serial))| items.contains_key(serial));
    }

    /// No address, and later that one.
    pub(super) fn cut(&mut self, side: Side, gap: u64, then: u32, seen: bool) {
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

    pub(super) fn close_page(&mut self, side: Side, gap: u64) {
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
}
