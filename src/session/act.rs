//! Consequences of people's actions.

use holdfast_call::{CallState, Event};
use holdfast_protocol::Signal;

use super::{
    action::Action, address, chat::by_server, contacts, data_use::DataUse, dial::dial,
    input::Input, notice::Notice, perform::perform, presence::Presence, state::Session,
};
use crate::{
    media::{MediaError, Source},
    platform::{alert, location, random, task},
    signaling::manual,
};

/// Does what a person wants.
pub(super) fn act(session: &mut Session, action: Action) {
    if takes_down(&action, &session.model.notice.read_untracked()) {
        session.screen.notice(None);
    }
    if !is_by_itself(&action) {
        session.ringing.unlock();
    }
    match action {
        Action::Join(name) => join(session, name),
        Action::NewRoom => address::go_to(&random::token()),
        Action::Lobby => address::go_to(""),
        Action::Dial(_) | Action::DialWithout(_) if session.signaling.is_off() => {}
        Action::Dial(peer) => dial(session, peer),
        Action::DialWithout(peer) => {
            session.capture.skip(&Source::ALL);
            dial(session, peer);
        }
        Action::Invite { me, peer } => {
            session.carry_by_hand(me, peer.clone());
            let id = session.next_call();
            let key = None;
            session.feed(Event::Dial { peer, id, key });
        }
        Action::Paste(code) => paste(session, &code),
        Action::Preview => session.capture.acquire(),
        Action::Accept => session.feed(Event::Accept),
        Action::AcceptAudio => {
            session.capture.skip(&[Source::Camera]);
            session.feed(Event::Accept);
        }
        Action::Silence => session.ringing.silence(),
        Action::Block { peer, blocked } => block(session, peer, blocked),
        Action::Dismiss => session.call.forget_ended(),
        Action::Decline => session.feed(Event::Decline),
        Action::HangUp => session.feed(Event::HangUp),
        Action::Chat { text, to } => chat(session, text, to),
        Action::Toggle(source) => session.capture.toggle(source, session.legs.sending()),
        Action::Allowed(source) => session.capture.allowed(source),
        Action::TurnCamera => session.capture.turn_camera(),
        Action::SendPictures(sends) => session.legs.is_narrow = !sends,
        Action::Chime => session.ringing.chime(),
        Action::ToggleScreen => toggle_screen(session),
        Action::Choose(source, device) => session.capture.choose(source, device),
        Action::Quality(height) => session.capture.set_height(height),
        Action::Sound(sound) => session.capture.set_sound(sound),
        Action::Limit(limit) => limit_to(session, limit),
        Action::Quiet(quiet) => {
            session.ringing.set_quiet(quiet);
            session.screen.quiet(quiet);
        }
        Action::Early(early) => meet_early(session, early),
        Action::Notify => ask_to_notify(session),
        Action::ForgetDevice => {
            session.forget_device();
            session.notify(Notice::Forgotten);
        }
        Action::Measure => measure(session),
        Action::Leave => leave(session),
    }
}

/// Whoever has been talked with before may be met while it rings, or may not: nor may who rings already.
fn meet_early(session: &mut Session, early: bool) {
    session.meets_early = early;
    contacts::meet_early(early);
    session.screen.early(early);
    if !early {
        session.call.forget_contacts();
    }
    session.let_contacts_in();
}

/// Whether a notice has been read with that, or is true no more.
fn takes_down(action: &Action, notice: &Option<Notice>) -> bool {
    if let Action::Allowed(source) = action {
        let is_blocked = Some(Notice::Media(MediaError::Blocked(*source)));
        let is_refused = matches!(
            notice,
            Some(Notice::Media(MediaError::Refused | MediaError::Dismissed))
        );
        return is_refused || *notice == is_blocked;
    }
    !matches!(
        action,
        Action::Measure | Action::SendPictures(_) | Action::Chime
    )
}

/// What nobody has pressed: a pass lets in, notices go, pages close.
fn is_by_itself(action: &Action) -> bool {
    matches!(action, Action::Join(name) if name.is_empty())
        || matches!(
            action,
            Action::Dismiss
                | Action::Leave
                | Action::Measure
                | Action::Allowed(_)
                | Action::SendPictures(_)
                | Action::Chime
        )
}

fn toggle_screen(session: &mut Session) {
    match session.shared.id() {
        Some(_) => session.shared.stop(session.legs.sending()),
        None => session.shared.ask(),
    }
}

