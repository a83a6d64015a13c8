//! TLS: with certificate files, or with a certificate of our own for a house network.

use std::{
    fs, io,
    path::Path,
    sync::{Arc, PoisonError, RwLock},
};

use rustls_acme::{acme::ACME_TLS_ALPN_NAME, is_tls_alpn_challenge};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio_rustls::{
    LazyConfigAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
        server::{Acceptor, ClientHello, ResolvesServerCert},
        sign::CertifiedKey,
    },
    server::TlsStream,
};

use crate::{key, options::Options};

/// The certificate that is shown at present, and its key.
#[derive(Debug)]
pub(crate) struct Certificate {
    now: RwLock<Arc<CertifiedKey>>,
    options: Options,
}

impl Certificate {
    /// What the options name, if TLS is wanted.
    ///
    /// # Errors
    /// When files cannot be read, or made, or do not go together.
    pub(crate) fn load(options: &Options) -> io::Result<Option<Arc<Self>>> {
        let Some(now) = load(options)? else {
            return Ok(None);
        };
        Ok(Some(Arc::new(Self {
            now: RwLock::new(Arc::new(now)),
            options: options.clone(),
        })))
    }

    /// Shows from now on what the files say now, if there are any, and gives whether. Who is connected stays so.
    ///
    /// # Errors
    /// As above; then all stays as it is.
    pub(crate) fn reload(&self) -> io::Result<bool> {
        let has_files = self.options.tls_cert.is_some() || self.options.tls_keep.is_some();
        // Without any, it would be another, which nobody has agreed to.
        if has_files && let Some(next) = load(&self.options)? {
            *self.now.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
        }
        Ok(has_files)
    }

    /// TLS with it.
    pub(crate) fn tls(self: Arc<Self>) -> io::Result<TlsServer> {
        TlsServer::with(self)
    }
}

/// The side of TLS that is ours.
#[derive(Clone)]
pub(crate) struct TlsServer {
    usual: Arc<ServerConfig>,
    /// For an authority that looks whether a name is ours (RFC 8737), where one may.
    challenge: Option<Arc<ServerConfig>>,
}

impl TlsServer {
    /// With the certificates that these are.
    pub(super) fn with(certificates: Arc<dyn ResolvesServerCert>) -> io::Result<Self> {
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_cert_resolver(certificates);
        Ok(Self {
            usual: config.into(),
            challenge: None,
        })
    }

    /// The same, which shows an authority what it looks for.
    pub(super) fn answering_challenges(self) -> Self {
        let mut challenge = (*self.usual).clone();
        challenge.alpn_protocols = vec![ACME_TLS_ALPN_NAME.to_vec()];
        let challenge = Some(challenge.into());
        Self { challenge, ..self }
    }

    /// Shakes hands. Gives nothing where that was all that was wanted.
    pub(super) async fn accept<S>(&self, stream: S) -> io::Result<Option<TlsStream<S>>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let begun = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        match &self.challenge {
            Some(challenge) if is_tls_alpn_challenge(&begun.client_hello()) => {
                let mut shown = begun.into_stream(challenge.clone()).await?;
                shown.shutdown().await?;
                Ok(None)
            }
            _ => begun.into_stream(self.usual.clone()).await.map(Some),
        }
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let now = self.now.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&now))
    }
}

fn load(options: &Options) -> io::Result<Option<CertifiedKey>> {
    let (chain, key) = match (&options.tls_cert, &options.tls_key, options.tls) {
        (Some(chain), Some(key), _) => from_files(chain, key)?,
        (_, _, Some(_)) => self_signed(options)?,
        _ => return Ok(None),
    };
    let certified = CertifiedKey::from_der(chain, key, &ring::default_provider());
    let certified = certified.map_err(|error| {
        io::Error::other(format!("certificate and key do not go together: {error}"))
    })?;
    Ok(Some(certified))
}

type Certified = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn from_files(chain: &Path, key: &Path) -> io::Result<Certified> {
    let certificates = CertificateDer::pem_file_iter(chain)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unreadable(chain, &error))?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable(key, &error))?;
    Ok((certificates, key))
}

fn unreadable(file: &Path, error: &dyn std::fmt::Display) -> io::Error {
    io::Error::other(format!("{} cannot be read: {error}", file.display()))
}

