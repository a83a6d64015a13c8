//! From a TCP connection to HTTP requests.

use std::{
    convert::Infallible,
    future::pending,
    io,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    pin::{Pin, pin},
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::body::Body;
use hyper::{Request, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::SockRef;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite},
    net::{TcpListener, TcpSocket, TcpStream},
    time::{Instant, sleep, timeout},
};

use super::{admission::Visitor, routes::Front};
use crate::{
    meter::{Received, Watched},
    metrics::Dropped,
    turn::Turn,
};

/// How long a client may take to say what it wants.
pub(super) const HEAD_LIMIT: Duration = Duration::from_secs(10);

/// How large the head of a request may be, in bytes.
const HEAD_BYTES: usize = 16 * 1024;

/// A page loads its files over a few connections beside its WebSocket, and who is turned away over
/// one of these hears why. Beyond this there are no words.
pub(crate) const SPARE: usize = 64;

/// After an error that will not go away by itself, as that there are no more file descriptors.
pub(super) const PAUSE: Duration = Duration::from_millis(50);

/// The kernel's buffers for a connection, in bytes, each way. By itself that would be up to 6 MB of
/// what a stranger sends without being asked, and 4 MB of what another does not read.
const RECEIVE_BUFFER: u32 = 64 * 1024;
const SEND_BUFFER: u32 = 256 * 1024;

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1024;

/// A listener at that address, whose connections have small buffers.
///
/// # Errors
/// When the address is none of this machine's, or another program listens there.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    #[cfg(unix)] // Elsewhere it would let two programs listen at one address.
    socket.set_reuseaddr(true)?;
    if address.ip() == Ipv6Addr::UNSPECIFIED {
        // Of IPv4 too, whatever the system has by itself.
        SockRef::from(&socket).set_only_v6(false)?;
    }
    socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// A listener that a service manager has opened (sd_listen_fds(3)), if one has.
///
/// # Errors
/// When what it has opened is no TCP socket.
pub fn inherited() -> io::Result<Option<TcpListener>> {
    let opened = listenfd::ListenFd::from_env().take_tcp_listener(0)?;
    let listener = opened.map(|listener| {
        listener.set_nonblocking(true)?;
        TcpListener::from_std(listener)
    });
    listener.transpose()
}

/// Takes connections, for ever.
pub(crate) async fn accept(listener: TcpListener, front: Front) {
    loop {
        match listener.accept().await {
            Ok((stream, address)) => admit(stream, address, &front),
            Err(error) => {
                tracing::warn!("cannot accept a connection: {error}");
                sleep(PAUSE).await;
            }
        }
    }
}

fn admit(stream: TcpStream, address: SocketAddr, front: &Front) {
    let server = &front.server;
    let permit = server.limits.admit(address.ip(), Instant::now());
    let (options, count) = (&server.options, permit.count());
    let crowded = !options.behind_proxy && count.from_here > options.max_per_address + SPARE;
    if crowded || count.in_all > options.max_connections + SPARE {
        return server.metrics.dropped(Dropped::TooMany);
    }
    // Messages are small, and wanted at once.
    let _ = stream.set_nodelay(true);
    let front = front.clone();
    tokio::spawn(async move {
        let is_plain = front.tls.is_none();
        let first = match front.turn {
            Some(_) if is_plain => peek(&stream).await,
            _ => None,
        };
        let stream = Watched::new(stream);
        // Behind a proxy it is not known yet whose it is.
        if !front.server.options.behind_proxy {
            permit.admitted().await;
        }
        let visitor = Visitor {
            address,
            permit: Arc::new(Mutex::new(Some(permit))),
            received: Received::default(),
        };
        match &front.tls {
            Some(tls) => match timeout(HEAD_LIMIT, tls.accept(stream)).await {
                Ok(Ok(None)) => {}
                Ok(Ok(Some(mut stream))) => {
                    let first = match front.turn {
                        Some(_) => timeout(HEAD_LIMIT, stream.fill_buf()).await,
                        None => Ok(Ok(&[][..])),
                    };
                    let first = first.ok().and_then(|first| first.ok()?.first().copied());
                    match turn_of(&front, address.ip(), first) {
                        Some(turn) => serve_turn(turn, stream, &visitor).await,
                        None => serve(stream, visitor, &front).await,
                    }
                }
                Ok(Err(error)) => tracing::debug!(%address, "not TLS: {error}"),
                Err(_) => tracing::debug!(%address, "too slow for TLS"),
            },
            None => match turn_of(&front, address.ip(), first) {
                Some(turn) => serve_turn(turn, stream, &visitor).await,
                None => serve(stream, visitor, &front).await,
            },
        }
    });
}

/// The first byte that comes, which is left where it is.
async fn peek(stream: &TcpStream) -> Option<u8> {
    let mut first = [0];
    let peeked = timeout(HEAD_LIMIT, stream.peek(&mut first)).await;
    matches!(peeked, Ok(Ok(1))).then_some(first[0])
}

/// The TURN server, if a connection with that first byte is for it, and may have it.
fn turn_of(front: &Front, from: IpAddr, first: Option<u8>) -> Option<&Turn> {
    let turn = front.turn.as_deref();
    let turn = turn.filter(|_| !front.server.bans.has(from, Instant::now()));
    turn.filter(|_| first.is_some_and(Turn::is_turn))
}

/// In a box: most connections are none of these.
fn serve_turn<S>(
    turn: &Turn,
    stream: S,
    visitor: &Visitor,
) -> Pin<Box<dyn Future<Output = ()> + Send>>
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    // Counted there: a page has several, beside its WebSocket.
    let permit = visitor.permit.lock().map(|mut permit| permit.take());
    drop(permit);
    Box::pin(turn.carry(stream, visitor.address))
}

async fn serve<S>(stream: S, visitor: Visitor, front: &Front)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let address = visitor.address;
    let stream = visitor.received.count(stream);
    // hyper closes a fresh connection unread when it is told to end it: who comes now is answered once.
    let is_last = *front.server.stopping.borrow();
    let _open = front.server.stopping.subscribe();
    let mut stopping = front.server.stopping.subscribe();
    let stops = async move {
        match is_last {
            true => pending().await,
            false => drop(stopping.wait_for(|stopping| *stopping).await),
        }
    };
    let answer = service_fn(move |mut request: Request<_>| {
        request.extensions_mut().insert(visitor.clone());
        let front = front.clone();
        async move { Ok::<_, Infallible>(front.handle(request.map(Body::new)).await) }
    });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_LIMIT)
            .max_buf_size(HEAD_BYTES)
            .keep_alive(!is_last)
            .serve_connection(TokioIo::new(stream), answer)
            .with_upgrades()
    );
    let done = tokio::select! {
        done = connection.as_mut() => done,
        () = stops => {
            // What was asked is answered; then it closes.
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = done {
        tracing::debug!(%address, "not HTTP: {error}");
    }
}
