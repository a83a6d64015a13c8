//! The sockets that relay.

use std::{
    any::Any,
    collections::HashSet,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use tokio::{
    net::UdpSocket,
    sync::{OwnedSemaphorePermit, Semaphore},
};
use turn::relay::RelayAddressGenerator;
use webrtc_util::Conn;

use super::scope::Scope;

/// How many relays there may be at once; a call through one takes two to four.
const MAX_RELAYS: usize = 2000;

/// A socket at the address that pages know, and where relays are to be bound.
pub(super) async fn bind(address: SocketAddr) -> io::Result<(UdpSocket, IpAddr)> {
    match UdpSocket::bind(address).await {
        // Answers must come from the address that was asked.
        Ok(socket) => Ok((socket, address.ip())),
        // Behind a NAT that gives every port its own, as clouds have, no interface has the address.
        Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable => {
            let any: IpAddr = match address {
                SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
                SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
            };
            Ok((UdpSocket::bind((any, address.port())).await?, any))
        }
        Err(error) => Err(error),
    }
}

/// Makes the sockets that relay.
pub(super) struct Relays {
    /// The address that others see.
    address: IpAddr,
    bind: IpAddr,
    left: Arc<Semaphore>,
    ports: Ports,
}

/// The ports of all relays there are.
type Ports = Arc<Mutex<HashSet<u16>>>;

impl Relays {
    /// `address`: the one that others see.
    pub(super) fn new(address: IpAddr, bind: IpAddr) -> Self {
        Self {
            address,
            bind,
            left: Arc::new(Semaphore::new(MAX_RELAYS)),
            ports: Arc::default(),
        }
    }
}

#[async_trait]
impl RelayAddressGenerator for Relays {
    fn validate(&self) -> Result<(), turn::Error> {
        Ok(())
    }

    async fn allocate_conn(
        &self,
        _use_ipv4: bool,
        port: u16,
    ) -> Result<(Arc<dyn Conn + Send + Sync>, SocketAddr), turn::Error> {
        let permit = self.left.clone().try_acquire_owned();
        let permit = permit.map_err(|_| turn::Error::Other("too many relays".into()))?;
        let socket = UdpSocket::bind((self.bind, port)).await?;
        let relayed = SocketAddr::new(self.address, socket.local_addr()?.port());
        lock(&self.ports).insert(relayed.port());
        let relay = Relay {
            socket,
            relayed,
            ports: self.ports.clone(),
            _permit: permit,
        };
        Ok((Arc::new(relay), relayed))
    }
}

/// A socket that relays to where its server itself can be reached from, and no nearer.
struct Relay {
    socket: UdpSocket,
    /// As others see it.
    relayed: SocketAddr,
    ports: Ports,
    _permit: OwnedSemaphorePermit,
}

impl Relay {
    fn may_reach(&self, target: SocketAddr) -> bool {
        let own = self.relayed.ip();
        match target.ip().to_canonical() == own.to_canonical() {
            // On this machine there are other relays, and what is nobody's business.
            true => lock(&self.ports).contains(&target.port()),
            false => Scope::of(target.ip()) >= Scope::of(own),
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        lock(&self.ports).remove(&self.relayed.port());
    }
}

/// No invariant spans a lock, so poisoning is harmless.
fn lock(ports: &Ports) -> MutexGuard<'_, HashSet<u16>> {
    ports.lock().unwrap_or_else(PoisonError::into_inner)
}

type ConnResult<T> = Result<T, webrtc_util::Error>;

#[async_trait]
impl Conn for Relay {
    async fn connect(&self, address: SocketAddr) -> ConnResult<()> {
        Ok(self.socket.connect(address).await?)
    }

    async fn recv(&self, buffer: &mut [u8]) -> ConnResult<usize> {
        Ok(self.socket.recv(buffer).await?)
    }

    async fn recv_from(&self, buffer: &mut [u8]) -> ConnResult<(usize, SocketAddr)> {
        Ok(self.socket.recv_from(buffer).await?)
    }

    async fn send(&self, bytes: &[u8]) -> ConnResult<usize> {
        Ok(self.socket.send(bytes).await?)
    }

    async fn send_to(&self, bytes: &[u8], target: SocketAddr) -> ConnResult<usize> {
        if !self.may_reach(target) {
            // As if it were lost on the way.
            return Ok(bytes.len());
        }
        Ok(self.socket.send_to(bytes, target).await?)
    }

    fn local_addr(&self) -> ConnResult<SocketAddr> {
        Ok(self.socket.local_addr()?)
    }

    fn remote_addr(&self) -> Option<SocketAddr> {
        None
    }

    async fn close(&self) -> ConnResult<()> {
        Ok(())
    }

    fn as_any(&self) -> &(dyn Any + Send + Sync) {
        self
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_relay_on_the_internet_is_no_way_into_the_house_or_this_machine() {
        let inside = UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
        let address = inside.local_addr().expect("bound");
        for (own, is_relay, arrives) in [
            ("203.0.113.5", false, false),
            ("127.0.0.2", false, true),
            ("127.0.0.1", false, false),
            ("127.0.0.1", true, true),
        ] {
            let relays = Relays {
                address: own.parse().expect("valid"),
                bind: Ipv4Addr::UNSPECIFIED.into(),
                left: Arc::new(Semaphore::new(1)),
                ports: Arc::default(),
            };
            let (relay, _) = relays.allocate_conn(true, 0).await.expect("a relay");
            assert!(relays.allocate_conn(true, 0).await.is_err(), "too many");
            if is_relay {
                lock(&relays.ports).insert(address.port());
            }
            relay.send_to(b"hello", address).await.expect("no error");
            let mut buffer = [0; 8];
            let came = inside.recv_from(&mut buffer);
            let came = tokio::time::timeout(Duration::from_millis(200), came).await;
            assert_eq!(came.is_ok(), arrives, "{own}");
            drop(relay);
            let left = lock(&relays.ports).len();
            assert_eq!(left, usize::from(is_relay), "its port is free again");
        }
    }
}
