//! Everybody who is connected, here or elsewhere: in which room, in which calls, and how a message
//! gets to them.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
    task::Waker,
};

use holdfast_protocol::{Kind, ServerMessage};
use tokio::{sync::Notify, time::Instant};
use tungstenite::{Message as Frame, Utf8Bytes};

use super::{
    calls::{Calls, StatusChanges},
    client::{Client, Home, Local, Membership},
    key::{Key, SecretHash},
    news::{Frames, News},
    presence::PresenceFeed,
    refusal::Refusal,
    room::{Room, is_alone},
};
use crate::{
    limits::{Full, Sender},
    metrics::{Dropped, Metrics},
    queue::{Closed, Stalled},
    wire::encode,
};

/// Presence changes are batched: one costs its sender a tenth of a fan-out.
const BATCHED: usize = 10;

/// Who has come, gone or changed in which room.
type ChangedHere = HashMap<Arc<str>, HashSet<Key>>;

/// Clients, rooms and calls.
pub(super) struct Directory {
    pub(super) clients: HashMap<Key, Client>,
    /// The sessions that can be resumed, here and elsewhere, by what their secret is known by.
    pub(super) by_secret: HashMap<SecretHash, Key>,
    /// Clients of this server, by what sessions elsewhere are known by that they go on for.
    pub(super) by_before: HashMap<SecretHash, Key>,
    /// Clients, by the public names of their sessions.
    pub(super) by_person: HashMap<Arc<str>, Key>,
    /// The rooms that somebody is in, by name; the lobby has none.
    pub(super) rooms: HashMap<Arc<str>, Room>,
    calls: Calls,
    /// The rooms with presence changes that have yet to be sent.
    changed: HashSet<Arc<str>>,
    /// Presence updates that were caused, in receivers.
    presence_cost: usize,
    /// Clients of this server of which the others have yet to be told, by room; none where there are no others.
    changed_here: Option<ChangedHere>,
    /// Clients whose queue was found full.
    stalled: Vec<Key>,
    /// Connections that are to be told, once we are done, that something waits for them.
    wakes: Vec<Waker>,
    /// Rooms with lines that wait to be handed out, in turn.
    pub(super) lines_in: VecDeque<Arc<str>>,
    last_key: Key,
    /// Between two keys: those between are of other parts of the hub.
    step: u64,
    wake: Arc<Notify>,
    metrics: Arc<Metrics>,
}

