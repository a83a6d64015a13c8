//! Passes: a site's own login says who may come into which room under which name, in a JSON Web
//! Token (RFC 7519) that only it can sign.

use std::{fs, io};

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::Deserialize;

use crate::options::Options;

/// The shortest secret that HS256 asks for (RFC 7518, 3.2).
const SHORTEST_SECRET: usize = 32;

/// The key that tells good passes from others.
pub(crate) struct Passes {
    key: DecodingKey,
    validation: Validation,
}

/// A pass: a room and a name in it. Until when is in the token's `exp`, which it must have.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Pass {
    pub(crate) room: String,
    pub(crate) name: String,
}

impl Passes {
    /// None if everybody may come in.
    pub(crate) fn new(options: &Options) -> io::Result<Option<Self>> {
        let (key, algorithm) = match (&options.pass_secret, &options.pass_key) {
            (Some(_), Some(_)) => {
                return Err(io::Error::other("passes have a secret or a key, not both"));
            }
            (Some(secret), None) if secret.len() < SHORTEST_SECRET => {
                return Err(io::Error::other(format!(
                    "the secret of passes has at least {SHORTEST_SECRET} bytes: anybody could guess a shorter one"
                )));
            }
            (Some(secret), None) => (
                DecodingKey::from_secret(secret.as_bytes()),
                Algorithm::HS256,
            ),
            (None, Some(file)) => {
                let unusable = |error: &dyn std::fmt::Display| {
                    let file = file.display();
                    io::Error::other(format!(
                        "{file} is no public key of Ed25519 in PEM: {error}"
                    ))
                };
                let pem = fs::read(file).map_err(|error| unusable(&error))?;
                let key = DecodingKey::from_ed_pem(&pem).map_err(|error| unusable(&error))?;
                (key, Algorithm::EdDSA)
            }
            (None, None) => return Ok(None),
        };
        let mut validation = Validation::new(algorithm);
        // Whoever signs for us signs for nobody else.
        validation.validate_aud = false;
        validation.validate_nbf = true;
        Ok(Some(Self { key, validation }))
    }

    /// The room of a pass that was good once: who was in there may go on.
    pub(crate) fn late_room(&self, token: &str) -> Option<String> {
        let mut validation = self.validation.clone();
        validation.validate_exp = false;
        let read = decode::<Pass>(token, &self.key, &validation).ok()?;
        Some(read.claims.room)
    }

    /// The pass in a token, if it is one, and good now.
    pub(crate) fn read(&self, token: &str) -> Option<Pass> {
        let read = decode::<Pass>(token, &self.key, &self.validation);
        // The reason is for who runs the server; the token itself is a secret.
        read.inspect_err(|error| tracing::info!("a pass is refused: {error}"))
            .ok()
            .map(|data| data.claims)
    }
}
