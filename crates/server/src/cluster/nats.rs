//! The way to other servers, through NATS.

use std::{
    collections::{HashMap, HashSet},
    io,
    sync::Arc,
    time::Duration,
};

use async_nats::{Client, ConnectOptions, Event, Message, Subscriber, connection::State};
use futures_util::StreamExt;
use tokio::{
    sync::{Notify, mpsc},
    task::AbortHandle,
    time::{MissedTickBehavior, interval},
};

use super::rooms::{Action, BEAT_EVERY, Rooms, To};
use crate::{
    digest,
    hub::{FromHub, Node},
    state::Server,
};

/// How much of what others say may wait for each subject, before it is lost, and asked for again; and as much that
/// has been taken from them.
const WAITING: usize = 8192;

/// How long it waits before it tries again to reach NATS, at most.
const RETRY_LIMIT: Duration = Duration::from_secs(1);

/// Connects, and is one of several from then on; for ever.
pub(crate) async fn run(
    url: &str,
    node: Node,
    server: &Server,
    mut outgoing: FromHub,
) -> io::Result<()> {
    let to_look = Arc::new(Notify::new());
    let is_told = to_look.clone();
    let client = connect(url, server, move || is_told.notify_one()).await?;
    let subjects = Subjects(server.options.nats_prefix.clone());
    let (heard, mut said) = mpsc::channel(WAITING);
    let mut nats = Nats {
        client,
        subjects,
        heard,
        rooms: HashMap::new(),
        unheard: HashSet::new(),
        unsaid: false,
    };
    for to in [To::All, To::Node(node)] {
        nats.listen(&to).await?;
    }
    let mut rooms = Rooms::new(node, now());
    let mut beat = interval(BEAT_EVERY);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            Some(said) = said.recv() => rooms.hear(&server.hub, &said.payload, now()),
            Some(out) = outgoing.next() => rooms.tell(out),
            () = to_look.notified() => rooms.reconnected(),
            _ = beat.tick() => {
                if outgoing.take_lost() {
                    rooms.lost(&server.hub);
                }
                let is_connected = nats.is_connected();
                server.nats.set(is_connected);
                if is_connected && nats.catch_up().await? {
                    rooms.reconnected();
                }
                rooms.tick(&server.hub, is_connected, now());
            }
        }
        while let Some(action) = rooms.next_action() {
            nats.act(action).await?;
        }
    }
}

fn now() -> std::time::Instant {
    std::time::Instant::now()
}

/// Connects, as soon as NATS is there. `look_over` is told when it is there again, or something of it was lost.
async fn connect(
    url: &str,
    server: &Server,
    look_over: impl Fn() + Send + Sync + 'static,
) -> io::Result<Client> {
    let reach = server.clone();
    let mut options = ConnectOptions::new();
    if let Some(file) = &server.options.nats_creds {
        options = options.credentials_file(file).await.map_err(|error| {
            io::Error::other(format!("{} cannot be read: {error}", file.display()))
        })?;
    }
    let on_event = move |event: Event| {
        match event {
            Event::Connected => {
                reach.nats.set(true);
                look_over();
            }
            Event::Disconnected => reach.nats.set(false),
            Event::SlowConsumer(_) => look_over(),
            Event::LameDuckMode
            | Event::Draining
            | Event::Closed
            | Event::ServerError(_)
            | Event::ClientError(_) => {}
        }
        // The URL may have a password in it, and is not said.
        tracing::info!("NATS: {event}");
        std::future::ready(())
    };
    options
        .retry_on_initial_connect()
        .subscription_capacity(WAITING)
        .reconnect_delay_callback(|attempts| {
            let attempts = u32::try_from(attempts).unwrap_or(u32::MAX);
            Duration::from_millis(50)
                .saturating_mul(attempts)
                .min(RETRY_LIMIT)
        })
        .event_callback(on_event)
        .connect(url)
        .await
        .map_err(io::Error::other)
}

/// What servers of one house subscribe to.
struct Subjects(String);

impl Subjects {
    fn of(&self, to: &To) -> String {
        match to {
            To::All => format!("{}.all", self.0),
            To::Node(node) => format!("{}.one.{:016x}", self.0, node.0),
            To::Room(room) => {
                // Any name makes a subject; two with one hash hear each other in vain.
                format!("{}.room.{}", self.0, digest::short(room))
            }
        }
    }
}

/// The connection to NATS, and what is listened to: a task hands on what comes for each subject, and NATS is told
/// that nobody listens when it ends.
struct Nats {
    client: Client,
    subjects: Subjects,
    heard: mpsc::Sender<Message>,
    rooms: HashMap<Arc<str>, AbortHandle>,
    /// Rooms that are to be listened to when NATS is there again.
    unheard: HashSet<Arc<str>>,
    /// Whether something was not said, because NATS was away.
    unsaid: bool,
}

impl Nats {
    fn is_connected(&self) -> bool {
        self.client.connection_state() == State::Connected
    }

    async fn act(&mut self, action: Action) -> io::Result<()> {
        match action {
            // Commands to who is away are few that wait, and then whoever gives more.
            Action::Subscribe(room) if !self.is_connected() => {
                self.unheard.insert(room);
            }
            Action::Subscribe(room) => {
                let ear = self.listen(&To::Room(room.clone())).await?;
                self.rooms.insert(room, ear);
            }
            Action::Unsubscribe(room) => {
                self.unheard.remove(&room);
                self.rooms.remove(&room).iter().for_each(AbortHandle::abort);
            }
            // It would come late, if at all. Who missed news asks for everything.
            Action::Say(..) if !self.is_connected() => self.unsaid = true,
            Action::Say(to, bytes) => {
                let subject = self.subjects.of(&to);
                if let Err(error) = self.client.publish(subject, bytes.into()).await {
                    tracing::warn!("NATS: {error}");
                }
            }
        }
        Ok(())
    }

    /// NATS is there: listens to what could not be listened to before. Whether something was missed.
    async fn catch_up(&mut self) -> io::Result<bool> {
        let unheard = std::mem::take(&mut self.unheard);
        let has_missed = std::mem::take(&mut self.unsaid) || !unheard.is_empty();
        for room in unheard {
            let ear = self.listen(&To::Room(room.clone())).await?;
            self.rooms.insert(room, ear);
        }
        Ok(has_missed)
    }

    async fn listen(&self, to: &To) -> io::Result<AbortHandle> {
        let subscriber = self.client.subscribe(self.subjects.of(to)).await;
        let mut subscriber: Subscriber = subscriber.map_err(io::Error::other)?;
        let heard = self.heard.clone();
        let listening = tokio::spawn(async move {
            while let Some(message) = subscriber.next().await {
                if heard.send(message).await.is_err() {
                    return;
                }
            }
        });
        Ok(listening.abort_handle())
    }
}
