//! Admission to the server: by origin, by pass, and by how many there are already.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

use axum::http::{HeaderMap, header};
use tokio::time::Instant;

use crate::{limits::Permit, state::Server};

/// The client that asks; in the request's extensions.
#[derive(Clone)]
pub(super) struct Visitor {
    pub(super) address: SocketAddr,
    /// For a WebSocket, which stays longer than the request takes.
    pub(super) permit: Arc<Mutex<Option<Permit>>>,
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
    let is_own = host.is_some_and(|host| {
        let named = origin.split_once("://").map(|(_, rest)| rest);
        named.is_some_and(|named| named.eq_ignore_ascii_case(host))
    });
    let mut named = server.options.origins.iter();
    is_own || named.any(|named| named == "*" || named.eq_ignore_ascii_case(origin))
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

/// Why there is no place for it.
pub(super) fn crowded(server: &Server, permit: &Permit) -> Option<&'static str> {
    let count = permit.count();
    if count.in_all > server.options.max_connections {
        Some("the server is full; try again later")
    } else if count.from_here > server.options.max_per_address {
        Some("too many connections from your network; close one, or try again later")
    } else {
        None
    }
}

/// The address that connects, as the nearest proxy says.
fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?;
    let address = last.to_str().ok()?.rsplit(',').next()?;
    address.trim().parse().ok()
}
