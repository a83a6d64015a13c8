//! The TURN server of the program, over UDP, TCP and TLS, with a client that knows no more of it than the RFC.

mod client;

use std::{
    net::SocketAddr,
    process::Stdio,
    sync::Arc,
    time::{Duration, SystemTime},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use client::{TestServer, get};
use holdfast_server::{Options, Tls};
use ring::hmac;
use serde_json::Value;
use stun::{
    attributes::{ATTR_NONCE, ATTR_REALM, ATTR_USERNAME},
    error_code::ErrorCodeAttribute,
    integrity::MessageIntegrity,
    message::{CLASS_REQUEST, Getter, Message, MessageType, Method, Setter},
    textattrs::TextAttribute,
    xoraddr::XorMappedAddress,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpSocket, TcpStream, UdpSocket},
    time::{Instant, sleep, timeout},
};
use tokio_rustls::{TlsConnector, rustls};
use turn::{
    auth::generate_auth_key,
    proto::{
        PROTO_UDP, channum::ChannelNumber, lifetime::Lifetime, peeraddr::PeerAddress,
        reqtrans::RequestedTransport,
    },
};

const LIMIT: Duration = Duration::from_secs(10);
const ALLOCATE: Method = stun::message::METHOD_ALLOCATE;
const REFRESH: Method = stun::message::METHOD_REFRESH;
const CHANNEL_BIND: Method = stun::message::METHOD_CHANNEL_BIND;
const CHANNEL: u16 = 0x4001;

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// The way to the server.
enum Wire {
    Udp(UdpSocket),
    Stream(Box<dyn Stream>),
}

impl Wire {
    async fn say(&mut self, message: &[u8]) {
        let mut padded = message.to_vec();
        match self {
            Self::Udp(socket) => drop(socket.send(message).await.expect("sent")),
            Self::Stream(stream) => {
                padded.resize(message.len().next_multiple_of(4), 0);
                stream.write_all(&padded).await.expect("sent");
                stream.flush().await.expect("sent");
            }
        }
    }

    async fn hear(&mut self) -> Vec<u8> {
        let heard = async {
            let mut bytes = vec![0; 1500];
            match self {
                Self::Udp(socket) => {
                    let came = socket.recv(&mut bytes).await.expect("heard");
                    bytes.truncate(came);
                }
                Self::Stream(stream) => {
                    stream.read_exact(&mut bytes[..4]).await.expect("a head");
                    let length = usize::from(u16::from_be_bytes([bytes[2], bytes[3]]));
                    let rest = match bytes[0] {
                        0x40..0x80 => length.next_multiple_of(4),
                        _ => length + 16,
                    };
                    let rest = &mut bytes[4..4 + rest];
                    let rest = stream.read_exact(rest).await.expect("the rest");
                    bytes.truncate(4 + rest);
                }
            }
            bytes
        };
        timeout(LIMIT, heard).await.expect("an answer in time")
    }
}

/// Somebody with a password.
struct Client {
    wire: Wire,
    name: String,
    password: String,
    nonce: String,
}

impl Client {
    fn new(wire: Wire, (name, password): &(String, String)) -> Self {
        Self {
            wire,
            name: name.clone(),
            password: password.clone(),
            nonce: String::new(),
        }
    }

    /// Asks for something as who has a password, or as who does not have one yet. Gives the error, if it is one.
    async fn ask(&mut self, method: Method, more: Vec<Box<dyn Setter>>) -> Result<Message, u16> {
        let mut message = Message::new();
        message.new_transaction_id().expect("randomness");
        let mut setters: Vec<Box<dyn Setter>> =
            vec![Box::new(MessageType::new(method, CLASS_REQUEST))];
        setters.extend(more);
        if !self.nonce.is_empty() {
            let key = generate_auth_key(&self.name, "holdfast", &self.password);
            let text = |kind, text: &str| Box::new(TextAttribute::new(kind, text.to_owned()));
            setters.push(text(ATTR_USERNAME, &self.name));
            setters.push(text(ATTR_REALM, "holdfast"));
            setters.push(text(ATTR_NONCE, &self.nonce));
            setters.push(Box::new(MessageIntegrity(key)));
        }
        message.build(&setters).expect("built");
        self.wire.say(&message.raw).await;
        let mut answer = Message::new();
        let heard = self.wire.hear().await;
        answer.unmarshal_binary(&heard).expect("a STUN message");
        assert_eq!(answer.transaction_id, message.transaction_id);
        if let Ok(nonce) = TextAttribute::get_from_as(&answer, ATTR_NONCE) {
            self.nonce = nonce.text;
        }
        let mut error = ErrorCodeAttribute::default();
        match error.get_from(&answer) {
            Ok(()) => Err(error.code.0),
            Err(_) => Ok(answer),
        }
    }

