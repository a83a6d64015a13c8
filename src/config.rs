//! Run-time configuration: `config.json` beside the page, so that one build fits every host.
//!
//! docs/deploy.md describes every field.

use std::time::Duration;

use gloo_net::http::Request;
use holdfast_call::{Limits, NO_PATH_LIMIT, Policy};
use js_sys::{Array, JSON, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{RtcConfiguration, Url};

use crate::address;

/// What `config.json` says.
#[derive(Debug, Clone)]
pub struct Config {
    /// How messages get to the others.
    pub signaling: Signaling,
    /// What the `RTCPeerConnection()` constructor is given.
    pub rtc: RtcConfiguration,
    /// How long a call waits for what.
    pub limits: Limits,
}

/// How messages get to the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signaling {
    /// A WebSocket beside the page; if none answers and the page is local, the tabs of this browser.
    Auto,
    /// The tabs of this browser.
    Tabs,
    /// A WebSocket at this URL.
    Url(String),
}

/// What is wrong with `config.json`, as a sentence that names the field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be had.
    #[error("config.json cannot be loaded ({0}). Put one beside index.html; {{}} will do.")]
    Unreachable(String),
    /// It is not a JSON object.
    #[error("config.json is not a JSON object.")]
    NotAnObject,
    /// It has a field that means nothing.
    #[error("config.json has a field `{0}`, which Holdfast does not know. Is it misspelt?")]
    UnknownField(String),
    /// A field has a value it cannot have.
    #[error("In config.json, `{field}` must be {must_be}.")]
    Wrong {
        /// Which field.
        field: String,
        /// What it can be.
        must_be: &'static str,
    },
}

/// Fields that go to the browser as they are, and the words each can be.
const POLICIES: [(&str, &[&str], &str); 3] = [
    (
        "iceTransportPolicy",
        &["all", "relay"],
        "\"all\" or \"relay\"",
    ),
    (
        "bundlePolicy",
        &["balanced", "max-compat", "max-bundle"],
        "\"balanced\", \"max-compat\" or \"max-bundle\"",
    ),
    ("rtcpMuxPolicy", &["require"], "\"require\""),
];

const POLICY_NAMES: [(&str, Policy); 4] = [
    ("race", Policy::Race),
    ("restart", Policy::RestartOnMove),
    ("textbook", Policy::Textbook),
    ("sample", Policy::Sample),
];

impl Config {
    /// Loads `config.json` from beside the page.
    ///
    /// # Errors
    /// A sentence for the person who runs the site.
    pub async fn load() -> Result<Self, ConfigError> {
        let unreachable = |error: gloo_net::Error| ConfigError::Unreachable(error.to_string());
        let response = Request::get("config.json")
            .send()
            .await
            .map_err(unreachable)?;
        if !response.ok() {
            let status = format!("HTTP status {}", response.status());
            return Err(ConfigError::Unreachable(status));
        }
        let mut config = Self::parse(&response.text().await.map_err(unreachable)?)?;
        if config.signaling == Signaling::Auto && config.server_list().length() == 0 {
            config.ask_for_servers().await;
        }
        Ok(config)
    }

    /// Our server gives ICE servers, with passwords that end by themselves. Other hosts have no
    /// such thing, and the page does without.
    async fn ask_for_servers(&mut self) {
        let mut request = Request::get("ice");
        if let Some(pass) = address::pass() {
            request = request.header("authorization", &format!("Bearer {pass}"));
        }
        let Ok(response) = request.send().await else {
            return;
        };
        if let Ok(fresh) = Self::parse(&response.text().await.unwrap_or_default()) {
            self.take_servers(&fresh.rtc);
        }
    }

