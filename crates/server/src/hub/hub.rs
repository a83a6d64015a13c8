//! A part of the hub: requests of connections, clients and other servers.

use std::{collections::VecDeque, sync::Arc, task::Waker, time::Duration};

use holdfast_protocol::{ConnectionId, Kind, Relay, SESSION_SECONDS, ServerMessage};
use tokio::{sync::Notify, time::Instant};
use tungstenite::{Message as Frame, Utf8Bytes};

use super::{
    broadcast::{self, broadcast, check_size},
    client::{Client, Home, Local, Membership},
    cluster_message::{ClusterMessage, RemoteClient, ToOthers},
    directory::Directory,
    key::{ConnectionRef, Key, Node, RemoteKey, SecretHash},
    lines::Line,
    name::{likeness, plain},
    news::{Frames, News},
    owner::{Claims, Owner},
    person::Person,
    presence::PresenceFeed,
    refusal::Refusal,
    remote::{Remotes, rename},
    room::{alone, is_alone},
    session::ClientSession,
};
use crate::{
    limits::{MAX_ROOM_CHARS, Memory, Permit},
    metrics::{Count, Dropped, Metrics, Routed},
    pass::Pass,
    queue::{Closed, Queue},
    wire::encode,
};

/// How long a session waits for its next connection.
const SESSION_LIMIT: Duration = Duration::from_secs(SESSION_SECONDS);

/// After how long without a connection somebody is shown as away: most come back sooner.
const AWAY_AFTER: Duration = Duration::from_secs(2);

/// How long a name is kept for its owner after the session is over.
const NAME_LIMIT: Duration = Duration::from_secs(5 * 60);

/// The room without a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lobby {
    /// Whoever comes sees who is there.
    Open,
    /// Nobody sees anybody.
    Unlisted,
    /// Nobody is let in.
    Closed,
}

/// What all parts of a hub have in common.
pub(crate) struct House {
    /// The most people in one room.
    pub(crate) max_people: usize,
    pub(crate) lobby: Lobby,
    /// Whose names are.
    pub(crate) claims: Claims,
    /// This server, and the way to the others.
    pub(crate) cluster: (Node, Option<ToOthers>),
    pub(crate) memory: Memory,
    pub(crate) metrics: Arc<Metrics>,
}

/// The people in some of the rooms, and those who have yet to say which they want.
pub(super) struct Hub {
    max_people: usize,
    lobby: Lobby,
    claims: Claims,
    directory: Directory,
    remotes: Remotes,
    /// Sessions whose connection is gone, and until when they wait for the next.
    away: VecDeque<(Instant, ConnectionRef)>,
    memory: Memory,
    /// Nobody is let in any more.
    stopping: bool,
    routed: Routed,
    metrics: Arc<Metrics>,
}

/// A text frame that has been read.
pub(super) struct Incoming<'a> {
    pub(super) bytes: usize,
    pub(super) message: Result<Relay<'a>, Refusal>,
    /// Which room its sender wants to come into, and as whom; of a `username`.
    pub(super) pass: Option<Result<Pass, Refusal>>,
    /// The room of a pass that is not good any more: who was there may go on there.
    pub(super) late: Option<String>,
}

/// The outcome of a message.
pub(crate) struct Received {
    /// The connection may belong to another client afterwards.
    pub(crate) connection: ConnectionRef,
    /// How many people it went to.
    pub(crate) receivers: usize,
}

/// Whether a room can have that name; the lobby has none.
fn is_room_name(room: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    room.len() <= MAX_ROOM_CHARS && room.chars().all(is_plain)
}

