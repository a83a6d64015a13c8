//! From a request to a WebSocket (RFC 6455, 4.2).

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tungstenite::handshake::derive_accept_key;

use super::socket::Socket;
use crate::meter::Received;

/// What is wrong with a request for a WebSocket.
#[derive(Debug)]
pub(crate) struct Refused(StatusCode, &'static str);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let spoken = [(header::SEC_WEBSOCKET_VERSION, "13")];
        (self.0, spoken, self.1).into_response()
    }
}

/// A request for a WebSocket.
#[derive(Debug)]
pub(crate) struct Upgrade {
    on: OnUpgrade,
    accept: String,
    /// The subprotocols that the client speaks, with commas between.
    offered: String,
    selected: Option<&'static str>,
}

impl Upgrade {
    /// Nothing if it is a request for something else.
    ///
    /// # Errors
    /// What is wrong with one that is not as it should be (RFC 6455, 4.2.1 and 4.4).
    pub(crate) fn of(parts: &mut Parts) -> Result<Option<Self>, Refused> {
        let headers = &parts.headers;
        let text = |name: HeaderName| {
            let values = headers.get_all(name).into_iter();
            let texts = values.filter_map(|value| value.to_str().ok());
            texts.collect::<Vec<_>>().join(",")
        };
        let has = |name, word: &str| words(&text(name)).any(|one| one.eq_ignore_ascii_case(word));
        let is_asked = parts.method == Method::GET
            && has(header::CONNECTION, "upgrade")
            && has(header::UPGRADE, "websocket");
        if !is_asked {
            return Ok(None);
        }
        if !has(header::SEC_WEBSOCKET_VERSION, "13") {
            let text = "Of WebSockets, version 13 is spoken here.\n";
            return Err(Refused(StatusCode::UPGRADE_REQUIRED, text));
        }
        let refused = |text| Err(Refused(StatusCode::BAD_REQUEST, text));
        let Some(key) = headers.get(header::SEC_WEBSOCKET_KEY) else {
            return refused("A WebSocket is asked for with a Sec-WebSocket-Key.\n");
        };
        let accept = derive_accept_key(key.as_bytes());
        let offered = text(header::SEC_WEBSOCKET_PROTOCOL);
        let Some(on) = parts.extensions.remove() else {
            return refused("A WebSocket is asked for in HTTP/1.1.\n");
        };
        Ok(Some(Self {
            on,
            accept,
            offered,
            selected: None,
        }))
    }

    /// Selects a subprotocol: the first of these that the client speaks as well.
    pub(crate) fn select(&mut self, spoken: &[&'static str]) -> Option<&'static str> {
        let mut spoken = spoken.iter().copied();
        self.selected = spoken.find(|one| words(&self.offered).any(|offered| offered == *one));
        self.selected
    }

    /// Says yes, and hands over the WebSocket as soon as it is there. `received`: what comes over its
    /// connection.
    pub(crate) fn accept<F>(
        self,
        received: Received,
        run: impl FnOnce(Socket) -> F + Send + 'static,
    ) -> Response
    where
        F: Future<Output = ()> + Send + 'static,
    {
        tokio::spawn(async move {
            match self.on.await {
                Ok(upgraded) => run(Socket::new(TokioIo::new(upgraded), received)).await,
                Err(error) => tracing::debug!("no WebSocket: {error}"),
            }
        });
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let selected = self.selected.map(HeaderValue::from_static);
        // Base64 is good for a header.
        let accept = HeaderValue::try_from(self.accept).ok();
        for (name, value) in [
            (
                header::CONNECTION,
                Some(HeaderValue::from_static("upgrade")),
            ),
            (header::UPGRADE, Some(HeaderValue::from_static("websocket"))),
            (header::SEC_WEBSOCKET_ACCEPT, accept),
            (header::SEC_WEBSOCKET_PROTOCOL, selected),
        ] {
            value.into_iter().for_each(|value| {
                response.headers_mut().insert(&name, value);
            });
        }
        response
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim)
}
