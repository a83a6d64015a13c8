//! A session: its parts, and the few things that all of them need.

use gloo_events::EventListener;
use gloo_timers::callback::Interval;
use holdfast_call::{CallState, Event, Secret};
use holdfast_link::Introduction;
use holdfast_protocol::CallId;

use super::{
    address,
    call::CallDriver,
    chat::ChatLine,
    claim,
    coming_back::ComingBack,
    contacts,
    data_use::DataUse,
    ice_servers,
    input::{Input, Inputs},
    legs::Legs,
    model::{Model, ModelWriter},
    networks::Networks,
    notice::Notice,
    picture::Picture,
    presence::Presence,
    resume::Resume,
    ringing::Ringing,
};
use crate::{
    config::Config,
    media::{Capture, CaptureEvent, SharedScreen},
    platform::{clock, database, location, random, task, visibility},
    rtc::{self, Certificate, on_network_change},
    signaling::Signaling,
};

/// Everything that a page in use consists of.
pub(super) struct Session {
    pub(super) config: Config,
    pub(super) model: Model,
    pub(super) screen: ModelWriter,
    pub(super) inputs: Inputs,
    pub(super) call: CallDriver,
    pub(super) signaling: Signaling,
    pub(super) capture: Capture,
    pub(super) shared: SharedScreen,
    pub(super) legs: Legs,
    pub(super) networks: Networks,
    pub(super) data_use: DataUse,
    pub(super) picture: Picture,
    /// What the browser has said of an ICE server during the call, in case that no path is found.
    pub(super) relay_error: Option<Notice>,
    pub(super) resume: Resume,
    pub(super) ringing: Ringing,
    pub(super) coming_back: Option<ComingBack>,
    /// The place that the page's address names.
    pub(super) address: String,
    /// This page, from load to unload.
    page: String,
    calls_made: u32,
    certificate: Option<Certificate>,
    /// What the keys that we tell are made from.
    contacts: Option<Secret>,
    /// Whoever has been talked with before is met while it rings.
    pub(super) meets_early: bool,
    /// A new one is being made, and the call waits for it.
    pub(super) renews_certificate: bool,
    /// News of camera and microphone meanwhile.
    pub(super) held: Vec<CaptureEvent>,
    _listeners: Vec<EventListener>,
    _renewal: Interval,
}

impl Session {
    pub(super) fn new(config: Config, model: Model, screen: ModelWriter, inputs: Inputs) -> Self {
        let page = random::token();
        let legs = inputs.clone();
        Self {
            call: CallDriver::new(config.limits, inputs.clone()),
            signaling: Signaling::new(
                config.signaling.clone(),
                page.clone(),
                inputs.emitter(Input::Signaling),
            ),
            capture: Capture::new(inputs.emitter(Input::Capture)),
            shared: SharedScreen::new(inputs.emitter(Input::Screen)),
            legs: Legs::new(move |serial, news| legs.send(Input::Leg(serial, news))),
            networks: Networks::default(),
            data_use: DataUse::load(),
            picture: Picture::default(),
            relay_error: None,
            resume: Resume::default(),
            ringing: Ringing::new(),
            coming_back: None,
            address: location::hash(),
            page,
            calls_made: 0,
            certificate: None,
            contacts: None,
            meets_early: contacts::are_met_early(),
            renews_certificate: false,
            held: Vec::new(),
            _listeners: listeners(&inputs),
            _renewal: ice_servers::renew(&inputs),
            config,
            model,
            screen,
            inputs,
        }
    }

    /// Tells the call what happened.
    pub(super) fn feed(&mut self, event: Event) {
        self.call.feed(event);
    }

    /// Tells the person.
    pub(super) fn notify(&self, notice: Notice) {
        self.screen.notice(Some(notice));
    }

    /// We are called that.
    pub(super) fn named(&mut self, name: String) {
        let person = self.signaling.person().map(str::to_owned);
        let shown = name.clone();
        self.feed(Event::Named { name, person });
        self.screen.name(shown);
    }

    /// How we come in under that name.
    pub(super) fn introduction(&self, name: String) -> Introduction {
        Introduction {
            claim: claim::load(&name),
            name,
            room: address::room().filter(|room| !room.is_empty()),
            pass: address::pass(),
            date: clock::date(),
        }
    }

    /// Every connection shows this certificate from now on.
    pub(super) fn set_certificate(&mut self, certificate: Option<Certificate>) {
        self.renews_certificate = false;
        if let Some(certificate) = &certificate {
            self.config.rtc.set_certificate(certificate);
        }
        self.certificate = certificate;
    }

    /// A call begins: its connections want a certificate that lasts. One that this page comes back
    /// into knows the one there is.
    pub(super) fn check_certificate(&mut self) {
        // Nor does one whose path was found while it rang.
        let is_interrupted = matches!(self.call.view().state, CallState::Interrupted { .. });
        let is_new = !is_interrupted && self.legs.is_empty();
        let is_good = self.certificate.as_ref().is_some_and(Certificate::is_good);
        if is_new && !is_good {
            self.renews_certificate = true;
            let inputs = self.inputs.clone();
            task::spawn(async move { inputs.send(Input::Certificate(Certificate::load().await)) });
        }
    }

    /// Whether no more is to be sent than is needed.
    pub(super) fn saves(&self) -> bool {
        rtc::saves() || self.data_use.limit().is_some()
    }

    /// Whoever has been talked with before finds a path while it rings, where that is wanted and costs nothing that is
    /// to be saved, and its connection can be the call's: one with the certificate that all others will have.
    pub(super) fn let_contacts_in(&mut self) {
        let is_good = self.certificate.as_ref().is_some_and(Certificate::is_good);
        let lets_in = is_good && !self.saves() && self.meets_early;
        let secret = lets_in.then(|| self.contacts.get_or_insert_with(contacts::secret).clone());
        self.call.let_in(secret);
    }

    /// What this browser is known by is forgotten; a call that is under way goes on with it.
    pub(super) fn forget_device(&mut self) {
        self.certificate = None;
        claim::forget();
        contacts::forget();
        self.contacts = None;
        task::spawn(database::clear());
    }

    /// A token that no call had before.
    pub(super) fn next_call(&mut self) -> CallId {
        let nth = self.calls_made;
        self.calls_made += 1;
        CallId {
            page: self.page.clone(),
            nth,
        }
    }

    pub(super) fn chat(&self, from: String, text: String, to: Option<String>) {
        self.screen.chat(ChatLine { from, text, to });
    }

    /// From now on, people carry what is said to that person: it takes as long as it takes.
    pub(super) fn carry_by_hand(&mut self, me: String, peer: String) {
        let introduction = self.introduction(me.clone());
        self.signaling.carry_by_hand(introduction, peer.clone());
        self.call.wait_for(self.signaling.route().patience());
        self.named(me.clone());
        let both = vec![me, peer];
        let both = Presence::new(both, Vec::new(), Vec::new());
        self.screen.presence(|presence| *presence = both);
    }
}

/// Browser news: the network, visibility, devices.
fn listeners(inputs: &Inputs) -> Vec<EventListener> {
    let send = |input: fn() -> Input| {
        let inputs = inputs.clone();
        move || inputs.send(input())
    };
    let mut listeners = on_network_change(send(|| Input::NetworkMoved));
    listeners.extend(visibility::on_change(send(|| Input::VisibilityChanged)));
    listeners.extend(location::on_hash_change(send(|| Input::AddressChanged)));
    listeners
}
