//! The signaling server: a relay that knows names, and serves the page on the same port.
//!
//! | file | purpose |
//! |---|---|
//! | `options.rs` | what can be set from the command line and the environment |
//! | `lobby.rs` | who is there under which name, and who gets which message: no I/O |
//! | `session.rs` | what one person is sent, over whichever connection they have just now |
//! | `connection.rs` | one WebSocket, from upgrade to close |
//! | `site.rs` | the built page, from disk |

mod connection;
mod lobby;
mod options;
mod session;
mod site;

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    extract::{FromRequestParts, Request, State, WebSocketUpgrade},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use holdfast_protocol::{SESSION_SUBPROTOCOL, SUBPROTOCOL};
use tokio::{net::TcpListener, sync::watch, time::timeout};

pub use options::Options;

use crate::{lobby::Lobby, site::Site};

/// A frame above this ends the connection; one above
/// [`MAX_MESSAGE_BYTES`](holdfast_protocol::MAX_MESSAGE_BYTES) is only refused.
const MAX_FRAME_BYTES: usize = 1024 * 1024;

/// tungstenite's default of 128 KiB a connection is 30 times what an idle one needs.
const READ_BUFFER_BYTES: usize = 2048;

/// How long connections may take to close when the server stops.
const DRAIN_LIMIT: Duration = Duration::from_secs(5);

#[derive(Clone)]
struct Server {
    lobby: Arc<Mutex<Lobby>>,
    site: Site,
    stopping: Arc<watch::Sender<bool>>,
}

/// Serves until `stop` resolves, then closes every connection with code 1001 and returns.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    options: &Options,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let stopping = Arc::new(watch::Sender::new(false));
    let app = Router::new().fallback(answer).with_state(Server {
        lobby: Arc::default(),
        site: Site::new(&options.site),
        stopping: stopping.clone(),
    });
    tracing::info!(address = %listener.local_addr()?, "listening");
    tokio::select! {
        served = axum::serve(listener, app).into_future() => return served,
        () = stop => tracing::info!("stopping"),
    }
    stopping.send_replace(true);
    // Each connection holds a receiver; when the last one is gone, all have closed.
    let _ = timeout(DRAIN_LIMIT, stopping.closed()).await;
    Ok(())
}

/// A WebSocket on any path, files for everything else.
async fn answer(State(server): State<Server>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let Ok(upgrade) = WebSocketUpgrade::from_request_parts(&mut parts, &server).await else {
        return server.site.answer(Request::from_parts(parts, body)).await;
    };
    let upgrade = upgrade.protocols([SESSION_SUBPROTOCOL, SUBPROTOCOL]);
    let Some(selected) = upgrade.selected_protocol() else {
        let text = "Name the WebSocket subprotocol `json` in your request.\n";
        return (StatusCode::BAD_REQUEST, text).into_response();
    };
    let resumable = selected == SESSION_SUBPROTOCOL;
    let stopping = server.stopping.subscribe();
    upgrade
        .max_message_size(MAX_FRAME_BYTES)
        .max_frame_size(MAX_FRAME_BYTES)
        .read_buffer_size(READ_BUFFER_BYTES)
        .on_upgrade(move |socket| connection::run(socket, resumable, server.lobby, stopping))
}
