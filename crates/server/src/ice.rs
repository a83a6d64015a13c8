//! STUN and TURN servers for the pages, with credentials that end by themselves: those of the TURN
//! REST API that coturn understands (`use-auth-secret`).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha1::Sha1;

use crate::Options;

/// How long credentials are good. A page asks for new ones before each call and each restart.
const CREDENTIAL_LIFE: Duration = Duration::from_secs(6 * 60 * 60);

/// An `RTCIceServer` list (WebRTC 1.0, 4.2.4), as `{"iceServers": […]}`.
pub(crate) fn servers(options: &Options) -> Value {
    let (turn, stun): (Vec<_>, Vec<_>) = options
        .turn_urls
        .iter()
        .partition(|url| url.starts_with("turn"));
    let mut servers = Vec::new();
    if !stun.is_empty() {
        servers.push(json!({ "urls": stun }));
    }
    if let (Some(secret), false) = (&options.turn_secret, turn.is_empty()) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let end = now.unwrap_or_default() + CREDENTIAL_LIFE;
        let (username, credential) = credentials(secret, end);
        servers.push(json!({ "urls": turn, "username": username, "credential": credential }));
    }
    json!({ "iceServers": servers })
}

/// Name and password, good until then.
fn credentials(secret: &str, end: Duration) -> (String, String) {
    let username = format!("{}:holdfast", end.as_secs());
    let credential = password(secret, &username);
    (username, credential)
}

fn password(secret: &str, username: &str) -> String {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(username.as_bytes());
    BASE64_STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::password;

    #[test]
    fn the_password_is_what_coturn_computes() {
        // echo -n 1700000000:holdfast | openssl dgst -binary -sha1 -hmac north | openssl base64
        assert_eq!(
            password("north", "1700000000:holdfast"),
            "5WgAEtj5D9AF4e25Zf3tsJi2+6k="
        );
    }
}
