//! STUN and TURN servers for the pages.

use std::{
    io,
    net::{Ipv6Addr, SocketAddr},
};

use serde_json::{Value, json};

use super::admission::host_in;
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
    let has_tls =
        options.tls.is_some() || options.tls_cert.is_some() || !options.domains.is_empty();
    let (listens, port) = (options.listen.ip(), options.listen.port());
    let is_reached = listens.is_unspecified() || listens == turn.ip();
    // The certificate is for these, where there are any.
    let hosts = match &options.domains[..] {
        [] => &options.hosts,
        domains => domains,
    };
    let mut hosts = hosts.iter().map(|host| host_in(host));
    match hosts.find(|host| !host.is_empty()) {
        _ if options.behind_proxy => None,
        Some(host) if has_tls => {
            let host = match host.parse::<Ipv6Addr>() {
                Ok(address) => format!("[{address}]"),
                Err(_) => host.to_owned(),
            };
            Some(format!("turns:{host}:{port}?transport=tcp"))
        }
        _ if has_tls || !is_reached => None,
        _ => {
            let address = SocketAddr::new(turn.ip(), port);
            Some(format!("turn:{address}?transport=tcp"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Tls;

    #[test]
    fn what_pages_are_told_is_a_url_whatever_the_hosts_are() {
        let turn: SocketAddr = "203.0.113.5:3478".parse().expect("an address");
        let of = |hosts: &[&str], tls: Option<Tls>, listen: &str| {
            let mut options = Options::default().at(listen.parse().expect("an address"));
            options.hosts = hosts.iter().map(|&host| host.to_owned()).collect();
            options.tls = tls;
            stream(&options, turn)
        };
        let own = Some(Tls::SelfSigned);
        for (hosts, url) in [
            (
                &["call.example.org"][..],
                Some("turns:call.example.org:443?transport=tcp"),
            ),
            (
                &["", "a.example:8443"],
                Some("turns:a.example:443?transport=tcp"),
            ),
            (&["fd00::5"], Some("turns:[fd00::5]:443?transport=tcp")),
            (&[""], None),
            (&[], None),
        ] {
            assert_eq!(of(hosts, own, "0.0.0.0:443").as_deref(), url, "{hosts:?}");
        }
        let options = Options {
            hosts: vec!["other.example".to_owned()],
            domains: vec!["call.example.org".to_owned()],
            ..Options::default()
        };
        let options = options.at("[::]:443".parse().expect("an address"));
        let url = "turns:call.example.org:443?transport=tcp";
        assert_eq!(stream(&options, turn).as_deref(), Some(url));
        let plain = Some("turn:203.0.113.5:80?transport=tcp");
        assert_eq!(of(&[], None, "0.0.0.0:80").as_deref(), plain);
        assert_eq!(of(&[], None, "127.0.0.1:80"), None, "nobody could reach it");
    }
}
