//! The beginning of a page, and of one that comes back after a reload.

use holdfast_call::Event;

use super::{
    action::Action,
    address, claim,
    input::{Input, Inputs},
    model::ModelWriter,
    notice::Notice,
    resume::{Record, Resume, lock_session},
    state::Session,
};
use crate::{
    media::Source,
    platform::{alert, location, storage::Place, task},
};

/// Shows what the page knows by itself, before its configuration has come.
pub(super) fn show(screen: &ModelWriter) {
    screen.room(address::room());
    screen.callee(address::callee());
    screen.known_name(claim::name().unwrap_or_default());
    // What people do before it has come waits for it.
    if !Resume::is_kept() {
        screen.ready();
    }
}

/// Begins.
pub(super) fn begin(session: &mut Session) {
    session.screen.quiet(session.ringing.is_quiet());
    session.screen.early(session.meets_early);
    session.screen.can_ask(alert::can_ask());
    session.screen.limit(session.data_use.0.clone());
    if session.data_use.limit() == Some(0) && session.capture.view().camera {
        session.capture.toggle(Source::Camera, Vec::new());
    }
    let inputs = session.inputs.clone();
    alert::on_answer(move |answer| inputs.send(Input::Answered(answer)));
    // A call must not wait for somebody who has closed the page.
    let inputs = session.inputs.clone();
    location::on_close(move || inputs.send(Input::Action(Action::Leave)));
    let limit = session.config.limits.no_path.as_secs() * 1000;
    // What is out of date goes.
    let _ = Resume::load(Place::Browser, limit);
    match Resume::load(Place::Tab, limit) {
        // The other side is still there, and so nobody is surprised.
        Some(record) => come_back(&session.inputs, record),
        None => {
            session.screen.ready();
            if address::pass().is_some() {
                // It says our name too.
                session
                    .inputs
                    .send(Input::Action(Action::Join(String::new())));
            }
        }
    }
}

/// Comes back into the session that was kept, unless another tab is in it.
fn come_back(inputs: &Inputs, record: Record) {
    let inputs = inputs.clone();
    task::spawn(async move {
        let is_ours = lock_session(&record.session).await;
        inputs.send(Input::Loaded(Some(record).filter(|_| is_ours)));
    });
}

/// The page was loaded anew: it comes back into its session, and into its call.
pub(super) fn loaded(session: &mut Session, record: Option<Record>) {
    session.screen.ready();
    let Some(record) = record else {
        Resume::forget();
        return session.notify(Notice::AnotherTab);
    };
    session.resume.has_locked(&record.session);
    session.named(record.name.clone());
    let introduction = session.introduction(record.name);
    let known = Some(record.session).filter(|session| !session.is_empty());
    session.signaling.restore(introduction, known);
    session.feed(Event::Rejoin(record.call));
}
