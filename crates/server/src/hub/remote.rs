//! Clients of other servers, as this one knows them.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use holdfast_protocol::{ConnectionId, Kind, Relay, ServerMessage};
use tokio::time::Instant;

use super::{
    broadcast::broadcast,
    client::{Client, Home, Local},
    cluster_message::{ClusterMessage, Outgoing, RemoteClient, ToOthers},
    directory::Directory,
    key::{Key, Node, RemoteKey, SecretHash},
    lines::Line,
    name::likeness,
    presence::{PresenceFeed, Status},
    refusal::Refusal,
    room::Room,
};
use crate::{queue::Closed, wire::encode};

/// The other servers, and the way to them.
pub(super) struct Remotes {
    /// This server.
    node: Node,
    cluster: Option<ToOthers>,
    /// Clients of other servers, by what these call them.
    by_remote_key: HashMap<RemoteKey, Key>,
    /// Clients of other servers whose name is another's here, with their room and that name: one of the two will
    /// be given another, and until then they are shown under the nearest that is free.
    contested: HashMap<RemoteKey, (Arc<str>, String)>,
    /// The rooms that somebody of this server is in, as far as the others have been told: what they say of others
    /// concerns nobody here.
    open: HashSet<Arc<str>>,
    /// Rooms that somebody is about to come into, and until when they wait for what others tell of these.
    sought: HashMap<Arc<str>, Instant>,
}

/// How another has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    /// It is somebody else's.
    ForNow(Key),
    Rightly,
}

/// How long whoever comes waits for what other servers tell of a room, at most.
const SEEK_LIMIT: Duration = Duration::from_millis(300);

/// The same, once what others were asked has come back to this one: those nearby have heard it as well.
const ANSWER_TIME: Duration = Duration::from_millis(30);

/// Between two looks at whether it is time.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// How long a room is listened to that nobody has come into after all.
const NOBODY_LIMIT: Duration = Duration::from_secs(5);

impl Remotes {
    pub(super) fn new(node: Node, cluster: Option<ToOthers>) -> Self {
        Self {
            node,
            cluster,
            by_remote_key: HashMap::new(),
            contested: HashMap::new(),
            open: HashSet::new(),
            sought: HashMap::new(),
        }
    }

    #[cfg(any(test, fuzzing))]
    pub(super) fn by_remote_key(&self) -> &HashMap<RemoteKey, Key> {
        &self.by_remote_key
    }

    // What the others are told.

    /// Whether there are other servers.
    pub(super) fn is_clustered(&self) -> bool {
        self.cluster.is_some()
    }

    pub(super) fn send(&self, out: Outgoing) {
        if let Some(cluster) = &self.cluster {
            cluster.send(out);
        }
    }

    /// How many people of other servers are known here.
    pub(super) fn count(&self) -> usize {
        self.by_remote_key.len()
    }

    /// The rooms that others have been told of.
    pub(super) fn open_rooms(&self) -> Vec<Arc<str>> {
        self.open.iter().cloned().collect()
    }

    /// The clients of this server in a room, for another.
    pub(super) fn clients_in(&self, directory: &Directory, room: &str) -> Vec<RemoteClient> {
        let keys = directory.rooms.get(room).into_iter().flat_map(Room::keys);
        keys.filter_map(|key| entry(directory, key)).collect()
    }

    /// Somebody is about to come into a room: until when to wait, before it is known who is there. Whoever they
    /// go on for, and who has their name, may be elsewhere.
    pub(super) fn seek(&mut self, room: &Arc<str>, now: Instant) -> Option<Instant> {
        self.cluster.as_ref()?;
        if self.open.insert(room.clone()) {
            self.sought.insert(room.clone(), now + SEEK_LIMIT);
            self.send(Outgoing::Open(room.clone(), Vec::new()));
        }
        let until = *self.sought.get(room)?;
        (now < until).then(|| until.min(now + LOOK_EVERY))
    }

    /// The others have heard that somebody is about to come into a room.
    pub(super) fn asked(&mut self, room: &Arc<str>, now: Instant) {
        if let Some(until) = self.sought.get_mut(room) {
            *until = (now + ANSWER_TIME).min(*until);
        }
    }