    /// Reads the text of a `config.json`.
    ///
    /// # Errors
    /// A sentence that names the field.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let json = JSON::parse(text).map_err(|_| ConfigError::NotAnObject)?;
        if !json.is_object() || Array::is_array(&json) {
            return Err(ConfigError::NotAnObject);
        }
        let json: Object = json.unchecked_into();
        let rtc = Object::new();
        let mut signaling = Signaling::Auto;
        let mut no_path = NO_PATH_LIMIT;
        let mut recovery = Policy::default();
        for field in Object::keys(&json).iter().filter_map(|key| key.as_string()) {
            let value = get(&json, &field);
            let passed_on = match field.as_str() {
                "signaling" => {
                    signaling = parse_signaling(&value)?;
                    false
                }
                // For the fault lab, which compares them.
                "recovery" => {
                    let word = value.as_string().unwrap_or_default();
                    let known = POLICY_NAMES.iter().find(|(name, _)| *name == word);
                    let must_be = "\"race\", \"restart\", \"textbook\" or \"sample\"";
                    recovery = known.ok_or(wrong(&field, must_be))?.1;
                    false
                }
                "noPathLimitSeconds" => {
                    let seconds = value.as_f64().filter(|s| (10.0..=3600.0).contains(s));
                    let must_be = "a number of seconds from 10 to 3600";
                    no_path = Duration::from_secs_f64(seconds.ok_or(wrong(&field, must_be))?);
                    false
                }
                "iceServers" => {
                    check_servers(&value)?;
                    true
                }
                "iceCandidatePoolSize" => {
                    let size = value
                        .as_f64()
                        .filter(|n| (0.0..=255.0).contains(n) && n.fract() == 0.0);
                    size.ok_or(wrong(&field, "a whole number from 0 to 255"))?;
                    true
                }
                _ => {
                    let policy = POLICIES.iter().find(|(name, ..)| *name == field);
                    let (_, words, must_be) =
                        policy.ok_or(ConfigError::UnknownField(field.clone()))?;
                    let known = value
                        .as_string()
                        .is_some_and(|word| words.contains(&&*word));
                    if !known {
                        return Err(wrong(&field, must_be));
                    }
                    true
                }
            };
            if passed_on {
                // Setting a property of a plain object cannot fail.
                let _ = Reflect::set(&rtc, &field.into(), &value);
            }
        }
        Ok(Self {
            signaling,
            rtc: rtc.unchecked_into(),
            limits: Limits {
                no_path,
                policy: recovery,
                ..Limits::default()
            },
        })
    }

    /// Takes the ICE servers of another configuration.
    pub fn take_servers(&mut self, other: &RtcConfiguration) {
        let servers = get(other, "iceServers");
        // Who could not be asked takes nothing away.
        if !servers.is_undefined() {
            let _ = Reflect::set(&self.rtc, &"iceServers".into(), &servers);
        }
    }

    /// Gives every connection this certificate, so that the other side knows it again.
    pub fn set_certificate(&mut self, certificate: &JsValue) {
        let list = Array::of1(certificate);
        let _ = Reflect::set(&self.rtc, &"certificates".into(), &list);
    }

    /// The ICE servers, as the browser wants them.
    #[must_use]
    pub fn ice_servers(&self) -> JsValue {
        self.server_list().into()
    }

    fn server_list(&self) -> Array {
        // Checked to be a list, if it is there.
        let servers = get(&self.rtc, "iceServers").dyn_into();
        servers.unwrap_or_default()
    }
}

const SIGNALING: &str = "\"auto\", \"tabs\", or a URL that begins with ws:// or wss://";

/// Browsers let no page that came over https open a socket without TLS.
fn page_is_secure() -> bool {
    let location = web_sys::window().map(|window| window.location());
    location
        .and_then(|location| location.protocol().ok())
        .is_some_and(|scheme| scheme == "https:")
}

fn parse_signaling(value: &JsValue) -> Result<Signaling, ConfigError> {
    match value.as_string().as_deref() {
        Some("auto") => Ok(Signaling::Auto),
        Some("tabs") => Ok(Signaling::Tabs),
        Some(url) => match Url::new(url).map(|url| url.protocol()).as_deref() {
            Ok("ws:") if page_is_secure() => Err(wrong(
                "signaling",
                "a wss:// URL, because this page came over https://",
            )),
            Ok("ws:" | "wss:") => Ok(Signaling::Url(url.to_owned())),
            Ok(_) | Err(_) => Err(wrong("signaling", SIGNALING)),
        },
        None => Err(wrong("signaling", SIGNALING)),
    }
}

/// Names the field that is wrong before the browser does it in words for programmers.
fn check_servers(servers: &JsValue) -> Result<(), ConfigError> {
    if !Array::is_array(servers) {
        return Err(wrong("iceServers", "a list of objects"));
    }
    for (n, server) in Array::from(servers).iter().enumerate() {
        let field = |name: &str| format!("iceServers[{n}].{name}");
        let urls = get(&server, "urls");
        let urls = if Array::is_array(&urls) {
            Array::from(&urls)
        } else {
            Array::of1(&urls)
        };
        let urls: Option<Vec<String>> = urls.iter().map(|url| url.as_string()).collect();
        let schemes = ["stun:", "stuns:", "turn:", "turns:"];
        let good = |url: &String| schemes.iter().any(|scheme| url.starts_with(scheme));
        let urls = urls.filter(|urls| !urls.is_empty() && urls.iter().all(good));
        let must_be = "a stun:, stuns:, turn: or turns: URL, or a list of them";
        let urls = urls.ok_or(wrong(&field("urls"), must_be))?;
        for name in ["username", "credential"] {
            let missing = !get(&server, name).is_string();
            if missing && urls.iter().any(|url| url.starts_with("turn")) {
                return Err(wrong(&field(name), "a string: TURN servers ask for it"));
            }
        }
    }
    Ok(())
}

fn wrong(field: &str, must_be: &'static str) -> ConfigError {
    ConfigError::Wrong {
        field: field.to_owned(),
        must_be,
    }
}

/// A property, or undefined, also of what is no object.
fn get(object: &JsValue, key: &str) -> JsValue {
    Reflect::get(object, &key.into()).unwrap_or_default()
}
