//! Consequences of messages from others and from the server.

use holdfast_call::Event;
use holdfast_link::News;
use holdfast_protocol::{ErrorCode, ServerMessage};

use super::{
    address, claim, ice_servers, log::log, notice::Notice, presence::Presence, state::Session,
};
use crate::signaling::{Route, SignalingNews};

/// Takes in what signaling tells.
pub(super) fn receive(session: &mut Session, news: SignalingNews) {
    match news {
        SignalingNews::Link(News::Message(message)) => message_came(session, message),
        SignalingNews::Link(News::Up { anew }) => {
            // A page that was loaded anew is told its session's public name only now.
            session.named(session.signaling.name().to_owned());
            session.feed(Event::LinkUp { anew });
        }
        SignalingNews::Link(News::Lost) => session.feed(Event::LinkLost),
        SignalingNews::Link(News::NoServer) => session.feed(Event::NoServer),
        SignalingNews::Link(News::Introduced { resumable }) => introduced(session, resumable),
        SignalingNews::Code(code) => session.screen.code(code),
        SignalingNews::ClosedBecause(reason) => session.notify(Notice::Closed(reason)),
        SignalingNews::Unreadable(why) => log(&format!("unreadable message: {why}")),
    }
}

/// A server has begun a session for us.
fn introduced(session: &mut Session, resumable: bool) {
    // It may be another one than before, with other ICE servers.
    ice_servers::fetch(&session.inputs, None);
    session.named(session.signaling.name().to_owned());
    // Of the servers that count nothing, the sample's knows no rooms: everybody sees us who joined.
    let is_sample = !resumable && matches!(session.signaling.route(), Route::Server(_));
    if is_sample && address::room() != Some(String::new()) {
        session.notify(Notice::NoRooms);
    }
}

fn message_came(session: &mut Session, message: ServerMessage) {
    match message {
        ServerMessage::RejectUsername { name, .. } => session.named(name),
        ServerMessage::Named { claim } => {
            claim::keep(session.signaling.name(), &claim);
        }
        ServerMessage::UserList { users } => {
            everybody(session, Presence::new(users, Vec::new(), Vec::new()));
        }
        ServerMessage::Presence {
            free, busy, away, ..
        } => {
            let people = Presence::new(free, busy, away);
            session.screen.unlisted(people.is_empty());
            everybody(session, people);
        }
        ServerMessage::PresenceChanges {
            free,
            busy,
            away,
            gone,
        } => presence_changed(session, free, busy, away, &gone),
        ServerMessage::PeerGone { name: peer, person } => {
            let up = false;
            session.feed(Event::PeerLink { peer, person, up });
        }
        ServerMessage::Text {
            name, text, target, ..
        } => session.chat(name.unwrap_or_default(), text, target),
        ServerMessage::Signal(signal) => session.feed(Event::Received(signal)),
        ServerMessage::Error { code, text, target } => refused(session, code, text, target),
        ServerMessage::Id { .. }
        | ServerMessage::Resumed { .. }
        | ServerMessage::Ack { .. }
        | ServerMessage::Unknown { .. } => {}
    }
}

/// Follows presence: the people here, and whether who calls or is called is.
fn everybody(session: &mut Session, people: Presence) {
    for name in callers(session) {
        let listed = people.contains(&name).then(|| people.is_away(&name));
        listed_as(session, name, listed);
    }
    session.screen.presence(|presence| *presence = people);
}

fn presence_changed(
    session: &mut Session,
    free: Vec<String>,
    busy: Vec<String>,
    away: Vec<String>,
    gone: &[String],
) {
    for name in callers(session) {
        if gone.contains(&name) {
            listed_as(session, name, None);
        } else if away.contains(&name) {
            listed_as(session, name, Some(true));
        } else if free.contains(&name) || busy.contains(&name) {
            listed_as(session, name, Some(false));
        }
    }
    session
        .screen
        .presence(|presence| presence.change(free, busy, away, gone));
}

/// The other sides of the call, and of one that rings beside it.
fn callers(session: &Session) -> Vec<String> {
    let view = session.call.view();
    [view.peer].into_iter().chain(view.waiting).collect()
}

/// The server lists that person, perhaps as away, or does not.
fn listed_as(session: &mut Session, name: String, away: Option<bool>) {
    session.feed(Event::PeerLink {
        peer: name.clone(),
        person: None,
        up: away.is_some(),
    });
    if away == Some(true) {
        session.feed(Event::PeerAway { peer: name });
    }
}

/// The server did not do what a message asked for.
fn refused(session: &mut Session, code: ErrorCode, text: String, target: Option<String>) {
    let may_not_come_in = matches!(
        code,
        ErrorCode::RoomFull | ErrorCode::RoomName | ErrorCode::NoPass
    );
    match target {
        Some(peer) if code == ErrorCode::NoSuchUser => {
            if session.call.view().peer != peer {
                session.notify(Notice::NotHere(peer.clone()));
            }
            session.feed(Event::Unreachable { peer });
        }
        _ => {
            if may_not_come_in && session.call.is_idle() {
                session.signaling.reset();
                session.named(String::new());
            }
            session.notify(Notice::Server(text));
        }
    }
}
