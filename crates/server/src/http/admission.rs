//! Admission to the server: by origin, by pass, and by how many there are already.

use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

use axum::http::{HeaderMap, header, uri::Authority};
use tokio::time::Instant;
use tungstenite::protocol::{CloseFrame, frame::coding::CloseCode};

use crate::{limits::Permit, meter::Received, metrics::Dropped, state::Server};

/// The client that asks; in the request's extensions.
#[derive(Clone)]
pub(super) struct Visitor {
    pub(super) address: SocketAddr,
    /// For a WebSocket, which stays longer than the request takes.
    pub(super) permit: Arc<Mutex<Option<Permit>>>,
    /// What has come over its connection.
    pub(super) received: Received,
}

/// Where a request comes from.
pub(super) fn address(
    server: &Server,
    visitor: Option<&Visitor>,
    headers: &HeaderMap,
) -> Option<IpAddr> {
    let forwarded = server.options.behind_proxy.then(|| forwarded_for(headers));
    let address = forwarded.flatten();
    address.or_else(|| visitor.map(|visitor| visitor.address.ip()))
}

/// Why nobody is let in from there, if nobody is.
pub(super) fn banned(server: &Server, address: IpAddr) -> Option<&'static str> {
    let is_banned = server.bans.has(address, Instant::now());
    is_banned.then_some("whoever runs this server does not let you in")
}

/// Whether a request is for a host that this is. A page of another site whose name leads here (DNS
/// rebinding) would be let in as our own.
pub(super) fn is_for_us(server: &Server, headers: &HeaderMap) -> bool {
    let options = &server.options;
    let listens_to_itself = options.listen.ip().is_loopback() && !options.behind_proxy;
    // A variable that is set to nothing names none.
    let hosts = options.hosts.iter().filter(|host| !host.is_empty());
    if hosts.clone().next().is_none() && !listens_to_itself {
        return true;
    }
    let mut hosts = hosts.map(|named| host_in(named));
    is_asked_by_address(headers)
        || host_of(headers).is_some_and(|host| {
            let host = host_in(host.as_str());
            hosts.any(|named| named.eq_ignore_ascii_case(host))
        })
}

/// Whether a request is for an address, or for this very machine: no name leads here that somebody else has given.
pub(super) fn is_asked_by_address(headers: &HeaderMap) -> bool {
    let Some(host) = host_of(headers) else {
        // No browser is without one.
        return !headers.contains_key(header::HOST);
    };
    let host = host_in(host.as_str());
    let is_address = host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    is_address || host.eq_ignore_ascii_case("localhost")
}

fn host_of(headers: &HeaderMap) -> Option<Authority> {
    headers.get(header::HOST)?.to_str().ok()?.parse().ok()
}

/// The host, without a port and the dot that names may end in.
pub(super) fn host_in(authority: &str) -> &str {
    let is_port = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_address = authority.parse::<Ipv6Addr>().is_ok();
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if is_port(port) && !is_address => host,
        _ => authority,
    };
    host.strip_suffix('.').unwrap_or(host)
}

/// Whether a good pass comes with a request, or none is asked for.
pub(super) fn has_pass(server: &Server, headers: &HeaderMap) -> bool {
    let Some(passes) = &*server.passes else {
        return true;
    };
    let authorization = headers.get(header::AUTHORIZATION);
    let token = authorization.and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    token.is_some_and(|token| passes.read(token).is_some())
}

/// Whether the page that asks is the server's own, or of a site that was named. Who names no
/// origin is no browser.
pub(super) fn may_connect(server: &Server, headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    let Ok(origin) = origin.to_str() else {
        return false;
    };
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let is_own = host.is_some_and(|host| is_origin_of(origin, host));
    let mut named = server.options.origins.iter();
    is_own || named.any(|named| named == "*" || named.eq_ignore_ascii_case(origin))
}

