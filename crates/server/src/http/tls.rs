//! TLS: with certificate files, or with a certificate of our own for a house network.

use std::{io, net::SocketAddr, path::Path, sync::Arc};

use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

use crate::options::Options;

/// The side of TLS that is ours, if TLS is wanted.
pub(crate) fn acceptor(options: &Options) -> io::Result<Option<TlsAcceptor>> {
    let (chain, key) = match (&options.tls_cert, &options.tls_key, options.tls) {
        (Some(chain), Some(key), _) => from_files(chain, key)?,
        (_, _, Some(_)) => self_signed(options.listen)?,
        _ => return Ok(None),
    };
    speaking(chain, key).map(Some)
}

fn speaking(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> io::Result<TlsAcceptor> {
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| {
            io::Error::other(format!("certificate and key do not go together: {error}"))
        })?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

type Certified = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn from_files(chain: &Path, key: &Path) -> io::Result<Certified> {
    let unreadable = |file: &Path, error: &dyn std::fmt::Display| {
        io::Error::other(format!("{} cannot be read: {error}", file.display()))
    };
    let certificates = CertificateDer::pem_file_iter(chain)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unreadable(chain, &error))?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable(key, &error))?;
    Ok((certificates, key))
}

/// Browsers warn of it once, and then give camera and microphone.
fn self_signed(listen: SocketAddr) -> io::Result<Certified> {
    let names = vec!["localhost".to_owned(), listen.ip().to_string()];
    let made = rcgen::generate_simple_self_signed(names).map_err(io::Error::other)?;
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der());
    Ok((vec![made.cert.into()], key.map_err(io::Error::other)?))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio_rustls::{
        TlsConnector,
        rustls::{ClientConfig, RootCertStore},
    };

    use super::*;

    /// Whether who trusts that certificate can talk to the server of that name.
    async fn talks(acceptor: TlsAcceptor, trusted: CertificateDer<'static>) -> bool {
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
        let (client, server) = tokio::join!(connector.connect(name, near), acceptor.accept(far));
        let (Ok(mut client), Ok(mut server)) = (client, server) else {
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

    #[tokio::test]
    async fn a_certificate_of_our_own_is_good_for_localhost() {
        let listen = "127.0.0.1:6503".parse().expect("an address");
        let (chain, key) = self_signed(listen).expect("made");
        let trusted = chain[0].clone();
        assert!(talks(speaking(chain, key).expect("fits"), trusted.clone()).await);
        let (chain, key) = self_signed(listen).expect("made");
        assert!(!talks(speaking(chain, key).expect("fits"), trusted).await);
    }

    #[tokio::test]
    async fn certificate_files_are_read_and_what_is_wrong_with_them_is_said() {
        let folder = tempfile::tempdir().expect("a folder");
        let [chain, key] = ["chain.pem", "key.pem"].map(|name| folder.path().join(name));
        let made = rcgen::generate_simple_self_signed(["localhost".into()]).expect("made");
        fs::write(&chain, made.cert.pem()).expect("written");
        let options = Options {
            tls_cert: Some(chain),
            tls_key: Some(key.clone()),
            ..Options::default()
        };
        let missing = acceptor(&options).err().expect("no key yet");
        assert!(missing.to_string().contains("key.pem"), "{missing}");
        let other = rcgen::KeyPair::generate().expect("made");
        fs::write(&key, other.serialize_pem()).expect("written");
        let wrong = acceptor(&options).err().expect("another key");
        assert!(wrong.to_string().contains("go together"), "{wrong}");
        fs::write(&key, made.signing_key.serialize_pem()).expect("written");
        let acceptor = acceptor(&options).expect("good").expect("wanted");
        assert!(talks(acceptor, made.cert.into()).await);
    }
}
