//! A STUN and TURN server in this process (RFC 8489, RFC 8656), so that one program is a whole installation. The
//! crate behind it knows UDP, and keeps something of every request without a password; what stands before it
//! answers those by itself, and carries TCP too.
//!
//! | file | purpose |
//! |---|---|
//! | `gate.rs` | what comes from clients: who is let through, and the answers to who is not |
//! | `quota.rs` | how many relays one user, and one household, may have, and how many peers each |
//! | `stream.rs` | clients over TCP and TLS, on the page's own port |
//! | `relays.rs`, `scope.rs` | the sockets that relay, and how far they reach |
//! | `passwords.rs` | passwords that end by themselves |

mod gate;
mod passwords;
mod quota;
mod relays;
mod scope;
mod stream;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::mpsc,
};
use turn::server::{
    Server,
    config::{ConnConfig, ServerConfig},
};

pub(crate) use self::passwords::Passwords;
use self::{gate::Gate, passwords::REALM, relays::Relays};

/// How many relays may have ended that have not been counted yet.
const ENDED: usize = 64;

/// The first byte of what a TURN client says over a stream is less than this (RFC 8489, 5); that of a request of
/// HTTP is a letter.
const FIRST_OF_HTTP: u8 = 4;

/// A server that runs until it is dropped.
pub(crate) struct Turn {
    _server: Server,
    gate: Arc<Gate>,
}

impl Turn {
    /// Starts the server that pages know under that address.
    pub(crate) async fn start(address: SocketAddr, passwords: Passwords) -> io::Result<Self> {
        let (socket, bind) = relays::bind(address).await?;
        let gate = Arc::new(Gate::new(socket, passwords.clone()));
        let (ended, mut relays_ended) = mpsc::channel(ENDED);
        let config = ServerConfig {
            conn_configs: vec![ConnConfig {
                conn: gate.clone(),
                relay_addr_generator: Box::new(Relays::new(address.ip(), bind)),
            }],
            realm: REALM.to_owned(),
            auth_handler: Arc::new(passwords),
            // The crate's own: 10 minutes.
            channel_bind_timeout: Duration::ZERO,
            alloc_close_notify: Some(ended),
        };
        tracing::info!(%address, "STUN and TURN");
        let server = Server::new(config).await.map_err(io::Error::other)?;
        let counted = gate.clone();
        tokio::spawn(async move {
            while let Some(ended) = relays_ended.recv().await {
                counted.relay_ended(ended.five_tuple.src_addr, ended.relay_addr);
            }
        });
        Ok(Self {
            _server: server,
            gate,
        })
    }

    /// Whether a connection whose first byte is that one is a TURN client's.
    pub(crate) fn is_turn(first: u8) -> bool {
        first < FIRST_OF_HTTP
    }

    /// Serves a TURN client over a stream, until it ends.
    pub(crate) fn carry<S>(
        &self,
        stream: S,
        address: SocketAddr,
    ) -> impl Future<Output = ()> + use<S>
    where
        S: AsyncRead + AsyncWrite + Send,
    {
        let gate = self.gate.clone();
        async move {
            if let Err(error) = stream::carry(&gate, stream, address).await {
                tracing::debug!(%address, "not TURN any more: {error}");
            }
        }
    }

    /// How many relays there are.
    pub(crate) fn relays(&self) -> usize {
        self.gate.relays()
    }
}
