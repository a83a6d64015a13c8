//! STUN and TURN servers for the pages.

use std::{io, net::SocketAddr};

use serde_json::{Value, json};

use crate::{options::Options, random, turn::Passwords};

/// The answer that pages are given.
pub(crate) struct Ice {
    stun: Vec<String>,
    /// Those that share a secret: our own, and others.
    turn: Vec<(Vec<String>, Passwords)>,
}

impl Ice {
    /// `own`: the passwords of the TURN server in this process, if there is one.
    pub(crate) fn new(options: &Options, own: Option<Passwords>) -> io::Result<Self> {
        let (named, mut stun): (Vec<String>, Vec<String>) = options
            .turn_urls
            .iter()
            .cloned()
            .partition(|url| url.starts_with("turn"));
        let mut turn = Vec::new();
        if let (Some(address), Some(passwords)) = (options.turn, own) {
            stun.push(format!("stun:{address}"));
            let udp = format!("turn:{address}?transport=udp");
            turn.push((
                [udp].into_iter().chain(stream(options, address)).collect(),
                passwords,
            ));
        }
        match &options.turn_secret {
            _ if named.is_empty() => {}
            Some(secret) => turn.push((named, Passwords::new(secret))),
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
        for (urls, passwords) in &self.turn {
            // Without randomness, who asks shares a name, and what a user may have.
            let user = random::name().unwrap_or_default();
            let (username, credential) = passwords.make(&user);
            servers.push(json!({ "urls": urls, "username": username, "credential": credential }));
        }
        json!({ "iceServers": servers })
    }
}

/// The TURN server in this process over a stream, at the page's own port: the way out of networks that let nothing
/// else pass. A browser looks whether the certificate is for the name.
fn stream(options: &Options, turn: SocketAddr) -> Option<String> {
    let has_tls = options.tls.is_some() || options.tls_cert.is_some();
    let (listens, port) = (options.listen.ip(), options.listen.port());
    let is_reached = listens.is_unspecified() || listens == turn.ip();
    match options.hosts.first() {
        _ if options.behind_proxy => None,
        Some(host) if has_tls => Some(format!("turns:{host}:{port}?transport=tcp")),
        _ if has_tls || !is_reached => None,
        _ => {
            let address = SocketAddr::new(turn.ip(), port);
            Some(format!("turn:{address}?transport=tcp"))
        }
    }
}
