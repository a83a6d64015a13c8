//! The signaling server: a relay that knows rooms and names, and serves the page on the same port.
//!
//! | file | purpose |
//! |---|---|
//! | `options.rs` | what can be set from the command line and the environment |
//! | `accept.rs` | from a TCP connection to HTTP requests |
//! | `connection.rs` | one WebSocket, from upgrade to close |
//! | `limits.rs` | how much one address, and one connection, may ask for |
//! | `hub/` | who is connected, in which room, and who gets which message: no I/O |
//! | `cluster.rs` | several servers as one, through NATS |
//! | `room.rs` | one room: its names, and what its people have yet to be told of each other |
//! | `session.rs` | what one person is sent, over whichever connection they have just now |
//! | `queue.rs` | what waits to be sent over one connection |
//! | `pass.rs` | passes that a site's own login signs |
//! | `tls.rs` | certificates |
//! | `ice.rs` | STUN and TURN servers for the pages |
//! | `turn.rs` | one of these, in this process |
//! | `metrics.rs` | what Prometheus asks for |
//! | `site.rs` | the built page, from disk |

mod accept;
mod cluster;
mod connection;
mod hub;
mod ice;
mod limits;
mod metrics;
mod options;
mod pass;
mod queue;
mod room;
mod session;
mod site;
mod tls;
mod turn;

use std::{
    io,
    net::IpAddr,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::{FromRequestParts, Request, State, WebSocketUpgrade},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing,
};
use holdfast_protocol::{SESSION_SUBPROTOCOL, SUBPROTOCOL};
use tokio::{
    net::TcpListener,
    sync::{
        Notify,
        mpsc::{UnboundedReceiver, unbounded_channel},
        watch,
    },
    time::{Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout},
};
use tokio_rustls::TlsAcceptor;

pub use accept::listen;
#[cfg(fuzzing)]
pub use hub::play;
pub use options::{Options, Tls};

use crate::{
    accept::Client,
    cluster::{Node, Outgoing},
    hub::{Hub, random_token},
    ice::Ice,
    limits::{Addresses, Permit},
    metrics::{Dropped, Metrics},
    pass::Passes,
    site::Site,
};

/// A frame above this ends the connection; one above
/// [`MAX_MESSAGE_BYTES`](holdfast_protocol::MAX_MESSAGE_BYTES) is only refused.
const MAX_FRAME_BYTES: usize = 256 * 1024;

/// Each connection holds as much, also when it is idle: most messages are shorter. tungstenite's
/// default is 128 KiB.
const READ_BUFFER_BYTES: usize = 2048;

/// For how long changes among people are gathered before everybody is told.
const GATHER: Duration = Duration::from_millis(50);

/// How often sessions that nobody came back to are ended.
const EXPIRE_EVERY: Duration = Duration::from_secs(1);

/// How long connections may take to close when the server stops.
const CLOSE_LIMIT: Duration = Duration::from_secs(5);

/// Over how long they are closed, where there are other servers to go to: these are not to be asked
/// by all at once.
const MOVE_TIME: Duration = Duration::from_secs(5);

#[derive(Clone)]
struct Server(Arc<Parts>);

struct Parts {
    options: Options,
    hub: Mutex<Hub>,
    addresses: Arc<Addresses>,
    metrics: Arc<Metrics>,
    site: Site,
    ice: Ice,
    passes: Arc<Option<Passes>>,
    tls: Option<TlsAcceptor>,
    /// Each connection holds a receiver; when the last one is gone, all have closed.
    stopping: watch::Sender<bool>,
}

