//! From a TCP connection to HTTP requests.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::body::Body;
use hyper::{Request, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};

use crate::{Server, limits::Permit, metrics::Dropped};

/// How long a client may take to say what it wants.
const HEAD_LIMIT: Duration = Duration::from_secs(10);

/// A page loads its files over a few connections beside its WebSocket, and who is turned away over
/// one of these hears why. Beyond this there are no words.
const SPARE: usize = 64;

/// After an error that will not go away by itself, as that there are no more file descriptors.
const PAUSE: Duration = Duration::from_millis(50);

/// Who asks; in the request's extensions.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) address: SocketAddr,
    /// For whoever stays longer than the request takes.
    pub(crate) permit: Arc<Mutex<Option<Permit>>>,
}

/// Takes connections, for ever.
pub(crate) async fn run(listener: TcpListener, server: Server) {
    loop {
        match listener.accept().await {
            Ok((stream, address)) => admit(stream, address, &server),
            Err(error) => {
                tracing::warn!("cannot accept a connection: {error}");
                sleep(PAUSE).await;
            }
        }
    }
}

fn admit(stream: TcpStream, address: SocketAddr, server: &Server) {
    let (permit, count) = server.addresses.admit(address.ip());
    let options = &server.options;
    let crowded = !options.behind_proxy && count.from_here > options.max_per_address + SPARE;
    if crowded || count.in_all > options.max_connections + SPARE {
        return server.metrics.dropped(Dropped::TooMany);
    }
    // Messages are small, and wanted at once.
    let _ = stream.set_nodelay(true);
    let client = Client {
        address,
        permit: Arc::new(Mutex::new(Some(permit))),
    };
    let server = server.clone();
    tokio::spawn(async move {
        match &server.tls {
            Some(tls) => match timeout(HEAD_LIMIT, tls.accept(stream)).await {
                Ok(Ok(stream)) => serve(stream, client, server).await,
                Ok(Err(error)) => tracing::debug!(%address, "not TLS: {error}"),
                Err(_) => tracing::debug!(%address, "too slow for TLS"),
            },
            None => serve(stream, client, server).await,
        }
    });
}

async fn serve<S>(stream: S, client: Client, server: Server)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let address = client.address;
    let answer = service_fn(move |mut request: Request<_>| {
        request.extensions_mut().insert(client.clone());
        let server = server.clone();
        async move { Ok::<_, Infallible>(server.answer(request.map(Body::new)).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_LIMIT)
        .serve_connection(TokioIo::new(stream), answer)
        .with_upgrades();
    if let Err(error) = connection.await {
        tracing::debug!(%address, "not HTTP: {error}");
    }
}
