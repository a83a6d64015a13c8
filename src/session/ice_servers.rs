//! The ICE servers, fetched anew: their passwords run out.

use gloo_timers::callback::Interval;
use holdfast_call::LegId;
use js_sys::Object;

use super::{
    address,
    input::{Input, Inputs},
};
use crate::{
    config::{Config, ConfigError, Wanted},
    platform::{JsObject, http, task},
    rtc,
    signaling::SignalingServer,
};

/// How often they are asked for, ms: our server's passwords are good for a day.
const RENEWAL: u32 = 8 * 60 * 60 * 1000;

/// Loads config.json, with ICE servers from our server where it names none.
pub(super) async fn load() -> Result<Config, ConfigError> {
    let mut config = Config::load().await?;
    if config.signaling == SignalingServer::Auto && !config.rtc.has_ice_servers() {
        ask_our_server(&mut config).await;
    }
    Ok(config)
}

/// The same, for a page that begins: what the browser would refuse in a call is found now.
pub(super) async fn load_checked() -> Result<Config, ConfigError> {
    let config = load().await?;
    match config.rtc.refused_server() {
        Some(nth) => Err(ConfigError::Wrong {
            field: format!("iceServers[{nth}].urls"),
            wanted: Wanted::Rtc(rtc::Wanted::Urls),
        }),
        None => Ok(config),
    }
}

/// Loads them, for that leg or those to come.
pub(super) fn fetch(inputs: &Inputs, leg: Option<LegId>) {
    let inputs = inputs.clone();
    task::spawn(async move {
        let fresh = load().await.ok().map(|config| config.rtc);
        inputs.send(Input::IceServers(leg, fresh));
    });
}

/// Loads them now and then, for legs to come.
pub(super) fn renew(inputs: &Inputs) -> Interval {
    let inputs = inputs.clone();
    Interval::new(RENEWAL, move || fetch(&inputs, None))
}

/// Our server gives ICE servers, with passwords that end by themselves. Other hosts have no such
/// thing, and the page does without.
async fn ask_our_server(config: &mut Config) {
    let headers = JsObject(Object::new().into());
    if let Some(pass) = address::pass() {
        headers.set("authorization", &format!("Bearer {pass}").into());
    }
    let Ok(response) = http::get("ice", &[("headers", &headers.0)]).await else {
        return;
    };
    if let Ok(fresh) = Config::parse(&response.text().await.unwrap_or_default()) {
        config.rtc.take_ice_servers(&fresh.rtc);
    }
}
