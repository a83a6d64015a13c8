//! Options, from the command line or the environment.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use clap::{
    Parser, ValueEnum,
    builder::{ArgPredicate, NonEmptyStringValueParser},
};
use rustls_acme::acme::LETS_ENCRYPT_PRODUCTION_DIRECTORY;

/// The Holdfast signaling server: it introduces browsers to each other, and serves the page.
///
/// WebSockets are taken on any path, with the subprotocol `json`; everything else is a file of the
/// site. Media never comes here: it goes from browser to browser.
#[derive(Debug, Clone, Parser)]
#[command(name = "holdfast-server", version)]
pub struct Options {
    /// A file of more options (TOML): `max-per-room = 50` is `--max-per-room 50`. What the command line
    /// or the environment says counts more
    #[arg(long, env = "HOLDFAST_CONFIG")]
    pub config: Option<PathBuf>,

    /// Where to listen, an address and a port (with --domain, `[::]:443` unless this is said); nowhere else than at
    /// the socket of a service manager that gives one
    #[arg(
        long,
        env = "HOLDFAST_LISTEN",
        default_value = "127.0.0.1:6503",
        default_value_if("domains", ArgPredicate::IsPresent, "[::]:443")
    )]
    pub listen: SocketAddr,

    /// Where to answer whoever runs the server: who is here, close, ban, drain (docs/deploy.md); nowhere if left
    /// out
    #[arg(long, env = "HOLDFAST_ADMIN")]
    pub admin: Option<SocketAddr>,

    /// What is to be said there, as `Authorization: Bearer …`; needed where other machines reach the address
    #[arg(
        long,
        env = "HOLDFAST_ADMIN_SECRET",
        hide_env_values = true,
        requires = "admin",
        value_parser = NonEmptyStringValueParser::new()
    )]
    pub admin_secret: Option<String>,

    /// Where to answer GET /metrics (Prometheus); nowhere if left out
    #[arg(long, env = "HOLDFAST_METRICS")]
    pub metrics: Option<SocketAddr>,

    /// The folder of the built page (`cargo xtask build` makes it)
    #[arg(long, env = "HOLDFAST_SITE", default_value = "dist")]
    pub site: PathBuf,

    /// A host name that the page is asked for under, as call.example.org; any if left out, but
    /// localhost and addresses alone where the server listens to its own machine
    #[arg(long = "host", env = "HOLDFAST_HOSTS", value_delimiter = ',')]
    pub hosts: Vec<String>,

    /// How long a connection may go without saying a name, in seconds
    #[arg(long, env = "HOLDFAST_UNNAMED_SECONDS", default_value_t = 60,
          value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub unnamed_seconds: u64,

    /// Another site whose pages may connect, as `https://example.org`; `*` for all
    #[arg(long = "origin", env = "HOLDFAST_ORIGINS", value_delimiter = ',')]
    pub origins: Vec<String>,

    /// The server is behind a proxy, which says in X-Forwarded-For who connects
    #[arg(long, env = "HOLDFAST_BEHIND_PROXY")]
    pub behind_proxy: bool,

    /// Let nobody into the lobby: who comes has the link of a room
    #[arg(long, env = "HOLDFAST_NO_LOBBY")]
    pub no_lobby: bool,

    /// Show nobody to anybody in the lobby: who comes there makes a room, and sends its link
    #[arg(long, env = "HOLDFAST_NO_LIST", conflicts_with = "no_lobby")]
    pub no_list: bool,

    /// The most connections
    #[arg(long, env = "HOLDFAST_MAX_CONNECTIONS", default_value_t = 20_000)]
    pub max_connections: usize,

    /// The most connections from one address (of IPv6, from one /64; 16 times as many from one /48)
    #[arg(long, env = "HOLDFAST_MAX_PER_ADDRESS", default_value_t = 200)]
    pub max_per_address: usize,

    /// The most people in one room
    #[arg(long, env = "HOLDFAST_MAX_PER_ROOM", default_value_t = 10_000)]
    pub max_per_room: usize,

    /// The messages a second that one connection may send, in the long run; ten times as many at
    /// once
    #[arg(long, env = "HOLDFAST_MESSAGES_PER_SECOND", default_value_t = 50,
          value_parser = clap::value_parser!(u32).range(1..))]
    pub messages_per_second: u32,

    /// How much memory messages may take up that are kept until they are acknowledged, in MiB; a quarter
    /// of the machine's if left out
    #[arg(long, env = "HOLDFAST_MEMORY", value_parser = clap::value_parser!(u64).range(1..=1_048_576))]
    pub memory: Option<u64>,

    /// Be `https://call.example.org`, under whatever name this is: speak TLS with a certificate that the server
    /// orders by itself and renews (ACME), of Let's Encrypt, to whose terms you agree by this. Several, with
    /// commas between
    #[arg(long = "domain", env = "HOLDFAST_DOMAINS", value_delimiter = ',', value_parser = domain,
          conflicts_with_all = ["tls", "tls_cert", "behind_proxy"])]
    pub domains: Vec<String>,

    /// Where to order it, if not of Let's Encrypt: the directory of an ACME server
    #[arg(long, env = "HOLDFAST_ACME", default_value = LETS_ENCRYPT_PRODUCTION_DIRECTORY)]
    pub acme: String,

    /// The certificate of the authority that the ACME server itself shows, in PEM, if browsers do not know it
    #[arg(long, env = "HOLDFAST_ACME_ROOT")]
    pub acme_root: Option<PathBuf>,

    /// The folder where it is kept, with its key and that of the account; `acme` in the service manager's
    /// STATE_DIRECTORY or in ~/.local/state/holdfast if left out
    #[arg(long, env = "HOLDFAST_ACME_FOLDER")]
    pub acme_folder: Option<PathBuf>,

    /// Speak TLS (https, wss) with a certificate made on the spot; browsers warn of it
    #[arg(long, env = "HOLDFAST_TLS", conflicts_with = "tls_cert")]
    pub tls: Option<Tls>,

    /// Keep the certificate made on the spot in this file, so that the next process has the same; made
    /// if it is not there, or if it is for other names
    #[arg(long, env = "HOLDFAST_TLS_KEEP", requires = "tls")]
    pub tls_keep: Option<PathBuf>,

    /// Speak TLS with this certificate chain, in PEM; SIGHUP reads it again
    #[arg(long, env = "HOLDFAST_TLS_CERT", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,

    /// The key to it, in PEM
    #[arg(long, env = "HOLDFAST_TLS_KEY", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,

    /// Let in only who has a pass: a JSON Web Token with `room`, `name` and `exp`, signed with this
    /// secret (HS256)
    #[arg(long, env = "HOLDFAST_PASS_SECRET", hide_env_values = true)]
    pub pass_secret: Option<String>,

    /// The same, signed with the private half of this key (EdDSA; a public key in PEM)
    #[arg(long, env = "HOLDFAST_PASS_KEY", conflicts_with = "pass_secret")]
    pub pass_key: Option<PathBuf>,

    /// The file of the key by which people get their names back after a restart, or at another
    /// server that has the same; made if it is not there. Without one, a restart forgets whose a name
    /// was
    #[arg(long, env = "HOLDFAST_KEY")]
    pub key: Option<PathBuf>,

    /// Be one server with others, through this NATS server, as nats://nats.example.org:4222
    #[arg(long, env = "HOLDFAST_NATS", hide_env_values = true)]
    pub nats: Option<String>,

    /// The file of credentials for it
    #[arg(long, env = "HOLDFAST_NATS_CREDS", requires = "nats")]
    pub nats_creds: Option<PathBuf>,

    /// What the subjects of these servers begin with; others of the same NATS server have another
    #[arg(long, env = "HOLDFAST_NATS_PREFIX", default_value = "holdfast", value_parser = subject)]
    pub nats_prefix: String,

    /// Run a STUN and TURN server as well, which pages reach at this address, as 203.0.113.5:3478
    #[arg(long, env = "HOLDFAST_TURN")]
    pub turn: Option<SocketAddr>,

    /// A STUN or TURN server for the pages, as turn:turn.example.org; several, with commas between
    #[arg(long = "turn-url", env = "HOLDFAST_TURN_URLS", value_delimiter = ',')]
    pub turn_urls: Vec<String>,

    /// The secret shared with the TURN servers (coturn's static-auth-secret); that of our own is made
    /// up if left out
    #[arg(long, env = "HOLDFAST_TURN_SECRET", hide_env_values = true)]
    pub turn_secret: Option<String>,

    /// What to log, to standard error: error, warn, info, debug, trace, or a tracing filter
    #[arg(long, env = "HOLDFAST_LOG", default_value = "info")]
    pub log: String,

    /// How to log it
    #[arg(long, env = "HOLDFAST_LOG_FORMAT", value_enum, default_value_t)]
    pub log_format: LogFormat,
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For programs: an object a line.
    Json,
}

