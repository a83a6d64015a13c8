//! Several servers as one, through NATS: each tells the others who is on it, and passes on what is
//! meant for theirs. What they say to each other is said once and may be lost; whoever notices a
//! gap asks for everything again.

use std::{
    collections::HashMap,
    io,
    time::{Duration, Instant},
};

use async_nats::{Client, ConnectOptions, Event, connection::State};
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use tokio::{
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    time::{MissedTickBehavior, interval},
};

use crate::{Server, hub::Key};

/// Where all servers listen, and where one does.
const ALL: &str = "holdfast.all";
const ONE: &str = "holdfast.one";

/// How often a server says that it is there.
const BEAT_EVERY: Duration = Duration::from_secs(1);

/// After how long without a word its people are taken to be gone. By then they have long come back
/// elsewhere, if they could.
const SILENCE_LIMIT: Duration = Duration::from_secs(10);

/// How long a server may take to tell who is on it, before it is asked again.
const ANSWER_LIMIT: Duration = Duration::from_secs(3);

/// How many people are told of in one message: NATS carries up to 1 MB.
const PEOPLE_AT_ONCE: usize = 2000;

/// Which server: a number made up at its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Node(pub(crate) u64);

/// Somebody on another server.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) key: Key,
    pub(crate) room: String,
    pub(crate) name: String,
    pub(crate) busy: bool,
    /// What their secret is known again by.
    pub(crate) proof: String,
}

/// What one server says to the others.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Word {
    /// Tell me who is on you.
    Ask,
    /// These are on me: all of them, together with the messages up to the `last`.
    People { people: Vec<Entry>, last: bool },
    /// These have come or changed, and these are gone.
    Changes { here: Vec<Entry>, gone: Vec<Key> },
    /// Who was there is on me now.
    Moved { node: Node, key: Key, to: Key },
    /// Nothing new.
    Beat,
    /// A message from somebody on me to somebody on you.
    Text { from: Key, to: Key, text: String },
    /// A message from somebody on me to everybody in their room.
    TextToAll {
        from: Key,
        room: String,
        text: String,
    },
}

#[derive(Serialize, Deserialize)]
struct Said {
    node: Node,
    /// Counts what a server has said to all that changes what they know of it; a `Beat`, and what
    /// answers `Ask`, have the count so far.
    count: u64,
    word: Word,
}

/// What is to be said to others.
pub(crate) enum Outgoing {
    ToAll(Word),
    To(Node, Word),
}

/// What we know of another server.
struct Peer {
    heard: Instant,
    /// How much of what it said we know; none before it has told everything.
    count: Option<u64>,
    /// Of what it tells at the moment.
    people: Vec<Entry>,
    /// Since when we wait for it to tell everything.
    asked: Option<Instant>,
}

/// Connects, and is one of several from then on; for ever.
pub(crate) async fn run(
    url: &str,
    node: Node,
    server: &Server,
    mut outgoing: UnboundedReceiver<Outgoing>,
) -> io::Result<()> {
    let (connected, mut reconnected) = unbounded_channel();
    let client = ConnectOptions::new()
        .retry_on_initial_connect()
        .event_callback(move |event| {
            if event == Event::Connected {
                let _ = connected.send(());
            }
            // The URL may have a password in it, and is not said.
            tracing::info!("NATS: {event}");
            std::future::ready(())
        })
        .connect(url)
        .await
        .map_err(io::Error::other)?;
    let mut to_all = client.subscribe(ALL).await.map_err(io::Error::other)?;
    let own = format!("{ONE}.{:016x}", node.0);
    let mut to_us = client.subscribe(own).await.map_err(io::Error::other)?;
    let mut cluster = Cluster {
        client,
        node,
        server: server.clone(),
        count: 0,
        peers: HashMap::new(),
    };
    let mut beat = interval(BEAT_EVERY);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            said = to_all.next() => cluster.hear(said).await,
            said = to_us.next() => cluster.hear(said).await,
            Some(out) = outgoing.recv() => cluster.say(out).await,
            Some(()) = reconnected.recv() => cluster.say(Outgoing::ToAll(Word::Ask)).await,
            _ = beat.tick() => {
                cluster.say(Outgoing::ToAll(Word::Beat)).await;
                cluster.forget();
            }
        }
    }
}

