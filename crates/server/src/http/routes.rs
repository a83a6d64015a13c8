//! Which request gets which answer.

use std::sync::{Arc, atomic::Ordering};

use axum::{
    Json,
    extract::Request,
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use holdfast_protocol::{SESSION_SUBPROTOCOL, SUBPROTOCOL};

use super::{
    admission::{self, Visitor},
    ice::Ice,
    site::Site,
    tls::TlsServer,
};
use crate::{
    metrics::Dropped,
    reach::Reached,
    state::Server,
    turn::Turn,
    ws::{self, Upgrade},
};

/// The service that answers requests.
#[derive(Clone)]
pub(crate) struct Front {
    pub(crate) server: Server,
    pub(crate) site: Site,
    pub(crate) ice: Arc<Ice>,
    pub(crate) tls: Option<TlsServer>,
    /// The TURN server in this process.
    pub(crate) turn: Option<Arc<Turn>>,
}

impl Front {
    /// A WebSocket on any path, files for everything else, but for these few.
    pub(super) async fn handle(&self, request: Request) -> Response {
        let (mut parts, body) = request.into_parts();
        let visitor = parts.extensions.get::<Visitor>();
        let address = admission::address(&self.server, visitor, &parts.headers);
        if let Some(address) = address {
            // After those that came before it from its subnet.
            self.server.limits.request(address).await;
        }
        if !admission::is_for_us(&self.server, &parts.headers) {
            tracing::info!(host = ?parts.headers.get(header::HOST), "not asked under that name; see --host");
            self.server.metrics.dropped(Dropped::Host);
            let text = "This server is not asked under that name; see --host.\n";
            return (StatusCode::MISDIRECTED_REQUEST, text).into_response();
        }
        match Upgrade::of(&mut parts) {
            Ok(None) => {}
            Ok(Some(upgrade)) => {
                let visitor = parts.extensions.get::<Visitor>();
                return self.upgrade(upgrade, visitor, &parts.headers).await;
            }
            Err(refused) => return refused.into_response(),
        }
        // hyper leaves out what follows the head where that alone was asked for.
        let method = match parts.method {
            Method::HEAD => Method::GET,
            _ => parts.method.clone(),
        };
        match (method, parts.uri.path()) {
            (Method::GET, "/healthz") => "ok\n".into_response(),
            (Method::GET, "/readyz") if *self.server.stopping.borrow() => {
                (StatusCode::SERVICE_UNAVAILABLE, "stopping\n").into_response()
            }
            (Method::GET, "/readyz") if self.server.draining.load(Ordering::Relaxed) => {
                (StatusCode::SERVICE_UNAVAILABLE, "draining\n").into_response()
            }
            (Method::GET, "/readyz") => self.readiness(),
            (Method::GET, "/ice") if !admission::has_pass(&self.server, &parts.headers) => {
                let text = "TURN is for those with a pass: send it as `Authorization: Bearer`.\n";
                (StatusCode::UNAUTHORIZED, text).into_response()
            }
            (Method::GET, "/ice")
                if let Some(why) =
                    address.and_then(|from| admission::banned(&self.server, from)) =>
            {
                (StatusCode::FORBIDDEN, format!("{why}\n")).into_response()
            }
            (Method::GET, "/ice") => {
                let never = [(header::CACHE_CONTROL, "no-store")];
                (never, Json(self.ice.servers())).into_response()
            }
            _ => self.site.handle(Request::from_parts(parts, body)).await,
        }
    }

    /// Whether people may be sent here. Where NATS has gone, they may: the others are as lonely.
    fn readiness(&self) -> Response {
        match self.server.nats.get() {
            Reached::Alone | Reached::Now => "ok\n".into_response(),
            Reached::Before => "ok, but NATS cannot be reached\n".into_response(),
            Reached::Never => {
                let text = "NATS cannot be reached yet\n";
                (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
            }
        }
    }

    async fn upgrade(
        &self,
        mut upgrade: Upgrade,
        visitor: Option<&Visitor>,
        headers: &HeaderMap,
    ) -> Response {
        let server = &self.server;
        if !admission::may_connect(server, headers) {
            tracing::info!(origin = ?headers.get(header::ORIGIN), "its pages may not connect; see --origin");
            server.metrics.dropped(Dropped::Origin);
            let text = "Pages of that site may not connect here; see --origin.\n";
            return (StatusCode::FORBIDDEN, text).into_response();
        }
        let selected = upgrade.select(&[SESSION_SUBPROTOCOL, SUBPROTOCOL]);
        // Autobahn names none.
        let selected = selected.or(ws::ECHOES.then_some(""));
        let Some(selected) = selected else {
            let text = "Name the WebSocket subprotocol `json` in your request.\n";
            return (StatusCode::BAD_REQUEST, text).into_response();
        };
        let resumable = selected == SESSION_SUBPROTOCOL;
        let received = visitor.map(|visitor| visitor.received.clone());
        let received = received.unwrap_or_default();
        let open = server.stopping.subscribe();
        let permit = admission::permit(server, visitor, headers);
        let turned_away = permit
            .as_ref()
            .and_then(|permit| admission::turned_away(server, permit));
        if let Some((counted, close)) = turned_away {
            server.metrics.dropped(counted);
            return upgrade.accept(received, move |socket| async move {
                ws::turn_away(Box::new(socket), close).await;
                drop(permit);
            });
        }
        if server.options.behind_proxy
            && let Some(permit) = &permit
        {
            permit.admitted().await;
        }
        let server = server.clone();
        // A session can end before its connection has, and the other way round.
        let permit = permit.map(Arc::new);
        upgrade.accept(received, move |socket| {
            ws::run(Box::new(socket), resumable, server, permit, open)
        })
    }
}
