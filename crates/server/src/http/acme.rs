//! A certificate that the server orders by itself, and renews (ACME, RFC 8555): it shows that the name is its own at
//! the very port that it serves (TLS-ALPN-01, RFC 8737).

use std::{
    env,
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use futures_util::{FutureExt, StreamExt};
use parking_lot::RwLock;
use rustls_acme::{
    AccountCache, AcmeConfig, AcmeState, CertCache, Event, EventError, EventOk, OrderError,
    ResolvesServerCertAcme,
};
use tokio::time::{sleep, timeout};
use tokio_rustls::rustls::{
    ClientConfig, RootCertStore,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

use super::tls::TlsServer;
use crate::{digest, key, options::Options};

/// How long to wait.
#[derive(Debug, Clone, Copy)]
struct Patience {
    /// For anything to happen while there is no certificate, and while there is one: then everything begins anew, for
    /// the crate waits without end for an answer that does not come, and up to 18 hours between two orders.
    without: Duration,
    with: Duration,
    /// After an authority has looked in vain: Let's Encrypt lets one try five times an hour.
    refused: Duration,
}

const PATIENCE: Patience = Patience {
    without: Duration::from_secs(60 * 60),
    with: Duration::from_secs(24 * 60 * 60),
    refused: Duration::from_secs(15 * 60),
};

/// What is ordered, and where.
pub(crate) struct Order {
    names: Vec<String>,
    directory: String,
    folder: Folder,
    /// Whom to believe that they are the authority, if not whom browsers believe.
    trust: Option<Arc<ClientConfig>>,
    shown: Arc<Shown>,
    patience: Patience,
}

/// What is shown to browsers, and to an authority.
#[derive(Debug, Default)]
struct Shown(RwLock<Option<Arc<ResolvesServerCertAcme>>>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let now = self.0.read().clone()?;
        now.resolve(hello)
    }
}

impl Order {
    /// What the options ask for, if they do.
    ///
    /// # Errors
    /// When there is nowhere to keep it, or the authority's own certificate cannot be read.
    pub(crate) fn of(options: &Options) -> io::Result<Option<Self>> {
        if options.domains.is_empty() {
            return Ok(None);
        }
        let trust = options.acme_root.as_deref().map(trusting);
        Ok(Some(Self {
            names: options.domains.clone(),
            directory: options.acme.clone(),
            folder: Folder::open(options)?,
            trust: trust.transpose()?,
            shown: Arc::default(),
            patience: PATIENCE,
        }))
    }

    /// TLS with whatever certificate there is.
    pub(crate) fn tls(&self) -> io::Result<TlsServer> {
        Ok(TlsServer::with(self.shown.clone())?.answering_challenges())
    }

    /// Orders one, and the next in time; for ever. What fails is tried again.
    pub(crate) async fn keep(self) {
        let mut state = self.begin();
        self.show(&state);
        let mut has_one = false;
        loop {
            let patience = match has_one {
                true => self.patience.with,
                false => self.patience.without,
            };
            match timeout(patience, state.next()).await {
                Ok(Some(event)) => {
                    has_one |= matches!(
                        event,
                        Ok(EventOk::DeployedCachedCert | EventOk::DeployedNewCert)
                    );
                    self.follow(event).await;
                }
                Ok(None) | Err(_) => {
                    let mut next = self.begin();
                    // What is kept is there at once. What could not be kept is shown for as long as it can be.
                    let first = next.next().now_or_never().flatten();
                    if !has_one || matches!(first, Some(Ok(EventOk::DeployedCachedCert))) {
                        self.show(&next);
                        state = next;
                    }
                }
            }
        }
    }

    fn begin(&self) -> AcmeState<io::Error> {
        let config = match &self.trust {
            Some(trust) => AcmeConfig::new_with_client_config(&self.names, trust.clone()),
            None => AcmeConfig::new_with_provider(&self.names, default_provider().into()),
        };
        let config = config.directory(&self.directory);
        config.cache(self.folder.clone()).state()
    }

    fn show(&self, state: &AcmeState<io::Error>) {
        *self.shown.0.write() = Some(state.resolver());
    }

    /// Says what has happened, and waits where one has to.
    async fn follow(&self, event: Event<io::Error, io::Error>) {
        let names = self.names.join(", ");
        let directory = &self.directory;
        match event {
            Ok(EventOk::DeployedCachedCert) => {
                tracing::info!("the certificate for {names} is the one that was kept");
            }
            Ok(EventOk::DeployedNewCert) => {
                tracing::info!("there is a new certificate for {names}");
            }
            Ok(EventOk::CertCacheStore | EventOk::AccountCacheStore) => {}
            Err(EventError::Order(
                error @ (OrderError::BadAuth(_)
                | OrderError::BadOrder(_)
                | OrderError::TooManyAttemptsAuth(_)),
            )) => {
                tracing::error!(
                    "{directory} gives no certificate for {names}: does the name lead here, and port 443? \
                     It is asked again in 15 minutes, or when the server is started again. ({error})"
                );
                sleep(self.patience.refused).await;
            }
            Err(EventError::Order(error)) => {
                tracing::error!(
                    "no certificate for {names} can be had from {directory}: {error}. It is asked again."
                );
            }
            Err(error) => tracing::error!("the certificate for {names}: {error}"),
        }
    }
}

/// Whoever shows a certificate of that authority is believed.
fn trusting(file: &Path) -> io::Result<Arc<ClientConfig>> {
    let unreadable = |error: &dyn std::fmt::Display| {
        io::Error::other(format!("{} cannot be read: {error}", file.display()))
    };
    let mut roots = RootCertStore::empty();
    let authorities =
        CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    for authority in authorities.map_err(|error| unreadable(&error))? {
        roots.add(authority).map_err(|error| unreadable(&error))?;
    }
    if roots.is_empty() {
        return Err(unreadable(&"there is no certificate in it"));
    }
    let config = ClientConfig::builder_with_provider(default_provider().into())
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config.into())
}

