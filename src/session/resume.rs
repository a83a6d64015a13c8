//! The state that a page keeps through a reload, or the end of its browser: one line a field.

use std::time::Duration;

use holdfast_call::{AWAY_LIMIT, CallRecord, Secret};
use holdfast_protocol::CallId;

use super::address;
use crate::platform::{clock, lock, storage::Place, task};

const KEY: &str = "holdfast";

/// Calls that are over.
const OVER: &str = "holdfast-over";

/// How often it is written that a call is still under way, ms.
const FRESHEN: u64 = 5_000;

/// A session, and the call in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    /// The id that the server knows the session by; empty with a server that knows none.
    pub(super) session: String,
    pub(super) name: String,
    /// The room.
    pub(super) room: String,
    pub(super) call: CallRecord,
}

/// The kept state, and the lock on the session, which this tab has to itself.
#[derive(Debug, Default)]
pub(super) struct Resume {
    kept: Option<Record>,
    /// When it was kept, ms since 1970.
    kept_at: u64,
    kept_over: String,
    locked: String,
}

impl Resume {
    /// The state that was kept there, no longer ago than that, ms. What is older is forgotten: the other
    /// side waits no more.
    pub(super) fn load(place: Place, limit: u64) -> Option<Record> {
        let text = place.load(KEY)?;
        let record = text.split_once('\n').and_then(|(at, record)| {
            let age = date().saturating_sub(at.parse().ok()?);
            Record::read(record).filter(|_| age < limit)
        });
        if record.is_none() {
            place.keep(KEY, None);
        }
        record
    }

    /// Whether this tab may come back into a session.
    pub(super) fn is_kept() -> bool {
        Place::Tab.load(KEY).is_some()
    }

    /// Calls that were over before the reload, and what our messages in them are proved with.
    pub(super) fn over() -> Vec<(CallId, Secret)> {
        let kept = Place::Tab.load(OVER).unwrap_or_default();
        let call = |line: &str| {
            let mut words = line.split(' ');
            let page = words.next()?.to_owned();
            let nth = words.next()?.parse().ok()?;
            Some((CallId { page, nth }, Secret::read(words.next()?)?))
        };
        kept.lines().filter_map(call).collect()
    }

    /// Keeps calls that are over for the next page.
    pub(super) fn keep_over<'a>(&mut self, calls: impl Iterator<Item = &'a (CallId, Secret)>) {
        let mut lines = String::new();
        for (CallId { page, nth }, secret) in calls {
            lines += &format!("{page} {nth} {}\n", secret.digits());
        }
        if lines != self.kept_over {
            Place::Tab.keep(OVER, Some(&lines));
            self.kept_over = lines;
        }
    }

    /// Forgets what was kept: another tab goes on with it.
    pub(super) fn forget() {
        for key in [KEY, OVER] {
            Place::Tab.keep(key, None);
        }
    }

    /// This tab has that session to itself.
    pub(super) fn has_locked(&mut self, session: &str) {
        session.clone_into(&mut self.locked);
    }

    /// Locks the session, if it is another than before; and keeps what the next page needs to come
    /// back, or nothing.
    pub(super) fn keep(&mut self, session: Option<&str>, name: &str, call: Option<CallRecord>) {
        if let Some(session) = session.filter(|session| *session != self.locked) {
            self.has_locked(session);
            let session = session.to_owned();
            task::spawn(async move {
                lock_session(&session).await;
            });
        }
        let record = call.map(|call| Record {
            session: self.locked.clone(),
            name: name.to_owned(),
            room: address::kept(),
            call,
        });
        let now = date();
        let is_old = record.is_some() && now - self.kept_at > FRESHEN;
        if record != self.kept || is_old {
            write(record.as_ref(), now);
            (self.kept, self.kept_at) = (record, now);
        }
    }

    /// The page closes. The other side has been told, and waits no longer than [`AWAY_LIMIT`]; whoever is gone without
    /// a word, it awaits for `limit`.
    pub(super) fn closes(&mut self, limit: Duration) {
        if self.kept.is_some() {
            self.kept_at = date();
            let less = limit.saturating_sub(AWAY_LIMIT).as_millis() as u64;
            write(self.kept.as_ref(), self.kept_at - less);
        }
    }
}

/// Keeps that for the next page, as of then.
fn write(record: Option<&Record>, at: u64) {
    let text = record.map(|record| record.write(at));
    for place in [Place::Tab, Place::Browser] {
        place.keep(KEY, text.as_deref());
    }
}

/// Milliseconds since 1970.
fn date() -> u64 {
    // To write numbers with fractions takes 6 kB of code.
    clock::date() as u64
}

/// Whether no other tab is in that session: a tab that was duplicated has kept the same.
pub(super) async fn lock_session(session: &str) -> bool {
    // A server that knows no sessions: there is nothing that two tabs could both be in.
    session.is_empty() || lock::take(session).await
}

impl Record {
    fn write(&self, at: u64) -> String {
        let call = &self.call;
        let peer_call = call.peer_call.as_ref();
        let dialed = call.dialed.as_ref();
        let secrets: Vec<String> = call.secrets.iter().map(Secret::digits).collect();
        let fields = [
            at.to_string(),
            self.session.clone(),
            self.name.clone(),
            self.room.clone(),
            call.peer.clone(),
            call.call.page.clone(),
            call.call.nth.to_string(),
            peer_call.map(|call| call.page.clone()).unwrap_or_default(),
            peer_call.map_or(0, |call| call.nth).to_string(),
            u32::from(call.polite).to_string(),
            call.epoch.to_string(),
            call.leg.to_string(),
            call.peer_epoch.to_string(),
            dialed.map_or(0, |call| call.nth).to_string(),
            dialed.map(|call| call.page.clone()).unwrap_or_default(),
            call.person.clone().unwrap_or_default(),
            call.page.digits(),
            secrets.join(","),
            call.certificate.join(","),
        ];
        fields.join("\n")
    }

    fn read(text: &str) -> Option<Self> {
        let mut fields = text.split('\n');
        let session = fields.next()?.to_owned();
        let name = fields.next()?.to_owned();
        let room = fields.next()?.to_owned();
        let peer = fields.next()?.to_owned();
        let mut call = || {
            let page = fields.next()?.to_owned();
            let nth = fields.next()?.parse().ok()?;
            Some(CallId { page, nth })
        };
        let (call, peer_call) = (call()?, call()?);
        let mut number = || fields.next()?.parse::<u32>().ok();
        let (polite, epoch, leg, peer_epoch) = (number()? > 0, number()?, number()?, number()?);
        let nth = number()?;
        let dialed = fields.next()?.to_owned();
        let person = Some(fields.next()?.to_owned());
        let page = Secret::read(fields.next()?)?;
        let secrets = fields.next()?.split(',').filter_map(Secret::read).collect();
        let certificate = fields.next()?;
        let call = CallRecord {
            peer,
            person: person.filter(|person| !person.is_empty()),
            call,
            peer_call: Some(peer_call).filter(|call| !call.page.is_empty()),
            polite,
            epoch,
            peer_epoch,
            dialed: Some(CallId { page: dialed, nth }).filter(|call| !call.page.is_empty()),
            leg,
            page,
            secrets,
            certificate: certificate
                .split(',')
                .filter(|shown| !shown.is_empty())
                .map(str::to_owned)
                .collect(),
        };
        Some(Self {
            session,
            name,
            room,
            call,
        })
    }
}
