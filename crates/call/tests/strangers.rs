//! Somebody else at the same server gets nothing of a call, and cannot end it.

mod sim;

use holdfast_call::{CallState, Event, LegEvent};
use holdfast_protocol::{CallId, Signal, SignalBody, Tag};
use sim::{ANN, Act, Attack, BOB, Network, Side, Sim};

/// A server as the sample's: it gives sessions no public names.
const BY_NAME: Network = Network {
    persons: false,
    relays: [false; 2],
    networks: [false; 2],
    ..Network::PERFECT
};

fn count(sim: &Sim, side: Side, name: &str) -> usize {
    let commands = sim.ends[side].commands.iter();
    commands.filter(|command| **command == name).count()
}

fn said(name: &str, from: &str, call: CallId, seq: u32, body: SignalBody) -> Event {
    Event::Received(Signal {
        name: Some(name.into()),
        target: Some("Ann".into()),
        from: Some(from.into()),
        to: None,
        body,
        tag: Some(Tag {
            call,
            leg: 0,
            seq,
            acked: 0,
            epoch: 0,
            peer_epoch: 0,
            proof: None,
        }),
    })
}

#[test]
fn whoever_has_the_name_after_a_restart_is_told_nothing_of_the_call() {
    let mut sim = Sim::talking();
    sim.act(ANN, Act::Attack(Attack::TakeName), 0);
    sim.act(BOB, Act::ServerRestarts(3000), 1000);
    sim.act(ANN, Act::Say, 5000);
    assert_eq!(sim.eve.name.as_deref(), Some("Bob"));
    // The path is lost as well, and everything is said again.
    sim.act(ANN, Act::Move(1000), 10_000);
    sim.run_out();
    assert!(sim.connected());
    sim.assert_agreement();
    sim.assert_eve_has_nothing();
    assert_eq!(sim.ends[BOB].read, [1]);
}

#[test]
fn nor_where_the_server_restarts_before_anything_could_be_proved() {
    let mut sim = Sim::new(Network::PERFECT);
    sim.no_channel = true;
    sim.act(ANN, Act::Dial, 1000);
    sim.act(BOB, Act::Accept, 2000);
    assert!(sim.connected());
    sim.act(ANN, Act::Attack(Attack::TakeName), 0);
    sim.act(BOB, Act::ServerRestarts(1000), 10_000);
    sim.act(ANN, Act::AddTrack, 1000);
    assert_eq!(sim.eve.name.as_deref(), Some("Bob"));
    sim.assert_eve_has_nothing();
    assert!(sim.connected());
}

#[test]
fn whoever_comes_back_under_another_name_is_still_in_the_call() {
    for network in [Network::PERFECT, BY_NAME] {
        let mut sim = Sim::talking_over(network);
        sim.act(ANN, Act::Attack(Attack::TakeName), 0);
        sim.act(BOB, Act::SessionEnds(2000), 10_000);
        assert_eq!(sim.ends[BOB].name, "Bob2");
        assert!(sim.connected());
        assert_eq!(sim.ends[ANN].endpoint.view().peer, "Bob2");
        // And is found there, when every path is lost.
        sim.act(BOB, Act::Move(1000), 10_000);
        sim.run_out();
        assert!(sim.connected());
        sim.assert_agreement();
    }
}

#[test]
fn the_two_show_each_other_where_they_are_and_then_are_quiet() {
    for network in [Network::PERFECT, BY_NAME] {
        let mut sim = Sim::talking_over(network);
        sim.act(ANN, Act::ServerRestarts(1000), 60_000);
        let shown = count(&sim, ANN, "Send here") + count(&sim, BOB, "Send here");
        assert!((2..=12).contains(&shown), "{shown} times");
        assert!(!sim.ends[ANN].endpoint.view().peer_link_lost);
        assert!(!sim.ends[BOB].endpoint.view().peer_link_lost);
    }
}

#[test]
fn where_there_are_names_alone_nothing_is_said_to_one_before_it_is_shown_whose_it_is() {
    let mut sim = Sim::talking_over(BY_NAME);
    sim.act(ANN, Act::Attack(Attack::TakeName), 0);
    sim.act(BOB, Act::SessionEnds(20_000), 100);
    // The server says that he is gone; then somebody has his name.
    let peer = || "Bob".to_owned();
    let person = None;
    let up = false;
    sim.handle(
        ANN,
        Event::PeerLink {
            peer: peer(),
            person,
            up,
        },
    );
    sim.eve.name = Some(peer());
    sim.act(ANN, Act::Move(1000), 5000);
    sim.assert_eve_has_nothing();
}

#[test]
fn whoever_has_all_that_a_server_ever_saw_gets_no_leg_and_ends_nothing() {
    let mut sim = Sim::talking();
    sim.act(BOB, Act::Reload(500), 5000);
    sim.act(ANN, Act::Move(500), 5000);
    assert!(sim.connected());
    let legs = |sim: &Sim| [ANN, BOB].map(|side| count(sim, side, "OpenLeg"));
    let before = legs(&sim);
    let replays = (0..sim.eve.overheard.len()).map(Attack::Replay);
    let forged = [
        Attack::NextLeg,
        Attack::SameLeg,
        Attack::Answer,
        Attack::KeepLeg(0),
        Attack::KeepLeg(1),
        Attack::KeepLeg(2),
        Attack::Standby,
        Attack::TakeOver(0),
        Attack::TakeOver(1),
        Attack::Rejoin,
        Attack::Away,
        Attack::Here,
        Attack::Candidate,
        Attack::HangUp,
        Attack::UnknownCall,
        Attack::PlainOffer,
        Attack::PlainHangUp,
        Attack::Call,
    ];
    for attack in forged.into_iter().chain(replays) {
        for side in [ANN, BOB] {
            sim.act(side, Act::Attack(attack), 1000);
            assert!(sim.connected(), "{attack:?}");
        }
    }
    sim.run(30_000);
    assert!(sim.connected());
    assert_eq!(legs(&sim), before);
    sim.assert_eve_has_nothing();
}

