//! HTTP at addresses beside the page's own, for whoever runs the server.

use std::{io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::TcpListener,
    sync::Semaphore,
    time::{sleep, timeout},
};

use super::accept::{HEAD_LIMIT, PAUSE};

/// How many may ask at once: who is not let in takes no file descriptors from who is.
const ASKERS: usize = 64;

/// How long an answer may take, its request included.
const ANSWER_LIMIT: Duration = Duration::from_secs(60);

/// Answers there; for ever. `option` is what the address is named by.
///
/// # Errors
/// When the address cannot be had.
pub(crate) async fn aside(
    option: &str,
    address: SocketAddr,
    app: Router,
) -> io::Result<impl Future<Output = io::Result<()>> + use<>> {
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| io::Error::new(error.kind(), format!("{option} {address}: {error}")))?;
    tracing::info!(address = %listener.local_addr()?, "{option} answers");
    Ok(accept(listener, app))
}

async fn accept(listener: TcpListener, app: Router) -> io::Result<()> {
    let askers = Arc::new(Semaphore::new(ASKERS));
    loop {
        let place = askers.clone().acquire_owned();
        let place = place.await.map_err(io::Error::other)?;
        let stream = match listener.accept().await {
            Ok((stream, _)) => TokioIo::new(stream),
            Err(error) => {
                tracing::warn!("cannot accept a connection: {error}");
                sleep(PAUSE).await;
                continue;
            }
        };
        let app = TowerToHyperService::new(app.clone());
        tokio::spawn(async move {
            let mut http = http1::Builder::new();
            http.timer(TokioTimer::new())
                .header_read_timeout(HEAD_LIMIT);
            let connection = pin!(http.keep_alive(false).serve_connection(stream, app));
            if let Ok(Err(error)) = timeout(ANSWER_LIMIT, connection).await {
                tracing::debug!("not HTTP: {error}");
            }
            drop(place);
        });
    }
}
