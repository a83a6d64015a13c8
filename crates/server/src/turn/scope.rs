//! How far addresses carry.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How far an address carries. A relay on the internet must not be a way into the network that it
/// stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scope {
    /// This machine.
    Machine,
    /// This house or company; or nowhere that a call could go.
    House,
    /// Everywhere.
    World,
}

impl Scope {
    pub(super) fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::of_v4(address),
            IpAddr::V6(address) => match within(address) {
                Some(address) => Self::of_v4(address),
                None => Self::of_v6(address),
            },
        }
    }

    fn of_v4(address: Ipv4Addr) -> Self {
        if address.is_loopback() || address.is_unspecified() {
            return Self::Machine;
        }
        let is_special = match address.octets() {
            // RFC 6890: this network, protocols, benchmarks; RFC 6598: between a provider and its customers;
            // RFC 1112: kept for later.
            [0, ..]
            | [192, 0, 0, _]
            | [198, 18 | 19, ..]
            | [100, 64..128, ..]
            | [240..=255, ..] => true,
            _ => address.is_private() || address.is_link_local() || address.is_multicast(),
        };
        match is_special {
            true => Self::House,
            false => Self::World,
        }
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        if address.is_loopback() || address.is_unspecified() {
            return Self::Machine;
        }
        let is_special = match address.segments() {
            // RFC 8215: NAT64 of one's own; RFC 6666: nowhere; RFC 3879: a site's own, as it was; RFC 2928:
            // protocols; RFC 4291: IPv4, as it was.
            [0x64, 0xff9b, 1, ..]
            | [0x100, 0, 0, 0, ..]
            | [0xfec0..0xff00, ..]
            | [0x2001, 0..0x200, ..]
            | [0, 0, 0, 0, 0, 0, ..] => true,
            _ => {
                let is_own = address.is_unique_local() || address.is_unicast_link_local();
                is_own || address.is_multicast()
            }
        };
        match is_special {
            true => Self::House,
            false => Self::World,
        }
    }
}

/// The address of IPv4 that a gateway would send that on to: NAT64 (RFC 6052), 6to4 (RFC 3056).
fn within(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let pair = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => Some(pair(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_carry_as_far_as_their_kind_does() {
        let machine = [
            "127.0.0.1",
            "::1",
            "::ffff:127.0.0.1",
            "0.0.0.0",
            "64:ff9b::127.0.0.1",
        ];
        let house = [
            "192.168.1.9",
            "10.1.2.3",
            "100.64.0.1",
            "169.254.169.254",
            "0.1.2.3",
            "192.0.0.8",
            "198.19.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "fd00::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "100::1",
            "64:ff9b::10.1.2.3",
            "64:ff9b:1::1",
            "2002:0a01:0203::1",
            "2001:0:1::1",
            "::10.1.2.3",
            "::ffff:10.1.2.3",
        ];
        let world = [
            "203.0.113.5",
            "2001:db8::1",
            "2a00::1",
            "64:ff9b::203.0.113.5",
            "2002:cb00:7105::1",
        ];
        let all = [
            (Scope::Machine, &machine[..]),
            (Scope::House, &house),
            (Scope::World, &world),
        ];
        for (scope, addresses) in all {
            for address in addresses {
                let parsed = address.parse().expect("an address");
                assert_eq!(Scope::of(parsed), scope, "{address}");
            }
        }
    }
}