impl Hub {
    /// One of so many parts; `wake` is told when there is presence to send.
    pub(super) fn new(house: &House, part: (u64, u64), wake: Arc<Notify>) -> Self {
        let (node, cluster) = house.cluster.clone();
        let remotes = Remotes::new(node, cluster);
        Self {
            max_people: house.max_people,
            lobby: house.lobby,
            claims: house.claims.clone(),
            directory: Directory::new(part, remotes.is_clustered(), wake, house.metrics.clone()),
            remotes,
            away: VecDeque::new(),
            memory: house.memory.part(),
            stopping: false,
            routed: Routed::default(),
            metrics: house.metrics.clone(),
        }
    }

    // Connections.

    /// A client is connected, with a secret and a public name of its own. Puts the `id` message into the
    /// queue.
    pub(super) fn connect(
        &mut self,
        connection: u64,
        (secret, person): (Arc<str>, Arc<str>),
        queue: Queue,
        resumable: bool,
        permit: Option<Arc<Permit>>,
    ) -> ConnectionRef {
        let hello = ServerMessage::Id {
            id: ConnectionId::Text(secret.to_string()),
            acked: resumable.then_some(0),
            person: resumable.then(|| person.to_string()),
        };
        let at = self.take_in(Local {
            secret,
            person,
            owner: None,
            connection,
            session: ClientSession::new(queue, resumable, &self.memory),
            permit,
            before: None,
        });
        self.directory.send_aside(at.key, &hello);
        self.close_if_stopping(at);
        at
    }

    /// A client that is nobody yet is here from now on.
    pub(super) fn take_in(&mut self, mut local: Local) -> ConnectionRef {
        local.session.count_at(&self.memory);
        let key = self.directory.next_key();
        let connection = local.connection;
        self.directory.by_person.insert(local.person.clone(), key);
        let client = Client {
            home: Home::Here(local),
            membership: None,
        };
        self.directory.clients.insert(key, client);
        ConnectionRef { key, connection }
    }

    /// Gives a client away that is nobody here yet.
    pub(super) fn let_go(&mut self, at: ConnectionRef) -> Option<Local> {
        self.connected(at)?;
        if self.directory.membership(at.key).is_some() {
            return None;
        }
        let client = self.directory.clients.remove(&at.key)?;
        self.directory.by_person.remove(client.person());
        match client.home {
            Home::Here(local) => Some(local),
            Home::Remote { .. } => None,
        }
    }

    /// Closes a connection, where nobody is let in any more. It has been told what there was to tell.
    pub(super) fn close_if_stopping(&self, at: ConnectionRef) {
        if self.stopping {
            self.move_away(at.key);
        }
    }

    /// A connection is gone. Its session waits for another one, if it can, and nobody hears of it
    /// before that is too late.
    pub(super) fn disconnect(&mut self, at: ConnectionRef, said_goodbye: bool, now: Instant) {
        let is_member = self.directory.membership(at.key).is_some();
        let Some(local) = self.connected(at) else {
            return;
        };
        if local.session.is_resumable() && is_member && !said_goodbye {
            local.session.detach();
            self.away.push_back((now + SESSION_LIMIT, at));
        } else {
            self.directory.remove(at.key);
        }
        self.directory.drop_stalled();
    }

    /// Ends the sessions that have waited for long enough. The other sides of their calls are told;
    /// the calls need no server.
    pub(super) fn expire(&mut self, now: Instant) {
        while let Some((_, at)) = self.away.pop_front_if(|(until, _)| *until <= now) {
            // Another connection may have come, and gone again.
            if self
                .connected(at)
                .is_some_and(|local| !local.session.is_attached())
            {
                self.directory.keep_name(at.key, now + NAME_LIMIT);
                self.directory.remove(at.key);
            }
        }
        let gone_since = now + (SESSION_LIMIT - AWAY_AFTER);
        let away = self
            .away
            .iter()
            .take_while(|(until, _)| *until <= gone_since);
        for at in away.map(|(_, at)| *at).collect::<Vec<_>>() {
            let is_away = self
                .connected(at)
                .is_some_and(|local| !local.session.is_attached());
            if is_away {
                self.directory.set_away(at.key, true);
            }
        }
        self.remotes.expire(&mut self.directory, now);
        self.directory.drop_stalled();
    }

