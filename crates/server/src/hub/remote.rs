//! People who are on other servers, as this one knows them.

use std::{collections::HashSet, sync::Arc};

use axum::extract::ws::Utf8Bytes;
use holdfast_protocol::{ConnectionId, Message, Relay};
use ring::digest::{SHA256, digest};

use super::{Hub, Key, Person, Place, encode};
use crate::{
    cluster::{Entry, Node, Outgoing, Word},
    queue::Closed,
    room::{Hears, Room, Status},
    session::Session,
};

/// Where somebody is: on which server, and what it calls them.
pub(crate) type Elsewhere = (Node, Key);

/// What a secret is known again by; nobody can tell the secret from it.
pub(super) fn proof(secret: &str) -> Arc<str> {
    let digest = digest(&SHA256, secret.as_bytes());
    let digits = digest.as_ref().iter().map(|byte| format!("{byte:02x}"));
    digits.collect::<String>().into()
}

impl Hub {
    /// Everybody who is on this server, for another.
    pub(crate) fn people_here(&self) -> Vec<Entry> {
        self.people
            .keys()
            .filter_map(|key| self.entry(*key))
            .collect()
    }

    fn entry(&self, key: Key) -> Option<Entry> {
        let person = self.people.get(&key)?;
        let place = person.place.as_ref()?;
        // Not by their calls: those that were begun elsewhere are not known here.
        let here = self.rooms.get(&place.room)?;
        let busy = here.status(key) == Some(Status::Busy);
        person.elsewhere.is_none().then(|| Entry {
            key,
            room: place.room.to_string(),
            name: place.name.to_string(),
            busy,
            proof: proof(&person.id).to_string(),
        })
    }

    /// Somebody here has come, gone or changed: the other servers will be told.
    pub(super) fn note_elsewhere(&mut self, key: Key) {
        if self.cluster.is_some() {
            self.changed_here.insert(key);
            self.wake.notify_one();
        }
    }

    /// Tells the other servers what they have yet to be told.
    pub(super) fn tell_elsewhere(&mut self) {
        if self.changed_here.is_empty() {
            return;
        }
        let (mut here, mut gone) = (Vec::new(), Vec::new());
        for key in std::mem::take(&mut self.changed_here) {
            match self.entry(key) {
                Some(entry) => here.push(entry),
                None => gone.push(key),
            }
        }
        self.say(Outgoing::ToAll(Word::Changes { here, gone }));
    }

    pub(super) fn say(&self, out: Outgoing) {
        if let Some(cluster) = &self.cluster {
            // It ends only together with the server.
            let _ = cluster.send(out);
        }
    }

    /// These are on that server, and nobody else is.
    pub(crate) fn people_elsewhere(&mut self, node: Node, people: Vec<Entry>) {
        let still: HashSet<Key> = people.iter().map(|entry| entry.key).collect();
        self.refused.retain(|(on, _), _| *on != node);
        let known = self.elsewhere.keys().filter(|(on, _)| *on == node);
        let gone: Vec<Key> = known
            .map(|(_, key)| *key)
            .filter(|key| !still.contains(key))
            .collect();
        self.changes_elsewhere(node, people, &gone);
    }

    /// These have come to that server or changed, and these are gone from it.
    pub(crate) fn changes_elsewhere(&mut self, node: Node, here: Vec<Entry>, gone: &[Key]) {
        for key in gone {
            self.refused.remove(&(node, *key));
            if let Some(key) = self.elsewhere.remove(&(node, *key)) {
                self.remove(key);
            }
        }
        for entry in here {
            self.refused.remove(&(node, entry.key));
            self.put_elsewhere(node, entry);
        }
        // Their names may be free now.
        for ((node, _), entry) in std::mem::take(&mut self.refused) {
            self.put_elsewhere(node, entry);
        }
        self.drop_stalled();
    }

    fn put_elsewhere(&mut self, node: Node, entry: Entry) {
        let room: Arc<str> = entry.room.as_str().into();
        let mut known = self.elsewhere.get(&(node, entry.key)).copied();
        let place = known.and_then(|key| self.people.get(&key)?.place.clone());
        if place.is_some_and(|place| place.room != room) {
            self.elsewhere.remove(&(node, entry.key));
            known.take().into_iter().for_each(|key| self.remove(key));
        }
        let owner = self
            .rooms
            .get(&room)
            .and_then(|here| here.find(&entry.name));
        if let Some(owner) = owner.filter(|owner| Some(*owner) != known) {
            // Two have taken one name before either server knew: the lesser server's keeps it, and
            // each server renames its own.
            let on = self.people.get(&owner).and_then(|owner| owner.elsewhere);
            if on.map_or(self.node, |(on, _)| on) < node {
                self.refused.insert((node, entry.key), entry);
                return;
            }
            self.rename(owner);
        }
        let key = known.unwrap_or_else(|| {
            self.connections += 1;
            self.connections
        });
        let here = self.rooms.entry(room.clone()).or_default();
        let name = here.enter(key, &entry.name, Hears::Elsewhere);
        here.set_status(
            key,
            if entry.busy {
                Status::Busy
            } else {
                Status::Free
            },
        );
        let proof: Arc<str> = entry.proof.into();
        self.elsewhere.insert((node, entry.key), key);
        self.proofs.insert(proof.clone(), key);
        let place = Some(Place {
            room: room.clone(),
            name,
        });
        match self.people.get_mut(&key) {
            Some(person) => {
                person.place = place;
                let before = std::mem::replace(&mut person.id, proof.clone());
                if before != proof {
                    self.proofs.remove(&before);
                }
            }
            None => {
                let person = Person {
                    id: proof,
                    place,
                    connection: 0,
                    session: Session::elsewhere(),
                    calls: Vec::new(),
                    permit: None,
                    elsewhere: Some((node, entry.key)),
                    claim: None,
                };
                self.people.insert(key, person);
            }
        }
        self.note(&room);
    }

