//! STUN and TURN servers for the pages, with passwords that end by themselves: those of the TURN
//! REST API, which coturn understands (`use-auth-secret`).

use std::{io, time::Duration};

use serde_json::{Value, json};
use turn::auth::generate_long_term_credentials;

use crate::options::Options;

/// How long a password is good: for a day that a page stays open. It asks for a new one before each
/// restart.
const PASSWORD_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// The answer that pages are given.
pub(crate) struct Ice {
    stun: Vec<String>,
    /// Those that share a secret: our own, and others.
    turn: Vec<(Vec<String>, String)>,
}

impl Ice {
    /// `own_secret`: that of the TURN server in this process, if there is one.
    pub(crate) fn new(options: &Options, own_secret: Option<String>) -> io::Result<Self> {
        let (named, mut stun): (Vec<String>, Vec<String>) = options
            .turn_urls
            .iter()
            .cloned()
            .partition(|url| url.starts_with("turn"));
        let mut turn = Vec::new();
        if let (Some(address), Some(secret)) = (options.turn, own_secret) {
            stun.push(format!("stun:{address}"));
            turn.push((vec![format!("turn:{address}?transport=udp")], secret));
        }
        match &options.turn_secret {
            _ if named.is_empty() => {}
            Some(secret) => turn.push((named, secret.clone())),
            None => {
                return Err(io::Error::other(
                    "--turn-url needs --turn-secret, to make passwords",
                ));
            }
        }
        Ok(Self { stun, turn })
    }

    /// An `RTCIceServer` list (WebRTC 1.0, 4.2.4), as `{"iceServers": […]}`.
    pub(crate) fn servers(&self) -> Value {
        let mut servers = Vec::new();
        if !self.stun.is_empty() {
            servers.push(json!({ "urls": self.stun }));
        }
        for (urls, secret) in &self.turn {
            // Fails only before 1970.
            if let Ok((username, credential)) =
                generate_long_term_credentials(secret, PASSWORD_LIFE)
            {
                servers
                    .push(json!({ "urls": urls, "username": username, "credential": credential }));
            }
        }
        json!({ "iceServers": servers })
    }
}
