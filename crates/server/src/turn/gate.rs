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
    attributes::{ATTR_MESSAGE_INTEGRITY, ATTR_NONCE, ATTR_REALM, ATTR_USERNAME},
    error_code::{
        CODE_ALLOC_QUOTA_REACHED, CODE_STALE_NONCE, CODE_UNAUTHORIZED, ErrorCode,
        ErrorCodeAttribute,
    },
    integrity::MessageIntegrity,
    message::{
        CLASS_ERROR_RESPONSE, CLASS_INDICATION, CLASS_REQUEST, CLASS_SUCCESS_RESPONSE,
        METHOD_ALLOCATE, METHOD_BINDING, METHOD_CHANNEL_BIND, METHOD_CREATE_PERMISSION,
        METHOD_REFRESH, METHOD_SEND, Message, MessageType, Setter,
    },
    textattrs::TextAttribute,
};
use tokio::{net::UdpSocket, sync::mpsc};
use turn::proto::{allocate_request, lifetime::Lifetime, refresh_request};
use webrtc_util::Conn;

use super::{
    passwords::{Passwords, REALM},
    quota::{Client, Quota},
};

/// How long a nonce is given out. The crate takes it for an hour.
const NONCE_LIFE: Duration = Duration::from_secs(30 * 60);

/// Whom the crate gives its nonces to.
const ITSELF: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// How many messages from all streams may wait, and to one of them; more are lost, as on any network.
const WAITING: usize = 256;

/// The first byte of what goes through a channel (RFC 8656, 12.4).
const CHANNEL: std::ops::Range<u8> = 0x40..0x80;

/// Stands between clients and the crate, which takes it for a socket.
pub(super) struct Gate {
    udp: UdpSocket,
    passwords: Passwords,
    from_streams: mpsc::Sender<(SocketAddr, Vec<u8>)>,
    incoming: tokio::sync::Mutex<mpsc::Receiver<(SocketAddr, Vec<u8>)>>,
    state: Mutex<State>,
}

struct State {
    nonces: Nonces,
    quota: Quota,
    /// Who has asked for a relay last. The crate answers before it reads on.
    asks: Option<(SocketAddr, Client)>,
    streams: HashMap<SocketAddr, mpsc::Sender<Vec<u8>>>,
}

/// The nonces that are good.
#[derive(Default)]
struct Nonces {
    now: String,
    before: String,
    since: Option<Instant>,
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
                streams: HashMap::new(),
            }),
        }
    }

    pub(super) fn relays(&self) -> usize {
        self.state.lock().quota.relays()
    }

    pub(super) fn relay_ended(&self, client: SocketAddr) {
        self.state.lock().quota.remove(client);
    }

    /// A client over a stream, from now on. What is said to it comes out.
    pub(super) fn open(&self, client: SocketAddr) -> mpsc::Receiver<Vec<u8>> {
        let (said, heard) = mpsc::channel(WAITING);
        self.state.lock().streams.insert(client, said);
        heard
    }

    /// A client over a stream says something.
    pub(super) async fn say(&self, client: SocketAddr, message: Vec<u8>) {
        // The receiver is ours.
        let _ = self.from_streams.send((client, message)).await;
    }

    /// A stream has ended, and with it its relay: in the client's name, it is given back.
    pub(super) async fn close(&self, client: SocketAddr) {
        let last = {
            let mut state = self.state.lock();
            state.streams.remove(&client);
            let name = state.quota.client(client).map(|client| client.name.clone());
            name.and_then(|name| self.give_back(&name, &state.nonces.now))
        };
        if let Some(last) = last {
            self.say(client, last).await;
        }
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
            Some(stream) => drop(stream.try_send(bytes.to_vec())),
            None => drop(self.udp.send_to(bytes, client).await?),
        }
        Ok(())
    }
}

impl State {
    fn judge(&mut self, bytes: &[u8], client: SocketAddr) -> Verdict {
        let has_relay = self.quota.client(client).is_some();
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
            ) => self.judge_request(&message, client),
            _ => Verdict::Drop,
        }
    }

    /// Of what needs a password, the crate is told what has one, and a nonce that is its own.
    fn judge_request(&mut self, message: &Message, client: SocketAddr) -> Verdict {
        let text = |kind| TextAttribute::get_from_as(message, kind).ok();
        if !message.contains(ATTR_MESSAGE_INTEGRITY) {
            return self.refuse(message, CODE_UNAUTHORIZED);
        }
        let nonce = text(ATTR_NONCE).map(|nonce| nonce.text).unwrap_or_default();
        if !self.nonces.are_good(&nonce) {
            return self.refuse(message, CODE_STALE_NONCE);
        }
        if message.typ.method != METHOD_ALLOCATE {
            return Verdict::Pass;
        }
        let name = text(ATTR_USERNAME)
            .map(|name| name.text)
            .unwrap_or_default();
        let asks = Client::new(name, client);
        if !self.quota.has_room(&asks) {
            return self.refuse(message, CODE_ALLOC_QUOTA_REACHED);
        }
        self.asks = Some((client, asks));
        Verdict::Pass
    }

    fn refuse(&self, message: &Message, code: ErrorCode) -> Verdict {
        let mut answer = Message::new();
        answer.transaction_id = message.transaction_id;
        let kind = MessageType::new(message.typ.method, CLASS_ERROR_RESPONSE);
        let nonce = self.nonces.now.clone();
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
        let granted = MessageType::new(METHOD_ALLOCATE, CLASS_SUCCESS_RESPONSE).value();
        if bytes.starts_with(&granted.to_be_bytes())
            && let Some((asks, relay)) = self.asks.take()
            && asks == client
        {
            self.quota.add(client, relay);
        }
    }
}

impl Nonces {
    fn is_time(&self, now: Instant) -> bool {
        self.since
            .is_none_or(|since| now.duration_since(since) > NONCE_LIFE)
    }

    fn are_good(&self, nonce: &str) -> bool {
        !nonce.is_empty() && (nonce == self.now || nonce == self.before)
    }

    fn put(&mut self, nonce: String) {
        self.before = std::mem::replace(&mut self.now, nonce);
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

type ConnResult<T> = Result<T, webrtc_util::Error>;

#[async_trait]
impl Conn for Gate {
    async fn recv_from(&self, buffer: &mut [u8]) -> ConnResult<(usize, SocketAddr)> {
        let mut incoming = self.incoming.lock().await;
        loop {
            let is_time = {
                let (now, mut state) = (Instant::now(), self.state.lock());
                let is_time = state.nonces.is_time(now);
                if is_time {
                    state.nonces.since = Some(now);
                }
                is_time
            };
            if is_time {
                let asks = without_a_password();
                buffer[..asks.len()].copy_from_slice(&asks);
                return Ok((asks.len(), ITSELF));
            }
            let (bytes, client) = tokio::select! {
                came = self.udp.recv_from(buffer) => came?,
                Some((client, message)) = incoming.recv() => {
                    let bytes = message.len().min(buffer.len());
                    buffer[..bytes].copy_from_slice(&message[..bytes]);
                    (bytes, client)
                }
            };
            let verdict = self.state.lock().judge(&buffer[..bytes], client);
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
            self.state.lock().nonces.put(nonce.text);
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