    /// Nobody is let in any more. Gives who is here.
    pub(super) fn stop(&mut self) -> Vec<Key> {
        self.stopping = true;
        let is_here = |client: &Client| {
            let local = client.local();
            local.is_some_and(|local| local.session.is_attached())
        };
        let clients = self.directory.clients.iter();
        clients
            .filter(|(_, client)| is_here(client))
            .map(|(key, _)| *key)
            .collect()
    }

    /// Closes the connection of a client, which comes back over another.
    pub(super) fn move_away(&self, key: Key) {
        if let Some(local) = self.directory.local(key) {
            local.session.close(Closed::Stopping);
        }
    }

    /// Tells other servers what has changed of presence; and gives what clients are to be told, and whether
    /// something is left for later.
    pub(super) fn take_news(&mut self, now: Instant) -> (Vec<News>, bool) {
        self.remotes.flush_presence(&mut self.directory);
        self.directory.take_news(now)
    }

    /// Tells these people of each other, as far as they are still here.
    pub(super) fn tell(&mut self, news: &Frames, to: &[(Key, PresenceFeed)]) {
        self.directory.tell(news, to);
        self.directory.drop_stalled();
    }

    /// How many there are of everything here, for who watches; and the queues, which are looked at when
    /// nobody waits for us.
    pub(super) fn count(&self) -> (Count, Vec<Queue>) {
        let clients = &self.directory.clients;
        let remote = self.remotes.count();
        let count = Count {
            sessions: clients.len() - remote,
            remote,
            away: self.away.len(),
            rooms: self.directory.rooms.len(),
            routed: self.routed,
            ..Count::default()
        };
        let queues = clients
            .values()
            .filter_map(|client| client.local()?.session.queue());
        (count, queues.cloned().collect())
    }

    /// For whom how many bytes wait to be acknowledged.
    pub(super) fn hoards(&self) -> Vec<(usize, Key)> {
        let clients = self.directory.clients.iter();
        let held = clients.filter_map(|(key, client)| Some((client.local()?.session.held(), *key)));
        held.filter(|(held, _)| *held > 0).collect()
    }

    /// Ends a session for which too much waits, if it still does. Whether it did.
    pub(super) fn drop_hoard(&mut self, key: Key, held: usize) -> bool {
        let local = self.directory.local(key);
        let Some(local) = local.filter(|local| local.session.held() >= held) else {
            return false;
        };
        tracing::info!(
            key,
            held,
            "dropped: memory is short, and so much waits for it"
        );
        self.metrics.dropped(Dropped::Memory);
        local.session.close(Closed::Stalled);
        self.directory.remove(key);
        self.directory.drop_stalled();
        true
    }

    /// Everybody who is connected here.
    pub(super) fn people(&self) -> Vec<Person> {
        let clients = self.directory.clients.iter();
        let people = clients.filter_map(|(key, client)| {
            let status = client.membership.as_ref().and_then(|place| {
                let room = self.directory.rooms.get(&place.room)?;
                room.status(*key)
            });
            Some(Person::of(*key, client, client.local()?, status))
        });
        people.collect()
    }

    /// Ends a session, because whoever runs the server wants it. Whether there was one.
    pub(super) fn end(&mut self, key: Key) -> bool {
        let Some(local) = self.directory.local(key) else {
            return false;
        };
        local.session.close(Closed::Operator);
        self.directory.remove(key);
        self.directory.drop_stalled();
        true
    }

    /// Whether the client of a connection is in, or gone.
    pub(super) fn is_named(&self, at: ConnectionRef) -> bool {
        let client = self.directory.clients.get(&at.key);
        client.is_none_or(|client| client.membership.is_some())
    }

