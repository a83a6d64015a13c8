//! Faults of config.json, for the person who runs the site: each sentence names the field.

use crate::{
    config::{ConfigError, Wanted},
    rtc,
};

/// The sentence.
#[must_use]
pub fn config_error(error: &ConfigError) -> String {
    match error {
        ConfigError::Unreachable(why) => unreachable(why),
        ConfigError::Status(status) => unreachable(&format!("HTTP status {status}")),
        ConfigError::NotAnObject => "config.json is not a JSON object.".into(),
        ConfigError::UnknownField(field) => format!(
            "config.json has a field `{field}`, which Holdfast does not know. Is it misspelt?"
        ),
        ConfigError::Wrong { field, wanted } => {
            format!("In config.json, `{field}` must be {}.", must_be(*wanted))
        }
    }
}

fn unreachable(why: &str) -> String {
    format!("config.json cannot be loaded ({why}). Put one beside index.html; {{}} will do.")
}

fn must_be(wanted: Wanted) -> &'static str {
    match wanted {
        Wanted::Signaling => "\"auto\", \"tabs\", or a URL that begins with ws:// or wss://",
        Wanted::SecureSignaling => "a wss:// URL, because this page came over https://",
        Wanted::Recovery => "\"race\", \"restart\", \"textbook\" or \"sample\"",
        Wanted::TrueOrFalse => "true or false",
        Wanted::Seconds => "a number of seconds from 10 to 3600",
        Wanted::Rtc(rtc::Wanted::IceTransportPolicy) => "\"all\" or \"relay\"",
        Wanted::Rtc(rtc::Wanted::BundlePolicy) => "\"balanced\", \"max-compat\" or \"max-bundle\"",
        Wanted::Rtc(rtc::Wanted::RtcpMuxPolicy) => "\"require\"",
        Wanted::Rtc(rtc::Wanted::PoolSize) => "a whole number from 0 to 255",
        Wanted::Rtc(rtc::Wanted::IceServers) => "a list of objects",
        Wanted::Rtc(rtc::Wanted::Urls) => "a stun:, stuns:, turn: or turns: URL, or a list of them",
        Wanted::Rtc(rtc::Wanted::Credential) => "a string: TURN servers ask for it",
    }
}
