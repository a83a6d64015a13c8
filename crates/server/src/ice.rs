//! STUN and TURN servers for the pages, with passwords that end by themselves: those of the TURN
//! REST API, which coturn understands (`use-auth-secret`).

use std::time::Duration;

use serde_json::{Value, json};
use turn::auth::generate_long_term_credentials;

use crate::Options;

/// How long a password is good. A page asks for a new one before each restart.
const PASSWORD_LIFE: Duration = Duration::from_secs(6 * 60 * 60);

/// What pages are told.
pub(crate) struct Ice {
    stun: Vec<String>,
    turn: Vec<String>,
    secret: Option<String>,
}

impl Ice {
    /// `own_secret`: that of the TURN server in this process, if there is one.
    pub(crate) fn new(options: &Options, own_secret: Option<String>) -> Self {
        let (mut turn, mut stun): (Vec<String>, Vec<String>) = options
            .turn_urls
            .iter()
            .cloned()
            .partition(|url| url.starts_with("turn"));
        if let Some(address) = options.turn {
            stun.push(format!("stun:{address}"));
            turn.push(format!("turn:{address}?transport=udp"));
        }
        let secret = own_secret.or_else(|| options.turn_secret.clone());
        Self { stun, turn, secret }
    }

    /// An `RTCIceServer` list (WebRTC 1.0, 4.2.4), as `{"iceServers": […]}`.
    pub(crate) fn servers(&self) -> Value {
        let mut servers = Vec::new();
        if !self.stun.is_empty() {
            servers.push(json!({ "urls": self.stun }));
        }
        let password = self
            .secret
            .as_ref()
            .filter(|_| !self.turn.is_empty())
            .and_then(|secret| generate_long_term_credentials(secret, PASSWORD_LIFE).ok());
        if let Some((username, credential)) = password {
            servers
                .push(json!({ "urls": self.turn, "username": username, "credential": credential }));
        }
        json!({ "iceServers": servers })
    }
}
