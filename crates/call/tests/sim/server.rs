//! The server between the two, and the links to it.

use std::time::Duration;

use holdfast_call::Event;
use holdfast_protocol::Signal;

use super::{ANN, BOB, Eve, Item, NAMES, Side, Sim};

impl Sim {
    pub(super) fn link_is_up(&self, side: Side) -> bool {
        let end = &self.ends[side];
        self.server_up && end.address != 0 && !end.link_broken && end.page_open
    }

    /// The link came or went: the session notices, comes back, and is sent what waited.
    pub(super) fn link_changed(&mut self, side: Side) {
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

    pub(super) fn transmit(&mut self, from: Side, signal: Signal) {
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
}
