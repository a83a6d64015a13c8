//! Calling somebody: anew, or back into the call with them that the browser's end cut off.

use holdfast_call::{CallRecord, CallState, EndReason, Event};
use holdfast_protocol::HangUpReason;

use super::{
    address,
    coming_back::ComingBack,
    contacts,
    input::Input,
    resume::{Resume, lock_session},
    state::Session,
};
use crate::platform::{storage::Place, task};

/// The person calls.
pub(super) fn dial(session: &mut Session, peer: String) {
    let limit = session.config.limits.no_path.as_secs() * 1000;
    let cut_off = Resume::load(Place::Browser, limit).filter(|record| {
        let is_it = record.call.peer == peer && record.room == address::kept();
        // Where a server knows no sessions, nothing tells whether a tab is in the call still.
        is_it && !record.session.is_empty() && session.call.is_idle()
    });
    let Some(record) = cut_off else {
        return call(session, peer);
    };
    let inputs = session.inputs.clone();
    task::spawn(async move {
        // The tab that was in it may be open still.
        let is_free = lock_session(&record.session).await;
        let record = Some(record.call).filter(|_| is_free);
        inputs.send(Input::Dial(peer, record));
    });
}

/// The person calls; that is the call to come back into, if there is one.
pub(super) fn dialed(session: &mut Session, peer: String, record: Option<CallRecord>) {
    let Some(record) = record else {
        return call(session, peer);
    };
    if !session.call.is_idle() {
        // Somebody has rung meanwhile.
        return call(session, peer);
    }
    session.feed(Event::Rejoin(record));
    // In another session than before: we are shown to whoever the server lists under that name.
    session.feed(Event::LinkUp { anew: true });
    session.feed(Event::PeerLink {
        peer: peer.clone(),
        person: None,
        up: true,
    });
    session.coming_back = Some(ComingBack::to(peer));
}

/// The call to come back into is there, or it is over: then the person is called anew. Gives whether
/// something follows from that.
pub(super) fn follow(session: &mut Session) -> bool {
    if session.coming_back.is_none() {
        return false;
    }
    let view = session.call.view();
    let reason = view.ended.map(|ended| ended.reason);
    let is_unknown = reason == Some(EndReason::There(HangUpReason::UnknownCall));
    if view.state == CallState::Idle && is_unknown {
        call_anew(session);
        return true;
    }
    if !is_on_its_way(session) {
        session.coming_back = None;
    }
    false
}

/// It has taken too long.
pub(super) fn coming_back_failed(session: &mut Session) {
    if is_on_its_way(session) {
        session.feed(Event::HangUp);
        call_anew(session);
    }
}

/// Whether it is that call that there is, and it is not there yet.
fn is_on_its_way(session: &Session) -> bool {
    let view = session.call.view();
    let peer = session.coming_back.as_ref().map(|back| &back.peer);
    peer == Some(&view.peer) && matches!(view.state, CallState::Interrupted { .. })
}

fn call_anew(session: &mut Session) {
    if let Some(coming_back) = session.coming_back.take() {
        call(session, coming_back.peer);
    }
}

fn call(session: &mut Session, peer: String) {
    let id = session.next_call();
    let key = contacts::told_by(&peer).filter(|_| session.meets_early);
    session.feed(Event::Dial { peer, id, key });
}
