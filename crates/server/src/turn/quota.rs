//! How many relays one user, and one household, may have, and how many peers each relay.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    time::{Duration, Instant},
};

/// Relays of one user, who gets a name with each answer of `/ice`: a call takes two to four, and each race of legs
/// as many again.
const PER_USER: usize = 32;

/// Relays of one address; of IPv6, one /64. As many clients over streams.
pub(super) const PER_HOUSEHOLD: usize = 256;

/// Permissions and channels that are granted to one relay in so long: a call has some ten peers, each of which is
/// permitted anew every four minutes.
const PEERS: usize = 256;
const PERMISSION_LIFE: Duration = Duration::from_secs(5 * 60);

/// Who has relays.
#[derive(Debug, Default)]
pub(super) struct Quota(HashMap<SocketAddr, Relay>);

/// Who wants a relay, or has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Client {
    pub(super) name: String,
    pub(super) over_stream: bool,
    household: IpAddr,
}

#[derive(Debug)]
struct Relay {
    client: Client,
    /// The address that others see.
    relayed: SocketAddr,
    /// How many peers were permitted since when.
    peers: usize,
    since: Instant,
}

/// The address, of which a house has one; of IPv6, the /64.
pub(super) fn household(address: SocketAddr) -> IpAddr {
    match address.ip().to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

impl Client {
    pub(super) fn new(name: String, address: SocketAddr, over_stream: bool) -> Self {
        Self {
            name,
            over_stream,
            household: household(address),
        }
    }
}

impl Quota {
    /// Whether somebody may have one more.
    pub(super) fn has_room(&self, client: &Client) -> bool {
        let many = |is_one: fn(&Client, &Client) -> bool| {
            let relays = self.0.values();
            relays.filter(|relay| is_one(&relay.client, client)).count()
        };
        many(|one, other| one.name == other.name) < PER_USER
            && many(|one, other| one.household == other.household) < PER_HOUSEHOLD
    }

    /// A client at that address has a relay.
    pub(super) fn add(
        &mut self,
        address: SocketAddr,
        client: Client,
        relayed: SocketAddr,
        now: Instant,
    ) {
        let relay = Relay {
            client,
            relayed,
            peers: 0,
            since: now,
        };
        self.0.insert(address, relay);
    }

    /// That relay has ended; the client may have another by now.
    pub(super) fn remove(&mut self, address: SocketAddr, relayed: SocketAddr) {
        if self
            .0
            .get(&address)
            .is_some_and(|relay| relay.relayed == relayed)
        {
            self.0.remove(&address);
        }
    }

    /// Who has a relay from that address.
    pub(super) fn client(&self, address: SocketAddr) -> Option<&Client> {
        self.0.get(&address).map(|relay| &relay.client)
    }

    /// Whether a relay may have so many peers more.
    pub(super) fn may_permit(&mut self, address: SocketAddr, peers: usize, now: Instant) -> bool {
        let Some(relay) = self.0.get_mut(&address) else {
            return false;
        };
        if now.duration_since(relay.since) > PERMISSION_LIFE {
            (relay.peers, relay.since) = (0, now);
        }
        relay.peers + peers <= PEERS
    }

    /// They were permitted.
    pub(super) fn permit(&mut self, address: SocketAddr, peers: usize) {
        if let Some(relay) = self.0.get_mut(&address) {
            relay.peers += peers;
        }
    }

    pub(super) fn relays(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(ip: &str, port: usize) -> SocketAddr {
        let port = u16::try_from(port).expect("few");
        SocketAddr::new(ip.parse().expect("an address"), port)
    }

    fn fill(quota: &mut Quota, many: usize, ip: &str, name: impl Fn(usize) -> String) -> usize {
        (0..many)
            .take_while(|n| {
                let address = address(ip, 1000 + quota.relays());
                let client = Client::new(name(*n), address, false);
                let has_room = quota.has_room(&client);
                if has_room {
                    quota.add(address, client, address, Instant::now());
                }
                has_room
            })
            .count()
    }

    #[test]
    fn a_user_has_so_many_relays_and_a_household_more() {
        let mut quota = Quota::default();
        assert_eq!(fill(&mut quota, 100, "192.0.2.1", |_| "ann".into()), 32);
        // The same name from elsewhere is the same user.
        assert_eq!(fill(&mut quota, 100, "192.0.2.2", |_| "ann".into()), 0);
        let others = fill(&mut quota, 1000, "192.0.2.1", |n| n.to_string());
        assert_eq!(others, 256 - 32);
        assert_eq!(fill(&mut quota, 1, "192.0.2.2", |_| "bob".into()), 1);
        let mut quota = Quota::default();
        assert_eq!(fill(&mut quota, 200, "2001:db8::1", |n| n.to_string()), 200);
        let more = fill(&mut quota, 200, "2001:db8::9:1", |n| format!("b{n}"));
        assert_eq!(more, 56, "of one /64");
        assert_eq!(fill(&mut quota, 9, "2001:db8:0:1::1", |n| n.to_string()), 9);
    }

    #[test]
    fn what_has_ended_counts_no_more_and_what_came_after_it_does() {
        let mut quota = Quota::default();
        fill(&mut quota, 100, "192.0.2.1", |_| "ann".into());
        let first = address("192.0.2.1", 1000);
        assert_eq!(quota.client(first).map(|client| &*client.name), Some("ann"));
        // The news of an earlier relay's end, which came late.
        quota.remove(first, address("192.0.2.9", 1));
        assert_eq!(quota.relays(), 32);
        quota.remove(first, first);
        assert_eq!(fill(&mut quota, 100, "192.0.2.7", |_| "ann".into()), 1);
    }

    #[test]
    fn a_relay_has_so_many_peers_in_five_minutes() {
        let mut quota = Quota::default();
        let (first, now) = (address("192.0.2.1", 1000), Instant::now());
        assert!(!quota.may_permit(first, 1, now), "there is no relay");
        fill(&mut quota, 1, "192.0.2.1", |_| "ann".into());
        for _ in 0..4 {
            assert!(quota.may_permit(first, 60, now));
            quota.permit(first, 60);
        }
        assert!(quota.may_permit(first, 16, now) && !quota.may_permit(first, 17, now));
        assert!(quota.may_permit(first, 256, now + Duration::from_secs(301)));
    }
}
