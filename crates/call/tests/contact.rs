//! Between people who have talked before, a path is found while it rings, and nothing goes over it.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a test looks at what it is about"
)]

mod sim;

use std::iter;

use holdfast_call::{
    CallState, Carries, Command, ConnectionState, EndReason, Endpoint, Event, LegEvent, Limits,
    Secret,
};
use holdfast_clock::Instant;
use holdfast_protocol::{
    CallId, ChannelMessage, Description, HangUpReason, MediaState, SdpType, Signal, SignalBody, Tag,
};
use sim::{ANN, Act, BOB, Network, Side, Sim};

const CONTACTS: Network = Network {
    contacts: true,
    ..Network::PERFECT
};

/// Ann has called Bob, and it rings.
fn rings(network: Network) -> Sim {
    let mut sim = Sim::new(network);
    sim.act(ANN, Act::Dial, 1500);
    assert_eq!(sim.stage(BOB), CallState::Ringing);
    assert_eq!(sim.stage(ANN), CallState::Calling { ringing: true });
    sim
}

fn count(sim: &Sim, side: Side, name: &str) -> usize {
    let commands = sim.ends[side].commands.iter();
    commands.filter(|command| **command == name).count()
}

fn are_connected(sim: &Sim) -> bool {
    [ANN, BOB].iter().all(|side| {
        let legs = &sim.ends[*side].legs;
        legs.iter().any(|leg| leg.is_reported())
    })
}

#[test]
fn a_path_is_found_while_it_rings_and_nothing_goes_over_it() {
    let sim = rings(CONTACTS);
    assert!(are_connected(&sim));
    assert_eq!(sim.ends[ANN].legs[0].carries, Carries::Nothing);
    assert_eq!(count(&sim, BOB, "AcquireMedia"), 0);
    assert_eq!(sim.ends[ANN].told.len() + sim.ends[BOB].told.len(), 0);
}

#[test]
fn whoever_accepts_is_connected_before_camera_and_microphone_are_there() {
    let mut sim = rings(CONTACTS);
    sim.act(BOB, Act::AllowSlowly(5000), 0);
    sim.act(BOB, Act::Accept, 60);
    assert_eq!(sim.ends[ANN].legs[0].carries, Carries::All);
    assert_eq!(count(&sim, BOB, "AcquireMedia"), 1);
    let stages = |sim: &Sim| [ANN, BOB].map(|side| sim.stage(side));
    let answering = |here| CallState::Answering { here };
    assert_eq!(stages(&sim), [answering(false), answering(true)]);
    let yes = sim.now;
    sim.run(60_000);
    for stage in stages(&sim) {
        assert!(matches!(stage, CallState::Connected { since } if since <= yes));
    }
    assert_eq!(
        count(&sim, ANN, "RestartIce") + count(&sim, BOB, "OpenLeg"),
        1
    );
}

#[test]
fn what_is_said_before_we_learn_that_there_is_a_path_counts() {
    let mut sim = rings(CONTACTS);
    let path = |state| Event::Leg(0, LegEvent::Connection(state));
    sim.handle(ANN, path(ConnectionState::Connecting));
    for message in [
        ChannelMessage::ContactKey(String::new()),
        ChannelMessage::Media(MediaState::default()),
    ] {
        sim.handle(ANN, Event::ReceivedDirect(message));
    }
    assert_eq!(sim.stage(ANN), CallState::Answering { here: false });
    sim.handle(ANN, path(ConnectionState::Connected));
    let since = sim.now;
    assert_eq!(sim.stage(ANN), CallState::Connected { since });
}

#[test]
fn of_strangers_no_connection_is_made_before_the_yes() {
    for network in [
        Network::PERFECT,
        Network {
            persons: false,
            ..CONTACTS
        },
    ] {
        let sim = rings(network);
        assert_eq!(count(&sim, BOB, "OpenLeg"), 0);
        assert_eq!(sim.ends[ANN].legs[0].carries, Carries::All);
    }
}

#[test]
fn a_key_that_was_told_to_somebody_else_is_none() {
    let mut sim = Sim::new(CONTACTS);
    let key = Secret::new([9; 16]).of_contact(&["SHA-256 ANN".to_owned()]);
    let (peer, page) = ("Bob".to_owned(), "ann".to_owned());
    let id = CallId { page, nth: 0 };
    let key = Some(key);
    sim.handle(ANN, Event::Dial { peer, id, key });
    sim.run(1500);
    assert_eq!(count(&sim, ANN, "Send contact"), 1);
    assert_eq!(sim.stage(BOB), CallState::Ringing);
    assert_eq!(count(&sim, BOB, "OpenLeg"), 0);
    // It is a call like any other.
    sim.act(BOB, Act::Accept, 2000);
    assert!(sim.connected());
    assert_eq!(sim.ends[ANN].legs[0].carries, Carries::All);
}

