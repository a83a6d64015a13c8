//! Between people who have talked before, a path is found while it rings, and nothing goes over it.

#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a test looks at what it is about"
)]

mod sim;

use std::iter;

use holdfast_call::{
    CallState, Carries, Command, EndReason, Endpoint, Event, LegEvent, Limits, Secret,
};
use holdfast_clock::Instant;
use holdfast_protocol::{CallId, Description, HangUpReason, SdpType, Signal, SignalBody};
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
    assert!(sim.connected());
    assert_eq!(sim.ends[ANN].legs[0].carries, Carries::All);
    assert_eq!(count(&sim, BOB, "AcquireMedia"), 1);
    sim.run(60_000);
    assert!(sim.connected());
    assert_eq!(
        count(&sim, ANN, "RestartIce") + count(&sim, BOB, "OpenLeg"),
        1
    );
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

/// What a page does about a call from Ann whose page has been told that it rings in that session.
fn bobs_commands(rings_in: &str) -> Vec<Command> {
    let drain = |page: &mut Endpoint| iter::from_fn(|| page.poll_command()).collect::<Vec<_>>();
    let page = |name: &str, person: &str| {
        let mut page = Endpoint::new(Limits::default(), Secret::new([name.as_bytes()[0]; 16]));
        page.set_contacts(Some(Secret::new([name.as_bytes()[1]; 16])));
        let (name, person) = (name.to_owned(), Some(person.to_owned()));
        page.handle(Event::Named { name, person }, Instant::START);
        page
    };
    let (mut ann, mut bob) = (page("Ann", "Ann's"), page("Bob", "Bob's"));
    let key = Secret::new([b'o'; 16]).of_contact(&["SHA-256 ANN".to_owned()]);
    let (peer, key) = ("Bob".to_owned(), Some(key));
    let id = CallId {
        page: "ann".to_owned(),
        nth: 0,
    };
    let (kind, sdp) = (SdpType::Offer, "a=fingerprint:sha-256 Ann".to_owned());
    let set = LegEvent::LocalDescriptionSet(Description { kind, sdp });
    for event in [
        Event::Dial { peer, id, key },
        Event::MediaReady,
        Event::Leg(0, LegEvent::NegotiationNeeded),
        Event::Leg(0, set),
    ] {
        ann.handle(event, Instant::START);
    }
    let sent = |commands: Vec<Command>, wanted: fn(&SignalBody) -> bool| {
        let mut sent = commands.into_iter().filter_map(|command| match command {
            Command::Send(signal) | Command::SendByServer(signal) => Some(signal),
            _ => None,
        });
        sent.find(|signal| wanted(&signal.body))
            .expect("it is sent")
    };
    let from = |person: &str, signal: Signal| Signal {
        from: Some(person.to_owned()),
        ..signal
    };
    let offer = sent(drain(&mut ann), |body| matches!(body, SignalBody::Offer(_)));
    // As Ann's, or as that of whoever has passed it on.
    bob.handle(Event::Received(from("Ann's", offer)), Instant::START);
    let ringing = sent(drain(&mut bob), |body| *body == SignalBody::Ringing);
    ann.handle(Event::Received(from(rings_in, ringing)), Instant::START);
    let contact = sent(drain(&mut ann), |body| *body == SignalBody::Contact);
    bob.handle(Event::Received(from("Ann's", contact)), Instant::START);
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
