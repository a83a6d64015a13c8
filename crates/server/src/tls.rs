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

use crate::Options;

/// What speaks TLS with those who connect, if that is wanted.
pub(crate) fn acceptor(options: &Options) -> io::Result<Option<TlsAcceptor>> {
    let (chain, key) = match (&options.tls_cert, &options.tls_key, options.tls) {
        (Some(chain), Some(key), _) => from_files(chain, key)?,
        (_, _, Some(_)) => self_signed(options.listen)?,
        _ => return Ok(None),
    };
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| {
            io::Error::other(format!("certificate and key do not go together: {error}"))
        })?;
    Ok(Some(TlsAcceptor::from(Arc::new(config))))
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