/// Browsers warn of it once, and then give camera and microphone. The one that is kept, if it is for the same names.
fn self_signed(options: &Options) -> io::Result<Certified> {
    let mut names = vec!["localhost".to_owned(), options.listen.ip().to_string()];
    names.extend(options.hosts.iter().cloned());
    let made = || rcgen::generate_simple_self_signed(names.clone()).map_err(io::Error::other);
    let Some(file) = &options.tls_keep else {
        let made = made()?;
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der());
        return Ok((vec![made.cert.into()], key.map_err(io::Error::other)?));
    };
    // What stands before the first block of PEM is for people (RFC 7468, 2).
    let title = format!("For {}\n", names.join(", "));
    match fs::read_to_string(file) {
        Ok(kept) if kept.starts_with(&title) => {}
        Ok(kept) if !kept.starts_with("For ") => {
            return Err(unreadable(file, &"it was not made by this program"));
        }
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(unreadable(file, &error));
        }
        Ok(_) | Err(_) => {
            let made = made()?;
            let pem = [title, made.cert.pem(), made.signing_key.serialize_pem()].concat();
            key::write_secretly(file, pem.as_bytes()).map_err(|error| {
                io::Error::other(format!("{} cannot be written: {error}", file.display()))
            })?;
        }
    }
    from_files(file, file)
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use tokio::io::{AsyncReadExt, duplex};
    use tokio_rustls::{
        TlsConnector,
        rustls::{ClientConfig, RootCertStore},
    };

    use super::*;
    use crate::options::Tls;

    /// Whether who trusts that certificate can talk to the server of that name.
    async fn talks(tls: TlsServer, trusted: CertificateDer<'static>) -> bool {
        let mut roots = RootCertStore::empty();
        roots.add(trusted).expect("a certificate");
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let (near, far) = duplex(4096);
        let name = "localhost".try_into().expect("a name");
        let connector = TlsConnector::from(Arc::new(config));
        let (client, server) = tokio::join!(connector.connect(name, near), tls.accept(far));
        let (Ok(mut client), Ok(Some(mut server))) = (client, server) else {
            return false;
        };
        let mut heard = [0; 5];
        let said = tokio::join!(
            async {
                client.write_all(b"hello").await?;
                client.flush().await
            },
            server.read_exact(&mut heard)
        );
        said.0.is_ok() && said.1.is_ok() && &heard == b"hello"
    }

    fn shown(options: &Options) -> (TlsServer, CertificateDer<'static>) {
        let certificate = Certificate::load(options).expect("good").expect("wanted");
        let trusted = certificate.now.read().expect("whole").cert[0].clone();
        (certificate.tls().expect("fits"), trusted)
    }

    #[tokio::test]
    async fn a_certificate_of_our_own_is_good_for_localhost() {
        let options = Options {
            tls: Some(Tls::SelfSigned),
            ..Options::default()
        };
        let certificate = Certificate::load(&options).expect("good").expect("wanted");
        let (tls, trusted) = shown(&options);
        assert!(talks(tls, trusted.clone()).await);
        let before = certificate.now.read().expect("whole").cert[0].clone();
        assert!(!certificate.reload().expect("no file"));
        assert_eq!(certificate.now.read().expect("whole").cert[0], before);
        let (another, _) = shown(&options);
        assert!(!talks(another, trusted).await);
    }

    #[tokio::test]
    async fn a_certificate_of_our_own_that_is_kept_is_the_same_for_the_next_process() {
        let folder = tempfile::tempdir().expect("a folder");
        let options = Options {
            tls: Some(Tls::SelfSigned),
            tls_keep: Some(folder.path().join("own.pem")),
            ..Options::default()
        };
        let (_, trusted) = shown(&options);
        let (next, _) = shown(&options);
        assert!(talks(next, trusted.clone()).await);
        let file = folder.path().join("own.pem");
        let mode = fs::metadata(&file).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "there is a key in it");
        // Under another name it is asked for, and so another is made, for its owner alone again.
        let open = fs::Permissions::from_mode(0o644);
        fs::set_permissions(&file, open).expect("ours");
        let hosts = vec!["call.example.org".to_owned()];
        let (other, _) = shown(&Options {
            hosts,
            ..options.clone()
        });
        assert!(!talks(other, trusted).await);
        let mode = fs::metadata(&file).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::write(&file, "somebody's key").expect("written");
        let foreign = Certificate::load(&options).expect_err("not ours");
        assert!(foreign.to_string().contains("not made by"), "{foreign}");
        fs::write(&file, "For localhost, 127.0.0.1\nnonsense").expect("written");
        let wrong = Certificate::load(&options).expect_err("nonsense");
        assert!(wrong.to_string().contains("own.pem"), "{wrong}");
    }

    #[tokio::test]
    async fn certificate_files_are_read_and_what_is_wrong_with_them_is_said() {
        let folder = tempfile::tempdir().expect("a folder");
        let [chain, key] = ["chain.pem", "key.pem"].map(|name| folder.path().join(name));
        let made = rcgen::generate_simple_self_signed(["localhost".into()]).expect("made");
        fs::write(&chain, made.cert.pem()).expect("written");
        let options = Options {
            tls_cert: Some(chain.clone()),
            tls_key: Some(key.clone()),
            ..Options::default()
        };
        let missing = Certificate::load(&options).expect_err("no key yet");
        assert!(missing.to_string().contains("key.pem"), "{missing}");
        let other = rcgen::KeyPair::generate().expect("made");
        fs::write(&key, other.serialize_pem()).expect("written");
        let wrong = Certificate::load(&options).expect_err("another key");
        assert!(wrong.to_string().contains("go together"), "{wrong}");
        fs::write(&key, made.signing_key.serialize_pem()).expect("written");
        let certificate = Certificate::load(&options).expect("good").expect("wanted");
        let tls = certificate.clone().tls().expect("fits");
        assert!(talks(tls.clone(), made.cert.clone().into()).await);
        // It runs out, and there is another.
        let next = rcgen::generate_simple_self_signed(["localhost".into()]).expect("made");
        fs::write(&key, next.signing_key.serialize_pem()).expect("written");
        certificate.reload().expect_err("half of it is there");
        assert!(talks(tls.clone(), made.cert.clone().into()).await);
        fs::write(&chain, next.cert.pem()).expect("written");
        assert!(certificate.reload().expect("both are there"));
        assert!(talks(tls.clone(), next.cert.into()).await);
        assert!(!talks(tls, made.cert.into()).await);
    }
}
