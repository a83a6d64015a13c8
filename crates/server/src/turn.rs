//! A STUN and TURN server in this process (RFC 8489, RFC 8656), over UDP, so that one program is a
//! whole installation.

use std::{
    any::Any,
    collections::HashSet,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use tokio::{
    net::UdpSocket,
    sync::{OwnedSemaphorePermit, Semaphore},
};
use turn::{
    auth::LongTermAuthHandler,
    relay::RelayAddressGenerator,
    server::{
        Server,
        config::{ConnConfig, ServerConfig},
    },
};
use webrtc_util::Conn;

/// How many relays there may be at once; a call through one takes two to four.
const MAX_RELAYS: usize = 2000;

/// The realm of its users. There is only one.
const REALM: &str = "holdfast";

/// Starts the server that pages know under that address. It runs until it is dropped.
pub(crate) async fn start(address: SocketAddr, secret: &str) -> io::Result<Server> {
    let (socket, bind) = match UdpSocket::bind(address).await {
        // Answers must come from the address that was asked.
        Ok(socket) => (socket, address.ip()),
        // Behind a NAT that gives every port its own, as clouds have, no interface has the address.
        Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable => {
            let any: IpAddr = match address {
                SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
                SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
            };
            (UdpSocket::bind((any, address.port())).await?, any)
        }
        Err(error) => return Err(error),
    };
    let relays = Relays {
        address: address.ip(),
        bind,
        left: Arc::new(Semaphore::new(MAX_RELAYS)),
        ports: Arc::default(),
    };
    let config = ServerConfig {
        conn_configs: vec![ConnConfig {
            conn: Arc::new(socket),
            relay_addr_generator: Box::new(relays),
        }],
        realm: REALM.to_owned(),
        auth_handler: Arc::new(LongTermAuthHandler::new(secret.to_owned())),
        // The crate's own: 10 minutes.
        channel_bind_timeout: Duration::ZERO,
        alloc_close_notify: None,
    };
    tracing::info!(%address, "STUN and TURN");
    Server::new(config).await.map_err(io::Error::other)
}

/// Makes the sockets that relay.
struct Relays {
    /// The address that others see.
    address: IpAddr,
    bind: IpAddr,
    left: Arc<Semaphore>,
    ports: Ports,
}

/// The ports of all relays there are.
type Ports = Arc<Mutex<HashSet<u16>>>;

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

/// How far addresses carry. A relay on the internet must not be a way into the network that it
/// stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Scope {
    /// This machine.
    Machine,
    /// This house or company.
    House,
    /// Everywhere.
    World,
}

impl Scope {
    fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) if v4.is_loopback() || v4.is_unspecified() => Self::Machine,
            IpAddr::V4(v4) => {
                let [first, second, ..] = v4.octets();
                // RFC 6598: between a provider and its customers.
                let is_shared = first == 100 && (64..128).contains(&second);
                let is_special = v4.is_link_local() || v4.is_broadcast() || v4.is_multicast();
                match v4.is_private() || is_shared || is_special {
                    true => Self::House,
                    false => Self::World,
                }
            }
            IpAddr::V6(v6) if v6.is_loopback() || v6.is_unspecified() => Self::Machine,
            IpAddr::V6(v6) => {
                let is_special = v6.is_unicast_link_local() || v6.is_multicast();
                match v6.is_unique_local() || is_special {
                    true => Self::House,
                    false => Self::World,
                }
            }
        }
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
    use super::*;

    #[test]
    fn addresses_carry_as_far_as_their_kind_does() {
        for (address, reach) in [
            ("127.0.0.1", Scope::Machine),
            ("::1", Scope::Machine),
            ("::ffff:127.0.0.1", Scope::Machine),
            ("0.0.0.0", Scope::Machine),
            ("192.168.1.9", Scope::House),
            ("10.1.2.3", Scope::House),
            ("100.64.0.1", Scope::House),
            ("169.254.169.254", Scope::House),
            ("fd00::1", Scope::House),
            ("fe80::1", Scope::House),
            ("203.0.113.5", Scope::World),
            ("2001:db8::1", Scope::World),
        ] {
            assert_eq!(
                Scope::of(address.parse().expect("valid")),
                reach,
                "{address}"
            );
        }
    }

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