impl Directory {
    /// Nobody, in one of so many parts. `wake` is told when there are changes to send; `clustered`: other
    /// servers are to be told too.
    pub(super) fn new(
        (part, parts): (u64, u64),
        clustered: bool,
        wake: Arc<Notify>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            clients: HashMap::new(),
            by_secret: HashMap::new(),
            by_before: HashMap::new(),
            by_person: HashMap::new(),
            rooms: HashMap::new(),
            calls: Calls::default(),
            changed: HashSet::new(),
            presence_cost: 0,
            changed_here: clustered.then(HashMap::new),
            stalled: Vec::new(),
            wakes: Vec::new(),
            lines_in: VecDeque::new(),
            last_key: part,
            step: parts,
            wake,
            metrics,
        }
    }

    // Clients.

    /// A key that no client had before, and that says which part it is in.
    pub(super) fn next_key(&mut self) -> Key {
        self.last_key += self.step;
        self.last_key
    }

    /// The part of a client that is here, if it is connected here.
    pub(super) fn local(&self, key: Key) -> Option<&Local> {
        self.clients.get(&key)?.local()
    }

    pub(super) fn local_mut(&mut self, key: Key) -> Option<&mut Local> {
        self.clients.get_mut(&key)?.local_mut()
    }

    pub(super) fn membership(&self, key: Key) -> Option<&Membership> {
        self.clients.get(&key)?.membership.as_ref()
    }

    /// Ends a session. The other sides of its calls are told; the calls need no server.
    pub(super) fn remove(&mut self, key: Key) {
        let Some(client) = self.clients.remove(&key) else {
            return;
        };
        let secret = match &client.home {
            Home::Here(local) => {
                self.continues_no_more(key, local.before.as_deref());
                SecretHash::of(&local.secret)
            }
            Home::Remote { secret, .. } => *secret,
        };
        if self.by_secret.get(&secret) == Some(&key) {
            self.by_secret.remove(&secret);
        }
        let person = client.person().clone();
        if self.by_person.get(&person) == Some(&key) {
            self.by_person.remove(&person);
        }
        let is_here = client.local().is_some();
        let Some(Membership { room, name }) = client.membership else {
            return;
        };
        if is_here {
            self.mark_changed_here(key, &room);
        }
        let partners: Vec<Key> = self.calls.partners(key).collect();
        let ended = self.calls.end_all(key);
        self.set_statuses(ended);
        self.tell_gone(key, partners, &name, &person);
        if let Some(here) = self.rooms.get_mut(&room) {
            here.leave(key);
            if here.is_empty() {
                self.rooms.remove(&room);
            }
        }
        self.mark_changed(&room);
    }

    /// A client goes on for a session elsewhere, if it has said so: nobody else is that one.
    pub(super) fn continues(&mut self, key: Key) {
        if let Some(before) = self
            .local(key)
            .and_then(|local| local.before.as_deref().copied())
        {
            self.by_before.insert(before, key);
        }
    }

    /// It does so no more.
    pub(super) fn continues_no_more(&mut self, key: Key, before: Option<&SecretHash>) {
        if let Some(before) = before
            && self.by_before.get(before) == Some(&key)
        {
            self.by_before.remove(before);
        }
    }

    /// Tells the other sides of a client's calls that they will not reach it in that session any more.
    pub(super) fn tell_session_over(&mut self, key: Key, person: &str) {
        let partners: Vec<Key> = self.calls.partners(key).collect();
        if let Some(name) = self.membership(key).map(|place| place.name.clone()) {
            self.tell_gone(key, partners, &name, person);
        }
    }

    fn tell_gone(&mut self, key: Key, partners: Vec<Key>, name: &str, person: &str) {
        let gone = encode(&ServerMessage::PeerGone {
            name: name.to_owned(),
            person: Some(person.to_owned()),
        });
        for partner in partners {
            // Another server tells its own. Who has been told too much by others learns it by news
            // of people.
            let _ = self.relay(key, partner, gone.clone());
        }
    }

    // Rooms.

    /// A client comes into a room, or takes another name there. Gives what it is called: what it asks
    /// for, or the nearest that is free.
    pub(super) fn enter(
        &mut self,
        key: Key,
        room: &Arc<str>,
        wanted: &str,
        owner: Option<u64>,
        feed: PresenceFeed,
    ) -> Arc<str> {
        let here = self.rooms.entry(room.clone()).or_default();
        let name = here.enter(key, wanted, owner, feed);
        if let Some(client) = self.clients.get_mut(&key) {
            client.membership = Some(Membership {
                room: room.clone(),
                name: name.clone(),
            });
        }
        self.mark_changed(room);
        name
    }

    /// The name of a client whose session is about to end is kept for its owner until then.
    pub(super) fn keep_name(&mut self, key: Key, until: Instant) {
        let owner = self.local(key).and_then(|local| local.owner);
        let name = self.membership(key).map(|place| place.name.clone());
        if let (Some(owner), Some(name)) = (owner, name)
            && let Some(here) = self.room_of(key)
        {
            here.keep(&name, owner.id, until);
        }
    }

    /// How many people are in a room.
    pub(super) fn people_in(&self, room: &str) -> usize {
        self.rooms.get(room).map_or(0, Room::len)
    }

    /// The client of that name in a room.
    pub(super) fn find(&self, room: &str, name: &str) -> Option<Key> {
        self.rooms.get(room)?.find(name)
    }

    /// The client with that session in a room.
    pub(super) fn find_person(&self, room: &str, person: &str) -> Option<Key> {
        let key = *self.by_person.get(person)?;
        let place = self.membership(key)?;
        (*place.room == *room).then_some(key)
    }

    /// The room that a client is in.
    pub(super) fn room_of(&mut self, key: Key) -> Option<&mut Room> {
        let room = &self.clients.get(&key)?.membership.as_ref()?.room;
        self.rooms.get_mut(room)
    }

    // Calls.

    /// Follows a message of that kind from one client to another.
    pub(super) fn follow_call(
        &mut self,
        sender: Key,
        receiver: Key,
        kind: Option<Kind>,
    ) -> Result<(), Refusal> {
        let changes = self.calls.follow(sender, receiver, kind)?;
        self.set_statuses(changes);
        Ok(())
    }

    /// A client is in no call any more.
    pub(super) fn end_calls(&mut self, key: Key) {
        let ended = self.calls.end_all(key);
        self.set_statuses(ended);
    }

    #[cfg(any(test, fuzzing))]
    pub(super) fn calls(&self) -> &Calls {
        &self.calls
    }

    fn set_statuses(&mut self, changes: StatusChanges) {
        for (key, in_call) in changes {
            self.change_status(key, |here| here.set_in_call(key, in_call));
        }
    }

    /// A client is in a call of which nothing else is known.
    pub(super) fn set_busy(&mut self, key: Key) {
        self.change_status(key, |here| here.set_in_call(key, true));
    }

    /// A client's link to the server is lost, or is not.
    pub(super) fn set_away(&mut self, key: Key, away: bool) {
        self.change_status(key, |here| here.set_away(key, away));
    }

    fn change_status(&mut self, key: Key, change: impl FnOnce(&mut Room) -> bool) {
        let Some(room) = self.membership(key).map(|place| place.room.clone()) else {
            return;
        };
        let here = self.rooms.get_mut(&room);
        if here.is_some_and(change) {
            self.mark_changed(&room);
            if self.local(key).is_some() {
                self.mark_changed_here(key, &room);
            }
        }
    }

    // Presence.

    /// The people of that room will be told of a change.
    pub(super) fn mark_changed(&mut self, room: &Arc<str>) {
        let Some(here) = self.rooms.get(room) else {
            return;
        };
        self.presence_cost += here.len() / BATCHED;
        if self.changed.insert(room.clone()) {
            self.wake.notify_one();
        }
    }

    /// Presence updates that were caused so far, in receivers.
    pub(super) fn presence_cost(&self) -> usize {
        self.presence_cost
    }

    /// What people have yet to be told of each other, and whether something is left for later.
    pub(super) fn take_news(&mut self, now: Instant) -> (Vec<News>, bool) {
        let (mut news, mut later) = (Vec::new(), Vec::new());
        for name in std::mem::take(&mut self.changed) {
            let Some(room) = self.rooms.get_mut(&name) else {
                continue;
            };
            let (told, is_left) = room.take_news(now);
            news.extend(told.map(|news| match is_alone(&name) {
                true => news.of_nobody(),
                false => news,
            }));
            later.extend(is_left.then_some(name));
        }
        self.changed.extend(later);
        (news, !self.changed.is_empty())
    }

    /// Tells some people of each other.
    pub(super) fn tell(&mut self, news: &Frames, to: &[(Key, PresenceFeed)]) {
        for (key, feed) in to {
            let now = self.room_of(*key).and_then(|here| here.feed(*key));
            // Who has come back meanwhile is told everything, next time.
            let knows = now.is_some_and(|now| now != PresenceFeed::Snapshot);
            if let Some(frame) = news.of(*feed).filter(|_| knows) {
                self.send_frames(*key, [frame.clone()]);
            }
        }
    }

    /// A client of this server has come, gone or changed: the other servers will be told.
    pub(super) fn mark_changed_here(&mut self, key: Key, room: &Arc<str>) {
        if let Some(changed) = self.changed_here.as_mut().filter(|_| !is_alone(room)) {
            changed.entry(room.clone()).or_default().insert(key);
            self.wake.notify_one();
        }
    }

    /// The same, in one room.
    pub(super) fn take_changed_in(&mut self, room: &Arc<str>) -> Option<HashSet<Key>> {
        self.changed_here.as_mut()?.remove(room)
    }

    /// Clients of this server of which the others have yet to be told.
    pub(super) fn take_changed_here(&mut self) -> ChangedHere {
        self.changed_here
            .as_mut()
            .map(std::mem::take)
            .unwrap_or_default()
    }

    // Messages.

    /// A message of a session, from one client to another that is connected here.
    ///
    /// # Errors
    /// [`Refusal::ReceiverFull`] when as much of the sender's waits there as may.
    pub(super) fn relay(&mut self, from: Key, to: Key, text: Utf8Bytes) -> Result<(), Refusal> {
        let is_partner = self.calls.are_agreed(from, to);
        let from = Sender {
            key: from,
            is_partner,
        };
        let name = self.membership(to).map(|place| place.name.to_string());
        let Some(local) = self.local_mut(to) else {
            return Ok(());
        };
        let relayed = local.session.relay(text, from);
        let wake = relayed.map_err(|Full| Refusal::ReceiverFull(name.unwrap_or_default()))?;
        self.wakes.extend(wake);
        Ok(())
    }

    /// A message of a session, of the server's own. A reader whose queue is full has stalled, and is
    /// dropped soon after.
    pub(super) fn send(&mut self, key: Key, text: Utf8Bytes) {
        let Some(local) = self.local_mut(key) else {
            return;
        };
        match local.session.send(text) {
            Ok(wake) => self.wakes.extend(wake),
            Err(Stalled) => self.stalled.push(key),
        }
    }

    /// A message of a connection, and not of the session.
    pub(super) fn send_aside(&mut self, key: Key, message: &ServerMessage) {
        self.send_frames(key, [Frame::Text(encode(message))]);
    }

    /// Frames of a connection, and not of the session.
    pub(super) fn send_frames(&mut self, key: Key, frames: impl IntoIterator<Item = Frame>) {
        for frame in frames {
            let Some(local) = self.local(key) else {
                return;
            };
            match local.session.send_aside(frame) {
                Ok(wake) => self.wakes.extend(wake),
                Err(Stalled) => return self.stalled.push(key),
            }
        }
    }

    /// The connections that are to be told, once nobody waits for us, that something waits for them; and whether
    /// lines are to be handed out.
    pub(super) fn take_rest(&mut self) -> (Vec<Waker>, bool) {
        (std::mem::take(&mut self.wakes), !self.lines_in.is_empty())
    }

    /// Drops every client whose queue was found full, and those found full in telling so.
    pub(super) fn drop_stalled(&mut self) {
        while let Some(key) = self.stalled.pop() {
            if let Some(local) = self.local(key) {
                tracing::info!(key, "dropped: it does not read what it is sent");
                self.metrics.dropped(Dropped::Stalled);
                local.session.close(Closed::Stalled);
                self.remove(key);
            }
        }
    }

    #[cfg(any(test, fuzzing))]
    pub(super) fn has_stalled(&self) -> bool {
        !self.stalled.is_empty()
    }
}
