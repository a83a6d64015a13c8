//! The networks that this device is in, as far as the browser tells them apart: by the addresses that it gathers.
//!
//! To a page that may use the camera, Chromium shows the addresses of all networks, and numbers the networks in each
//! candidate.

use std::{cell::RefCell, rc::Rc};

use gloo_timers::future::TimeoutFuture;
use js_sys::{JsString, RegExp};

use super::{
    configuration::Configuration, listeners::PeerEvent, peer::Peer, realm::sees_the_network_late,
};

/// How long to wait for the addresses of this device, in so many steps of so many ms: a frame just made has them after
/// 200 to 550 ms (Chromium 156).
const STEPS: u32 = 20;
const STEP: u32 = 100;

/// The address and the network of a candidate that is an address of this device, in a network that costs less than 100,
/// as Chromium reckons; 0 is left out. Mobile ones, which are paid for by what they carry, are above that; none was tried.
const HOST: &str =
    r"^\S+ \S+ \S+ \S+ (\S+) \S+ typ host.* network-id (\d+)(?!\d| network-cost \d{3})";

/// The network of any candidate.
const NETWORK: &str = r" network-id (\d+)";

/// Candidates that a server has found, by its kind; and priorities (RFC 8445, 5.1.2.1) that put those just below
/// addresses of this device (126 << 24), and above what the other side makes up (110 << 24) where packets come
/// from somewhere that it was not told.
const RAISED: [(&str, &str); 2] = [
    (r"^(\S+ \S+ \S+) \d+(?=.* typ srflx)", "$1 2097152000"),
    (r"^(\S+ \S+ \S+) \d+(?=.* typ relay)", "$1 1862270976"),
];

/// Keeps a connection that answers off a network, by telling no way to reach it there. The browser sends from there all
/// the same; so what is told has to be preferred to what is not, and where the connection went is to be looked at.
#[derive(Debug)]
pub struct Pinned {
    /// An address in the network to keep off.
    off: String,
    /// The numbers of the other networks.
    others: Vec<String>,
}

impl Pinned {
    /// Keeps off the network of that address.
    #[must_use]
    pub fn off(address: String) -> Self {
        Self {
            off: address,
            others: Vec::new(),
        }
    }

    /// What is told of a candidate; none if nothing is. Of each network, an address of this device comes first.
    pub fn tells(&mut self, candidate: &str) -> Option<String> {
        let network = first_part(NETWORK, candidate)?;
        if first_part(HOST, candidate).is_some_and(|address| is_other(&address, &self.off)) {
            self.others.push(network.clone());
        }
        self.others.contains(&network).then(|| {
            let mut told = JsString::from(candidate);
            for (priority, raised) in RAISED {
                told = told.replace_by_pattern(&RegExp::new(priority, ""), raised);
            }
            told.into()
        })
    }
}

fn first_part(pattern: &str, of: &str) -> Option<String> {
    RegExp::new(pattern, "").exec(of)?.get(1).as_string()
}

/// Whether the two are in different networks: they are told apart by address (IPv4) or by the first 64 bits of it
/// (IPv6). Of one of either kind, nothing is known: it may be the same network that has both.
#[must_use]
pub fn is_other(address: &str, than: &str) -> bool {
    is_comparable(address, than) && network(address) != network(than)
}

/// Whether the two are in the same network, beyond doubt.
#[must_use]
pub fn is_same(address: &str, than: &str) -> bool {
    is_comparable(address, than) && network(address) == network(than)
}

fn is_comparable(address: &str, than: &str) -> bool {
    is_known(address) && is_known(than) && address.contains(':') == than.contains(':')
}

/// Whether an address tells a network: not one that is hidden, nor one of those that a device has beside its address on
/// the internet (RFC 4193, RFC 4291).
#[must_use]
pub fn is_known(address: &str) -> bool {
    !RegExp::new(r"^$|^0\.0\.0\.0$|^::$|\.local$|^f[cd]\w*:|^fe80:", "").test(address)
}

/// An address of IPv4, or the first 64 bits of one of IPv6 as browsers write it (RFC 5952): without zeros at the end,
/// of which `::` may be some.
fn network(address: &str) -> JsString {
    let whole = RegExp::new(r"^((?:[^:]+:(?!:)){0,3}[^:]+).*", "");
    let first = JsString::from(address).replace_by_pattern(&whole, "$1");
    first.replace_by_pattern(&RegExp::new("(:0)+$", ""), "")
}

/// The addresses of this device, of every network that it is in and that may be kept busy, as they are now. None where
/// the browser does not show them, or has not shown all of them in time: what is missing then may be there.
pub async fn addresses() -> Option<Vec<String>> {
    if !sees_the_network_late() {
        return None;
    }
    let found = Rc::<RefCell<Vec<_>>>::default();
    let into = Rc::clone(&found);
    let peer = Peer::new(&Configuration::default(), true, move |event| {
        if let PeerEvent::Candidate(candidate) = event {
            into.borrow_mut()
                .extend(first_part(HOST, &candidate.candidate));
        }
    });
    let peer = peer.ok()?;
    peer.open_channel(|_| {});
    let _ = peer.set_local_description().await;
    for _ in 0..STEPS {
        TimeoutFuture::new(STEP).await;
        if peer.state().gathering == "complete" {
            return Some(found.take());
        }
    }
    None
}

/// A description in which no candidate is named.
#[must_use]
pub fn without_candidates(sdp: &str) -> String {
    let lines = RegExp::new(r"a=(candidate:|end-of-candidates).*\r\n", "g");
    JsString::from(sdp).replace_by_pattern(&lines, "").into()
}
