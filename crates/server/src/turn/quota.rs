//! How many relays one user, and one household, may have.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr, SocketAddr},
};

/// Relays of one user, who gets a name with each answer of `/ice`: a call takes two to four, and each race of legs
/// as many again.
const PER_USER: usize = 32;

/// Relays of one address; of IPv6, one /64.
const PER_HOUSEHOLD: usize = 256;

/// Who has relays.
#[derive(Debug, Default)]
pub(super) struct Quota(HashMap<SocketAddr, Client>);

/// Somebody who has a relay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Client {
    pub(super) name: String,
    household: IpAddr,
}

impl Client {
    pub(super) fn new(name: String, address: SocketAddr) -> Self {
        let household = match address.ip().to_canonical() {
            IpAddr::V4(address) => address.into(),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
            }
        };
        Self { name, household }
    }
}

impl Quota {
    /// Whether somebody may have one more.
    pub(super) fn has_room(&self, client: &Client) -> bool {
        let many = |is_one: fn(&Client, &Client) -> bool| {
            let others = self.0.values();
            others.filter(|other| is_one(other, client)).count()
        };
        many(|one, other| one.name == other.name) < PER_USER
            && many(|one, other| one.household == other.household) < PER_HOUSEHOLD
    }

    /// A client at that address has a relay.
    pub(super) fn add(&mut self, address: SocketAddr, client: Client) {
        self.0.insert(address, client);
    }

    /// It has none any more.
    pub(super) fn remove(&mut self, address: SocketAddr) {
        self.0.remove(&address);
    }

    /// Who has a relay from that address.
    pub(super) fn client(&self, address: SocketAddr) -> Option<&Client> {
        self.0.get(&address)
    }

    pub(super) fn relays(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(quota: &mut Quota, many: usize, ip: &str, name: impl Fn(usize) -> String) -> usize {
        (0..many)
            .take_while(|n| {
                let port = 1000 + u16::try_from(quota.relays()).expect("few");
                let address = SocketAddr::new(ip.parse().expect("an address"), port);
                let client = Client::new(name(*n), address);
                let has_room = quota.has_room(&client);
                if has_room {
                    quota.add(address, client);
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
    fn what_has_ended_counts_no_more() {
        let mut quota = Quota::default();
        fill(&mut quota, 100, "192.0.2.1", |_| "ann".into());
        let first: SocketAddr = "192.0.2.1:1000".parse().expect("an address");
        assert_eq!(quota.client(first).map(|client| &*client.name), Some("ann"));
        quota.remove(first);
        assert_eq!(fill(&mut quota, 100, "192.0.2.7", |_| "ann".into()), 1);
    }
}
