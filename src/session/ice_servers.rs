//! The ICE servers, fetched anew: their passwords run out.

use std::pin::Pin;

use gloo_timers::callback::Interval;
use holdfast_call::LegId;
use js_sys::Object;

use super::{
    address,
    input::{Input, Inputs},
};
use crate::{
    config::{Config, ConfigError},
    platform::{JsObject, http, task},
    signaling::SignalingServer,
};

/// How long our server may take, ms: a page begins without them then, and asks again when somebody comes in.
const LIMIT: u32 = 3_000;

/// How often they are asked for, ms: our server's passwords are good for an hour.
const RENEWAL: u32 = 40 * 60 * 1000;

/// Loads config.json, with ICE servers from our server where it names none. For a page that begins, what the browser
/// would refuse in a call is found now. Boxed: each use would be compiled anew.
pub(super) fn load(begins: bool) -> Pin<Box<dyn Future<Output = Result<Config, ConfigError>>>> {
    Box::pin(async move {
        let mut config = Config::load().await?;
        if begins {
            config.check_servers()?;
        }
        if config.signaling == SignalingServer::Auto && !config.rtc.has_ice_servers() {
            ask_our_server(&mut config).await;
        }
        Ok(config)
    })
}

/// Loads them, for that leg or those to come.
pub(super) fn fetch(inputs: &Inputs, leg: Option<LegId>) {
    let inputs = inputs.clone();
    task::spawn(async move {
        let fresh = load(false).await.ok().map(|config| config.rtc);
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
    let options = [("headers", &headers.0), ("signal", &http::within(LIMIT))];
    let Ok(response) = http::get("ice", &options).await else {
        return;
    };
    if let Ok(fresh) = Config::parse(&response.text().await.unwrap_or_default()) {
        config.rtc.take_ice_servers(&fresh.rtc);
    }
}
