//! The parts of the network that one subscriber has.

use std::net::{IpAddr, Ipv6Addr};

/// How many houses may be behind what one company is given, as far as limits go.
const HOUSES: usize = 16;

/// A part of the network that is counted as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Subnet {
    address: IpAddr,
    houses: usize,
}

impl Subnet {
    /// Those that an address belongs to: of IPv4 itself; of IPv6 a /64, as one house has it, and a /48, which
    /// has 65,536 of those, and may be one company's.
    pub(super) fn of(address: IpAddr) -> impl Iterator<Item = Self> {
        let (house, site) = match address.to_canonical() {
            IpAddr::V4(address) => (address.into(), None),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                let site = Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0);
                (Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into(), Some(site))
            }
        };
        let house = Self {
            address: house,
            houses: 1,
        };
        let site = site.map(|site| Self {
            address: site.into(),
            houses: HOUSES,
        });
        [house].into_iter().chain(site)
    }

    /// The smallest that an address belongs to.
    pub(super) fn house(address: IpAddr) -> Self {
        let bare = Self { address, houses: 1 };
        Self::of(address).next().unwrap_or(bare)
    }

    /// Its first address.
    pub(super) fn address(self) -> IpAddr {
        self.address
    }

    /// How many houses it is taken for.
    pub(super) fn houses(self) -> usize {
        self.houses
    }
}