    /// The client whose session still has that connection.
    fn connected(&mut self, at: ConnectionRef) -> Option<&mut Local> {
        let local = self.directory.local_mut(at.key)?;
        (local.connection == at.connection).then_some(local)
    }

    // Messages.

    /// A text frame came in: it goes where it is meant to go, or back as an error.
    pub(super) fn receive(&mut self, at: ConnectionRef, incoming: Incoming<'_>) -> Received {
        let before = self.directory.presence_cost();
        let mut received = self.route(at, incoming).unwrap_or_else(|refusal| {
            self.refuse(at, &refusal);
            Received {
                connection: at,
                receivers: 0,
            }
        });
        received.receivers += self.directory.presence_cost() - before;
        self.directory.drop_stalled();
        received
    }

    /// Tells the sender why its frame went nowhere.
    pub(super) fn refuse(&mut self, at: ConnectionRef, refusal: &Refusal) {
        tracing::debug!(at.key, code = refusal.code().as_str(), "refused");
        self.metrics.refused(refusal.code());
        let target = if let Refusal::NoSuchUser(target) = refusal {
            Some(target.clone())
        } else {
            None
        };
        let error = ServerMessage::Error {
            code: refusal.code(),
            text: refusal.to_string(),
            target,
        };
        if matches!(refusal, Refusal::SessionOver) {
            self.directory.send_aside(at.key, &error);
        } else {
            self.directory.send(at.key, encode(&error));
        }
        self.directory.drop_stalled();
    }

    fn route(&mut self, at: ConnectionRef, incoming: Incoming<'_>) -> Result<Received, Refusal> {
        let done = |connection| Received {
            connection,
            receivers: 0,
        };
        let Some(local) = self.connected(at) else {
            return Ok(done(at));
        };
        let mut message = match incoming.message {
            Ok(message) => message,
            Err(refusal) => {
                // What is refused has come all the same.
                local.session.received();
                return Err(refusal);
            }
        };
        let kind = message.known_kind();
        if local.session.is_resumable()
            && let Some(connection) = self.follow_session(at, kind, &message)?
        {
            return Ok(done(connection));
        }
        let secret = self.directory.local(at.key).map(|local| &local.secret);
        if message
            .string("id")
            .is_some_and(|id| secret.is_none_or(|secret| *id != **secret))
        {
            return Err(Refusal::WrongId);
        }
        if kind == Some(Kind::Username) {
            let pass = incoming.pass.unwrap_or(Err(Refusal::NameMissing));
            return self.introduce(at, &message, pass).map(done);
        }
        if let Some(kind) = kind.filter(|kind| !kind.is_relayed()) {
            return Err(Refusal::ServerType(kind.as_str()));
        }
        let place = self.directory.membership(at.key).cloned();
        let place = place.ok_or(Refusal::NoName)?;
        message.set("name", &place.name);
        message.remove("id");
        if kind.is_some_and(Kind::is_signal)
            && let Some(client) = self.directory.clients.get(&at.key)
        {
            message.set("from", client.person());
        }
        let receivers = self.relay(at.key, &place, kind, &message, incoming.bytes)?;
        self.routed.count(kind);
        Ok(Received {
            connection: at,
            receivers,
        })
    }

    /// A message that concerns the session alone; gives the connection when there is nothing
    /// more to be done.
    fn follow_session(
        &mut self,
        at: ConnectionRef,
        kind: Option<Kind>,
        message: &Relay<'_>,
    ) -> Result<Option<ConnectionRef>, Refusal> {
        if kind == Some(Kind::Resume) {
            return self.resume(at, message).map(Some);
        }
        let Some(local) = self.directory.local_mut(at.key) else {
            return Ok(Some(at));
        };
        if kind == Some(Kind::Ack) {
            local
                .session
                .acked(message.number("heard").unwrap_or_default());
            return Ok(Some(at));
        }
        let acked = if kind == Some(Kind::Ping) {
            Some(local.session.received_count())
        } else if kind == Some(Kind::Username) {
            None
        } else {
            local.session.received()
        };
        if let Some(acked) = acked {
            self.directory
                .send_aside(at.key, &ServerMessage::Ack { acked });
        }
        Ok((kind == Some(Kind::Ping)).then_some(at))
    }

