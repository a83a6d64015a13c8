//! Faults of config.json, for the person who runs the site: each sentence names the field. In English, as the file
//! itself.

use crate::{
    config::{ConfigError, Wanted},
    platform::DomError,
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
        ConfigError::Wrong {
            field,
            wanted,
            value,
        } => {
            let must_be = must_be(*wanted);
            match value.is_empty() {
                true => format!("In config.json, `{field}` must be {must_be}."),
                false => {
                    // What is long says no more than its beginning.
                    let value: String = value.chars().take(80).collect();
                    format!("In config.json, `{field}` must be {must_be}. It is {value}.")
                }
            }
        }
    }
}

/// What the browser refuses of it.
pub(super) fn configuration_error(error: &DomError) -> String {
    let meaning = match error.name.as_str() {
        "InvalidAccessError" => {
            "A TURN server lacks its user name or password, or a certificate \
            has expired."
        }
        "InvalidStateError" => "The connection is already closed.",
        "InvalidModificationError" => {
            "This setting cannot change during a call; hang up and call \
            again."
        }
        "SyntaxError" => "The address of a STUN or TURN server is not written as it must be.",
        _ => "The browser does not take the configuration.",
    };
    format!(
        "{meaning} Ask whoever runs this site to check config.json. ({})",
        error.message
    )
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