#[test]
fn strangers_with_many_tokens_hold_up_no_call() {
    let mut sim = Sim::talking();
    // Of many people, and of somebody with the name of the one who is talked to.
    for n in 0..200 {
        let names = [format!("S{n}"), "Bob".to_owned()];
        for name in names {
            let call = CallId {
                page: format!("{name}{n}"),
                nth: 0,
            };
            sim.handle(ANN, said(&name, "x", call, 1, SignalBody::Ringing));
        }
    }
    let before = count(&sim, ANN, "SetRemoteDescription");
    sim.act(BOB, Act::AddTrack, 1000);
    assert_eq!(count(&sim, ANN, "SetRemoteDescription"), before + 1);
    sim.assert_agreement();
}

#[test]
fn before_there_are_proofs_the_session_tells_who_speaks() {
    let mut sim = Sim::new(Network::PERFECT);
    sim.act(ANN, Act::Dial, 1000);
    assert_eq!(sim.stage(ANN), CallState::Calling { ringing: true });
    let token = || CallId {
        page: "ann".into(),
        nth: 0,
    };
    // Bob's name, from another session.
    sim.handle(
        ANN,
        said("Bob", "another", token(), 1, SignalBody::Accepted),
    );
    assert_eq!(sim.stage(ANN), CallState::Calling { ringing: true });
    sim.handle(ANN, said("Bob", "Bob's", token(), 1, SignalBody::Accepted));
    assert_eq!(sim.stage(ANN), CallState::Answering { here: false });
}

#[test]
fn nobody_is_given_a_proof_for_a_call_that_is_to_come() {
    let mut sim = Sim::new(Network::PERFECT);
    // Ann's next token, as whoever was called by her can tell.
    for body in [SignalBody::Rejoin, SignalBody::Answer("x1 2".into())] {
        let call = CallId {
            page: "ann".into(),
            nth: 0,
        };
        sim.handle(ANN, said("Eve", "Eve's", call, 0, body));
    }
    let told = |sim: &Sim| {
        let sent = sim.ends[ANN].sent.iter();
        let tags = sent.filter(|signal| signal.to.as_deref() == Some("Eve's"));
        tags.map(|signal| signal.tag.clone()).collect::<Vec<_>>()
    };
    let answers = told(&sim);
    assert!(!answers.is_empty(), "she says that there is no such call");
    for tag in answers {
        assert_eq!(tag.and_then(|tag| tag.proof), None);
    }
    // Nor is she made to say it without end.
    for n in 0..1000 {
        let call = CallId {
            page: format!("eve {n}"),
            nth: 0,
        };
        sim.handle(ANN, said("Eve", "Eve's", call, 0, SignalBody::Rejoin));
    }
    assert!(told(&sim).len() <= 5, "in one moment");
}

#[test]
fn a_stranger_who_rings_during_an_interruption_holds_up_nothing() {
    // Found by 100,000 schedules: a message that was missing for long looked like a device that had
    // slept, and put off every limit for as long as anything came.
    let mut sim = Sim::new(Network {
        delay: 2659,
        doubled: 21,
        lost: 11,
        seed: 15_043_814_451_750_706_766,
        persons: true,
        relays: [false; 2],
        networks: [false; 2],
        contacts: false,
    });
    sim.schedule(0, ANN, Act::Dial);
    sim.schedule(5_000, BOB, Act::Accept);
    sim.schedule(8_000, BOB, Act::Accept);
    sim.run(14_000);
    for (after, side, act) in [
        (15_000, BOB, Act::Attack(Attack::TakeName)),
        (17_096, BOB, Act::SessionEnds(2_714)),
        (17_162, BOB, Act::Attack(Attack::Call)),
        (17_440, BOB, Act::LinkBreaks(2_194)),
        (18_611, ANN, Act::Crash(6_362)),
        (19_811, BOB, Act::Attack(Attack::Rejoin)),
        (30_027, ANN, Act::ServerRestarts(6_860)),
        (42_296, BOB, Act::SessionEnds(4_191)),
    ] {
        sim.schedule(after, side, act);
    }
    sim.run_out();
    assert!(sim.connected());
    // The ring was over in its time.
    assert_eq!(sim.ends[BOB].endpoint.view().waiting, None);
}

#[test]
fn a_transport_that_has_met_another_certificate_ends_the_call() {
    let met = |fingerprint: &str| Event::Leg(0, LegEvent::Certificate(fingerprint.into()));
    let mut sim = Sim::new(Network::PERFECT);
    let offer = SignalBody::Offer("x1 2\na=fingerprint:sha-256 AB:CD\r\n".into());
    let call = || CallId {
        page: "bob".into(),
        nth: 0,
    };
    sim.handle(ANN, said("Bob", "Bob's", call(), 0, offer));
    sim.handle(ANN, Event::Accept);
    sim.handle(ANN, met("sha-256 ab:cd"));
    assert!(sim.stage(ANN).is_call());
    sim.handle(ANN, met("sha-256 EE:EE"));
    assert!(!sim.stage(ANN).is_call());
}