    /// A message for one client, or for everybody in the room. Gives how many receive it.
    fn relay(
        &mut self,
        from: Key,
        place: &Membership,
        kind: Option<Kind>,
        message: &Relay<'_>,
        bytes: usize,
    ) -> Result<usize, Refusal> {
        let target = message.string("target");
        if target.is_none() && message.has("target") {
            // What was meant for somebody must not go to everybody.
            return Err(Refusal::Target);
        }
        let Some(target) = target.filter(|target| !target.is_empty()) else {
            if kind.is_some_and(Kind::needs_target) {
                // Nobody calls everybody.
                return Err(Refusal::Target);
            }
            return self.relay_to_all(from, place, kind, message, bytes);
        };
        let receiver = match message.string("to") {
            // Whoever has the name now.
            None => self.directory.find(&place.room, &target),
            Some(person) => self.directory.find_person(&place.room, &person),
        };
        let receiver = receiver.ok_or_else(|| Refusal::NoSuchUser(target.into_owned()))?;
        self.directory.follow_call(from, receiver, kind)?;
        let text = message.to_text();
        self.remotes
            .pass_on(&mut self.directory, from, receiver, text)?;
        Ok(1)
    }

    fn relay_to_all(
        &mut self,
        from: Key,
        place: &Membership,
        kind: Option<Kind>,
        message: &Relay<'_>,
        bytes: usize,
    ) -> Result<usize, Refusal> {
        check_size(bytes, self.directory.people_in(&place.room))?;
        if kind == Some(Kind::HangUp) {
            // The sample's client says it to everybody.
            self.directory.end_calls(from);
        }
        let text = Utf8Bytes::from(message.to_text());
        let line = Line {
            from,
            text: text.clone(),
        };
        // What ends a call must not come after what begins the next.
        let is_urgent = kind == Some(Kind::HangUp);
        // What is refused here is told nowhere: its sender says it again.
        let people = broadcast(&mut self.directory, &place.room, line, is_urgent)?;
        if self.remotes.is_clustered() && !is_alone(&place.room) {
            let text = text.to_string();
            let said = ClusterMessage::TextToAll { from, text };
            self.remotes
                .send_to_room(&mut self.directory, &place.room, said);
        }
        Ok(people)
    }

    /// Hands out a part of the lines that wait. Whether some are left.
    pub(super) fn hand_out_some(&mut self) -> bool {
        let is_left = broadcast::hand_out_some(&mut self.directory);
        self.directory.drop_stalled();
        is_left
    }

    /// The connections that are to be told, once nobody waits for us, that something waits for them; and whether
    /// lines are to be handed out.
    pub(super) fn take_rest(&mut self) -> (Vec<Waker>, bool) {
        self.directory.take_rest()
    }

    // Coming in.