#[test]
fn each_tells_the_other_a_key_once_both_want_the_call() {
    let keys = |sim: &Sim| [ANN, BOB].map(|side| !sim.ends[side].told.is_empty());
    let mut sim = rings(CONTACTS);
    sim.act(BOB, Act::Accept, 2000);
    assert_eq!(keys(&sim), [true; 2]);
    assert_ne!(sim.ends[ANN].told[0], sim.ends[BOB].told[0]);
    // Also where they had none.
    let mut sim = Sim::new(CONTACTS);
    let (peer, page) = ("Bob".to_owned(), "ann".to_owned());
    let id = CallId { page, nth: 0 };
    sim.handle(
        ANN,
        Event::Dial {
            peer,
            id,
            key: None,
        },
    );
    sim.run(1500);
    sim.act(BOB, Act::Accept, 2000);
    assert_eq!(keys(&sim), [true; 2]);
}

#[test]
fn a_no_and_a_second_thought_leave_nothing() {
    for (side, act, reason) in [
        (BOB, Act::Decline, EndReason::There(HangUpReason::Declined)),
        (ANN, Act::HangUp, EndReason::There(HangUpReason::Cancelled)),
    ] {
        let mut sim = rings(CONTACTS);
        sim.act(side, act, 1000);
        assert!(sim.ends.iter().all(|end| end.legs.is_empty()));
        let ended = sim.ends[1 - side].endpoint.view().ended;
        assert_eq!(ended.map(|ended| ended.reason), Some(reason));
        assert_eq!(count(&sim, BOB, "AcquireMedia"), 0);
    }
}

#[test]
fn a_network_that_moves_while_it_rings_is_followed_after_the_yes() {
    for mover in [ANN, BOB] {
        let mut sim = rings(CONTACTS);
        sim.act(mover, Act::Move(300), 5000);
        assert_eq!(sim.stage(BOB), CallState::Ringing);
        let seeks = |sim: &Sim| count(sim, ANN, "RestartIce") + count(sim, BOB, "RestartIce");
        assert_eq!(seeks(&sim), 0);
        sim.act(BOB, Act::Accept, 8000);
        assert!(sim.connected());
        assert!(seeks(&sim) > 0);
        sim.assert_agreement();
    }
}

#[test]
fn a_ring_that_outlives_its_path_is_a_call_like_any_other() {
    let mut sim = rings(CONTACTS);
    sim.act(ANN, Act::DirectBlocked(20_000), 18_500);
    assert_eq!(sim.stage(BOB), CallState::Ringing);
    sim.run(3000);
    sim.act(BOB, Act::Accept, 6000);
    assert!(sim.connected());
}

fn drain(page: &mut Endpoint) -> Vec<Command> {
    iter::from_fn(|| page.poll_command()).collect()
}

fn page(name: &str) -> Endpoint {
    let mut page = Endpoint::new(Limits::default(), Secret::new([name.as_bytes()[0]; 16]));
    page.set_contacts(Some(Secret::new([name.as_bytes()[1]; 16])));
    let (name, person) = (name.to_owned(), Some(format!("{name}'s")));
    page.handle(Event::Named { name, person }, Instant::START);
    page
}

/// The first message of that kind among them, as the server passes it on.
fn sent(commands: Vec<Command>, from: &str, wanted: fn(&SignalBody) -> bool) -> Event {
    let mut sent = commands.into_iter().filter_map(|command| match command {
        Command::Send(signal) | Command::SendByServer(signal) => Some(signal),
        _ => None,
    });
    let signal = sent.find(|signal| wanted(&signal.body));
    Event::Received(Signal {
        from: Some(from.to_owned()),
        ..signal.expect("it is sent")
    })
}

/// Somebody whom Bob has told a key, and their offer to him.
fn calls_bob(name: &str) -> (Endpoint, Event) {
    let mut caller = page(name);
    let certificate = [format!("SHA-256 {}", name.to_uppercase())];
    let key = Some(Secret::new([b'o'; 16]).of_contact(&certificate));
    let peer = "Bob".to_owned();
    let page = name.to_lowercase();
    let id = CallId { page, nth: 0 };
    let kind = SdpType::Offer;
    let sdp = format!("a=fingerprint:sha-256 {name}");
    let set = LegEvent::LocalDescriptionSet(Description { kind, sdp });
    for event in [
        Event::Dial { peer, id, key },
        Event::MediaReady,
        Event::Leg(0, LegEvent::NegotiationNeeded),
        Event::Leg(0, set),
    ] {
        caller.handle(event, Instant::START);
    }
    let commands = drain(&mut caller);
    let is_offer = |body: &SignalBody| matches!(body, SignalBody::Offer(_));
    let offer = sent(commands, &format!("{name}'s"), is_offer);
    (caller, offer)
}

/// What the caller shows once it rings.
fn shows(caller: &mut Endpoint, person: &str, ringing: Event) -> Event {
    caller.handle(ringing, Instant::START);
    let is_contact = |body: &SignalBody| *body == SignalBody::Contact;
    sent(drain(caller), person, is_contact)
}