/// Whether a page of that origin came from that host. A proxy may name the port that a browser leaves out.
fn is_origin_of(origin: &str, host: &str) -> bool {
    let Some((scheme, named)) = origin.split_once("://") else {
        return false;
    };
    let usual = match scheme {
        "https" => ":443",
        _ => ":80",
    };
    let [named, host] = [named, host].map(|name| name.strip_suffix(usual).unwrap_or(name));
    named.eq_ignore_ascii_case(host)
}

/// The permit that a connection was let in with, which goes on with its WebSocket. Behind a proxy it
/// is counted only now that it is known whose it is.
pub(super) fn permit(
    server: &Server,
    visitor: Option<&Visitor>,
    headers: &HeaderMap,
) -> Option<Permit> {
    let held = visitor.and_then(|visitor| {
        let held = visitor.permit.lock();
        held.unwrap_or_else(PoisonError::into_inner).take()
    });
    let forwarded = server.options.behind_proxy.then(|| forwarded_for(headers));
    let Some(address) = forwarded.flatten() else {
        return held;
    };
    drop(held);
    Some(server.limits.admit(address, Instant::now()))
}

/// Why nobody is let in with that permit, if so; and how that is counted.
pub(super) fn turned_away(server: &Server, permit: &Permit) -> Option<(Dropped, CloseFrame)> {
    let close = |code, reason: &'static str| CloseFrame {
        code,
        reason: reason.into(),
    };
    let crowded = |reason| Some((Dropped::TooMany, close(CloseCode::Again, reason)));
    let count = permit.count();
    if let Some(reason) = banned(server, permit.address()) {
        Some((Dropped::Operator, close(CloseCode::Policy, reason)))
    } else if count.in_all > server.options.max_connections {
        crowded("the server is full; try again later")
    } else if count.from_here > server.options.max_per_address {
        crowded("too many connections from your network; close one, or try again later")
    } else {
        None
    }
}

/// The address that connects, as the nearest proxy says.
fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?;
    let address = last.to_str().ok()?.rsplit(',').next()?;
    address_in(address.trim())
}

/// An address, with a port or without: proxies write both.
fn address_in(text: &str) -> Option<IpAddr> {
    let bare = text.trim_matches(['[', ']']).parse().ok();
    bare.or_else(|| text.parse().ok().map(|address: SocketAddr| address.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_with_a_port_and_without() {
        let read = |text| address_in(text).map(|address| address.to_string());
        for (text, address) in [
            ("192.0.2.1", "192.0.2.1"),
            ("192.0.2.1:4711", "192.0.2.1"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
        ] {
            assert_eq!(read(text).as_deref(), Some(address), "{text}");
        }
        for text in ["", "unknown", "192.0.2.1:", "192.0.2.1:x", "example.org"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_host_is_read_with_a_port_and_without() {
        for (text, host) in [
            ("a.example", "a.example"),
            ("a.example:8443", "a.example"),
            ("a.example.:8443", "a.example"),
            ("[::1]:8443", "[::1]"),
            ("[::1]", "[::1]"),
            ("127.0.0.1:", "127.0.0.1"),
        ] {
            assert_eq!(host_in(text), host, "{text}");
        }
    }

    #[test]
    fn an_origin_is_that_of_a_host_with_the_usual_port_or_without() {
        for (origin, host) in [
            ("https://a.example", "a.example"),
            ("https://a.example", "a.example:443"),
            ("http://A.example", "a.example:80"),
            ("http://a.example:8080", "a.example:8080"),
        ] {
            assert!(is_origin_of(origin, host), "{origin} {host}");
        }
        for (origin, host) in [
            ("https://a.example", "a.example:80"),
            ("http://a.example", "a.example:443"),
            ("https://a.example:8443", "a.example"),
            ("https://a.example.b", "a.example"),
            ("null", "null"),
            ("a.example", "a.example"),
        ] {
            assert!(!is_origin_of(origin, host), "{origin} {host}");
        }
    }
}
