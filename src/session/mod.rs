//! The loop: events in, commands out, and what the views show.

mod act;
mod action;
mod address;
mod begin;
mod call;
mod chat;
mod claim;
mod coming_back;
mod contacts;
mod data_use;
mod dial;
mod ice_servers;
mod input;
mod leg_news;
mod legs;
mod log;
mod model;
mod networks;
mod notice;
mod now;
mod perform;
mod picture;
mod presence;
mod receive;
mod resume;
mod ringing;
mod state;

use futures_channel::mpsc::{UnboundedReceiver, unbounded};
use futures_util::StreamExt;
use gloo_timers::future::TimeoutFuture;
use holdfast_call::Event;
pub use holdfast_call::{CallState, CallView, EndReason, Ended};
use holdfast_protocol::Paths;
pub use holdfast_protocol::{HangUpReason, MediaState};

use self::{
    act::{act, change_room},
    begin::{begin, loaded},
    call::CallDriver,
    input::{Input, Inputs},
    leg_news::{leg_news, tracks_changed},
    perform::{perform, take_servers},
    receive::receive,
    state::Session,
};
pub use self::{
    action::{Action, Dispatch},
    chat::{ChatLine, ChatLog},
    model::{Model, Shown},
    notice::Notice,
    presence::{Person, PersonStatus, Presence},
};
use crate::{
    media::{CaptureEvent, ScreenEvent},
    platform::{alert, task},
    rtc::Certificate,
    text,
};
pub use crate::{
    media::{
        Device, Level, MediaError, Sound, Source, Speakers, can_isolate, can_share, on_granted,
    },
    rtc::{Cause, Grade, PeerState, Quality, Report, Room},
    signaling::LinkView,
};

/// How long after a configuration that cannot be had, or is wrong, it is asked for again, ms.
const AGAIN: u32 = 5_000;

/// Starts a session; gives what views read, and the way to act on it.
#[must_use]
pub fn start() -> (Model, Dispatch) {
    let (sender, waiting) = unbounded();
    let inputs = Inputs(sender);
    let (model, screen) = model::new();
    let dispatch = Dispatch::new(inputs.emitter(Input::Action));
    begin::show(&screen);
    task::spawn(async move {
        let config = loop {
            match ice_servers::load(true).await {
                Ok(config) => break config,
                // It may be mended meanwhile; what is pressed until then waits.
                Err(error) => screen.fatal(Some(error)),
            }
            TimeoutFuture::new(AGAIN).await;
        };
        screen.fatal(None);
        let mut session = Session::new(config, model, screen, inputs);
        // Before anything else: a call that this page comes back into knows it.
        session.set_certificate(Certificate::load().await);
        run(session, waiting).await;
    });
    (model, dispatch)
}

async fn run(mut session: Session, mut waiting: UnboundedReceiver<Input>) {
    begin(&mut session);
    while let Some(input) = waiting.next().await {
        handle(&mut session, input);
        look_for_networks(&mut session);
        tell_media(&mut session);
        session.let_contacts_in();
        settle(&mut session);
        session.call.arm();
        render(&mut session);
        keep(&mut session);
    }
}

fn handle(session: &mut Session, input: Input) {
    match input {
        Input::Action(action) => act(session, action),
        Input::Answered(answer) => {
            if let Some(action) = session.ringing.answered(&answer) {
                act(session, action);
            }
        }
        Input::Signaling(event) => session.signaling.handle(event),
        Input::Leg(serial, news) => leg_news(session, serial, news),
        Input::Capture(event) if session.renews_certificate => session.held.push(event),
        Input::Capture(event) => captured(session, event),
        Input::Screen(event) => screen_event(session, event),
        Input::NetworkMoved => {
            session.signaling.network_moved();
            session.feed(Event::NetworkMoved);
        }
        Input::Addresses(addresses) => session.networks.found(addresses),
        Input::Report(report) => session.screen.report(report),
        Input::AddressChanged => change_room(session),
        Input::Loaded(record) => loaded(session, record),
        Input::Dial(peer, record) => dial::dialed(session, peer, record),
        Input::ComingBackFailed => dial::coming_back_failed(session),
        Input::Certificate(certificate) => {
            session.set_certificate(certificate);
            for event in std::mem::take(&mut session.held) {
                captured(session, event);
            }
        }
        Input::IceServers(leg, fresh) => take_servers(session, leg, fresh),
        Input::MayNotify => session.screen.can_ask(alert::can_ask()),
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
                session.capture.fill(session.legs.sending());
                if let Some(back) = &mut session.coming_back {
                    back.media_is_there(&session.inputs);
                }
                session.feed(Event::MediaReady);
            }
            Some(Err(error)) => refused(session, error),
            None => {}
        },
        CaptureEvent::Replacement(asked, outcome) => {
            let sending = session.legs.sending();
            let replaced = session.capture.replace(asked, outcome, sending);
            if let Some(problem) = replaced.unwrap_or_else(Some) {
                session.notify(Notice::Media(problem));
            }
        }
        CaptureEvent::Ended(source) => {
            if session.capture.ended(source, session.legs.sending()) {
                session.notify(Notice::DeviceGone(source));
                session.capture.look_for_devices();
            }
        }
        // What is on is told, and shown, after everything that happens.
        CaptureEvent::Muted => {}
        CaptureEvent::DevicesChanged => session.capture.look_for_devices(),
        CaptureEvent::Devices(devices) => {
            session.capture.found(&devices);
            session.screen.devices(devices);
        }
    }
}

