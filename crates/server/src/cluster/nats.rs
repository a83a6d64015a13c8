//! Several servers as one, through NATS: each tells the others of its clients, and passes on what is
//! meant for theirs. A message is sent once and may be lost; whoever notices a gap asks for everything
//! again.

use std::{
    collections::HashMap,
    io,
    sync::Once,
    time::{Duration, Instant},
};

use async_nats::{Client, ConnectOptions, Event, connection::State};
use futures_util::StreamExt;
use tokio::{
    sync::mpsc::unbounded_channel,
    time::{MissedTickBehavior, interval},
};

use crate::{
    hub::{
        CLUSTER_VERSION, ClusterMessage, Envelope, FromHub, Node, Outgoing, RemoteClient, Versioned,
    },
    state::Server,
};

/// Whether somebody who speaks another version has been told of, which is enough.
static OTHER_VERSION: Once = Once::new();

/// How often a server sends a sign of life.
const BEAT_EVERY: Duration = Duration::from_secs(1);

/// After how long without one its clients are taken to be gone. By then they have long come back to
/// other servers, if they could.
const SILENCE_LIMIT: Duration = Duration::from_secs(10);

/// How long a server may take to tell of its clients, before it is asked again.
const ANSWER_LIMIT: Duration = Duration::from_secs(3);

/// Clients in one message: NATS carries up to 1 MB.
const PEOPLE_AT_ONCE: usize = 2000;

/// Another server as we know it.
struct Peer {
    last_seen: Instant,
    /// How much of what it said we know; none before it has told everything.
    count: Option<u64>,
    /// Of what it tells at the moment.
    people: Vec<RemoteClient>,
    /// Since when we wait for it to tell everything.
    asked: Option<Instant>,
}

/// Connects, and is one of several from then on; for ever.
pub(crate) async fn run(
    url: &str,
    node: Node,
    server: &Server,
    mut outgoing: FromHub,
) -> io::Result<()> {
    let (connected, mut reconnected) = unbounded_channel();
    let reach = server.clone();
    let mut options = ConnectOptions::new();
    if let Some(file) = &server.options.nats_creds {
        options = options.credentials_file(file).await.map_err(|error| {
            io::Error::other(format!("{} cannot be read: {error}", file.display()))
        })?;
    }
    let client = options
        .retry_on_initial_connect()
        .event_callback(move |event| {
            if event == Event::Connected {
                reach.nats.set(true);
                let _ = connected.send(());
            } else if event == Event::Disconnected {
                reach.nats.set(false);
            }
            // The URL may have a password in it, and is not said.
            tracing::info!("NATS: {event}");
            std::future::ready(())
        })
        .connect(url)
        .await
        .map_err(io::Error::other)?;
    let subjects = Subjects(server.options.nats_prefix.clone());
    let subscribe = async |subject| client.subscribe(subject).await.map_err(io::Error::other);
    let mut to_all = subscribe(subjects.all()).await?;
    let mut to_us = subscribe(subjects.one(node)).await?;
    let mut cluster = Cluster {
        client: client.clone(),
        subjects,
        node,
        server: server.clone(),
        count: 0,
        peers: HashMap::new(),
    };
    let mut beat = interval(BEAT_EVERY);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            said = to_all.next() => cluster.receive(said).await,
            said = to_us.next() => cluster.receive(said).await,
            Some(out) = outgoing.next() => cluster.send(out).await,
            Some(()) = reconnected.recv() => cluster.send(Outgoing::ToAll(ClusterMessage::Ask)).await,
            _ = beat.tick() => {
                // Who counts will notice, and ask for everything.
                cluster.count += u64::from(outgoing.take_lost());
                cluster.send(Outgoing::ToAll(ClusterMessage::Beat)).await;
                cluster.forget();
            }
        }
    }
}

/// What servers of one house subscribe to.
struct Subjects(String);

impl Subjects {
    /// What all of them hear.
    fn all(&self) -> String {
        format!("{}.all", self.0)
    }

    /// What one of them hears.
    fn one(&self, node: Node) -> String {
        format!("{}.one.{:016x}", self.0, node.0)
    }
}

struct Cluster {
    client: Client,
    subjects: Subjects,
    node: Node,
    server: Server,
    count: u64,
    peers: HashMap<Node, Peer>,
}

