//! Clients of other servers, as this one knows them.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use holdfast_protocol::{ConnectionId, Kind, Relay, ServerMessage};
use ring::digest::{SHA256, digest};

use super::{
    broadcast::broadcast,
    client::{Client, Home, Local},
    cluster_message::{ClusterMessage, Outgoing, RemoteClient, ToOthers},
    directory::Directory,
    key::{Key, Node, RemoteKey},
    lines::Line,
    name::likeness,
    presence::{PresenceFeed, Status},
    refusal::Refusal,
};
use crate::{queue::Closed, wire::encode};

/// The other servers, and the way to them.
pub(super) struct Remotes {
    /// This server.
    node: Node,
    cluster: Option<ToOthers>,
    /// Clients of other servers, by what these call them.
    by_remote_key: HashMap<RemoteKey, Key>,
    /// Those whose name is another's here; one of the two will be given another.
    refused: HashMap<RemoteKey, RemoteClient>,
}

/// A hash by which a secret is known again; nobody can tell the secret from it.
pub(super) fn secret_hash(secret: &str) -> Arc<str> {
    let digest = digest(&SHA256, secret.as_bytes());
    let digits = digest.as_ref().iter().map(|byte| format!("{byte:02x}"));
    digits.collect::<String>().into()
}

impl Remotes {
    pub(super) fn new(node: Node, cluster: Option<ToOthers>) -> Self {
        Self {
            node,
            cluster,
            by_remote_key: HashMap::new(),
            refused: HashMap::new(),
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

    /// All clients of this server, for another.
    pub(super) fn clients_here(&self, directory: &Directory) -> Vec<RemoteClient> {
        let keys = directory.clients.keys();
        keys.filter_map(|key| entry(directory, *key)).collect()
    }

    /// Tells the other servers of what has changed here.
    pub(super) fn flush_presence(&self, directory: &mut Directory) {
        let changed = directory.take_changed_here();
        if changed.is_empty() {
            return;
        }
        let (mut here, mut gone) = (Vec::new(), Vec::new());
        for key in changed {
            match entry(directory, key) {
                Some(client) => here.push(client),
                None => gone.push(key),
            }
        }
        self.send(Outgoing::ToAll(ClusterMessage::Changes { here, gone }));
    }

    // What they tell.

    /// These are that server's clients, and nobody else is.
    pub(super) fn set_clients(
        &mut self,
        directory: &mut Directory,
        node: Node,
        clients: Vec<RemoteClient>,
    ) {
        let still: HashSet<Key> = clients.iter().map(|client| client.key).collect();
        self.refused.retain(|(on, _), _| *on != node);
        let known = self.by_remote_key.keys().filter(|(on, _)| *on == node);
        let gone: Vec<Key> = known
            .map(|(_, key)| *key)
            .filter(|key| !still.contains(key))
            .collect();
        self.change_clients(directory, node, clients, &gone);
    }

    /// These of that server's clients have come or changed, and these are gone.
    pub(super) fn change_clients(
        &mut self,
        directory: &mut Directory,
        node: Node,
        here: Vec<RemoteClient>,
        gone: &[Key],
    ) {
        for key in gone {
            self.refused.remove(&(node, *key));
            if let Some(key) = self.by_remote_key.remove(&(node, *key)) {
                directory.remove(key);
            }
        }
        for client in here {
            self.refused.remove(&(node, client.key));
            self.put(directory, node, client);
        }
        // Their names may be free now.
        for ((node, _), client) in std::mem::take(&mut self.refused) {
            self.put(directory, node, client);
        }
        directory.drop_stalled();
    }

    fn put(&mut self, directory: &mut Directory, node: Node, client: RemoteClient) {
        let on = (node, client.key);
        let room: Arc<str> = client.room.as_str().into();
        let mut known = self.by_remote_key.get(&on).copied();
        let membership = known.and_then(|key| directory.membership(key));
        if membership.is_some_and(|place| place.room != room) {
            self.by_remote_key.remove(&on);
            known
                .take()
                .into_iter()
                .for_each(|key| directory.remove(key));
        }
        let here = directory.rooms.get(&room);
        let owner = here.and_then(|here| here.find_alike(&likeness(&client.name)));
        if let Some(owner) = owner.filter(|owner| Some(*owner) != known) {
            // Two have taken one name before either server knew: the lesser server's keeps it, and
            // each server renames its own.
            let owner_on = directory.clients.get(&owner).and_then(Client::remote);
            if owner_on.map_or(self.node, |(node, _)| node) < node {
                self.refused.insert(on, client);
                return;
            }
            rename(directory, owner);
        }
        let key = known.unwrap_or_else(|| directory.next_key());
        self.by_remote_key.insert(on, key);
        let (person, secret_hash) = (client.person.into(), client.secret_hash.into());
        set_home(directory, key, on, person, secret_hash);
        directory.enter(key, &room, &client.name, None, PresenceFeed::Remote);
        if let Some(here) = directory.room_of(key) {
            here.set_in_call(key, client.busy);
            here.set_away(key, client.away);
        }
    }

    /// A client's session is on another server from now on, before ours or a third one's.
    pub(super) fn moved(&mut self, directory: &mut Directory, from: RemoteKey, to: RemoteKey) {
        let key = match from {
            (node, key) if node == self.node => Some(key),
            from => self.by_remote_key.remove(&from),
        };
        let Some(key) = key.filter(|key| directory.clients.contains_key(key)) else {
            return;
        };
        if let Some(local) = directory.local(key) {
            local.session.close(Closed::Moved);
            let (person, hash) = (local.person.clone(), secret_hash(&local.secret));
            directory.tell_session_over(key, &person);
            set_home(directory, key, to, person, hash);
            if let Some(here) = directory.room_of(key) {
                here.set_feed(key, PresenceFeed::Remote);
            }
        } else if let Some(Client {
            home: Home::Remote { on, .. },
            ..
        }) = directory.clients.get_mut(&key)
        {
            *on = to;
        }
        self.refused.remove(&to);
        // Whoever has not heard of the move hears that the client is gone from here.
        directory.mark_changed_here(key);
        let double = self.by_remote_key.insert(to, key);
        if let Some(double) = double.filter(|double| *double != key) {
            directory.remove(double);
        }
    }

    /// A message from a client of another server to one of this.
    pub(super) fn deliver(
        &mut self,
        directory: &mut Directory,
        from: RemoteKey,
        to: Key,
        text: &str,
    ) {
        let sender = self.by_remote_key.get(&from).copied();
        let kind = Relay::parse(text).map(|message| message.known_kind());
        if let (Some(sender), Ok(kind)) = (sender, kind) {
            // The other server has counted the candidates.
            let _ = directory.follow_call(sender, to, kind);
        }
        // They may be elsewhere by now.
        let sender = sender.unwrap_or_default();
        if let Err(refusal) = self.pass_on(directory, sender, to, text.to_owned()) {
            tracing::debug!(to, "not delivered: {refusal}");
        }
        directory.drop_stalled();
    }

    /// A message from a client of another server to everybody in a room.
    pub(super) fn deliver_to_room(
        &mut self,
        directory: &mut Directory,
        from: RemoteKey,
        room: &str,
        text: &str,
    ) {
        let kind = Relay::parse(text).map(|message| message.known_kind());
        let sender = self.by_remote_key.get(&from).copied();
        let is_hang_up = kind.is_ok_and(|kind| kind == Some(Kind::HangUp));
        if let Some(sender) = sender
            && is_hang_up
        {
            directory.end_calls(sender);
        }
        let line = Line {
            from: sender.unwrap_or_default(),
            text: text.into(),
        };
        // A hang-up to everybody ends calls here too, and must not come after what begins the next.
        if let Err(refusal) = broadcast(directory, room, line, is_hang_up) {
            tracing::debug!(room, "not delivered: {refusal}");
        }
        directory.drop_stalled();
    }

    /// A message to one client, wherever it is.
    pub(super) fn pass_on(
        &self,
        directory: &mut Directory,
        from: Key,
        to: Key,
        text: String,
    ) -> Result<(), Refusal> {
        match directory.clients.get(&to).and_then(Client::remote) {
            Some((node, to)) => {
                self.send(Outgoing::To(node, ClusterMessage::Text { from, to, text }));
                Ok(())
            }
            None => directory.relay(from, to, text.into()),
        }
    }

    // Clients that come over.

    /// The client of another server whose session that secret is.
    pub(super) fn claimed_by(&self, directory: &Directory, secret: &str) -> Option<Key> {
        // Where there is no other server, nobody is known.
        self.cluster.as_ref()?;
        let hash = secret_hash(secret);
        directory.by_secret_hash.get(&hash).copied()
    }

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
            on: (node, key),
            person,
            secret_hash,
        } = &client.home
        else {
            return None;
        };
        let (node, key) = (*node, *key);
        self.by_remote_key.remove(&(node, key));
        directory.by_secret_hash.remove(secret_hash);
        let before = person.clone();
        directory.by_person.remove(person);
        directory.by_person.insert(next.person.clone(), claim);
        directory.by_secret.insert(next.secret.clone(), claim);
        client.home = Home::Here(next);
        if let Some(here) = directory.room_of(claim) {
            here.set_feed(claim, PresenceFeed::Snapshot);
        }
        directory.set_away(claim, false);
        // Who rings at them, or is rung at, knows them by their session before.
        directory.tell_session_over(claim, &before);
        let to = claim;
        self.send(Outgoing::ToAll(ClusterMessage::Moved { node, key, to }));
        if let Some(room) = directory.membership(claim).map(|place| place.room.clone()) {
            directory.mark_changed(&room);
        }
        // With another secret, which has another hash.
        directory.mark_changed_here(claim);
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
        room: place.room.to_string(),
        name: place.name.to_string(),
        // Not by its calls: those that were begun elsewhere are not known here.
        busy: room.status(key) == Some(Status::Busy),
        away: room.status(key) == Some(Status::Away),
        person: local.person.to_string(),
        secret_hash: secret_hash(&local.secret).to_string(),
    })
}

/// That client is on another server.
fn set_home(
    directory: &mut Directory,
    key: Key,
    on: RemoteKey,
    person: Arc<str>,
    secret_hash: Arc<str>,
) {
    let home = || Home::Remote {
        on,
        person: person.clone(),
        secret_hash: secret_hash.clone(),
    };
    let client = directory.clients.entry(key).or_insert_with(|| Client {
        home: home(),
        membership: None,
    });
    directory.by_person.remove(client.person());
    directory.by_person.insert(person.clone(), key);
    match std::mem::replace(&mut client.home, home()) {
        Home::Here(local) => directory.by_secret.remove(&local.secret),
        Home::Remote {
            secret_hash: before,
            ..
        } if before != secret_hash => directory.by_secret_hash.remove(&before),
        Home::Remote { .. } => None,
    };
    directory.by_secret_hash.insert(secret_hash, key);
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
    let Some(local) = client.local() else { return };
    let told = ServerMessage::RejectUsername {
        id: Some(ConnectionId::Text(local.secret.to_string())),
        name: name.to_string(),
    };
    directory.send(key, encode(&told));
    directory.mark_changed_here(key);
}
