//! Passwords that end by themselves: those of the TURN REST API, which coturn understands (`use-auth-secret`).

use std::{
    net::SocketAddr,
    time::{Duration, SystemTime},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use ring::hmac;
use turn::auth::{AuthHandler, generate_auth_key};

/// The realm of all users. There is only one.
pub(super) const REALM: &str = "holdfast";

/// How long a relay can be made with a password. Pages ask for another before, whenever they come in, and before each
/// restart.
const LIFE: Duration = Duration::from_secs(60 * 60);

/// How much longer a relay that was made with it can be kept: a call may last.
const KEPT: Duration = Duration::from_secs(12 * 60 * 60);

/// Makes passwords for a TURN server that knows the same secret.
#[derive(Clone)]
pub(crate) struct Passwords(hmac::Key);

impl Passwords {
    pub(crate) fn new(secret: &str) -> Self {
        let key = hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY;
        Self(hmac::Key::new(key, secret.as_bytes()))
    }

    /// A name for that user, which says until when it is good, and its password.
    pub(crate) fn make(&self, user: &str) -> (String, String) {
        let name = format!("{}:{user}", (now() + LIFE).as_secs());
        let password = self.of(&name);
        (name, password)
    }

    fn of(&self, name: &str) -> String {
        BASE64_STANDARD.encode(hmac::sign(&self.0, name.as_bytes()))
    }

    /// What messages of that user are signed with, if the name is still good for a relay that there is.
    pub(super) fn key(&self, name: &str, realm: &str) -> Option<Vec<u8>> {
        let is_good = until(name)? + KEPT > now();
        is_good.then(|| generate_auth_key(name, realm, &self.of(name)))
    }
}

impl AuthHandler for Passwords {
    fn auth_handle(
        &self,
        username: &str,
        realm: &str,
        _from: SocketAddr,
    ) -> Result<Vec<u8>, turn::Error> {
        let key = self.key(username, realm);
        key.ok_or_else(|| turn::Error::Other("a name that is not good any more".into()))
    }
}

/// Whether that name is still good for a relay to be made, if the password is the right one.
pub(super) fn may_make(name: &str) -> bool {
    until(name).is_some_and(|until| until > now())
}

/// Until when it is, since 1970.
fn until(name: &str) -> Option<Duration> {
    let seconds: u32 = name.split(':').next()?.parse().ok()?;
    Some(Duration::from_secs(seconds.into()))
}

fn now() -> Duration {
    // Before 1970 nobody gets in.
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_the_one_that_coturn_expects() {
        // By OpenSSL: printf %s 4102444800:ann | openssl dgst -sha1 -hmac secret -binary | base64
        let passwords = Passwords::new("secret");
        assert_eq!(
            passwords.of("4102444800:ann"),
            "hBZmWsJL0EAogRKKtNN5ZqHFfNs="
        );
        assert!(passwords.key("4102444800:ann", "holdfast").is_some());
    }

    #[test]
    fn a_name_says_until_when_it_is_good() {
        let passwords = Passwords::new("secret");
        let (name, _) = passwords.make("ann");
        assert!(passwords.key(&name, "holdfast").is_some() && may_make(&name));
        let over = format!("{}:ann", now().as_secs() - 1);
        assert!(passwords.key(&over, "holdfast").is_some() && !may_make(&over));
        let long_over = format!("{}:ann", (now() - KEPT).as_secs());
        assert!(passwords.key(&long_over, "holdfast").is_none());
        for bad in ["", "ann", "1700000000:ann", "1700000000", ":ann"] {
            assert!(passwords.key(bad, "holdfast").is_none(), "{bad}");
        }
    }
}