    /// Leaves rooms that nobody has come into after all.
    pub(super) fn expire(&mut self, directory: &mut Directory, now: Instant) {
        let is_over = |until: Instant| now >= until + NOBODY_LIMIT;
        let over = self.sought.extract_if(|_, until| is_over(*until));
        for (room, _) in over.collect::<Vec<_>>() {
            let here = directory.rooms.get(&room);
            if !here.is_some_and(Room::has_local) && self.open.remove(&room) {
                self.leave(directory, &room);
                self.send(Outgoing::Close(room));
            }
        }
    }

    /// Tells the other servers of what has changed here.
    pub(super) fn flush_presence(&mut self, directory: &mut Directory) {
        for (room, changed) in directory.take_changed_here() {
            self.tell_changes(directory, room, changed);
        }
        self.settle_names(directory);
    }

    /// The same, of one room: what somebody says must not come before they do.
    fn flush_room(&mut self, directory: &mut Directory, room: &Arc<str>) {
        if let Some(changed) = directory.take_changed_in(room) {
            self.tell_changes(directory, room.clone(), changed);
        }
    }

    fn tell_changes(&mut self, directory: &mut Directory, room: Arc<str>, changed: HashSet<Key>) {
        let (mut here, mut gone) = (Vec::new(), Vec::new());
        for key in changed {
            match entry(directory, key) {
                Some(client) => here.push(client),
                None => gone.push(key),
            }
        }
        let is_wanted = directory.rooms.get(&room).is_some_and(Room::has_local);
        if is_wanted && self.open.insert(room.clone()) {
            self.send(Outgoing::Open(room, here));
        } else if is_wanted {
            self.send(Outgoing::ToRoom(
                room,
                ClusterMessage::Changes { here, gone },
            ));
        } else if self.open.remove(&room) {
            self.sought.remove(&room);
            self.leave(directory, &room);
            self.send(Outgoing::Close(room));
        }
    }

    /// Tells everybody in a room, at other servers, what somebody says.
    pub(super) fn send_to_room(
        &mut self,
        directory: &mut Directory,
        room: &Arc<str>,
        message: ClusterMessage,
    ) {
        self.flush_room(directory, room);
        self.send(Outgoing::ToRoom(room.clone(), message));
    }

    /// Nobody here wants to know any more who else is in that room.
    fn leave(&mut self, directory: &mut Directory, room: &Arc<str>) {
        let people: Vec<Key> = directory
            .rooms
            .get(room)
            .into_iter()
            .flat_map(Room::keys)
            .collect();
        for key in people {
            self.remove(directory, key);
        }
    }

    /// A client of another server is known no more.
    fn remove(&mut self, directory: &mut Directory, key: Key) {
        if let Some(on) = directory.clients.get(&key).and_then(Client::remote) {
            self.by_remote_key.remove(&on);
            self.contested.remove(&on);
            directory.remove(key);
        }
    }

    // What they tell.

    /// These are that server's clients in a room, and nobody else is.
    pub(super) fn set_clients(
        &mut self,
        directory: &mut Directory,
        node: Node,
        room: &Arc<str>,
        clients: Vec<RemoteClient>,
    ) {
        let still: HashSet<Key> = clients.iter().map(|client| client.key).collect();
        let known = directory.rooms.get(room).into_iter().flat_map(Room::keys);
        let known = known.filter_map(|key| directory.clients.get(&key)?.remote());
        let gone: Vec<Key> = known
            .filter(|(on, key)| *on == node && !still.contains(key))
            .map(|(_, key)| key)
            .collect();
        self.change_clients(directory, node, room, clients, &gone);
    }

    /// These of that server's clients in a room have come or changed, and these are gone.
    pub(super) fn change_clients(
        &mut self,
        directory: &mut Directory,
        node: Node,
        room: &Arc<str>,
        here: Vec<RemoteClient>,
        gone: &[Key],
    ) {
        if !self.open.contains(room) {
            // Said before it was known there that nobody here wants to know.
            return;
        }
        for key in gone {
            if let Some(key) = self.by_remote_key.get(&(node, *key)) {
                self.remove(directory, *key);
            }
        }
        for client in here {
            self.put(directory, node, room, client);
        }
        self.settle_names(directory);
    }

