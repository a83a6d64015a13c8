//! The argument of the `RTCPeerConnection()` constructor (WebRTC 1.0, 4.2.1).

use js_sys::{Array, JsString, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{RtcConfiguration, RtcPeerConnection};

use super::certificate::Certificate;
use crate::platform::property;

/// The most connections that a browser prepares ahead: `iceCandidatePoolSize` is an octet.
const MAX_POOL: f64 = 255.0;

/// The words that a policy can be.
const POLICIES: [(&str, &[&str], Wanted); 3] = [
    (
        "iceTransportPolicy",
        &["all", "relay"],
        Wanted::IceTransportPolicy,
    ),
    (
        "bundlePolicy",
        &["balanced", "max-compat", "max-bundle"],
        Wanted::BundlePolicy,
    ),
    ("rtcpMuxPolicy", &["require"], Wanted::RtcpMuxPolicy),
];

/// A configuration, whose fields were checked.
#[derive(Debug, Clone)]
pub struct Configuration(RtcConfiguration);

/// A field that the configuration does not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldError {
    /// It has no such field.
    Unknown,
    /// It has, but not with that value.
    Wrong {
        /// Which field, with the place in it: `iceServers[1].credential`.
        field: String,
        /// The type it wants.
        wanted: Wanted,
    },
}

/// The type that a field of a configuration wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// `all` or `relay`.
    IceTransportPolicy,
    /// `balanced`, `max-compat` or `max-bundle`.
    BundlePolicy,
    /// `require`.
    RtcpMuxPolicy,
    /// A whole number from 0 to 255.
    PoolSize,
    /// A list of objects.
    IceServers,
    /// A STUN or TURN URL, or a list of them.
    Urls,
    /// A string: TURN servers ask for it.
    Credential,
}

impl Default for Configuration {
    fn default() -> Self {
        Self(Object::new().unchecked_into())
    }
}

impl Configuration {
    /// As the browser wants it.
    #[must_use]
    pub fn as_browser(&self) -> &RtcConfiguration {
        &self.0
    }

    /// Sets a field.
    ///
    /// # Errors
    /// Names the field that is wrong before the browser does it in words for programmers.
    pub fn set(&mut self, field: &str, value: &JsValue) -> Result<(), FieldError> {
        match field {
            "iceServers" => check_servers(value)?,
            "iceCandidatePoolSize" => {
                let is_size = |size: &f64| (0.0..=MAX_POOL).contains(size) && size.fract() == 0.0;
                let size = value.as_f64().filter(is_size);
                size.ok_or(wrong(field, Wanted::PoolSize))?;
            }
            _ => {
                let policy = POLICIES.iter().find(|(name, ..)| *name == field);
                let (_, words, wanted) = policy.ok_or(FieldError::Unknown)?;
                let word = value.as_string();
                if !word.is_some_and(|word| words.contains(&&*word)) {
                    return Err(wrong(field, *wanted));
                }
            }
        }
        // Setting a property of a plain object cannot fail.
        let _ = Reflect::set(&self.0, &field.into(), value);
        Ok(())
    }

    /// The ICE servers, as the browser wants them.
    #[must_use]
    pub fn ice_servers(&self) -> JsValue {
        property(&self.0, "iceServers")
            .dyn_into::<Array>()
            .unwrap_or_default()
            .into()
    }

    /// The first ICE server that the browser does not take, by its place: it alone knows all that is wrong
    /// with a URL.
    #[must_use]
    pub fn refused_server(&self) -> Option<u32> {
        let servers = Array::from(&self.ice_servers());
        (0..servers.length()).find(|nth| {
            let one = RtcConfiguration::new();
            one.set_ice_servers(&Array::of1(&servers.get(*nth)));
            match RtcPeerConnection::new_with_configuration(&one) {
                Ok(connection) => {
                    connection.close();
                    false
                }
                Err(_) => true,
            }
        })
    }

    /// The same for connections that go through a relay alone.
    #[must_use]
    pub fn relayed(&self) -> Self {
        let relayed = Object::assign(&Object::new(), &self.0);
        let _ = Reflect::set(&relayed, &"iceTransportPolicy".into(), &"relay".into());
        Self(relayed.unchecked_into())
    }

    /// Whether it names a relay.
    #[must_use]
    pub fn has_relay(&self) -> bool {
        let urls = JsString::from(self.server_urls());
        ["turn:", "turns:"]
            .iter()
            .any(|scheme| urls.includes(scheme, 0))
    }

    /// Whether it names any ICE server.
    #[must_use]
    pub fn has_ice_servers(&self) -> bool {
        Array::from(&self.ice_servers()).length() > 0
    }

    /// The URLs of the ICE servers, for people.
    #[must_use]
    pub fn server_urls(&self) -> String {
        let servers = Array::from(&self.ice_servers());
        let urls = servers.map(&mut |server, _, _| property(&server, "urls"));
        urls.join(", ").into()
    }

    /// Takes the ICE servers of another configuration, if it names them: a failed fetch keeps the
    /// servers we have.
    pub fn take_ice_servers(&mut self, other: &Self) {
        let servers = property(&other.0, "iceServers");
        if !servers.is_undefined() {
            let _ = Reflect::set(&self.0, &"iceServers".into(), &servers);
        }
    }

    /// Gives every connection this certificate, so that the other side knows it again.
    pub fn set_certificate(&mut self, certificate: &Certificate) {
        let list = Array::of1(certificate.as_browser());
        let _ = Reflect::set(&self.0, &"certificates".into(), &list);
    }
}

fn check_servers(servers: &JsValue) -> Result<(), FieldError> {
    if !Array::is_array(servers) {
        return Err(wrong("iceServers", Wanted::IceServers));
    }
    for (n, server) in Array::from(servers).iter().enumerate() {
        let field = |name: &str| format!("iceServers[{n}].{name}");
        let urls = property(&server, "urls");
        let urls = match Array::is_array(&urls) {
            true => Array::from(&urls),
            false => Array::of1(&urls),
        };
        let urls: Option<Vec<String>> = urls.iter().map(|url| url.as_string()).collect();
        let schemes = ["stun:", "stuns:", "turn:", "turns:"];
        let is_good = |url: &String| schemes.iter().any(|scheme| url.starts_with(scheme));
        let urls = urls.filter(|urls| !urls.is_empty() && urls.iter().all(is_good));
        let urls = urls.ok_or(wrong(&field("urls"), Wanted::Urls))?;
        for name in ["username", "credential"] {
            let is_missing = !property(&server, name).is_string();
            if is_missing && urls.iter().any(|url| url.starts_with("turn")) {
                return Err(wrong(&field(name), Wanted::Credential));
            }
        }
    }
    Ok(())
}

fn wrong(field: &str, wanted: Wanted) -> FieldError {
    FieldError::Wrong {
        field: field.to_owned(),
        wanted,
    }
}