    /// A client says its name: it comes in, or takes another.
    fn introduce(
        &mut self,
        at: ConnectionRef,
        message: &Relay<'_>,
        pass: Result<Pass, Refusal>,
    ) -> Result<ConnectionRef, Refusal> {
        let asked = message.string("name");
        let room = pass.as_ref().ok().map(|pass| pass.room.as_str());
        if let Some(taken) = self.take_over(at, room) {
            // Whoever is in stays, also without a pass.
            self.tell_name(taken.key, asked.as_deref());
            if let Some(place) = self.directory.membership(taken.key).cloned() {
                let claim = message.string("claim");
                self.own(taken.key, &place.room, &place.name, claim.as_deref());
                self.directory.mark_changed_here(taken.key, &place.room);
            }
            return Ok(taken);
        }
        let Pass { room, name: wanted } = pass?;
        self.is_a_room(&room)?;
        let room = match self.lobby {
            Lobby::Unlisted if room.is_empty() => alone(at.key),
            Lobby::Open | Lobby::Unlisted | Lobby::Closed => room.into(),
        };
        self.may_enter(at.key, &room)?;
        let Some(local) = self.directory.local(at.key) else {
            return Ok(at);
        };
        let (is_resumable, secret) = (local.session.is_resumable(), local.secret.clone());
        let feed = match is_resumable {
            true => PresenceFeed::Snapshot,
            false => PresenceFeed::Lists,
        };
        let claim = message.string("claim");
        let before = self.directory.membership(at.key).cloned();
        let owner = self.give_back(at.key, &room, &wanted, claim.as_deref());
        let name = self
            .directory
            .enter(at.key, &room, &wanted, owner.map(|owner| owner.id), feed);
        if is_resumable {
            let secret = SecretHash::of(&secret);
            self.directory.by_secret.insert(secret, at.key);
            self.directory.continues(at.key);
        }
        self.tell_name(at.key, asked.as_deref());
        if is_resumable && before.is_none() {
            self.own(at.key, &room, &name, claim.as_deref());
        } else if before.is_some_and(|before| before.name != name)
            && let Some(local) = self.directory.local_mut(at.key)
        {
            // A name that is tried on gives no claim, and is not theirs since the one before was.
            local.owner = Some(Owner::new());
        }
        self.directory.mark_changed_here(at.key, &room);
        Ok(at)
    }

    /// Reads a claim to a name, and makes somebody who has it meanwhile leave it: the owner's own
    /// session, if its connection is gone; or somebody who was faster after the server had started.
    fn give_back(
        &mut self,
        key: Key,
        room: &Arc<str>,
        wanted: &str,
        claim: Option<&str>,
    ) -> Option<Owner> {
        let likeness = likeness(&plain(wanted)?);
        let owner = self.claims.read(claim?, room, &likeness)?;
        let holder = self.directory.rooms.get(room)?.find_alike(&likeness);
        let Some(holder) = holder.filter(|holder| *holder != key) else {
            return Some(owner);
        };
        let Some(local) = self.directory.local(holder) else {
            return Some(owner);
        };
        let is_same = local.owner.is_some_and(|other| other.id == owner.id);
        let is_later = local.owner.is_none_or(|other| owner.is_before(other));
        if is_same && !local.session.is_attached() {
            self.directory.remove(holder);
        } else if !is_same && is_later && self.claims.are_coming_back() {
            rename(&mut self.directory, holder);
        }
        Some(owner)
    }

    /// A client has that name: it is told how to get it back.
    fn own(&mut self, key: Key, room: &str, name: &str, claim: Option<&str>) {
        let likeness = likeness(name);
        // Whoever claims another name than this has this one from now on.
        let owner = claim.and_then(|claim| self.claims.read(claim, room, &likeness));
        let owner = owner.unwrap_or_else(Owner::new);
        let Some(local) = self.directory.local_mut(key) else {
            return;
        };
        local.owner = Some(owner);
        let claim = self.claims.make(owner, room, &likeness);
        self.directory
            .send_aside(key, &ServerMessage::Named { claim });
    }

    /// Whether there is, or can be, a room of that name.
    fn is_a_room(&self, room: &str) -> Result<(), Refusal> {
        match room {
            "" if self.lobby == Lobby::Closed => Err(Refusal::NoLobby),
            room if !is_room_name(room) => Err(Refusal::RoomName),
            _ => Ok(()),
        }
    }

    /// Whether a client can be let into that room.
    fn may_enter(&self, key: Key, room: &str) -> Result<(), Refusal> {
        match self.directory.membership(key) {
            Some(place) if *place.room != *room => Err(Refusal::OtherRoom),
            Some(_) => Ok(()),
            None => match self.directory.people_in(room) {
                people if people >= self.max_people => Err(Refusal::RoomFull(people)),
                _ => Ok(()),
            },
        }
    }