struct Cluster {
    client: Client,
    node: Node,
    server: Server,
    count: u64,
    peers: HashMap<Node, Peer>,
}

impl Cluster {
    async fn say(&mut self, out: Outgoing) {
        let (subject, word) = match out {
            Outgoing::ToAll(word) => (ALL.to_owned(), word),
            Outgoing::To(node, word) => (format!("{ONE}.{:016x}", node.0), word),
        };
        let is_news = matches!(word, Word::Changes { .. } | Word::Moved { .. });
        self.count += u64::from(is_news);
        if self.client.connection_state() != State::Connected {
            // It would come late, if at all. Who missed news asks for everything.
            return;
        }
        let said = Said {
            node: self.node,
            count: self.count,
            word,
        };
        // Strings and numbers only: this cannot fail.
        let bytes = serde_json::to_vec(&said).unwrap_or_default();
        if let Err(error) = self.client.publish(subject, bytes.into()).await {
            tracing::warn!("NATS: {error}");
        }
    }

    async fn hear(&mut self, message: Option<async_nats::Message>) {
        let Some(message) = message else {
            return;
        };
        match serde_json::from_slice::<Said>(&message.payload) {
            Ok(said) if said.node != self.node => self.act(said).await,
            Ok(_) => {}
            Err(error) => tracing::warn!("NATS: a message that is not ours: {error}"),
        }
    }

    async fn act(&mut self, Said { node, count, word }: Said) {
        let peer = self.peers.entry(node).or_insert_with(|| Peer {
            heard: Instant::now(),
            count: None,
            people: Vec::new(),
            asked: None,
        });
        peer.heard = Instant::now();
        let is_next = peer.count.is_some_and(|known| known + 1 == count);
        match word {
            Word::Ask => {
                let people = self.server.hub().people_here();
                let mut parts = people.chunks(PEOPLE_AT_ONCE).peekable();
                if parts.peek().is_none() {
                    let (people, last) = (Vec::new(), true);
                    self.say(Outgoing::To(node, Word::People { people, last }))
                        .await;
                }
                while let Some(part) = parts.next() {
                    let (people, last) = (part.to_vec(), parts.peek().is_none());
                    self.say(Outgoing::To(node, Word::People { people, last }))
                        .await;
                }
            }
            Word::People { people, last } => {
                peer.people.extend(people);
                if last {
                    peer.count = Some(count);
                    peer.asked = None;
                    let people = std::mem::take(&mut peer.people);
                    self.server.hub().people_elsewhere(node, people);
                }
            }
            Word::Changes { here, gone } if is_next => {
                peer.count = Some(count);
                self.server.hub().changes_elsewhere(node, here, &gone);
            }
            Word::Moved {
                node: from,
                key,
                to,
            } if is_next => {
                peer.count = Some(count);
                let from = (from, key);
                self.server
                    .hub()
                    .moved_elsewhere(self.node, from, (node, to));
            }
            Word::Beat if peer.count == Some(count) => {}
            Word::Changes { .. } | Word::Moved { .. } | Word::Beat => {
                // Something was lost, or nothing was known yet.
                peer.count = None;
                if peer
                    .asked
                    .is_none_or(|asked| asked.elapsed() > ANSWER_LIMIT)
                {
                    peer.asked = Some(Instant::now());
                    peer.people.clear();
                    self.say(Outgoing::To(node, Word::Ask)).await;
                }
            }
            Word::Text { from, to, text } => self.server.hub().deliver((node, from), to, &text),
            Word::TextToAll { from, room, text } => {
                self.server.hub().deliver_to_all((node, from), &room, &text);
            }
        }
    }

    /// Takes the people of servers that have said nothing for too long to be gone.
    fn forget(&mut self) {
        let silent: Vec<Node> = self
            .peers
            .iter()
            .filter(|(_, peer)| peer.heard.elapsed() > SILENCE_LIMIT)
            .map(|(node, _)| *node)
            .collect();
        for node in silent {
            tracing::warn!("a server is gone");
            self.peers.remove(&node);
            self.server.hub().people_elsewhere(node, Vec::new());
        }
    }
}