    /// That server is gone, and everybody who was there.
    pub(super) fn forget_node(&mut self, directory: &mut Directory, node: Node) {
        let known = self.by_remote_key.iter().filter(|((on, _), _)| *on == node);
        for key in known.map(|(_, key)| *key).collect::<Vec<_>>() {
            self.remove(directory, key);
        }
        self.settle_names(directory);
    }

    /// Gives those the names that are theirs who could not have them before.
    fn settle_names(&mut self, directory: &mut Directory) {
        for (on, (room, name)) in self.contested.clone() {
            if let Some(key) = self.by_remote_key.get(&on).copied()
                && self.holder(directory, key, on, &room, &name) != Some(Holds::Rightly)
            {
                self.name(directory, key, on, &room, &name);
            }
        }
        directory.drop_stalled();
    }

    /// A client of another server has that name, as it was told.
    fn name(
        &mut self,
        directory: &mut Directory,
        key: Key,
        on: RemoteKey,
        room: &Arc<str>,
        name: &str,
    ) {
        self.contested.remove(&on);
        match self.holder(directory, key, on, room, name) {
            Some(Holds::ForNow(holder)) => self.give_way(directory, holder),
            Some(Holds::Rightly) => {
                self.contested.insert(on, (room.clone(), name.to_owned()));
            }
            None => {}
        }
        directory.enter(key, room, name, None, PresenceFeed::Remote);
    }

    /// Whether another has that name, and whose it is. Two have taken it before either server knew: who was first
    /// keeps it, and each server renames its own.
    fn holder(
        &self,
        directory: &Directory,
        key: Key,
        on: RemoteKey,
        room: &Arc<str>,
        name: &str,
    ) -> Option<Holds> {
        let holder = directory.rooms.get(room)?.find_alike(&likeness(name))?;
        if holder == key {
            return None;
        }
        let holds = directory.clients.get(&holder).and_then(Client::remote);
        let is_guest = holds.is_some_and(|holds| self.contested.contains_key(&holds));
        let since = |key| directory.clients.get(&key).map_or(u64::MAX, Client::since);
        let held = (since(holder), holds.map_or(self.node, |(node, _)| node));
        match is_guest || (since(key), on.0) < held {
            true => Some(Holds::ForNow(holder)),
            false => Some(Holds::Rightly),
        }
    }

    /// A client leaves its name to another. If it is on another server, that has yet to hear of it.
    fn give_way(&mut self, directory: &mut Directory, key: Key) {
        let on = directory.clients.get(&key).and_then(Client::remote);
        if let (Some(on), Some(place)) = (on, directory.membership(key)) {
            let told = (place.room.clone(), place.name.to_string());
            self.contested.entry(on).or_insert(told);
        }
        rename(directory, key);
    }

    fn put(
        &mut self,
        directory: &mut Directory,
        node: Node,
        room: &Arc<str>,
        client: RemoteClient,
    ) {
        let on = (node, client.key);
        if let Some(here) = directory.by_before.get(&client.secret).copied() {
            // Not heard there yet: it is here.
            if client.busy {
                directory.set_busy(here);
            }
            return directory.mark_changed_here(here, room);
        }
        let mut known = self.by_remote_key.get(&on).copied();
        let is_other = |key: Option<&Key>| key.is_some_and(|key| Some(*key) != known);
        let person = directory.by_person.get(&*client.person);
        if is_other(person) || is_other(directory.by_secret.get(&client.secret)) {
            return tracing::warn!("a server says that two are one");
        }
        let has_moved = known.is_none() && {
            known = self.moved(directory, on, room, &client);
            known.is_some()
        };
        let key = known.unwrap_or_else(|| directory.next_key());
        self.by_remote_key.insert(on, key);
        set_home(directory, key, on, &client);
        self.name(directory, key, on, room, &client.name);
        if let Some(here) = directory.room_of(key) {
            // Its new server is about to be told that it is in a call.
            let busy = client.busy || has_moved && here.status(key) == Some(Status::Busy);
            here.set_in_call(key, busy);
            here.set_away(key, client.away);
        }
    }

