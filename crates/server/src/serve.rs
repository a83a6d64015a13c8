//! A server's life, from its first connection to its last.

use std::{
    io,
    pin::pin,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use axum::{Router, extract::State, routing};
use futures_util::future::OptionFuture;
use sd_notify::NotifyState;
use tokio::{
    net::TcpListener,
    sync::watch,
    task::{JoinSet, yield_now},
    time::{Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout},
};

use crate::{
    cluster,
    http::{
        self, Front, Ice, Order, Site,
        tls::{Certificate, TlsServer},
    },
    hub::{self, Claims, FromHub, House, Lobby, Node, Shards, ToOthers},
    key,
    limits::{Bans, ConnectionLimits, Memory},
    metrics::{Count, Metrics},
    options::Options,
    pass::Passes,
    random,
    reach::Reach,
    state::{Parts, Server},
    turn::{Passwords, Turn},
};

/// For how long presence changes are batched.
const BATCH: Duration = Duration::from_millis(50);

/// The port of https.
const HTTPS: u16 = 443;

/// In how many parts the hub is: more than there are cores, so that two seldom want the same.
#[cfg_attr(
    not(feature = "bench"),
    allow(unreachable_pub, reason = "the bench is another crate")
)]
pub const PARTS: u64 = 32;

/// How many messages to other servers may wait to be sent.
const FOR_OTHERS: usize = 8192;

/// How often sessions that nobody came back to are ended.
const EXPIRE_EVERY: Duration = Duration::from_secs(1);

/// How long connections may take to close when the server stops.
const CLOSE_LIMIT: Duration = Duration::from_secs(5);

/// Over how long they are closed, where there are other servers to go to: these are not to be asked
/// by all at once.
const MOVE_TIME: Duration = Duration::from_secs(5);

/// Serves until `stop` resolves, then closes every connection with code 1001 and returns: all at
/// once, or over 5 s if there are other servers.
///
/// # Errors
/// When the listener fails, or a certificate, a key or an address among the options is of no use.
pub async fn serve(
    listener: TcpListener,
    options: &Options,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let turn = start_turn(options).await?;
    let (turn, passwords) = turn
        .map(|(turn, passwords)| (Arc::new(turn), passwords))
        .unzip();
    let node = Node(getrandom::u64()?);
    let (cluster, outgoing) = hub::line(FOR_OTHERS);
    let cluster = options.nats.is_some().then_some(cluster);
    let options = options.at(listener.local_addr()?);
    let server = shared(options, (node, cluster))?;
    let options = &server.options;
    let (tls, certificate) = start_tls(options)?;
    // A promise about the whole host, whatever listens at its other ports.
    let is_known = options.tls_cert.is_some() || !options.domains.is_empty();
    let lasting = is_known && listener.local_addr()?.port() == HTTPS;
    let front = Front {
        server: server.clone(),
        site: Site::new(&options.site, lasting),
        ice: Arc::new(Ice::new(options, passwords)?),
        tls,
        turn: turn.clone(),
    };
    tracing::info!(address = %listener.local_addr()?, "listening");
    let aside = serve_aside(&server, turn).await?;
    let mut work = pin!(async {
        tokio::select! {
            () = keep_presence(&server) => Ok(()),
            () = certificate => Ok(()),
            failed = aside => failed,
            failed = run_cluster(&server, node, outgoing) => failed,
        }
    });
    let mut taken = pin!(http::accept(listener, front));
    tell_manager(NotifyState::Ready);
    tokio::select! {
        () = &mut taken => {}
        failed = &mut work => return failed,
        () = stop => tracing::info!("stopping"),
    }
    tell_manager(NotifyState::Stopping);
    // From here on nobody is let in, and who asks hears why.
    tokio::select! {
        () = &mut taken => {}
        failed = &mut work => return failed,
        () = drain(&server) => {}
    }
    Ok(())
}

/// What every part of a server shares, before anybody is connected.
fn shared(options: Options, cluster: (Node, Option<ToOthers>)) -> io::Result<Server> {
    let metrics = Arc::new(Metrics::new());
    let passes = Arc::new(Passes::new(&options)?);
    let house = House {
        max_people: options.max_per_room,
        lobby: match (options.no_lobby, options.no_list) {
            (true, _) => Lobby::Closed,
            (false, true) => Lobby::Unlisted,
            (false, false) => Lobby::Open,
        },
        claims: Claims::new(&key::load(&options)?),
        cluster,
        memory: Memory::of(options.memory),
        metrics: metrics.clone(),
    };
    let limits = ConnectionLimits::new(
        options.max_per_address + http::SPARE,
        options.messages_per_second,
    );
    Ok(Server::new(Parts {
        hub: Shards::new(&house, passes.clone(), PARTS)?,
        limits: limits.into(),
        metrics,
        passes,
        nats: Reach::new(options.nats.is_some()),
        bans: Bans::default(),
        draining: AtomicBool::new(false),
        stopping: watch::Sender::new(false),
        options,
    }))
}

/// Starts the TURN server in this process, where that is wanted; gives what makes passwords for it, too.
async fn start_turn(options: &Options) -> io::Result<Option<(Turn, Passwords)>> {
    let Some(address) = options.turn else {
        return Ok(None);
    };
    let passwords = match &options.turn_secret {
        Some(secret) => Passwords::new(secret),
        None => Passwords::new(&random::token()?),
    };
    let turn = Turn::start(address, passwords.clone()).await?;
    Ok(Some((turn, passwords)))
}

