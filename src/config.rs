//! Run-time configuration: `config.json` beside the page, so that one build fits every host.
//!
//! docs/deploy.md describes every field.

use std::time::Duration;

use holdfast_call::{Limits, Policy};
use js_sys::{Array, JsString, Object, Reflect, RegExp};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Url;

use crate::{
    platform::{DomError, http, location, parse, property, stringify},
    rtc::{self, Configuration, FieldError},
    signaling::SignalingServer,
};

/// How long it may take to come, ms.
const LIMIT: u32 = 8_000;

/// The fields of `config.json`.
#[derive(Debug, Clone)]
pub struct Config {
    /// How messages get to the others.
    pub signaling: SignalingServer,
    /// The argument of the `RTCPeerConnection()` constructor.
    pub rtc: Configuration,
    /// How long a call waits for what.
    pub limits: Limits,
    /// A leg may be kept warm through a relay.
    pub standby: bool,
}

/// A fault in `config.json`; `text` has the words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigError {
    /// It cannot be had; what the browser says of it.
    Unreachable(String),
    /// The host answers with that HTTP status.
    Status(u16),
    /// It is not a JSON object.
    NotAnObject,
    /// It has a field that means nothing.
    UnknownField(String),
    /// A field has a value it cannot have.
    Wrong {
        /// Which field.
        field: String,
        /// The type it wants.
        wanted: Wanted,
        /// What it is, as JSON; empty where it is missing.
        value: String,
    },
}

/// The type that a field of `config.json` wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// `auto`, `tabs`, or the URL of a WebSocket.
    Signaling,
    /// The URL of a WebSocket with TLS, because the page came over https.
    SecureSignaling,
    /// One of the policies that the fault lab compares.
    Recovery,
    /// A number of seconds from 10 to 3600.
    Seconds,
    /// `true` or `false`.
    TrueOrFalse,
    /// The type that a field of the connection's configuration wants.
    Rtc(rtc::Wanted),
}

const POLICY_NAMES: [(&str, Policy); 4] = [
    ("race", Policy::Race),
    ("restart", Policy::RestartOnMove),
    ("textbook", Policy::Textbook),
    ("sample", Policy::Sample),
];

impl Config {
    /// Loads `config.json` from beside the page. Where there is none (404), every field has its default.
    ///
    /// # Errors
    /// The fault in it, for the person who runs the site.
    pub async fn load() -> Result<Self, ConfigError> {
        let unreachable = |error: DomError| ConfigError::Unreachable(error.to_string());
        // Hosts that let it be kept for long would have the site run with what was there before.
        let options = [
            ("cache", &"no-cache".into()),
            ("signal", &http::within(LIMIT)),
        ];
        let asked = http::get("config.json", &options).await;
        let response = asked.map_err(unreachable)?;
        match response.status() {
            200..300 => {}
            404 => return Self::parse("{}"),
            status => return Err(ConfigError::Status(status)),
        }
        Self::parse(&response.text().await.map_err(unreachable)?)
    }

    /// Reads the text of a `config.json`.
    ///
    /// # Errors
    /// Names the field that is wrong.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let json = parse(text).ok_or(ConfigError::NotAnObject)?.0;
        if !json.is_object() || Array::is_array(&json) {
            return Err(ConfigError::NotAnObject);
        }
        let json: Object = json.unchecked_into();
        let mut config = Self {
            signaling: SignalingServer::Auto,
            rtc: Configuration::default(),
            limits: Limits::default(),
            standby: true,
        };
        for field in Object::keys(&json).iter().filter_map(|key| key.as_string()) {
            let set = config.set(&field, &property(&json, &field));
            set.map_err(|error| error.with_value(&json))?;
        }
        Ok(config)
    }

    /// Names a server that the browser does not take.
    ///
    /// # Errors
    /// It is the first of `iceServers` that is refused.
    pub fn check_servers(&self) -> Result<(), ConfigError> {
        let Some(nth) = self.rtc.refused_server() else {
            return Ok(());
        };
        let field = format!("iceServers[{nth}].urls");
        let error = wrong(&field, Wanted::Rtc(rtc::Wanted::Urls));
        Err(error.with_value(self.rtc.as_browser()))
    }

    fn set(&mut self, field: &str, value: &JsValue) -> Result<(), ConfigError> {
        match field {
            "signaling" => self.signaling = parse_signaling(value)?,
            // For the fault lab, which compares them.
            "recovery" => {
                let word = value.as_string().unwrap_or_default();
                let known = POLICY_NAMES.iter().find(|(name, _)| *name == word);
                self.limits.policy = known.ok_or(wrong(field, Wanted::Recovery))?.1;
            }
            "standby" => {
                let wanted = value.as_bool();
                self.standby = wanted.ok_or(wrong(field, Wanted::TrueOrFalse))?;
            }
            "noPathLimitSeconds" => {
                let seconds = value.as_f64().filter(|s| (10.0..=3600.0).contains(s));
                let seconds = seconds.ok_or(wrong(field, Wanted::Seconds))?;
                self.limits.no_path = Duration::from_secs_f64(seconds);
            }
            _ => match self.rtc.set(field, value) {
                Ok(()) => {}
                Err(FieldError::Unknown) => {
                    return Err(ConfigError::UnknownField(field.to_owned()));
                }
                Err(FieldError::Wrong { field, wanted }) => {
                    return Err(wrong(&field, Wanted::Rtc(wanted)));
                }
            },
        }
        Ok(())
    }
}

impl ConfigError {
    /// Tells what the field is that is wrong.
    fn with_value(mut self, json: &JsValue) -> Self {
        if let Self::Wrong { field, value, .. } = &mut self {
            let steps = JsString::from(&**field).match_(&RegExp::new(r"\w+", "g"));
            let steps: Array = steps.unwrap_or_default().unchecked_into();
            let step = |of, step| Reflect::get(&of, &step).unwrap_or_default();
            let found = steps.iter().fold(json.clone(), step);
            if !found.is_undefined() {
                *value = stringify(&found);
            }
        }
        self
    }
}

fn parse_signaling(value: &JsValue) -> Result<SignalingServer, ConfigError> {
    match value.as_string().as_deref() {
        Some("auto") => Ok(SignalingServer::Auto),
        Some("tabs") => Ok(SignalingServer::Tabs),
        Some(url) => match Url::new(url).map(|url| url.protocol()).as_deref() {
            // Browsers let no page that came over https open a socket without TLS.
            Ok("ws:") if location::is_https() => Err(wrong("signaling", Wanted::SecureSignaling)),
            Ok("ws:" | "wss:") => Ok(SignalingServer::Url(url.to_owned())),
            Ok(_) | Err(_) => Err(wrong("signaling", Wanted::Signaling)),
        },
        None => Err(wrong("signaling", Wanted::Signaling)),
    }
}

fn wrong(field: &str, wanted: Wanted) -> ConfigError {
    ConfigError::Wrong {
        field: field.to_owned(),
        wanted,
        value: String::new(),
    }
}