    /// Goes on for a client of another server, if this connection has shown to be that one's and does not want
    /// another room.
    fn take_over(&mut self, at: ConnectionRef, room: Option<&str>) -> Option<ConnectionRef> {
        if self.directory.membership(at.key).is_some() {
            return None;
        }
        let before = *self.directory.local(at.key)?.before.clone()?;
        let claim = *self.directory.by_secret.get(&before)?;
        self.directory.clients.get(&claim)?.remote()?;
        let place = self.directory.membership(claim)?;
        if room.is_some_and(|room| *place.room != *room) {
            return None;
        }
        let Home::Here(next) = self.directory.clients.remove(&at.key)?.home else {
            return None;
        };
        self.remotes.take_over(&mut self.directory, claim, next)?;
        Some(ConnectionRef { key: claim, ..at })
    }

    /// Tells a client what it is called, if it is not what it asked for.
    fn tell_name(&mut self, key: Key, asked: Option<&str>) {
        let place = self.directory.membership(key);
        let (Some(place), Some(local)) = (place, self.directory.local(key)) else {
            return;
        };
        if asked == Some(&*place.name) {
            return;
        }
        let told = ServerMessage::RejectUsername {
            id: Some(ConnectionId::Text(local.secret.to_string())),
            name: place.name.to_string(),
        };
        self.directory.send(key, encode(&told));
    }

    /// A new connection takes the place of an earlier one: whoever knows the secret is the client.
    fn resume(&mut self, at: ConnectionRef, message: &Relay<'_>) -> Result<ConnectionRef, Refusal> {
        let secret = message.string("id").unwrap_or_default();
        // Whoever has a name already has a session of their own.
        let is_fresh = self.directory.membership(at.key).is_none();
        let secret = SecretHash::of(&secret);
        let key = self.directory.by_secret.get(&secret).copied();
        let Some(key) = key.filter(|key| self.directory.local(*key).is_some()) else {
            let is_clustered = self.remotes.is_clustered();
            if let Some(local) = self.directory.local_mut(at.key)
                && is_fresh
                && is_clustered
            {
                // On another server, it may be; then they come in here in its place.
                local.before = Some(secret.into());
            }
            return Err(Refusal::SessionOver);
        };
        if !is_fresh {
            return Err(Refusal::SessionOver);
        }
        let next = self.directory.clients.remove(&at.key);
        if let Some(next) = &next {
            // The session has had its public name from the beginning.
            self.directory.by_person.remove(next.person());
        }
        let (Some(Home::Here(next)), Some(local)) = (
            next.map(|client| client.home),
            self.directory.local_mut(key),
        ) else {
            return Err(Refusal::SessionOver);
        };
        local.connection = at.connection;
        local.permit = next.permit;
        let again = local.session.attach(next.session, message.number("heard"));
        let resumed = ServerMessage::Resumed {
            acked: local.session.received_count(),
            person: Some(local.person.to_string()),
        };
        // What was missed comes first: who comes back may be told there what they would ask.
        let again = again.into_iter().map(Frame::Text);
        let frames = again.chain([Frame::Text(encode(&resumed))]);
        self.directory.send_frames(key, frames);
        let version = message.number("people");
        self.directory.set_away(key, false);
        let is_late = self
            .directory
            .room_of(key)
            .is_some_and(|here| here.come_back(key, version));
        if is_late && let Some(room) = self.directory.membership(key).map(|place| &place.room) {
            self.directory.mark_changed(&room.clone());
        }
        Ok(ConnectionRef { key, ..at })
    }

    /// Whether the session with that secret is here, or known to be elsewhere.
    pub(super) fn knows(&self, secret: SecretHash) -> bool {
        self.directory.by_secret.contains_key(&secret)
    }