/// What Bob's page does about a call from Ann, whose page has been told that it rings in that session.
fn bobs_commands(rings_in: &str) -> Vec<Command> {
    let mut bob = page("Bob");
    let (mut ann, offer) = calls_bob("Ann");
    // As Ann's, or as that of whoever has passed it on.
    bob.handle(offer, Instant::START);
    let is_ringing = |body: &SignalBody| *body == SignalBody::Ringing;
    let ringing = sent(drain(&mut bob), rings_in, is_ringing);
    bob.handle(shows(&mut ann, "Ann's", ringing), Instant::START);
    drain(&mut bob)
}

#[test]
fn what_is_shown_to_one_cannot_be_shown_to_another() {
    let opens = |command: &Command| matches!(command, Command::OpenLeg { .. });
    assert!(bobs_commands("Bob's").iter().any(opens));
    // Somebody has taken Bob's name, and shows him what Ann has shown there.
    assert_eq!(bobs_commands("Eve's"), []);
}

#[test]
fn whoever_wants_strangers_only_while_it_rings_meets_nobody_before_the_yes() {
    let is_ringing = |body: &SignalBody| *body == SignalBody::Ringing;
    let mut bob = page("Bob");
    let (mut ann, offer) = calls_bob("Ann");
    bob.handle(offer, Instant::START);
    let ringing = sent(drain(&mut bob), "Bob's", is_ringing);
    bob.forget_contacts();
    bob.handle(shows(&mut ann, "Ann's", ringing.clone()), Instant::START);
    assert_eq!(drain(&mut bob), []);
    // Nor does somebody who calls show anything any more.
    let (mut ann, _) = calls_bob("Ann");
    ann.forget_contacts();
    ann.handle(ringing, Instant::START);
    assert_eq!(drain(&mut ann), []);
}

#[test]
fn a_page_that_goes_while_it_rings_can_say_that_the_call_is_over() {
    let mut sim = rings(CONTACTS);
    sim.act(ANN, Act::Crash(0), 10_000);
    assert_eq!(sim.stage(BOB), CallState::Ringing);
    sim.act(BOB, Act::Accept, 40_000);
    let ended = sim.ends[BOB].endpoint.view().ended;
    let unknown = EndReason::There(HangUpReason::UnknownCall);
    assert_eq!(ended.map(|ended| ended.reason), Some(unknown));
}

#[test]
fn a_page_that_comes_back_has_said_yes() {
    // Its word is lost with the page; found by random schedules.
    let mut sim = Sim::new(Network {
        delay: 1289,
        lost: 20,
        seed: 7_255_224_666_244_003_042,
        ..CONTACTS
    });
    sim.schedule(2304, BOB, Act::Dial);
    sim.schedule(3336, ANN, Act::Dial);
    sim.schedule(3677, ANN, Act::Crash(0));
    sim.run(20_000);
    assert!(sim.connected());
    sim.assert_agreement();
}

#[test]
fn whoever_rings_beside_a_call_is_given_no_leg() {
    let mut sim = Sim::talking_over(CONTACTS);
    sim.act(ANN, Act::DirectBlocked(60_000), 5000);
    let (mut cid, offer) = calls_bob("Cid");
    sim.handle(BOB, offer);
    let waiting = sim.ends[BOB].endpoint.view().waiting;
    assert_eq!(waiting.as_deref(), Some("Cid"));
    let mut ringing = sim.ends[BOB].sent.iter().rev();
    let ringing = ringing
        .find(|signal| signal.body == SignalBody::Ringing)
        .cloned();
    let ringing = Signal {
        from: Some("Bob's".to_owned()),
        ..ringing.expect("it rings")
    };
    let contact = shows(&mut cid, "Cid's", Event::Received(ringing));
    let opened = count(&sim, BOB, "OpenLeg");
    sim.handle(BOB, contact);
    assert_eq!(count(&sim, BOB, "OpenLeg"), opened);
}

#[test]
fn before_the_yes_nobody_else_can_say_it() {
    let mut bob = page("Bob");
    let (_, offer) = calls_bob("Ann");
    let Event::Received(offer) = offer else {
        panic!("an offer")
    };
    bob.handle(Event::Received(offer.clone()), Instant::START);
    let of_leg_1 = |seq: u32, body: SignalBody| {
        let tag = offer.tag.clone().map(|tag| Tag { leg: 1, seq, ..tag });
        let from = Some("Ann's".to_owned());
        let (name, target, to) = (offer.name.clone(), offer.target.clone(), None);
        let signal = Signal {
            name,
            target,
            from,
            to,
            body,
            tag,
        };
        Event::Received(signal)
    };
    let SignalBody::Offer(sdp) = &offer.body else {
        panic!("an offer")
    };
    bob.handle(of_leg_1(1, SignalBody::Offer(sdp.clone())), Instant::START);
    bob.handle(of_leg_1(2, SignalBody::KeepLeg), Instant::START);
    bob.handle(of_leg_1(3, SignalBody::TakeOver), Instant::START);
    assert_eq!(bob.view().state, CallState::Ringing);
    assert!(bob.record().is_none());
    let text = ChannelMessage::Text {
        nth: 0,
        text: "let me in".to_owned(),
    };
    drain(&mut bob);
    bob.handle(Event::ReceivedDirect(text), Instant::START);
    assert_eq!(drain(&mut bob), []);
}