    /// The client whose session goes on there, if it is in that room: it was ours until now, or a third one's.
    fn moved(
        &mut self,
        directory: &mut Directory,
        to: RemoteKey,
        room: &Arc<str>,
        client: &RemoteClient,
    ) -> Option<Key> {
        let key = *directory.by_secret.get(&client.before?)?;
        if directory.membership(key)?.room != *room {
            return None;
        }
        match &directory.clients.get(&key)?.home {
            Home::Here(local) => {
                local.session.close(Closed::Moved);
                let person = local.person.clone();
                directory.tell_session_over(key, &person);
            }
            Home::Remote { on, .. } => {
                self.by_remote_key.remove(on);
                self.contested.remove(on);
            }
        }
        self.by_remote_key.insert(to, key);
        set_home(directory, key, to, client);
        let here = directory.room_of(key)?;
        here.set_feed(key, PresenceFeed::Remote);
        if here.status(key) == Some(Status::Busy) {
            let (node, key) = to;
            self.send(Outgoing::ToNode(node, ClusterMessage::Busy { key }));
        }
        // Whoever has not heard of the move hears that the client is gone from here.
        directory.mark_changed_here(key, room);
        Some(key)
    }

    /// A message from a client of another server to one of this. Whether its sender is known here.
    pub(super) fn deliver(
        &mut self,
        directory: &mut Directory,
        from: RemoteKey,
        to: Key,
        text: &str,
    ) -> bool {
        let Some((sender, kind, text)) = self.said_by(directory, from, text) else {
            return false;
        };
        // The other server has counted the candidates.
        let _ = directory.follow_call(sender, to, kind);
        // They may be elsewhere by now.
        if let Err(refusal) = self.pass_on(directory, sender, to, text) {
            tracing::debug!(to, "not delivered: {refusal}");
        }
        directory.drop_stalled();
        true
    }

    /// A message from a client of another server to everybody in a room.
    pub(super) fn deliver_to_room(
        &mut self,
        directory: &mut Directory,
        from: RemoteKey,
        room: &str,
        text: &str,
    ) {
        let Some((sender, kind, text)) = self.said_by(directory, from, text) else {
            return;
        };
        let is_hang_up = kind == Some(Kind::HangUp);
        if is_hang_up {
            directory.end_calls(sender);
        }
        let line = Line {
            from: sender,
            text: text.into(),
        };
        // A hang-up to everybody ends calls here too, and must not come after what begins the next.
        if let Err(refusal) = broadcast(directory, room, line, is_hang_up) {
            tracing::debug!(room, "not delivered: {refusal}");
        }
        directory.drop_stalled();
    }

    /// Who says that, under the name that people here see. Who is not known here could not be answered.
    fn said_by(
        &self,
        directory: &Directory,
        from: RemoteKey,
        text: &str,
    ) -> Option<(Key, Option<Kind>, String)> {
        let sender = *self.by_remote_key.get(&from)?;
        let mut message = Relay::parse(text).ok()?;
        let kind = message.known_kind();
        if !self.contested.contains_key(&from) {
            return Some((sender, kind, text.to_owned()));
        }
        message.set("name", &directory.membership(sender)?.name);
        Some((sender, kind, message.to_text()))
    }

    /// A message to one client, wherever it is.
    pub(super) fn pass_on(
        &mut self,
        directory: &mut Directory,
        from: Key,
        to: Key,
        text: String,
    ) -> Result<(), Refusal> {
        match directory.clients.get(&to).and_then(Client::remote) {
            Some((node, to)) => {
                let sender = directory.clients.get(&from).and_then(Client::remote);
                if let Some(room) = directory.membership(from).map(|place| place.room.clone()) {
                    self.flush_room(directory, &room);
                }
                let from = sender.unwrap_or((self.node, from));
                self.send(Outgoing::ToNode(
                    node,
                    ClusterMessage::Text { from, to, text },
                ));
                Ok(())
            }
            None => directory.relay(from, to, text.into()),
        }
    }