fn measure(session: &Session) {
    let shown = session
        .legs
        .peers()
        .find(|(serial, _)| session.picture.shows(*serial));
    if let Some((_, peer)) = shown {
        let (reading, inputs) = (peer.report(), session.inputs.clone());
        task::spawn(async move {
            if let Some(report) = reading.await {
                inputs.send(Input::Report(report));
            }
        });
    }
}

/// Calls take no more data than that, from now on and in all tabs to come.
fn limit_to(session: &mut Session, limit: String) {
    session.data_use = DataUse(limit.clone());
    session.data_use.keep();
    session.screen.limit(limit);
    if session.data_use.limit() == Some(0) && session.capture.view().camera {
        let sending = session.legs.sending();
        session.capture.toggle(Source::Camera, sending);
    }
}

fn ask_to_notify(session: &Session) {
    let inputs = session.inputs.clone();
    alert::ask(move || inputs.send(Input::MayNotify));
}

/// The person wants to hear of somebody no more, or does again.
fn block(session: &mut Session, peer: String, blocked: bool) {
    session.screen.block(&peer, blocked);
    session.feed(Event::Block { peer, blocked });
}

fn join(session: &mut Session, name: String) {
    let introduction = session.introduction(name);
    session.signaling.join(introduction);
    // The preview has done its work; the camera is on in calls alone.
    session.capture.release();
    session.capture.look_for_devices();
}

/// The address names another room: we go there, under the same name.
pub(super) fn change_room(session: &mut Session) {
    let wanted = location::hash();
    if wanted == session.address {
        return;
    }
    let room = address::room();
    if room.is_some() && room == session.model.room.get_untracked() {
        // The same room; who has sent the link is another. Nobody is called later whom it would have called.
        if !session.call.is_idle() {
            return location::set_hash(&session.address);
        }
        session.address = wanted;
        return session.screen.callee(address::callee());
    }
    if !session.call.is_idle() {
        location::set_hash(&session.address);
        return session.notify(Notice::CallInRoom);
    }
    session.address = wanted;
    session.screen.room(address::room());
    session.screen.callee(address::callee());
    session.screen.clear_chat();
    session
        .screen
        .presence(|presence| *presence = Presence::default());
    // Who was called is in the other room.
    session.call.forget_ended();
    if !session.signaling.is_off() {
        let introduction = session.introduction(session.signaling.name().to_owned());
        session.signaling.reset();
        session.signaling.join(introduction);
    }
}

/// A code has come by hand: a call, or an answer to ours.
fn paste(session: &mut Session, code: &str) {
    let Ok(signals) = manual::read(code) else {
        return session.notify(Notice::NotACode);
    };
    let was_idle = session.call.is_idle();
    let names = |signal: &Signal| signal.target.clone().zip(signal.name.clone());
    if let Some((me, peer)) = signals.first().and_then(names)
        && session.signaling.route().only_peer().is_none()
    {
        session.carry_by_hand(me, peer);
    }
    for signal in signals {
        session.feed(Event::Received(signal));
    }
    if was_idle && session.call.is_idle() {
        session.notify(Notice::StaleCode);
    }
}

/// Writes to one person, or to all.
fn chat(session: &mut Session, text: String, to: Option<String>) {
    let only_peer = session.signaling.route().only_peer();
    let to = to.or_else(|| only_peer.map(str::to_owned));
    let reaches = to.as_ref().is_some_and(|to| session.call.reaches(to));
    if only_peer.is_some() && !reaches {
        return session.notify(Notice::NotConnected);
    }
    if let Some(to) = &to {
        if !reaches && !session.model.presence.read_untracked().contains(to) {
            return session.notify(Notice::NotHere(to.clone()));
        }
        // The server tells the sender only what it tells everybody.
        let from = session.model.name.get_untracked();
        session.chat(from, text.clone(), Some(to.clone()));
    }
    match reaches {
        true => session.feed(Event::SendText(text)),
        false => session.signaling.send(by_server(text, to)),
    }
}

/// The page is about to close.
fn leave(session: &mut Session) {
    let comes_back = session.call.record().is_some();
    let is_over = session.signaling.route().only_peer().is_some();
    session.feed(match is_over {
        true => Event::HangUp,
        false => Event::PageCloses,
    });
    // At once: there may be no other turn of the loop.
    while let Some(command) = session.call.poll_command() {
        perform(session, command);
    }
    let state = session.call.view().state;
    if matches!(
        state,
        CallState::Connected { .. } | CallState::Answering { .. }
    ) {
        session.resume.closes(session.config.limits.no_path);
    }
    // A session that may come back is left as it is; its server waits for it.
    if !comes_back || session.signaling.session().is_none() {
        session.signaling.leave();
    }
}
