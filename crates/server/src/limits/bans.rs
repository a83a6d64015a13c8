//! Who is not let in, because whoever runs the server says so.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::subnet::Subnet;

/// Until when which subnets are not let in.
#[derive(Debug, Default)]
pub(crate) struct Bans(Mutex<HashMap<Subnet, Instant>>);

/// Whether these are banned together.
pub(crate) fn is_one_house(one: IpAddr, other: IpAddr) -> bool {
    Subnet::house(one) == Subnet::house(other)
}

impl Bans {
    /// Lets nobody in from there for so long. An address of IPv6 stands for its /64, which one house has.
    pub(crate) fn ban(&self, address: IpAddr, time: Duration, now: Instant) {
        self.lock().insert(Subnet::house(address), now + time);
    }

    /// Lets them in again. Whether they were not.
    pub(crate) fn lift(&self, address: IpAddr) -> bool {
        self.lock().remove(&Subnet::house(address)).is_some()
    }

    /// Whether somebody from there is not let in.
    pub(crate) fn has(&self, address: IpAddr, now: Instant) -> bool {
        let until = self.lock().get(&Subnet::house(address)).copied();
        until.is_some_and(|until| until > now)
    }

    /// Who is not let in, and for how long yet.
    pub(crate) fn list(&self, now: Instant) -> Vec<(IpAddr, Duration)> {
        let mut bans = self.lock();
        bans.retain(|_, until| *until > now);
        let mut list: Vec<_> = bans
            .iter()
            .map(|(subnet, until)| (subnet.address(), *until - now))
            .collect();
        list.sort_unstable();
        list
    }

    /// No invariant spans a lock, so poisoning is harmless.
    fn lock(&self) -> MutexGuard<'_, HashMap<Subnet, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_house_is_not_let_in_until_it_is_over_or_lifted() {
        let now = Instant::now();
        let minute = Duration::from_secs(60);
        let read = |text: &str| text.parse::<IpAddr>().expect("an address");
        let bans = Bans::default();
        bans.ban(read("192.0.2.1"), minute, now);
        bans.ban(read("2001:db8::1"), minute * 2, now);
        for (address, is_banned) in [
            ("192.0.2.1", true),
            ("::ffff:192.0.2.1", true),
            ("192.0.2.2", false),
            ("2001:db8::2", true),
            ("2001:db8:0:1::1", false),
        ] {
            assert_eq!(bans.has(read(address), now), is_banned, "{address}");
        }
        let list = bans.list(now + minute);
        assert_eq!(list, [(read("2001:db8::"), minute)]);
        assert!(!bans.has(read("192.0.2.1"), now + minute));
        assert!(bans.lift(read("2001:db8::7")));
        assert!(!bans.lift(read("2001:db8::7")));
        assert!(!bans.has(read("2001:db8::1"), now));
    }
}
