//! A certificate that the server orders by itself, and renews (ACME, RFC 8555): it shows that the name is its own at
//! the very port that it serves (TLS-ALPN-01, RFC 8737).

use std::{
    env,
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use futures_util::StreamExt;
use rustls_acme::{AccountCache, AcmeConfig, AcmeState, CertCache, EventError, EventOk};
use tokio_rustls::rustls::{
    ClientConfig, RootCertStore,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, pem::PemObject},
};

use super::tls::TlsServer;
use crate::{digest, key, options::Options};

/// What is ordered, and has been.
pub(crate) struct Order {
    state: AcmeState<io::Error>,
    names: String,
    directory: String,
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
        let folder = Folder::open(options)?;
        let config = match &options.acme_root {
            Some(file) => AcmeConfig::new_with_client_config(&options.domains, trusting(file)?),
            None => AcmeConfig::new_with_provider(&options.domains, default_provider().into()),
        };
        Ok(Some(Self {
            state: config.directory(&options.acme).cache(folder).state(),
            names: options.domains.join(", "),
            directory: options.acme.clone(),
        }))
    }

    /// TLS with whatever certificate there is.
    pub(crate) fn tls(&self) -> io::Result<TlsServer> {
        let challenge = self
            .state
            .challenge_rustls_config_with_provider(default_provider().into());
        Ok(TlsServer::with(self.state.resolver())?.answering(challenge))
    }

    /// Orders one, and the next in time; for ever. What fails is tried again, each time after twice as long.
    pub(crate) async fn keep(self) {
        let Self {
            mut state,
            names,
            directory,
        } = self;
        while let Some(event) = state.next().await {
            match event {
                Ok(EventOk::DeployedCachedCert) => {
                    tracing::info!("the certificate for {names} is the one that was kept");
                }
                Ok(EventOk::DeployedNewCert) => {
                    tracing::info!("there is a new certificate for {names}");
                }
                Ok(EventOk::CertCacheStore | EventOk::AccountCacheStore) => {}
                Err(EventError::Order(error)) => {
                    tracing::error!(
                        "no certificate for {names} can be had from {directory}: {error}. \
                         It is asked for again; does the name lead here, and port 443?"
                    );
                }
                Err(error) => tracing::error!("the certificate for {names}: {error}"),
            }
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
struct Folder(PathBuf);

impl Folder {
    /// The one that the options name, else the one that a service manager gives, else one of the user's own; made if it
    /// is not there.
    fn open(options: &Options) -> io::Result<Self> {
        let state = || {
            let given = env::var_os("STATE_DIRECTORY").map(PathBuf::from);
            let own = env::var_os("XDG_STATE_HOME").map(PathBuf::from);
            let home = || Some(PathBuf::from(env::var_os("HOME")?).join(".local/state"));
            let own = own.or_else(home).map(|state| state.join("holdfast"));
            given.or(own).map(|state| state.join("acme"))
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

    /// The file for so many names, or whose contact, at that authority.
    fn file(&self, kind: &str, whose: &[String], directory: &str) -> PathBuf {
        let whose = [whose, &[directory.to_owned()]].concat().join("\n");
        self.0.join(format!("{kind}-{}.pem", digest::short(&whose)))
    }
}

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
        read(&self.file("certificate", names, directory))
    }

    async fn store_cert(&self, names: &[String], directory: &str, pem: &[u8]) -> io::Result<()> {
        key::write_secretly(&self.file("certificate", names, directory), pem)
    }
}

#[async_trait]
impl AccountCache for Folder {
    type EA = io::Error;

    async fn load_account(&self, contact: &[String], at: &str) -> io::Result<Option<Vec<u8>>> {
        read(&self.file("account", contact, at))
    }

    async fn store_account(&self, contact: &[String], at: &str, key: &[u8]) -> io::Result<()> {
        key::write_secretly(&self.file("account", contact, at), key)
    }
}
