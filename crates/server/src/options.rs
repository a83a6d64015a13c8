//! What can be set, from the command line or the environment.

use std::{net::SocketAddr, path::PathBuf};

use clap::Parser;

/// The Holdfast signaling server: it introduces browsers to each other, and serves the page.
///
/// WebSockets are taken on any path, with the subprotocol `json`; everything else is a file of the
/// site. Media never comes here: it goes from browser to browser.
#[derive(Debug, Clone, Parser)]
#[command(name = "holdfast-server", version)]
pub struct Options {
    /// Where to listen, an address and a port
    #[arg(long, env = "HOLDFAST_LISTEN", default_value = "127.0.0.1:6503")]
    pub listen: SocketAddr,

    /// The folder of the built page (`cargo xtask build` makes it)
    #[arg(long, env = "HOLDFAST_SITE", default_value = "dist")]
    pub site: PathBuf,

    /// What to log, to standard error: error, warn, info, debug, trace, or a tracing filter
    #[arg(long, env = "HOLDFAST_LOG", default_value = "info")]
    pub log: String,
}