/// The first words of a NATS subject.
fn subject(text: &str) -> Result<String, String> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    match text
        .split('.')
        .all(|word| !word.is_empty() && word.chars().all(is_word))
    {
        true => Ok(text.to_owned()),
        false => Err("letters, digits, - and _, with dots between".to_owned()),
    }
}

/// A name that a certificate can be for.
fn domain(text: &str) -> Result<String, String> {
    let is_label = |label: &str| {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        !label.is_empty() && label.len() < 64 && label.chars().all(is_plain)
    };
    let is_address = text.parse::<Ipv4Addr>().is_ok();
    match text.contains('.') && text.split('.').all(is_label) && !is_address {
        true => Ok(text.to_ascii_lowercase()),
        false => Err("a name alone, as call.example.org".to_owned()),
    }
}

/// Where the certificate comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Tls {
    /// Made on the spot.
    SelfSigned,
}

impl Options {
    /// The same, for whoever listens there. A name that there is a certificate for is one to be asked under.
    pub(crate) fn at(&self, listen: SocketAddr) -> Self {
        let options = self.clone();
        let hosts = [&self.hosts[..], &self.domains].concat();
        Self {
            listen,
            hosts,
            ..options
        }
    }
}

impl Default for Options {
    /// The options if nothing is said.
    fn default() -> Self {
        Self::parse_from(["holdfast-server"])
    }
}
