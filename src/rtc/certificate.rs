//! The certificate of this browser: every connection shows it, so that the other side of a call
//! knows the caller again.

use std::pin::pin;

use futures_util::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use js_sys::{Object, Reflect};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::RtcPeerConnection;

use crate::platform::{DomError, JsObject, clock, database, task};

const KEY: &str = "certificate";

/// For how long a certificate is good, ms: as long as browsers let one be (WebRTC 1.0, 4.9.1:
/// at most 365 days).
const LIFE: f64 = 365.0 * 24.0 * 60.0 * 60.0 * 1000.0;

/// A certificate with less than that left is replaced, ms: no call lasts so long.
const SPARE: f64 = 7.0 * 24.0 * 60.0 * 60.0 * 1000.0;

/// How long the database may take, ms.
const PATIENCE: u32 = 1_000;

/// An `RTCCertificate`.
#[derive(Debug, Clone)]
pub struct Certificate(JsValue);

impl Certificate {
    /// The one that this browser has kept; a new one if it has none, or that is about to expire.
    /// None where the browser makes none: then each connection has its own.
    pub async fn load() -> Option<Self> {
        // A database that does not answer (another tab holds it, a disk hangs) keeps no page from
        // starting.
        let kept = pin!(database::load(KEY));
        let kept = match select(kept, TimeoutFuture::new(PATIENCE)).await {
            Either::Left((kept, _)) => kept.map(Self),
            // For this page alone: what is kept may be good.
            Either::Right(_) => return generate().await.ok().map(Self),
        };
        match kept.filter(Self::is_good) {
            Some(certificate) => Some(certificate),
            None => Self::renew().await,
        }
    }

    /// A new one, which is kept.
    async fn renew() -> Option<Self> {
        let certificate = generate().await.ok()?;
        let kept = certificate.clone();
        task::spawn(async move { database::keep(KEY, &kept).await });
        Some(Self(certificate))
    }

    /// Whether it will do for another call.
    #[must_use]
    pub fn is_good(&self) -> bool {
        let expires = JsObject(self.0.clone()).number("expires");
        expires.is_some_and(|expires| expires - clock::date() > SPARE)
    }

    /// As the browser wants it.
    #[must_use]
    pub fn as_browser(&self) -> &JsValue {
        &self.0
    }
}

/// ECDSA on P-256.
async fn generate() -> Result<JsValue, DomError> {
    let algorithm = Object::new();
    Reflect::set(&algorithm, &"name".into(), &"ECDSA".into())?;
    Reflect::set(&algorithm, &"namedCurve".into(), &"P-256".into())?;
    Reflect::set(&algorithm, &"expires".into(), &LIFE.into())?;
    let generating = RtcPeerConnection::generate_certificate_with_object(&algorithm)?;
    Ok(JsFuture::from(generating).await?)
}