/// Where certificates are kept, and the key of our account.
#[derive(Clone)]
struct Folder(PathBuf);

impl Folder {
    /// The one that the options name, else the one that a service manager gives, else one of the user's own; made if it
    /// is not there.
    fn open(options: &Options) -> io::Result<Self> {
        // What is set to nothing, or leads from wherever it is started, is as good as not set.
        let set = |name| {
            let value = env::var_os(name)?;
            let first = env::split_paths(&value).next()?;
            first.is_absolute().then_some(first)
        };
        let state = || {
            let own = || set("XDG_STATE_HOME").or_else(|| Some(set("HOME")?.join(".local/state")));
            let given = set("STATE_DIRECTORY");
            let state = given.or_else(|| Some(own()?.join("holdfast")))?;
            Some(state.join("acme"))
        };
        let folder = options.acme_folder.clone().or_else(state);
        let folder = folder.ok_or_else(|| {
            io::Error::other("where is the certificate to be kept? Say it by --acme-folder")
        })?;
        let mut open = DirBuilder::new();
        open.recursive(true).mode(0o700);
        // Before anything is ordered: an authority gives the same one a few times a week.
        let is_ours = open.create(&folder).and_then(|()| {
            let probe = folder.join("probe");
            key::write_secretly(&probe, b"")?;
            fs::remove_file(probe)
        });
        is_ours.map_err(|error| {
            let folder = folder.display();
            io::Error::other(format!("nothing can be kept in {folder}: {error}"))
        })?;
        Ok(Self(folder))
    }

    /// The file for these names, or this contact, at that authority.
    fn file(&self, (kind, ending): (&str, &str), whose: &[String], directory: &str) -> PathBuf {
        let whose = [whose, &[directory.to_owned()]].concat().join("\n");
        self.0
            .join(format!("{kind}-{}.{ending}", digest::short(&whose)))
    }
}

const CERTIFICATE: (&str, &str) = ("certificate", "pem");
const ACCOUNT: (&str, &str) = ("account", "der");

fn read(file: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        read => read.map(Some),
    }
}

#[async_trait]
impl CertCache for Folder {
    type EC = io::Error;

    async fn load_cert(&self, names: &[String], directory: &str) -> io::Result<Option<Vec<u8>>> {
        read(&self.file(CERTIFICATE, names, directory))
    }

    async fn store_cert(&self, names: &[String], directory: &str, pem: &[u8]) -> io::Result<()> {
        key::write_secretly(&self.file(CERTIFICATE, names, directory), pem)
    }
}

#[async_trait]
impl AccountCache for Folder {
    type EA = io::Error;

    async fn load_account(&self, contact: &[String], at: &str) -> io::Result<Option<Vec<u8>>> {
        read(&self.file(ACCOUNT, contact, at))
    }

    async fn store_account(&self, contact: &[String], at: &str, key: &[u8]) -> io::Result<()> {
        key::write_secretly(&self.file(ACCOUNT, contact, at), key)
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn an_authority_that_never_answers_is_asked_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let options = Options {
            domains: vec!["call.example.org".to_owned()],
            acme: format!("https://{}/dir", silent.local_addr().expect("bound")),
            acme_folder: Some(folder.path().to_owned()),
            ..Options::default()
        };
        let mut order = Order::of(&options).expect("good").expect("wanted");
        order.patience.without = Duration::from_millis(200);
        let keep = tokio::spawn(order.keep());
        let mut asked = Vec::new();
        for _ in 0..3 {
            let next = timeout(Duration::from_secs(10), silent.accept()).await;
            asked.push(next.expect("it asks again").expect("a connection"));
        }
        keep.abort();
    }
}