impl std::ops::Deref for Server {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

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
    let wake = Arc::new(Notify::new());
    let metrics = Arc::new(Metrics::new());
    let (own_turn, own_secret) = match options.turn {
        Some(address) => {
            let secret = match &options.turn_secret {
                Some(secret) => secret.clone(),
                None => random_token()?,
            };
            (Some(turn::start(address, &secret).await?), Some(secret))
        }
        None => (None, None),
    };
    let passes = Arc::new(Passes::new(options)?);
    let node = Node(getrandom::u64()?);
    let (say, said) = unbounded_channel();
    let hub = Hub::new(
        options.max_per_room,
        passes.clone(),
        wake.clone(),
        (node, options.nats.is_some().then_some(say)),
        metrics.clone(),
    );
    let server = Server(Arc::new(Parts {
        options: options.clone(),
        hub: Mutex::new(hub),
        addresses: Arc::new(Addresses::new(
            options.max_per_address + accept::SPARE,
            options.messages_per_second,
        )),
        metrics,
        site: Site::new(&options.site),
        ice: Ice::new(options, own_secret)?,
        passes,
        tls: tls::acceptor(options)?,
        stopping: watch::Sender::new(false),
    }));
    tracing::info!(address = %listener.local_addr()?, "listening");
    let watching = watch_over(&server).await?;
    let mut work = pin!(async {
        tokio::select! {
            () = tell(&server, &wake) => Ok(()),
            served = watching => served,
            failed = join(&server, node, said) => failed,
        }
    });
    tokio::select! {
        never = accept::run(listener, server.clone()) => never,
        failed = &mut work => return failed,
        () = stop => tracing::info!("stopping"),
    }
    // From here on nobody is let in, and who tries finds another server.
    tokio::select! {
        failed = &mut work => return failed,
        () = drain(&server) => {}
    }
    drop(own_turn);
    Ok(())
}

/// Closes every connection; people come back by themselves, here or elsewhere.
async fn drain(server: &Server) {
    server.stopping.send_replace(true);
    let people = server.hub().stop();
    if server.options.nats.is_some() {
        let pause = MOVE_TIME / u32::try_from(people.len().max(1)).unwrap_or(u32::MAX);
        let mut next = Instant::now();
        for key in people {
            sleep_until(next).await;
            server.hub().move_away(key);
            next += pause;
        }
    } else {
        let hub = server.hub();
        people.into_iter().for_each(|key| hub.move_away(key));
    }
    let _ = timeout(CLOSE_LIMIT, server.stopping.closed()).await;
}

/// Tells people of each other, and ends what has waited for too long; for ever.
async fn tell(server: &Server, wake: &Notify) {
    let mut expire = interval(EXPIRE_EVERY);
    expire.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = wake.notified() => {
                sleep(GATHER).await;
                if server.hub().tell(Instant::now()) {
                    wake.notify_one();
                }
            }
            now = expire.tick() => server.hub().expire(now),
        }
    }
}

/// Is one of several servers, where that is wanted; for ever.
async fn join(server: &Server, node: Node, said: UnboundedReceiver<Outgoing>) -> io::Result<()> {
    match &server.options.nats {
        Some(url) => cluster::run(url, node, server, said).await,
        None => std::future::pending().await,
    }
}

/// Answers GET /metrics, where that is wanted; for ever.
async fn watch_over(server: &Server) -> io::Result<impl Future<Output = io::Result<()>>> {
    let listener = match server.options.metrics {
        Some(address) => Some(TcpListener::bind(address).await?),
        None => None,
    };
    let metrics = |State(server): State<Server>| async move {
        let count = server.hub().count();
        let connections = server.addresses.in_all();
        server.metrics.text(connections, &count)
    };
    let app = Router::new()
        .route("/metrics", routing::get(metrics))
        .with_state(server.clone());
    Ok(async move {
        match listener {
            Some(listener) => axum::serve(listener, app).await,
            None => std::future::pending().await,
        }
    })
}

/// What one WebSocket may hold.
pub fn bound_frames(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade
        .max_message_size(MAX_FRAME_BYTES)
        .max_frame_size(MAX_FRAME_BYTES)
        .read_buffer_size(READ_BUFFER_BYTES)
}

