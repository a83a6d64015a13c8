//! The loop: events in, commands out, and what the views show.

mod act;
mod action;
mod address;
mod begin;
mod call;
mod chat;
mod ice_servers;
mod input;
mod leg_news;
mod legs;
mod log;
mod model;
mod notice;
mod perform;
mod picture;
mod presence;
mod receive;
mod resume;
mod state;

use futures_channel::mpsc::{UnboundedReceiver, unbounded};
use futures_util::StreamExt;
use holdfast_call::Event;
pub use holdfast_call::{CallState, CallView, EndReason, Ended};

use self::{
    act::{act, change_room},
    begin::{begin, loaded},
    call::CallDriver,
    input::{Input, Inputs},
    leg_news::leg_news,
    perform::{perform, take_servers},
    receive::receive,
    state::Session,
};
pub use self::{
    action::{Action, Dispatch},
    chat::ChatLine,
    model::{Model, Shown},
    notice::Notice,
    presence::{Person, PersonStatus, Presence},
};
use crate::{media::CaptureEvent, platform::task, rtc::Certificate, text};
pub use crate::{
    media::{Device, Source},
    rtc::PeerState,
    signaling::LinkView,
};

/// Starts a session; gives what views read, and the way to act on it.
#[must_use]
pub fn start() -> (Model, Dispatch) {
    let (sender, waiting) = unbounded();
    let inputs = Inputs(sender);
    let (model, screen) = model::new();
    let dispatch = Dispatch::new(inputs.emitter(Input::Action));
    task::spawn(async move {
        match ice_servers::load().await {
            Ok(config) => {
                let mut session = Session::new(config, model, screen, inputs);
                // Before anything else: a call that this page comes back into knows it.
                session.set_certificate(Certificate::load().await);
                run(session, waiting).await;
            }
            Err(error) => screen.fatal(error),
        }
    });
    (model, dispatch)
}

async fn run(mut session: Session, mut waiting: UnboundedReceiver<Input>) {
    begin(&mut session);
    while let Some(input) = waiting.next().await {
        handle(&mut session, input);
        settle(&mut session);
        session.call.arm();
        render(&mut session);
        keep(&mut session);
    }
}

fn handle(session: &mut Session, input: Input) {
    match input {
        Input::Action(action) => act(session, action),
        Input::Signaling(event) => session.signaling.handle(event),
        Input::Leg(serial, news) => leg_news(session, serial, news),
        Input::Capture(event) if session.renews_certificate => session.held.push(event),
        Input::Capture(event) => captured(session, event),
        Input::NetworkMoved => {
            session.signaling.network_moved();
            session.feed(Event::NetworkMoved);
        }
        Input::AddressChanged => change_room(session),
        Input::Loaded(record) => loaded(session, record),
        Input::Certificate(certificate) => {
            session.set_certificate(certificate);
            for event in std::mem::take(&mut session.held) {
                captured(session, event);
            }
        }
        Input::IceServers(leg, fresh) => take_servers(session, leg, fresh),
        Input::Tick | Input::VisibilityChanged => session.call.tick(),
    }
}

/// Camera and microphone have come, or have not.
fn captured(session: &mut Session, event: CaptureEvent) {
    match event {
        CaptureEvent::Acquired(request, outcome) => match session.capture.adopt(request, outcome) {
            Some(Ok(problem)) => {
                problem
                    .into_iter()
                    .for_each(|problem| session.notify(Notice::Media(problem)));
                session.capture.look_for_devices();
                session.feed(Event::MediaReady);
            }
            Some(Err(_)) => session.feed(Event::MediaRefused),
            None => {}
        },
        CaptureEvent::Replacement(asked, outcome) => {
            let sending = session.legs.sending();
            if let Err(error) = session.capture.replace(asked, outcome, sending) {
                session.notify(Notice::Media(error));
            }
        }
        CaptureEvent::Devices(devices) => session.screen.devices(devices),
    }
}

/// Does all that follows, until nothing more does.
fn settle(session: &mut Session) {
    loop {
        if let Some(news) = session.signaling.poll_news() {
            receive(session, news);
        } else if let Some(command) = session.call.poll_command() {
            perform(session, command);
        } else {
            break;
        }
    }
    let state = session.call.view().state;
    if session.signaling.route().only_peer().is_some() && state == CallState::Idle {
        // Nobody else is there.
        session.signaling.reset();
        session.named(String::new());
        session
            .screen
            .presence(|presence| *presence = Presence::default());
        session.call.wait_for(None);
    }
    if matches!(state, CallState::Connected { .. }) {
        // Nobody has to carry anything any more.
        session.call.wait_for(None);
    }
}

/// Shows what has changed.
fn render(session: &mut Session) {
    let view = session.call.view();
    let waited = CallDriver::waited(&view);
    let has_reason = view.ended.as_ref().is_some_and(text::has_reason);
    session.screen.call(view, waited, has_reason);
    session
        .screen
        .local(session.capture.stream(), session.capture.view());
    session.screen.link(session.signaling.view());
}

/// Keeps for the next page what it needs to come back.
fn keep(session: &mut Session) {
    let comes_back = session.signaling.route().only_peer().is_none();
    let call = session.call.record().filter(|_| comes_back);
    let (known, name) = (session.signaling.session(), session.signaling.name());
    session.resume.keep(known, name, call);
    session.resume.keep_over(session.call.over());
}
