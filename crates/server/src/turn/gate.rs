//! What comes from TURN clients, before the crate behind it sees it. The crate makes up a nonce for every request
//! without a password, and keeps it for an hour: here all get the same one, for half an hour, and who has none is
//! answered without anything being kept. What is of no relay that there is goes nowhere.

use std::{
    any::Any,
    collections::HashMap,
    io,
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use parking_lot::Mutex;
use stun::{
    attributes::{
        ATTR_MESSAGE_INTEGRITY, ATTR_NONCE, ATTR_REALM, ATTR_USERNAME, ATTR_XOR_PEER_ADDRESS,
    },
    error_code::{
        CODE_ALLOC_MISMATCH, CODE_ALLOC_QUOTA_REACHED, CODE_INSUFFICIENT_CAPACITY,
        CODE_STALE_NONCE, CODE_UNAUTHORIZED, ErrorCode, ErrorCodeAttribute,
    },
    integrity::MessageIntegrity,
    message::{
        CLASS_ERROR_RESPONSE, CLASS_INDICATION, CLASS_REQUEST, CLASS_SUCCESS_RESPONSE, Getter,
        METHOD_ALLOCATE, METHOD_BINDING, METHOD_CHANNEL_BIND, METHOD_CREATE_PERMISSION,
        METHOD_DATA, METHOD_REFRESH, METHOD_SEND, Message, MessageType, Setter,
    },
    textattrs::TextAttribute,
};
use tokio::{net::UdpSocket, sync::mpsc, time::sleep_until};
use turn::proto::{
    allocate_request, lifetime::Lifetime, refresh_request, relayaddr::RelayedAddress,
};
use webrtc_util::Conn;

use super::{
    passwords::{Passwords, REALM, may_make},
    quota::{Client, PER_HOUSEHOLD, Quota, household},
};

/// How long a nonce is given out, and how long it is good. The crate takes it for an hour.
const NONCE_LIFE: Duration = Duration::from_secs(29 * 60);
const NONCE_LIMIT: Duration = Duration::from_secs(59 * 60);

/// Whom the crate gives its nonces to.
const ITSELF: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// How many messages from all streams may wait, and to one of them; more are lost, as on any network.
const WAITING: usize = 256;

/// How many of these places are kept for answers, which are not repeated over a stream.
const FOR_ANSWERS: usize = 32;

/// How many clients over streams there may be in all.
const STREAMS: usize = 2000;

/// The first byte of what goes through a channel (RFC 8656, 12.4).
const CHANNEL: std::ops::Range<u8> = 0x40..0x80;

/// Stands between clients and the crate, which takes it for a socket.
pub(super) struct Gate {
    udp: UdpSocket,
    passwords: Passwords,
    from_streams: mpsc::Sender<FromStream>,
    incoming: tokio::sync::Mutex<mpsc::Receiver<FromStream>>,
    state: Mutex<State>,
}

/// What a client over a stream says, or nothing more.
type FromStream = (SocketAddr, Option<Vec<u8>>);

struct State {
    nonces: Nonces,
    quota: Quota,
    /// Who has asked for a relay last. The crate answers before it reads on.
    asks: Option<(SocketAddr, Client)>,
    /// Who has asked for so many peers last.
    asks_for_peers: Option<(SocketAddr, usize)>,
    streams: HashMap<SocketAddr, mpsc::Sender<Vec<u8>>>,
}

/// The nonces that are good.
#[derive(Default)]
struct Nonces {
    now: Option<Nonce>,
    before: Option<Nonce>,
    /// When the crate was asked for one last.
    asked: Option<Instant>,
}

struct Nonce {
    text: String,
    since: Instant,
}

/// What becomes of a message.
enum Verdict {
    Pass,
    Answer(Vec<u8>),
    Drop,
}

impl Gate {
    pub(super) fn new(udp: UdpSocket, passwords: Passwords) -> Self {
        let (from_streams, incoming) = mpsc::channel(WAITING);
        Self {
            udp,
            passwords,
            from_streams,
            incoming: tokio::sync::Mutex::new(incoming),
            state: Mutex::new(State {
                nonces: Nonces::default(),
                quota: Quota::default(),
                asks: None,
                asks_for_peers: None,
                streams: HashMap::new(),
            }),
        }
    }

    pub(super) fn relays(&self) -> usize {
        self.state.lock().quota.relays()
    }

    pub(super) fn relay_ended(&self, client: SocketAddr, relayed: SocketAddr) {
        self.state.lock().quota.remove(client, relayed);
    }

    /// A client over a stream, from now on. What is said to it comes out. None where there are too many, or that
    /// address is somebody's already: over UDP, it may be another's behind the same NAT.
    pub(super) fn open(&self, client: SocketAddr) -> Option<mpsc::Receiver<Vec<u8>>> {
        let mut state = self.state.lock();
        let house = household(client);
        let streams = state.streams.keys();
        let neighbours = streams.filter(|other| household(**other) == house).count();
        let is_taken = state.streams.contains_key(&client) || state.quota.client(client).is_some();
        if is_taken || neighbours >= PER_HOUSEHOLD || state.streams.len() >= STREAMS {
            return None;
        }
        let (said, heard) = mpsc::channel(WAITING);
        state.streams.insert(client, said);
        Some(heard)
    }

    /// A client over a stream says something.
    pub(super) async fn say(&self, client: SocketAddr, message: Vec<u8>) {
        // The receiver is ours.
        let _ = self.from_streams.send((client, Some(message))).await;
    }

    /// A stream has ended.
    pub(super) async fn close(&self, client: SocketAddr) {
        let _ = self.from_streams.send((client, None)).await;
    }

    /// Whether a client over a stream has a relay.
    pub(super) fn has_relay(&self, client: SocketAddr) -> bool {
        let state = self.state.lock();
        let client = state.quota.client(client);
        client.is_some_and(|client| client.over_stream)
    }

    /// A stream has ended, and after all that it said its relay: in the client's name, it is given back. One whose
    /// name is not good any more ends by itself, soon after.
    fn ended(&self, client: SocketAddr) -> Option<Vec<u8>> {
        let mut state = self.state.lock();
        state.streams.remove(&client);
        let owner = state.quota.client(client)?;
        let nonce = &state.nonces.now.as_ref()?.text;
        self.give_back(&owner.name, nonce)
    }

    fn give_back(&self, name: &str, nonce: &str) -> Option<Vec<u8>> {
        let key = self.passwords.key(name, REALM)?;
        let mut message = Message::new();
        let setters: [Box<dyn Setter>; 6] = [
            Box::new(refresh_request()),
            Box::new(Lifetime(Duration::ZERO)),
            Box::new(TextAttribute::new(ATTR_USERNAME, name.to_owned())),
            Box::new(TextAttribute::new(ATTR_REALM, REALM.to_owned())),
            Box::new(TextAttribute::new(ATTR_NONCE, nonce.to_owned())),
            Box::new(MessageIntegrity(key)),
        ];
        message.new_transaction_id().ok()?;
        message.build(&setters).ok()?;
        Some(message.raw)
    }

    async fn answer(&self, bytes: &[u8], client: SocketAddr) -> io::Result<()> {
        let stream = self.state.lock().streams.get(&client).cloned();
        match stream {
            Some(stream) if is_media(bytes) && stream.capacity() < FOR_ANSWERS => {}
            Some(stream) => drop(stream.try_send(bytes.to_vec())),
            None => drop(self.udp.send_to(bytes, client).await?),
        }
        Ok(())
    }
}

/// Whether that goes through a channel, or is an indication of data.
fn is_media(bytes: &[u8]) -> bool {
    let data = MessageType::new(METHOD_DATA, CLASS_INDICATION).value();
    let is_channel = bytes.first().is_some_and(|first| CHANNEL.contains(first));
    is_channel || bytes.starts_with(&data.to_be_bytes())
}

impl State {
    fn judge(&mut self, bytes: &[u8], client: SocketAddr, over_stream: bool) -> Verdict {
        if self.streams.contains_key(&client) != over_stream {
            // Of another who has the same address, or of a stream that is none any more.
            return Verdict::Drop;
        }
        let relay = self.quota.client(client);
        let has_relay = relay.is_some_and(|relay| relay.over_stream == over_stream);
        if bytes.first().is_some_and(|first| CHANNEL.contains(first)) {
            return match has_relay {
                true => Verdict::Pass,
                false => Verdict::Drop,
            };
        }
        let mut message = Message::new();
        if message.unmarshal_binary(bytes).is_err() {
            return Verdict::Drop;
        }
        match (message.typ.class, message.typ.method) {
            (CLASS_INDICATION, METHOD_SEND) if has_relay => Verdict::Pass,
            (CLASS_REQUEST, METHOD_BINDING) => Verdict::Pass,
            (
                CLASS_REQUEST,
                METHOD_ALLOCATE | METHOD_REFRESH | METHOD_CREATE_PERMISSION | METHOD_CHANNEL_BIND,
            ) => self.judge_request(&message, client, over_stream, has_relay),
            _ => Verdict::Drop,
        }
    }

    /// Of what needs a password, the crate is told what has one, and a nonce that is its own; and what is of a relay
    /// that there is, or is to be.
    fn judge_request(
        &mut self,
        message: &Message,
        client: SocketAddr,
        over_stream: bool,
        has_relay: bool,
    ) -> Verdict {
        let now = Instant::now();
        let text = |kind| {
            let attribute = TextAttribute::get_from_as(message, kind);
            attribute.map_or_else(|_| String::new(), |attribute| attribute.text)
        };
        if !message.contains(ATTR_MESSAGE_INTEGRITY) {
            return self.refuse(message, CODE_UNAUTHORIZED);
        }
        if !self.nonces.are_good(&text(ATTR_NONCE), now) {
            return self.refuse(message, CODE_STALE_NONCE);
        }
        match message.typ.method {
            METHOD_ALLOCATE => {
                let name = text(ATTR_USERNAME);
                if !may_make(&name) {
                    return self.refuse(message, CODE_UNAUTHORIZED);
                }
                let asks = Client::new(name, client, over_stream);
                if !self.quota.has_room(&asks) {
                    return self.refuse(message, CODE_ALLOC_QUOTA_REACHED);
                }
                self.asks = Some((client, asks));
            }
            _ if !has_relay => return self.refuse(message, CODE_ALLOC_MISMATCH),
            METHOD_REFRESH => {}
            _ => {
                let attributes = message.attributes.0.iter();
                let peers = attributes
                    .filter(|one| one.typ == ATTR_XOR_PEER_ADDRESS)
                    .count();
                if !self.quota.may_permit(client, peers, now) {
                    return self.refuse(message, CODE_INSUFFICIENT_CAPACITY);
                }
                self.asks_for_peers = Some((client, peers));
            }
        }
        Verdict::Pass
    }

    fn refuse(&self, message: &Message, code: ErrorCode) -> Verdict {
        let mut answer = Message::new();
        answer.transaction_id = message.transaction_id;
        let kind = MessageType::new(message.typ.method, CLASS_ERROR_RESPONSE);
        let nonce = self.nonces.now.as_ref();
        let nonce = nonce.map_or_else(String::new, |nonce| nonce.text.clone());
        let setters: [Box<dyn Setter>; 5] = [
            Box::new(message.transaction_id),
            Box::new(kind),
            Box::new(ErrorCodeAttribute {
                code,
                reason: Vec::new(),
            }),
            Box::new(TextAttribute::new(ATTR_NONCE, nonce)),
            Box::new(TextAttribute::new(ATTR_REALM, REALM.to_owned())),
        ];
        match answer.build(&setters) {
            Ok(()) => Verdict::Answer(answer.raw),
            Err(_) => Verdict::Drop,
        }
    }

    /// The crate answers a client.
    fn answered(&mut self, bytes: &[u8], client: SocketAddr) {
        let is_granted = |method| {
            let granted = MessageType::new(method, CLASS_SUCCESS_RESPONSE).value();
            bytes.starts_with(&granted.to_be_bytes())
        };
        if is_granted(METHOD_ALLOCATE)
            && let Some((_, relay)) = self.asks.take_if(|(asks, _)| *asks == client)
        {
            let (mut answer, mut relayed) = (Message::new(), RelayedAddress::default());
            let is_read = answer.unmarshal_binary(bytes).is_ok();
            if is_read && relayed.get_from(&answer).is_ok() {
                let relayed = SocketAddr::new(relayed.ip, relayed.port);
                self.quota.add(client, relay, relayed, Instant::now());
            }
        }
        if (is_granted(METHOD_CREATE_PERMISSION) || is_granted(METHOD_CHANNEL_BIND))
            && let Some((_, peers)) = self.asks_for_peers.take_if(|(asks, _)| *asks == client)
        {
            self.quota.permit(client, peers);
        }
    }
}

impl Nonces {
    /// When the crate is to be asked for another.
    fn due(&self, now: Instant) -> Instant {
        self.asked.map_or(now, |asked| asked + NONCE_LIFE)
    }

    fn are_good(&self, nonce: &str, now: Instant) -> bool {
        let known = self.now.iter().chain(&self.before);
        let mut good = known.filter(|known| now.duration_since(known.since) < NONCE_LIMIT);
        good.any(|known| known.text == nonce)
    }

    fn put(&mut self, text: String, since: Instant) {
        self.before = self.now.replace(Nonce { text, since });
    }
}

/// A request for which the crate makes up a nonce.
fn without_a_password() -> Vec<u8> {
    let mut message = Message::new();
    let is_built = message.new_transaction_id().is_ok()
        && message.build(&[Box::new(allocate_request())]).is_ok();
    match is_built {
        true => message.raw,
        false => Vec::new(),
    }
}

/// As much of it as there is room for; gives how much that is.
fn copy(message: &[u8], buffer: &mut [u8]) -> usize {
    let bytes = message.len().min(buffer.len());
    buffer[..bytes].copy_from_slice(&message[..bytes]);
    bytes
}

type ConnResult<T> = Result<T, webrtc_util::Error>;

#[async_trait]
impl Conn for Gate {
    async fn recv_from(&self, buffer: &mut [u8]) -> ConnResult<(usize, SocketAddr)> {
        let mut incoming = self.incoming.lock().await;
        loop {
            let now = Instant::now();
            let due = self.state.lock().nonces.due(now);
            if due <= now {
                // Before anybody is answered: there may be none yet.
                self.state.lock().nonces.asked = Some(now);
                return Ok((copy(&without_a_password(), buffer), ITSELF));
            }
            let (bytes, client, over_stream) = tokio::select! {
                () = sleep_until(due.into()) => continue,
                came = self.udp.recv_from(buffer) => {
                    let (bytes, client) = came?;
                    (bytes, client, false)
                }
                Some((client, said)) = incoming.recv() => match said {
                    Some(message) => (copy(&message, buffer), client, true),
                    None => match self.ended(client) {
                        Some(last) => return Ok((copy(&last, buffer), client)),
                        None => continue,
                    },
                },
            };
            let verdict = {
                let mut state = self.state.lock();
                state.judge(&buffer[..bytes], client, over_stream)
            };
            match verdict {
                Verdict::Pass => return Ok((bytes, client)),
                // As if it were lost on the way.
                Verdict::Answer(answer) => drop(self.answer(&answer, client).await),
                Verdict::Drop => {}
            }
        }
    }

    async fn send_to(&self, bytes: &[u8], client: SocketAddr) -> ConnResult<usize> {
        if client == ITSELF {
            let mut answer = Message::new();
            answer.unmarshal_binary(bytes).map_err(io::Error::other)?;
            let nonce =
                TextAttribute::get_from_as(&answer, ATTR_NONCE).map_err(io::Error::other)?;
            self.state.lock().nonces.put(nonce.text, Instant::now());
        } else {
            self.state.lock().answered(bytes, client);
            self.answer(bytes, client).await?;
        }
        Ok(bytes.len())
    }

    async fn connect(&self, address: SocketAddr) -> ConnResult<()> {
        Ok(self.udp.connect(address).await?)
    }

    async fn recv(&self, buffer: &mut [u8]) -> ConnResult<usize> {
        Ok(self.recv_from(buffer).await?.0)
    }

    async fn send(&self, bytes: &[u8]) -> ConnResult<usize> {
        Ok(self.udp.send(bytes).await?)
    }

    fn local_addr(&self) -> ConnResult<SocketAddr> {
        Ok(self.udp.local_addr()?)
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
    fn a_nonce_is_good_for_less_than_the_crate_takes_it() {
        let mut nonces = Nonces::default();
        let began = Instant::now();
        let after = |minutes: u64| began + Duration::from_secs(60 * minutes);
        assert_eq!(nonces.due(began), began, "at once");
        nonces.asked = Some(began);
        nonces.put("one".to_owned(), began);
        assert_eq!(nonces.due(began), after(29));
        assert!(nonces.are_good("one", after(58)) && !nonces.are_good("", began));
        nonces.put("two".to_owned(), after(29));
        assert!(nonces.are_good("one", after(58)) && nonces.are_good("two", after(87)));
        // Also where nothing has come for long, and nobody has asked for another.
        assert!(!nonces.are_good("one", after(60)) && !nonces.are_good("two", after(89)));
        nonces.put("three".to_owned(), after(58));
        assert!(!nonces.are_good("one", after(58)), "only the one before");
    }
}
