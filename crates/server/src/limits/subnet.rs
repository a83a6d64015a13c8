//! The part of the network that one subscriber has.

use std::net::{IpAddr, Ipv6Addr};

/// An IPv4 address, or a /64 of IPv6: as much as one house or company is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Subnet(IpAddr);

impl Subnet {
    /// The one that an address belongs to.
    pub(super) fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => address.into(),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
            }
        })
    }
}