    // Other servers.

    /// Whether somebody has no name yet, and may say one; and whether they go on for somebody.
    pub(super) fn may_enter_with(&self, at: ConnectionRef, id: Option<&str>) -> Option<bool> {
        let local = self.directory.local(at.key)?;
        let is_theirs = id.is_none_or(|id| *id == *local.secret);
        let is_nobody = self.directory.membership(at.key).is_none();
        (is_theirs && is_nobody).then_some(local.before.is_some())
    }

    /// Somebody is about to come into a room: until when to wait, before it is known who is there.
    pub(super) fn seek(&mut self, room: &str, now: Instant) -> Option<Instant> {
        self.is_a_room(room).ok()?;
        self.remotes.seek(&room.into(), now)
    }

    /// The other servers have heard that somebody is about to come into a room.
    pub(super) fn asked(&mut self, room: &Arc<str>, now: Instant) {
        self.remotes.asked(room, now);
    }

    /// The rooms that other servers have been told of.
    pub(super) fn open_rooms(&self) -> Vec<Arc<str>> {
        self.remotes.open_rooms()
    }

    /// The clients of this server in a room, for another.
    pub(super) fn clients_in(&self, room: &str) -> Vec<RemoteClient> {
        self.remotes.clients_in(&self.directory, room)
    }

    /// These are that server's clients in a room, and nobody else is.
    pub(super) fn set_remote_clients(
        &mut self,
        node: Node,
        room: &Arc<str>,
        clients: Vec<RemoteClient>,
    ) {
        self.remotes
            .set_clients(&mut self.directory, node, room, clients);
    }

    /// These of that server's clients in a room have come or changed, and these are gone.
    pub(super) fn change_remote_clients(
        &mut self,
        node: Node,
        room: &Arc<str>,
        here: Vec<RemoteClient>,
        gone: &[Key],
    ) {
        self.remotes
            .change_clients(&mut self.directory, node, room, here, gone);
    }

    /// That server is gone, and everybody who was there.
    pub(super) fn forget_node(&mut self, node: Node) {
        self.remotes.forget_node(&mut self.directory, node);
    }

    /// A client that has come over from another server is in a call, as far as was known there.
    pub(super) fn set_busy(&mut self, key: Key) {
        let has_moved = self
            .directory
            .local(key)
            .is_some_and(|local| local.before.is_some());
        if has_moved {
            self.directory.set_busy(key);
        }
    }

    /// A message from a client of another server to one of this. Whether its sender is known here.
    pub(super) fn deliver(&mut self, from: RemoteKey, to: Key, text: &str) -> bool {
        self.remotes.deliver(&mut self.directory, from, to, text)
    }

    /// A message from a client of another server to everybody in a room.
    pub(super) fn deliver_to_room(&mut self, from: RemoteKey, room: &str, text: &str) {
        self.remotes
            .deliver_to_room(&mut self.directory, from, room, text);
    }

    /// The names of everybody in a room, wherever they are, in order; and how many are of other servers.
    #[cfg(any(test, feature = "bench"))]
    pub(super) fn names_in(&self, room: &str) -> (Vec<String>, usize) {
        let here = self.directory.rooms.get(room).into_iter();
        let keys = here.flat_map(|here| here.keys());
        let people = keys.filter_map(|key| self.directory.clients.get(&key));
        let (mut names, mut remote) = (Vec::new(), 0);
        for client in people {
            names.extend(
                client
                    .membership
                    .as_ref()
                    .map(|place| place.name.to_string()),
            );
            remote += usize::from(client.remote().is_some());
        }
        names.sort_unstable();
        (names, remote)
    }

    /// Internals that the model test looks at.
    #[cfg(any(test, fuzzing))]
    pub(super) fn parts(&self) -> (&Directory, &Remotes) {
        (&self.directory, &self.remotes)
    }
}