/// TLS, where that is wanted; and what keeps its certificate good, for ever.
fn start_tls(options: &Options) -> io::Result<(Option<TlsServer>, impl Future<Output = ()>)> {
    let order = Order::of(options)?;
    let certificate = Certificate::load(options)?;
    let tls = match &order {
        Some(order) => Some(order.tls()?),
        None => certificate.clone().map(Certificate::tls).transpose()?,
    };
    let reload = reload_when_told(certificate, tls.is_some())?;
    let kept = async move {
        if let Some(order) = order {
            order.keep().await;
        }
    };
    let both = async move {
        tokio::join!(reload, kept);
    };
    Ok((tls, both))
}

/// Closes every connection; people come back by themselves, here or elsewhere.
async fn drain(server: &Server) {
    server.stopping.send_replace(true);
    let people = server.hub.stop();
    if server.options.nats.is_some() {
        let pause = MOVE_TIME / u32::try_from(people.len().max(1)).unwrap_or(u32::MAX);
        let mut next = Instant::now();
        for key in people {
            sleep_until(next).await;
            server.hub.move_away(key);
            next += pause;
        }
    } else {
        people.into_iter().for_each(|key| server.hub.move_away(key));
    }
    let _ = timeout(CLOSE_LIMIT, server.stopping.closed()).await;
}

/// Tells the service manager that started us, if one did and wants to know (sd_notify(3)).
fn tell_manager(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!("the service manager cannot be told: {error}");
    }
}

/// Reads the certificate again at each SIGHUP, for ever: from when this is called, and not only from when the outcome is
/// awaited. Without TLS there is nothing to read, and the signal does what it does by itself, unless a service
/// manager may send it.
fn reload_when_told(
    certificate: Option<Arc<Certificate>>,
    has_tls: bool,
) -> io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    let hangup = {
        use tokio::signal::unix::{SignalKind, signal};
        let is_managed = std::env::var_os("NOTIFY_SOCKET").is_some();
        let is_wanted = has_tls || is_managed;
        let told = is_wanted.then(|| signal(SignalKind::hangup()));
        told.transpose()?
    };
    Ok(async move {
        #[cfg(unix)]
        if let Some(mut hangup) = hangup {
            while hangup.recv().await.is_some() {
                match certificate.as_ref().map(|certificate| certificate.reload()) {
                    None | Some(Ok(false)) => tracing::info!("there is no file to read again"),
                    Some(Ok(true)) => tracing::info!("the certificate is read again"),
                    Some(Err(error)) => {
                        tracing::error!("the certificate stays as it is: {error}");
                    }
                }
            }
        }
        std::future::pending().await
    })
}

/// Sends presence changes and lines to large rooms, and ends what has waited for too long; for ever. Each part of the hub by itself:
/// a large room keeps nobody waiting elsewhere.
async fn keep_presence(server: &Server) {
    let mut parts = JoinSet::new();
    for part in 0..server.hub.parts() {
        parts.spawn(keep_part(server.clone(), part));
        parts.spawn(hand_out_lines(server.clone(), part));
    }
    parts.join_all().await;
}

async fn hand_out_lines(server: Server, part: u64) {
    loop {
        server.hub.lines(part).await;
        while server.hub.hand_out_some(part) {
            yield_now().await;
        }
    }
}

async fn keep_part(server: Server, part: u64) {
    let mut expire = interval(EXPIRE_EVERY);
    expire.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = server.hub.changed(part) => {
                sleep(BATCH).await;
                server.hub.flush_presence(part, Instant::now());
            }
            now = expire.tick() => server.hub.expire(part, now),
        }
    }
}

/// Is one of several servers, where that is wanted; for ever.
async fn run_cluster(server: &Server, node: Node, outgoing: FromHub) -> io::Result<()> {
    match &server.options.nats {
        Some(url) => cluster::run(url, node, server, outgoing).await,
        None => std::future::pending().await,
    }
}

/// Answers whoever runs the server and whatever watches it, where that is wanted; for ever.
async fn serve_aside(
    server: &Server,
    turn: Option<Arc<Turn>>,
) -> io::Result<impl Future<Output = io::Result<()>> + use<>> {
    let admin = match server.options.admin {
        Some(at) => Some(http::aside("--admin", at, http::admin(server, at)?).await?),
        None => None,
    };
    let metrics = move |State(server): State<Server>| async move {
        let count = Count {
            connections: server.limits.in_all(),
            relays: turn.map_or(0, |turn| turn.relays()),
            ..server.hub.count()
        };
        server.metrics.text(&count, server.nats.get())
    };
    let app = Router::new()
        .route("/metrics", routing::get(metrics))
        .with_state(server.clone());
    let metrics = match server.options.metrics {
        Some(at) => Some(http::aside("--metrics", at, app).await?),
        None => None,
    };
    Ok(async move {
        tokio::select! {
            Some(failed) = OptionFuture::from(admin) => failed,
            Some(failed) = OptionFuture::from(metrics) => failed,
            else => std::future::pending().await,
        }
    })
}