    /// Somebody has to take another name; who is elsewhere is given theirs there.
    fn rename(&mut self, key: Key) {
        let Some(person) = self.people.get_mut(&key) else {
            return;
        };
        let (Some(place), id) = (&mut person.place, &person.id) else {
            return;
        };
        let Some(here) = self.rooms.get_mut(&place.room) else {
            return;
        };
        place.name = here.rename(key);
        if person.elsewhere.is_some() {
            return;
        }
        let told = Message::RejectUsername {
            id: Some(ConnectionId::Text(id.to_string())),
            name: place.name.to_string(),
        };
        self.send(key, encode(&told));
        self.note_elsewhere(key);
    }

    /// Somebody's session is on another server from now on, ours or a third one's before.
    pub(crate) fn moved_elsewhere(&mut self, own: Node, from: Elsewhere, to: Elsewhere) {
        let key = match from {
            (node, key) if node == own => Some(key),
            from => self.elsewhere.remove(&from),
        };
        let Some((key, person)) = key.and_then(|key| Some((key, self.people.get_mut(&key)?)))
        else {
            return;
        };
        if person.elsewhere.is_none() {
            person.session.close(Closed::Moved);
            self.sessions.remove(&person.id);
            person.id = proof(&person.id);
            person.session = Session::elsewhere();
            person.permit = None;
            person.connection = 0;
            self.proofs.insert(person.id.clone(), key);
            let room = person.place.as_ref().map(|place| &place.room);
            if let Some(here) = room.and_then(|room| self.rooms.get_mut(room)) {
                here.set_hears(key, Hears::Elsewhere);
            }
        }
        person.elsewhere = Some(to);
        self.refused.remove(&to);
        // Whoever has not heard of the move hears that the person is gone from here.
        self.note_elsewhere(key);
        if let Some(double) = self
            .elsewhere
            .insert(to, key)
            .filter(|double| *double != key)
        {
            self.remove(double);
        }
    }

    /// Whose session on another server that secret is.
    pub(super) fn claimed_by(&self, secret: &str) -> Option<Key> {
        self.proofs.get(&proof(secret)).copied()
    }

    /// Somebody on another server goes on here, over a connection that knew their secret. Gives
    /// what they are called.
    pub(super) fn take_over(&mut self, claim: Key, next: Person) -> Option<Place> {
        let person = self.people.get_mut(&claim)?;
        let (node, key) = person.elsewhere.take()?;
        self.elsewhere.remove(&(node, key));
        self.proofs.remove(&person.id);
        person.id = next.id.clone();
        person.session = next.session;
        person.connection = next.connection;
        person.permit = next.permit;
        let place = person.place.clone()?;
        self.sessions.insert(next.id, claim);
        if let Some(here) = self.rooms.get_mut(&place.room) {
            here.set_hears(claim, Hears::Everything);
        }
        let to = claim;
        self.say(Outgoing::ToAll(Word::Moved { node, key, to }));
        self.note(&place.room);
        // With another secret, which has another proof.
        self.note_elsewhere(claim);
        Some(place)
    }

    /// A message from somebody on another server to somebody here.
    pub(crate) fn deliver(&mut self, from: Elsewhere, to: Key, text: &str) {
        let sender = self.elsewhere.get(&from).copied();
        let kind = Relay::parse(text).map(|message| message.kind());
        if let (Some(sender), Ok(kind)) = (sender, kind) {
            // The other server has counted the candidates.
            let _ = self.follow_call(sender, to, &kind);
        }
        // They may be elsewhere by now.
        self.pass_on(sender.unwrap_or_default(), to, text.to_owned());
        self.drop_stalled();
    }

    /// A message from somebody on another server to everybody in a room.
    pub(crate) fn deliver_to_all(&mut self, from: Elsewhere, room: &str, text: &str) {
        let kind = Relay::parse(text).map(|message| message.kind());
        if let Some(sender) = self.elsewhere.get(&from).copied()
            && kind.is_ok_and(|kind| kind == "hang-up")
        {
            self.end_calls(sender);
        }
        self.send_to_room(room, &Utf8Bytes::from(text));
        self.drop_stalled();
    }

    /// To everybody in a room who is on this server. Gives how many there are in it.
    pub(super) fn send_to_room(&mut self, room: &str, text: &Utf8Bytes) -> usize {
        let everybody: Vec<Key> = self
            .rooms
            .get(room)
            .into_iter()
            .flat_map(Room::keys)
            .collect();
        for key in &everybody {
            if self
                .people
                .get(key)
                .is_some_and(|person| person.elsewhere.is_none())
            {
                self.send(*key, text.clone());
            }
        }
        everybody.len()
    }
}
