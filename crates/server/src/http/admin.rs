//! What whoever runs the server asks of it, at an address of its own: who is here; close, ban, drain.

use std::{
    collections::BTreeSet,
    io,
    net::{IpAddr, SocketAddr},
    sync::atomic::Ordering,
    time::Duration,
};

use axum::{
    Json, Router,
    extract::{Request, State, rejection::JsonRejection},
    http::{HeaderMap, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use ring::digest::{SHA256, digest as hash};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::admission;
use crate::{
    digest,
    hub::{Person, is_alone},
    metrics::Dropped,
    state::Server,
};

/// For how long somebody is banned, if that is not said; and at most: a year.
const BAN_MINUTES: u32 = 60;
const MOST_MINUTES: u32 = 365 * 24 * 60;

/// What is asked for, or what is wrong with it.
type Answer = Result<Json<Value>, (StatusCode, String)>;
type Asked<T> = Result<Json<T>, JsonRejection>;

/// What answers whoever runs the server.
///
/// # Errors
/// When others could ask at that address as well.
pub(crate) fn admin(server: &Server, address: SocketAddr) -> io::Result<Router> {
    if !address.ip().is_loopback() && server.options.admin_secret.is_none() {
        return Err(io::Error::other(format!(
            "others can ask at {address}: --admin needs --admin-secret there"
        )));
    }
    let app = Router::new()
        .route("/people", get(people))
        .route("/bans", get(bans))
        .route("/close", post(close))
        .route("/ban", post(ban))
        .route("/unban", post(unban))
        .route("/drain", post(drain))
        .layer(middleware::from_fn_with_state(server.clone(), guard));
    Ok(app.with_state(server.clone()))
}

/// Lets those through alone who may ask. A page of another site that somebody has open beside may send requests here
/// too: without a secret, none is answered that a page has sent, as far as browsers say so, or that comes by a name
/// that may lead anywhere (DNS rebinding); nor is a change that is not asked for as `application/json`, which no page
/// may send elsewhere unasked.
async fn guard(State(server): State<Server>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let may_ask = match &server.options.admin_secret {
        Some(secret) => shows(headers, secret),
        None => !is_of_a_page(headers) && admission::is_asked_by_address(headers),
    };
    match may_ask {
        true => next.run(request).await,
        false => {
            let text = "This is for whoever runs the server: ask by the address, from no page, and \
                        with `Authorization: Bearer` and the secret if there is one.\n";
            (StatusCode::FORBIDDEN, text).into_response()
        }
    }
}

/// Whether a page has sent it. What somebody has typed as an address is of no site (Fetch Metadata, 2.3).
fn is_of_a_page(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site");
    headers.contains_key(header::ORIGIN) || site.is_some_and(|site| site != "none")
}

/// Whether that secret is said. Hashes are compared: how far they are alike says nothing of how far a guess is.
fn shows(headers: &HeaderMap, secret: &str) -> bool {
    let said = headers.get(header::AUTHORIZATION);
    let said = said.and_then(|said| said.as_bytes().strip_prefix(b"Bearer "));
    let hash = |bytes: &[u8]| hash(&SHA256, bytes);
    said.is_some_and(|said| hash(said).as_ref() == hash(secret.as_bytes()).as_ref())
}

/// What a room is called here. Who knows its real name can come in, so that is not told; the lobby has none.
fn label(room: &str) -> String {
    match room.is_empty() || is_alone(room) {
        true => String::new(),
        false => digest::short(room),
    }
}

async fn people(State(server): State<Server>) -> Json<Value> {
    let people = server.hub.people();
    let people: Vec<Value> = people.iter().map(shown).collect();
    Json(json!({ "people": people }))
}

fn shown(person: &Person) -> Value {
    let place = person.place.as_ref();
    json!({
        "person": &*person.person,
        "room": place.map(|(room, _)| label(room)),
        "name": place.map(|(_, name)| &**name),
        "address": person.address,
        "since": person.since,
        "connected": person.is_connected,
        "in_call": person.is_in_call,
        "held_bytes": person.held,
    })
}

/// Whom it concerns: one of these.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whom {
    /// By the public name of the session.
    person: Option<String>,
    /// Everybody in a room, by what it is called here.
    room: Option<String>,
    /// Everybody from there.
    address: Option<IpAddr>,
    /// For how long they are banned.
    minutes: Option<u32>,
}

impl Whom {
    /// Those of them who are here.
    fn find(&self, server: &Server) -> Result<Vec<Person>, (StatusCode, String)> {
        let named = [
            self.person.is_some(),
            self.room.is_some(),
            self.address.is_some(),
        ];
        if named.into_iter().filter(|is_named| *is_named).count() != 1 {
            let text = "Whom: a `person`, a `room` or an `address`, one of these?\n";
            return Err((StatusCode::UNPROCESSABLE_ENTITY, text.to_owned()));
        }
        let mut people = server.hub.people();
        people.retain(|person| {
            let is_named = self.person.as_deref() == Some(&*person.person);
            let is_there = self.room.as_deref().is_some_and(|room| {
                let place = person.place.as_ref();
                place.is_some_and(|(place, _)| label(place) == room)
            });
            is_named || is_there || self.address.is_some_and(|from| person.is_from(from))
        });
        Ok(people)
    }
}

/// Ends sessions. Pages come back by themselves, as new people; calls under way go on.
async fn close(State(server): State<Server>, whom: Asked<Whom>) -> Answer {
    let people = read(whom)?.find(&server)?;
    Ok(Json(json!({ "closed": end(&server, &people) })))
}

fn end(server: &Server, people: &[Person]) -> usize {
    let closed = people.iter().filter(|person| server.hub.end(person.key));
    let closed = closed.count();
    tracing::info!(closed, "closed by whoever runs this");
    (0..closed).for_each(|_| server.metrics.dropped(Dropped::Operator));
    closed
}

/// Lets nobody in from where somebody is, for some time, and closes who is.
async fn ban(State(server): State<Server>, whom: Asked<Whom>) -> Answer {
    let whom = read(whom)?;
    let minutes = whom.minutes.unwrap_or(BAN_MINUTES).min(MOST_MINUTES);
    let time = Duration::from_secs(60 * u64::from(minutes));
    let people = whom.find(&server)?;
    let addresses = people.iter().filter_map(|person| person.address);
    let addresses: BTreeSet<IpAddr> = addresses.chain(whom.address).collect();
    if addresses.is_empty() {
        let text = "nobody like that is here\n".to_owned();
        return Err((StatusCode::NOT_FOUND, text));
    }
    for address in &addresses {
        server.bans.ban(*address, time, Instant::now());
        tracing::info!(%address, minutes, "banned by whoever runs this");
    }
    let mut people = server.hub.people();
    people.retain(|person| addresses.iter().any(|address| person.is_from(*address)));
    let closed = end(&server, &people);
    Ok(Json(
        json!({ "banned": addresses, "minutes": minutes, "closed": closed }),
    ))
}

#[derive(Deserialize)]
struct Unban {
    address: IpAddr,
}

async fn unban(State(server): State<Server>, unban: Asked<Unban>) -> Answer {
    let Unban { address } = read(unban)?;
    let lifted = server.bans.lift(address);
    tracing::info!(%address, lifted, "let in again by whoever runs this");
    Ok(Json(json!({ "unbanned": lifted })))
}

async fn bans(State(server): State<Server>) -> Json<Value> {
    let bans = server.bans.list(Instant::now());
    let bans: Vec<Value> = bans
        .iter()
        .map(|(address, left)| json!({ "address": address, "seconds": left.as_secs() }))
        .collect();
    Json(json!({ "bans": bans }))
}

#[derive(Deserialize)]
struct Drain {
    drain: bool,
}

/// Has `/readyz` say that nobody is to be sent here any more, or that they are again. Who is here stays.
async fn drain(State(server): State<Server>, drain: Asked<Drain>) -> Answer {
    let Drain { drain } = read(drain)?;
    server.draining.store(drain, Ordering::Relaxed);
    tracing::info!(drain, "told by whoever runs this");
    Ok(Json(json!({ "draining": drain })))
}

fn read<T>(asked: Asked<T>) -> Result<T, (StatusCode, String)> {
    match asked {
        Ok(Json(asked)) => Ok(asked),
        Err(wrong) => Err((wrong.status(), format!("{}\n", wrong.body_text()))),
    }
}