impl Server {
    /// A WebSocket on any path, files for everything else, but for these few.
    async fn answer(&self, request: Request) -> Response {
        let (mut parts, body) = request.into_parts();
        if let Ok(upgrade) = WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
            let client = parts.extensions.get::<Client>();
            return self.upgrade(upgrade, client, &parts.headers).await;
        }
        match (&parts.method, parts.uri.path()) {
            (&Method::GET, "/healthz") => "ok\n".into_response(),
            (&Method::GET, "/readyz") if *self.stopping.borrow() => {
                (StatusCode::SERVICE_UNAVAILABLE, "stopping\n").into_response()
            }
            (&Method::GET, "/readyz") => "ok\n".into_response(),
            (&Method::GET, "/ice") if !self.has_pass(&parts.headers) => {
                let text = "TURN is for those with a pass: send it as `Authorization: Bearer`.\n";
                (StatusCode::UNAUTHORIZED, text).into_response()
            }
            (&Method::GET, "/ice") => {
                let never = [(header::CACHE_CONTROL, "no-store")];
                (never, Json(self.ice.servers())).into_response()
            }
            _ => self.site.answer(Request::from_parts(parts, body)).await,
        }
    }

    async fn upgrade(
        &self,
        upgrade: WebSocketUpgrade,
        client: Option<&Client>,
        headers: &HeaderMap,
    ) -> Response {
        if !self.may_connect(headers) {
            self.metrics.dropped(Dropped::Origin);
            let text = "Pages of that site may not connect here; see --origin.\n";
            return (StatusCode::FORBIDDEN, text).into_response();
        }
        let upgrade = upgrade.protocols([SESSION_SUBPROTOCOL, SUBPROTOCOL]);
        let Some(selected) = upgrade.selected_protocol() else {
            let text = "Name the WebSocket subprotocol `json` in your request.\n";
            return (StatusCode::BAD_REQUEST, text).into_response();
        };
        let resumable = selected == SESSION_SUBPROTOCOL;
        let upgrade = bound_frames(upgrade);
        let open = self.stopping.subscribe();
        let permit = self.permit(client, headers);
        let crowded = permit.as_ref().and_then(|permit| self.crowded(permit));
        if let Some(reason) = crowded {
            self.metrics.dropped(Dropped::TooMany);
            return upgrade.on_upgrade(move |socket| async move {
                connection::turn_away(Box::new(socket), reason).await;
                drop(permit);
            });
        }
        if self.options.behind_proxy
            && let Some(permit) = &permit
        {
            permit.turn().await;
        }
        let server = self.clone();
        // A session can end before its connection has, and the other way round.
        let permit = permit.map(Arc::new);
        upgrade.on_upgrade(move |socket| {
            connection::run(Box::new(socket), resumable, server, permit, open)
        })
    }

    /// Whether a good pass comes with a request, or none is asked for.
    fn has_pass(&self, headers: &HeaderMap) -> bool {
        let Some(passes) = &*self.passes else {
            return true;
        };
        let authorization = headers.get(header::AUTHORIZATION);
        let token = authorization.and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        token.is_some_and(|token| passes.read(token).is_some())
    }

    /// Whether the page that asks is the server's own, or of a site that was named. Who names no
    /// origin is no browser.
    fn may_connect(&self, headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(header::ORIGIN) else {
            return true;
        };
        let Ok(origin) = origin.to_str() else {
            return false;
        };
        let host = headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok());
        let is_own = host.is_some_and(|host| {
            let named = origin.split_once("://").map(|(_, rest)| rest);
            named.is_some_and(|named| named.eq_ignore_ascii_case(host))
        });
        let mut named = self.options.origins.iter();
        is_own || named.any(|named| named == "*" || named.eq_ignore_ascii_case(origin))
    }

    /// What a connection was let in with goes on with its WebSocket. Behind a proxy it is counted
    /// only now that it is known whose it is.
    fn permit(&self, client: Option<&Client>, headers: &HeaderMap) -> Option<Permit> {
        let held = client.and_then(|client| {
            let mut held = client.permit.lock().unwrap_or_else(PoisonError::into_inner);
            held.take()
        });
        let forwarded = self.options.behind_proxy.then(|| forwarded_for(headers));
        let Some(address) = forwarded.flatten() else {
            return held;
        };
        drop(held);
        Some(self.addresses.admit(address, Instant::now()))
    }

    /// Why there is no place for it.
    fn crowded(&self, permit: &Permit) -> Option<&'static str> {
        let count = permit.count();
        if count.in_all > self.options.max_connections {
            Some("the server is full; try again later")
        } else if count.from_here > self.options.max_per_address {
            Some("too many connections from your network; close one, or try again later")
        } else {
            None
        }
    }
}

impl Parts {
    /// Whole between any two calls, so a panic elsewhere does not spoil it.
    fn hub(&self) -> MutexGuard<'_, Hub> {
        self.hub.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who connects, as the nearest proxy says.
fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?;
    let address = last.to_str().ok()?.rsplit(',').next()?;
    address.trim().parse().ok()
}