    /// Asks for a relay. Gives the error, if there is one.
    async fn allocate(&mut self) -> Result<(), u16> {
        let udp = || -> Vec<Box<dyn Setter>> {
            let protocol = PROTO_UDP;
            vec![Box::new(RequestedTransport { protocol })]
        };
        if self.nonce.is_empty() {
            assert_eq!(self.ask(ALLOCATE, udp()).await.err(), Some(401));
        }
        self.ask(ALLOCATE, udp()).await.map(drop)
    }

    /// Has what it says go to a peer, and back.
    async fn echoes(&mut self, peer: SocketAddr) -> Vec<u8> {
        let (ip, port) = (peer.ip(), peer.port());
        let setters: Vec<Box<dyn Setter>> = vec![
            Box::new(ChannelNumber(CHANNEL)),
            Box::new(PeerAddress { ip, port }),
        ];
        self.ask(CHANNEL_BIND, setters).await.expect("a channel");
        let said = [&CHANNEL.to_be_bytes()[..], &[0, 5], b"hello"].concat();
        self.wire.say(&said).await;
        self.wire.hear().await
    }
}

/// Says back whatever it hears.
async fn echo() -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.2:0").await.expect("a port");
    let address = socket.local_addr().expect("bound");
    tokio::spawn(async move {
        let mut buffer = [0; 1500];
        while let Ok((bytes, from)) = socket.recv_from(&mut buffer).await {
            let _ = socket.send_to(&buffer[..bytes], from).await;
        }
    });
    address
}

async fn free_port() -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
    socket.local_addr().expect("bound")
}

async fn with_turn(change: impl FnOnce(&mut Options)) -> (TestServer, SocketAddr) {
    let turn = free_port().await;
    let server = TestServer::with(|options| {
        options.turn = Some(turn);
        options.turn_secret = Some("secret".to_owned());
        change(options);
    });
    (server.await, turn)
}

/// What `/ice` says of TURN.
async fn ice(server: &TestServer) -> (Vec<String>, (String, String)) {
    let answer = get(server.address, "/ice").await;
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    turn_of(body)
}

fn turn_of(body: &str) -> (Vec<String>, (String, String)) {
    let said: Value = serde_json::from_str(body).expect("JSON");
    let turn = &said["iceServers"][1];
    let urls = turn["urls"].as_array().expect("URLs").iter();
    let urls = urls.map(|url| url.as_str().expect("a URL").to_owned());
    let text = |key: &str| turn[key].as_str().expect("a text").to_owned();
    (urls.collect(), (text("username"), text("credential")))
}

async fn udp(to: SocketAddr) -> Wire {
    let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
    socket.connect(to).await.expect("connected");
    Wire::Udp(socket)
}

async fn tcp(to: SocketAddr) -> Wire {
    let stream = TcpStream::connect(to).await.expect("connected");
    Wire::Stream(Box::new(stream))
}

/// Over TLS, with whatever certificate.
async fn tls(to: SocketAddr) -> Wire {
    #[derive(Debug)]
    struct Any;
    impl rustls::client::danger::ServerCertVerifier for Any {
        fn verify_server_cert(
            &self,
            _: &rustls::pki_types::CertificateDer<'_>,
            _: &[rustls::pki_types::CertificateDer<'_>],
            _: &rustls::pki_types::ServerName<'_>,
            _: &[u8],
            _: rustls::pki_types::UnixTime,
        ) -> Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
            Ok(rustls::client::danger::ServerCertVerified::assertion())
        }

        fn verify_tls12_signature(
            &self,
            _: &[u8],
            _: &rustls::pki_types::CertificateDer<'_>,
            _: &rustls::DigitallySignedStruct,
        ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
            Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
        }

        fn verify_tls13_signature(
            &self,
            _: &[u8],
            _: &rustls::pki_types::CertificateDer<'_>,
            _: &rustls::DigitallySignedStruct,
        ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
            Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
        }

        fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
            let provider = rustls::crypto::ring::default_provider();
            let known = provider.signature_verification_algorithms;
            known.supported_schemes()
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("TLS 1.3")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Any))
        .with_no_client_auth();
    let stream = TcpStream::connect(to).await.expect("connected");
    let name = "localhost".try_into().expect("a name");
    let connector = TlsConnector::from(Arc::new(config));
    let stream = connector.connect(name, stream).await.expect("TLS");
    Wire::Stream(Box::new(stream))
}