impl Cluster {
    async fn send(&mut self, out: Outgoing) {
        let (subject, message) = match out {
            Outgoing::ToAll(message) => (self.subjects.all(), message),
            Outgoing::To(node, message) => (self.subjects.one(node), message),
        };
        self.count += u64::from(message.is_news());
        if self.client.connection_state() != State::Connected {
            // It would come late, if at all. Who missed news asks for everything.
            return;
        }
        let envelope = Envelope {
            version: CLUSTER_VERSION,
            node: self.node,
            count: self.count,
            message,
        };
        // Strings and numbers only: this cannot fail.
        let bytes = serde_json::to_vec(&envelope).unwrap_or_default();
        if let Err(error) = self.client.publish(subject, bytes.into()).await {
            tracing::warn!("NATS: {error}");
        }
    }

    async fn receive(&mut self, message: Option<async_nats::Message>) {
        let Some(message) = message else {
            return;
        };
        let payload = &message.payload;
        if let Ok(Versioned { version }) = serde_json::from_slice(payload)
            && version != CLUSTER_VERSION
        {
            return OTHER_VERSION.call_once(|| {
                tracing::warn!(
                    "a server speaks version {version} and not {CLUSTER_VERSION}: its people are not seen here"
                );
            });
        }
        match serde_json::from_slice::<Envelope>(payload) {
            Ok(envelope) if envelope.node != self.node => self.act(envelope).await,
            Ok(_) => {}
            Err(error) => tracing::warn!("NATS: a message that is not ours: {error}"),
        }
    }

    async fn act(
        &mut self,
        Envelope {
            node,
            count,
            message,
            ..
        }: Envelope,
    ) {
        let peer = self.peers.entry(node).or_insert_with(|| Peer {
            last_seen: Instant::now(),
            count: None,
            people: Vec::new(),
            asked: None,
        });
        peer.last_seen = Instant::now();
        let is_next = peer.count.is_some_and(|known| known + 1 == count);
        match message {
            ClusterMessage::Ask => self.publish_all(node).await,
            ClusterMessage::People { people, last } => {
                peer.people.extend(people);
                if last {
                    peer.count = Some(count);
                    peer.asked = None;
                    let people = std::mem::take(&mut peer.people);
                    self.server.hub.set_remote_clients(node, people);
                }
            }
            ClusterMessage::Changes { here, gone } if is_next => {
                peer.count = Some(count);
                self.server.hub.change_remote_clients(node, here, &gone);
            }
            ClusterMessage::Moved {
                node: from,
                key,
                to,
            } if is_next => {
                peer.count = Some(count);
                self.server.hub.moved((from, key), (node, to));
            }
            ClusterMessage::Beat if peer.count == Some(count) => {}
            ClusterMessage::Changes { .. }
            | ClusterMessage::Moved { .. }
            | ClusterMessage::Beat => {
                self.missed(node).await;
            }
            ClusterMessage::Text { from, to, text } => {
                self.server.hub.deliver((node, from), to, &text)
            }
            ClusterMessage::TextToAll { from, room, text } => {
                self.server.hub.deliver_to_room((node, from), &room, &text);
            }
        }
    }

    /// Something of a server was lost, or nothing was known of it yet: asks it for everything.
    async fn missed(&mut self, node: Node) {
        let Some(peer) = self.peers.get_mut(&node) else {
            return;
        };
        peer.count = None;
        let is_time = |asked: Instant| asked.elapsed() > ANSWER_LIMIT;
        if peer.asked.is_none_or(is_time) {
            peer.asked = Some(Instant::now());
            peer.people.clear();
            self.send(Outgoing::To(node, ClusterMessage::Ask)).await;
        }
    }

    /// Tells another server of all clients of this one.
    async fn publish_all(&mut self, node: Node) {
        let people = self.server.hub.clients_here();
        let mut parts = people.chunks(PEOPLE_AT_ONCE).peekable();
        if parts.peek().is_none() {
            let (people, last) = (Vec::new(), true);
            self.send(Outgoing::To(node, ClusterMessage::People { people, last }))
                .await;
        }
        while let Some(part) = parts.next() {
            let (people, last) = (part.to_vec(), parts.peek().is_none());
            self.send(Outgoing::To(node, ClusterMessage::People { people, last }))
                .await;
        }
    }

    /// Takes the clients of servers that have been silent for too long to be gone.
    fn forget(&mut self) {
        let silent: Vec<Node> = self
            .peers
            .iter()
            .filter(|(_, peer)| peer.last_seen.elapsed() > SILENCE_LIMIT)
            .map(|(node, _)| *node)
            .collect();
        for node in silent {
            tracing::warn!("a server is gone");
            self.peers.remove(&node);
            self.server.hub.set_remote_clients(node, Vec::new());
        }
    }
}