/// The person has picked what to share of their screen, or shares it no more.
fn screen_event(session: &mut Session, event: ScreenEvent) {
    let sending = session.legs.sending();
    match event {
        ScreenEvent::Picked(request, Ok(picked)) => session.shared.share(request, picked, sending),
        // Whoever has picked nothing knows.
        ScreenEvent::Picked(_, Err(MediaError::Refused)) => {}
        ScreenEvent::Picked(_, Err(_)) => session.notify(Notice::NotShared),
        ScreenEvent::Ended => session.shared.stop(sending),
    }
}

/// Camera and microphone are not allowed: whoever calls thinks again; whoever has said yes to a call
/// watches and listens.
fn refused(session: &mut Session, error: MediaError) {
    let state = session.call.view().state;
    session.notify(Notice::Media(error));
    if state == CallState::Preparing {
        session.feed(Event::MediaRefused);
    } else if state != CallState::Idle {
        session.capture.go_without();
        session.capture.fill(session.legs.sending());
        session.feed(Event::MediaReady);
    }
}

/// Another network is looked for while there is a call that could do with one.
fn look_for_networks(session: &mut Session) {
    let state = session.call.view().state;
    let may = session.config.standby && session.call.peer_is_ours() && !session.saves();
    let shown = session.picture.shown();
    let looks = matches!(state, CallState::Connected { .. })
        && may
        && session.legs.could_do_with_another_network(shown);
    session.networks.look(looks, &session.inputs);
    if state == CallState::Idle {
        session.networks.forget();
    }
}

/// The other side is told what we send, and which ways we have.
fn tell_media(session: &mut Session) {
    if session.capture.stream().is_some() {
        if session.config.standby {
            let address = session.legs.address(session.picture.shown());
            let other_network = Some(session.networks.has_other(&address));
            session.feed(Event::Paths(Paths {
                relay: session.config.rtc.has_relay(),
                saves: session.saves(),
                other_network,
            }));
        }
        let view = session.capture.view();
        session.feed(Event::LocalMedia(MediaState {
            camera: view.has_video && !session.legs.is_narrow,
            microphone: view.microphone && view.held_back != Some(Source::Microphone),
            screen: session.shared.id(),
            limit: session.data_use.limit(),
        }));
    }
}

/// Does all that follows, until nothing more does.
fn settle(session: &mut Session) {
    loop {
        if let Some(news) = session.signaling.poll_news() {
            receive(session, news);
        } else if let Some(command) = session.call.poll_command() {
            perform(session, command);
        } else if !dial::follow(session) {
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
    let seconds = CallDriver::seconds(&view);
    session.ringing.follow(&view);
    let media = view.peer_media.as_ref();
    let limit = media.and_then(|media| media.limit);
    let wants_other = session.legs.limit(session.data_use.limit(), limit);
    let peer_screen = media.and_then(|media| media.screen.clone());
    let peer_camera = media.is_none_or(|media| media.camera);
    let is_news = std::mem::replace(&mut session.legs.peer_camera, peer_camera) != peer_camera;
    if session.legs.set_peer_screen(peer_screen) || wants_other || is_news {
        session
            .picture
            .streams_changed(&session.legs, &session.screen);
    }
    if media.is_some()
        && session.picture.is_empty()
        && let Some(leg) = session.legs.by_id(0)
    {
        // What was found while it rang is shown when it is known what comes over it.
        let serial = leg.serial;
        tracks_changed(session, serial);
    }
    // By what it has told itself: a page of before did not know that message.
    let told = view.peer_media.is_some() || !view.state.is_under_way();
    let has_reason = view.ended.as_ref().and_then(text::end_reason).is_some();
    session.screen.call(view, seconds, has_reason);
    let sending = session.legs.sending();
    session.capture.peer_is_told(told, sending);
    let capture = &session.capture;
    session
        .screen
        .local(capture.stream(), capture.view(), capture.chosen());
    session.screen.sharing(session.shared.surface());
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