#[tokio::test]
async fn a_relay_over_udp_and_over_tcp_at_the_pages_own_port() {
    let peer = echo().await;
    let (server, turn) = with_turn(|_| {}).await;
    let (urls, password) = ice(&server).await;
    let page = server.address;
    assert_eq!(
        urls,
        [
            format!("turn:{turn}?transport=udp"),
            format!("turn:{page}?transport=tcp")
        ]
    );
    for wire in [udp(turn).await, tcp(page).await] {
        let mut client = Client::new(wire, &password);
        client.allocate().await.expect("a relay");
        let heard = client.echoes(peer).await;
        assert_eq!(&heard[..9], b"\x40\x01\x00\x05hello");
    }
    // Whoever asks for the page there gets it.
    assert!(get(page, "/healthz").await.ends_with("ok\n"));
}

#[tokio::test]
async fn a_relay_over_tls_at_the_pages_own_port() {
    let peer = echo().await;
    let (server, _) = with_turn(|options| {
        options.tls = Some(Tls::SelfSigned);
        options.hosts = vec!["call.example.org".to_owned()];
    })
    .await;
    let page = server.address;
    let Wire::Stream(mut stream) = tls(page).await else {
        unreachable!("TLS is a stream")
    };
    let request = "GET /ice HTTP/1.1\r\nHost: call.example.org\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.expect("asked");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("answered");
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    let (urls, password) = turn_of(body);
    let tls_url = format!("turns:call.example.org:{}?transport=tcp", page.port());
    assert_eq!(urls[1..], [tls_url]);
    let mut client = Client::new(tls(page).await, &password);
    client.allocate().await.expect("a relay");
    let heard = client.echoes(peer).await;
    assert_eq!(&heard[..9], b"\x40\x01\x00\x05hello");
}

#[tokio::test]
async fn nobody_gets_a_relay_without_a_good_password() {
    let (server, turn) = with_turn(|_| {}).await;
    let (_, (name, password)) = ice(&server).await;
    for (name, password, error) in [
        (name.clone(), "wrong".to_owned(), 400),
        ("1700000000:ann".to_owned(), password.clone(), 401),
    ] {
        let mut client = Client::new(udp(turn).await, &(name, password));
        assert_eq!(client.allocate().await, Err(error));
    }
    let mut client = Client::new(udp(turn).await, &(name, password));
    client.nonce = "made up".to_owned();
    assert_eq!(client.allocate().await, Err(438));
    assert_eq!(client.allocate().await, Ok(()), "with the nonce that came");
}

#[tokio::test]
async fn a_relay_outlives_the_hour_in_which_it_could_be_made() {
    let (server, turn) = with_turn(|_| {}).await;
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let name = format!("{}:ann", since.expect("after 1970").as_secs() + 2);
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, b"secret");
    let password = BASE64_STANDARD.encode(hmac::sign(&key, name.as_bytes()));
    let password = (name, password);
    let mut ann = Client::new(udp(turn).await, &password);
    assert_eq!(ann.allocate().await, Ok(()));
    sleep(Duration::from_millis(2100)).await;
    let mut late = Client::new(udp(turn).await, &password);
    assert_eq!(late.allocate().await, Err(401));
    let refreshed = ann.ask(REFRESH, vec![Box::new(Lifetime(LIMIT))]).await;
    assert!(refreshed.is_ok());
    let heard = ann.echoes(echo().await).await;
    assert_eq!(&heard[..9], b"\x40\x01\x00\x05hello");
    server.stop().await;
}