    // Clients that come over.

    /// A client of another server goes on here, over a connection that knew its secret. None if
    /// there is no such client any more.
    pub(super) fn take_over(
        &mut self,
        directory: &mut Directory,
        claim: Key,
        next: Local,
    ) -> Option<()> {
        let client = directory.clients.get_mut(&claim)?;
        let Home::Remote {
            on, person, secret, ..
        } = &client.home
        else {
            return None;
        };
        self.by_remote_key.remove(on);
        self.contested.remove(on);
        directory.by_secret.remove(secret);
        let before = person.clone();
        directory.by_person.remove(person);
        directory.by_person.insert(next.person.clone(), claim);
        let secret = SecretHash::of(&next.secret);
        directory.by_secret.insert(secret, claim);
        if let Some(before) = &next.before {
            directory.by_before.insert(**before, claim);
        }
        client.home = Home::Here(next);
        if let Some(here) = directory.room_of(claim) {
            here.set_feed(claim, PresenceFeed::Snapshot);
        }
        directory.set_away(claim, false);
        // Who rings at them, or is rung at, knows them by their session before.
        directory.tell_session_over(claim, &before);
        let room = directory.membership(claim)?.room.clone();
        directory.mark_changed(&room);
        // At once: until they know, what they say to it goes where it was.
        directory.mark_changed_here(claim, &room);
        self.flush_room(directory, &room);
        Some(())
    }
}

/// A client of this server, as another is told of it.
fn entry(directory: &Directory, key: Key) -> Option<RemoteClient> {
    let client = directory.clients.get(&key)?;
    let (local, place) = (client.local()?, client.membership.as_ref()?);
    let room = directory.rooms.get(&place.room)?;
    Some(RemoteClient {
        key,
        name: place.name.to_string(),
        // Not by its calls: those that were begun elsewhere are not known here.
        busy: room.status(key) == Some(Status::Busy),
        away: room.status(key) == Some(Status::Away),
        since: client.since(),
        person: local.person.to_string(),
        secret: SecretHash::of(&local.secret),
        before: local.before.as_deref().copied(),
    })
}

/// That client is on another server.
fn set_home(directory: &mut Directory, key: Key, on: RemoteKey, client: &RemoteClient) {
    let (person, secret): (Arc<str>, _) = (client.person.as_str().into(), client.secret);
    let home = || Home::Remote {
        on,
        person: person.clone(),
        secret,
        since: client.since,
    };
    let client = directory.clients.entry(key).or_insert_with(|| Client {
        home: home(),
        membership: None,
    });
    directory.by_person.remove(client.person());
    directory.by_person.insert(person.clone(), key);
    let (before, continued) = match std::mem::replace(&mut client.home, home()) {
        Home::Here(local) => (SecretHash::of(&local.secret), local.before),
        Home::Remote { secret, .. } => (secret, None),
    };
    directory.continues_no_more(key, continued.as_deref());
    if directory.by_secret.get(&before) == Some(&key) {
        directory.by_secret.remove(&before);
    }
    directory.by_secret.insert(secret, key);
}

/// A client has to take another name; one of another server is given its name there.
pub(super) fn rename(directory: &mut Directory, key: Key) {
    let Some(here) = directory.room_of(key) else {
        return;
    };
    let name = here.rename(key);
    let Some(client) = directory.clients.get_mut(&key) else {
        return;
    };
    if let Some(place) = &mut client.membership {
        place.name = name.clone();
    }
    let room = client.membership.as_ref().map(|place| place.room.clone());
    let Some(local) = client.local() else { return };
    let told = ServerMessage::RejectUsername {
        id: Some(ConnectionId::Text(local.secret.to_string())),
        name: name.to_string(),
    };
    directory.send(key, encode(&told));
    if let Some(room) = room {
        directory.mark_changed_here(key, &room);
    }
}