#[tokio::test]
async fn a_user_has_so_many_relays_and_gives_those_over_tcp_back_by_leaving() {
    let (server, turn) = with_turn(|_| {}).await;
    let (_, password) = ice(&server).await;
    let mut clients = Vec::new();
    for n in 0..32 {
        let wire = match n % 2 {
            0 => udp(turn).await,
            _ => tcp(server.address).await,
        };
        let mut client = Client::new(wire, &password);
        client.allocate().await.expect("a relay");
        clients.push(client);
    }
    let mut more = Client::new(udp(turn).await, &password);
    assert_eq!(more.allocate().await, Err(486));
    // Another has as many.
    let (_, other) = ice(&server).await;
    let mut other = Client::new(udp(turn).await, &other);
    assert_eq!(other.allocate().await, Ok(()));
    clients.retain(|client| matches!(client.wire, Wire::Udp(_)));
    let due = Instant::now() + LIMIT;
    while more.allocate().await.is_err() {
        assert!(Instant::now() < due, "no relay was given back");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_relay_that_is_given_back_and_asked_for_again_is_counted() {
    let (server, turn) = with_turn(|_| {}).await;
    let (_, password) = ice(&server).await;
    let mut clients = Vec::new();
    for _ in 0..32 {
        let mut client = Client::new(udp(turn).await, &password);
        client.allocate().await.expect("a relay");
        // In one breath, before anybody has counted that the first is gone.
        let none: Vec<Box<dyn Setter>> = vec![Box::new(Lifetime(Duration::ZERO))];
        client
            .ask(stun::message::METHOD_REFRESH, none)
            .await
            .expect("given back");
        client.allocate().await.expect("another");
        clients.push(client);
    }
    sleep(Duration::from_millis(100)).await;
    let mut more = Client::new(udp(turn).await, &password);
    assert_eq!(more.allocate().await, Err(486));
}

#[tokio::test]
async fn a_relay_has_so_many_peers_and_no_more() {
    let (server, turn) = with_turn(|_| {}).await;
    let (_, password) = ice(&server).await;
    let mut client = Client::new(udp(turn).await, &password);
    client.nonce = String::new();
    client.allocate().await.expect("a relay");
    let mut granted = 0;
    let refused = loop {
        let ip = std::net::Ipv4Addr::from(0xcb00_7100 + granted).into();
        let peer: Vec<Box<dyn Setter>> = vec![Box::new(PeerAddress { ip, port: 1 })];
        match client
            .ask(stun::message::METHOD_CREATE_PERMISSION, peer)
            .await
        {
            Ok(_) => granted += 1,
            Err(code) => break code,
        }
    };
    assert_eq!((granted, refused), (256, 508));
}

#[tokio::test]
async fn nobody_gets_at_the_relay_of_who_has_the_same_address_over_udp() {
    let peer = echo().await;
    let (server, turn) = with_turn(|_| {}).await;
    let (_, password) = ice(&server).await;
    let (socket, from) = loop {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        let from = TcpSocket::new_v4().expect("a socket");
        // Another test may have that port for TCP.
        if from.bind(socket.local_addr().expect("bound")).is_ok() {
            break (socket, from);
        }
    };
    socket.connect(turn).await.expect("connected");
    let mut client = Client::new(Wire::Udp(socket), &password);
    client.allocate().await.expect("a relay");
    let mut stranger = from.connect(server.address).await.expect("connected");
    stranger.write_all(&[0, 1, 0, 0]).await.expect("sent");
    let end = timeout(LIMIT, stranger.read(&mut [0]))
        .await
        .expect("in time");
    assert!(matches!(end, Ok(0) | Err(_)), "it is turned away");
    let heard = client.echoes(peer).await;
    assert_eq!(&heard[..9], b"\x40\x01\x00\x05hello");
}

#[tokio::test]
async fn who_has_no_password_leaves_nothing_behind() {
    const REQUESTS: u16 = 20_000;
    let turn = free_port().await;
    let args = ["--log", "error", "--turn", &turn.to_string()];
    let server = TestServer::logging_to(Stdio::inherit, None, &args).await;
    let password = ("1700000000:ann".to_owned(), String::new());
    // The first of all makes room for whatever is made once.
    let mut client = Client::new(udp(turn).await, &password);
    client.ask(ALLOCATE, Vec::new()).await.expect_err("refused");
    let before = server.memory();
    let mut message = Message::new();
    let asks = MessageType::new(ALLOCATE, CLASS_REQUEST);
    message.new_transaction_id().expect("randomness");
    message.build(&[Box::new(asks)]).expect("built");
    for n in 0..REQUESTS {
        // As if each came from another.
        let socket = UdpSocket::bind(("127.0.0.3", 20_000 + n))
            .await
            .expect("a port");
        socket.send_to(&message.raw, turn).await.expect("sent");
        if n % 64 == 0 {
            // None is lost because there are many.
            let binding = stun::message::METHOD_BINDING;
            client.ask(binding, Vec::new()).await.expect("heard");
        }
    }
    // Whoever has a password is served meanwhile.
    let mut client = Client::new(udp(turn).await, &password);
    assert_eq!(client.allocate().await, Err(401), "heard, and refused");
    let after = server.memory();
    let kept = after.saturating_sub(before);
    assert!(kept < 400_000, "{kept} bytes for {REQUESTS} requests");
}

#[tokio::test]
async fn a_stun_server_says_where_one_is_seen_over_tcp_too() {
    let (server, turn) = with_turn(|_| {}).await;
    let password = (String::new(), String::new());
    for wire in [udp(turn).await, tcp(server.address).await] {
        let mut client = Client::new(wire, &password);
        let answer = client.ask(stun::message::METHOD_BINDING, Vec::new()).await;
        let mut seen = XorMappedAddress::default();
        seen.get_from(&answer.expect("no error"))
            .expect("an address");
        assert_eq!(seen.ip.to_string(), "127.0.0.1");
    }
}
