//! Rules that only show when a link is driven event by event.

use std::time::Duration;

use holdfast_clock::Instant;
use holdfast_link::{
    Command, Event, Introduction, Link, LinkStatus, Medium, News, Output, SocketId,
};
use holdfast_protocol::{
    ClientMessage, ConnectionId, ErrorCode, ServerMessage, Signal, SignalBody,
};

/// A link, and the hand that drives it.
struct Driven {
    link: Link,
    now: Instant,
}

impl Driven {
    fn new() -> Self {
        let (link, now) = (Link::new(Medium::Network, 7), Instant::START);
        let mut driven = Self { link, now };
        driven.handle(Event::Join(ann()));
        driven
    }

    /// In a session of a server that counts, over connection 1.
    fn up() -> Self {
        let mut driven = Self::new();
        driven.receive(1, id());
        driven.receive(1, presence(5));
        assert_eq!(driven.link.status(), LinkStatus::Up);
        driven.outputs();
        driven
    }

    /// The sample's server, which counts nothing, lets us in over connection 1.
    fn sample_up(&mut self) {
        let id = ConnectionId::Number(1.0);
        self.receive(
            1,
            ServerMessage::Id {
                id,
                acked: None,
                person: None,
            },
        );
        let users = vec!["Ann".into()];
        self.receive(1, ServerMessage::UserList { users });
    }

    fn handle(&mut self, event: Event) {
        self.link.handle(event, self.now);
    }

    fn receive(&mut self, socket: SocketId, message: ServerMessage) {
        self.handle(Event::Received(socket, message));
    }

    fn send(&mut self, date: f64) {
        self.handle(Event::Send(text(date)));
    }

    /// Lets time pass.
    fn wait(&mut self, seconds: f64) {
        let until = self.now + Duration::from_secs_f64(seconds);
        while let Some(due) = self.link.poll_timeout().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.link.handle_timeout(self.now);
        }
        self.now = until;
    }

    fn outputs(&mut self) -> Vec<Output> {
        std::iter::from_fn(|| self.link.poll_output()).collect()
    }

    fn commands(&mut self) -> Vec<Command> {
        let commands = self
            .outputs()
            .into_iter()
            .filter_map(|output| match output {
                Output::Command(command) => Some(command),
                Output::News(_) => None,
            });
        commands.collect()
    }

    /// What has gone out since this was last asked.
    fn transmitted(&mut self) -> Vec<ClientMessage> {
        let commands = self.commands().into_iter();
        let transmitted = commands.filter_map(|command| match command {
            Command::Transmit(_, message) => Some(message),
            Command::Connect(_)
            | Command::Close(_)
            | Command::Leave(_)
            | Command::Probe(_)
            | Command::CancelProbe(_) => None,
        });
        transmitted.collect()
    }

    /// The texts among them, by their dates.
    fn texts(&mut self) -> Vec<f64> {
        let transmitted = self.transmitted().into_iter();
        let dates = transmitted.filter_map(|message| {
            if let ClientMessage::Text { date, .. } = message {
                date
            } else {
                None
            }
        });
        dates.collect()
    }
}

fn ann() -> Introduction {
    Introduction {
        name: "Ann".into(),
        date: 0.0,
        room: None,
        pass: None,
        claim: None,
    }
}

fn id() -> ServerMessage {
    ServerMessage::Id {
        id: ConnectionId::Text("first".into()),
        acked: Some(0),
        person: None,
    }
}

fn presence(version: u32) -> ServerMessage {
    ServerMessage::Presence {
        version,
        free: vec!["Ann".into()],
        busy: Vec::new(),
        away: Vec::new(),
    }
}

fn gone() -> ServerMessage {
    ServerMessage::PeerGone {
        name: "Bob".into(),
        person: None,
    }
}

fn session_over() -> ServerMessage {
    ServerMessage::Error {
        code: ErrorCode::SessionOver,
        text: String::new(),
        target: None,
    }
}

fn text(date: f64) -> ClientMessage {
    ClientMessage::Text {
        id: None,
        text: "hello".into(),
        date: Some(date),
        target: None,
    }
}

fn is_silent(driven: &mut Driven) -> bool {
    driven.wait(0.5);
    driven.commands().is_empty()
}

#[test]
fn each_word_gives_a_connection_ten_seconds_more_to_let_us_in() {
    let mut driven = Driven::new();
    driven.receive(1, id());
    driven.wait(8.0);
    driven.receive(1, gone());
    driven.wait(9.0);
    assert!(driven.link.owns(1));
    driven.wait(1.1);
    assert!(!driven.link.owns(1));
}

#[test]
fn a_connection_that_opens_ends_the_search() {
    let mut driven = Driven::new();
    driven.handle(Event::NetworkMoved { online: true });
    driven.receive(1, id());
    driven.outputs();
    assert!(is_silent(&mut driven));
}

#[test]
fn at_most_five_probes_are_under_way() {
    let mut driven = Driven::new();
    driven.handle(Event::NetworkMoved { online: false });
    driven.wait(2.5);
    let mut under_way = Vec::new();
    for command in driven.commands() {
        match command {
            Command::Probe(probe) => under_way.push(probe),
            Command::CancelProbe(probe) => under_way.retain(|one| *one != probe),
            Command::Connect(_) | Command::Close(_) | Command::Leave(_) | Command::Transmit(..) => {
            }
        }
        assert!(under_way.len() <= 5, "{under_way:?}");
    }
    assert_eq!(under_way.len(), 5);
}

#[test]
fn each_sixteenth_probe_dials_all_the_same() {
    let mut driven = Driven::up();
    driven.handle(Event::NetworkMoved { online: false });
    driven.wait(1.6);
    let is_dial = |command: &Command| matches!(command, Command::Connect(_));
    assert_eq!(
        driven.commands().iter().filter(|one| is_dial(one)).count(),
        0
    );
    driven.wait(0.2);
    assert_eq!(
        driven.commands().iter().filter(|one| is_dial(one)).count(),
        1
    );
}

#[test]
fn a_connection_over_which_nothing_is_answered_is_closed() {
    let mut driven = Driven::up();
    driven.wait(14.9);
    assert!(driven.link.owns(1));
    driven.outputs();
    driven.wait(0.2);
    assert_eq!(driven.link.status(), LinkStatus::Down);
    let outputs = driven.outputs();
    assert_eq!(outputs.first(), Some(&Output::Command(Command::Close(1))));
    assert!(outputs.contains(&Output::News(News::Lost)));
}

#[test]
fn no_more_than_256_messages_wait_to_come_in() {
    let mut driven = Driven::new();
    (0..300).for_each(|date| driven.send(f64::from(date)));
    driven.sample_up();
    let first: Vec<f64> = (0..256).map(f64::from).collect();
    assert_eq!(driven.texts(), first);
}

#[test]
fn messages_of_a_session_that_is_over_go_before_later_ones() {
    let mut driven = Driven::up();
    driven.send(1.0);
    driven.handle(Event::Closed(1));
    driven.send(2.0);
    driven.wait(0.1);
    driven.receive(2, id());
    driven.send(3.0);
    driven.outputs();
    driven.receive(2, session_over());
    driven.send(4.0);
    driven.receive(2, presence(0));
    assert_eq!(driven.texts(), [1.0, 2.0, 3.0, 4.0]);
}

#[test]
fn a_page_that_was_loaded_anew_counts_from_where_the_session_goes_on() {
    let mut driven = Driven::new();
    driven.handle(Event::Restore {
        introduction: ann(),
        session: Some("first".into()),
    });
    driven.receive(2, id());
    for _ in 0..3 {
        driven.receive(2, gone());
    }
    driven.receive(
        2,
        ServerMessage::Resumed {
            acked: 0,
            person: None,
        },
    );
    driven.outputs();
    for _ in 0..15 {
        driven.receive(2, gone());
    }
    assert_eq!(driven.transmitted(), []);
    driven.receive(2, gone());
    assert_eq!(driven.transmitted(), [ClientMessage::Ack { acked: 16 }]);
}

#[test]
fn a_session_is_resumed_with_the_version_of_presence_that_is_known() {
    let mut driven = Driven::up();
    let (free, busy, gone) = (vec!["Bob".into()], Vec::new(), Vec::new());
    driven.receive(
        1,
        ServerMessage::PresenceChanges {
            free,
            busy,
            away: Vec::new(),
            gone,
        },
    );
    driven.handle(Event::Closed(1));
    driven.wait(0.1);
    driven.receive(2, id());
    let resume = ClientMessage::Resume {
        id: "first".into(),
        acked: Some(0),
        presence: Some(6),
    };
    assert_eq!(driven.transmitted(), [resume]);
}

#[test]
fn messages_that_cannot_be_read_are_counted() {
    let mut driven = Driven::up();
    for _ in 0..15 {
        driven.receive(1, gone());
    }
    driven.outputs();
    driven.handle(Event::Unreadable(1));
    assert_eq!(driven.transmitted(), [ClientMessage::Ack { acked: 16 }]);
}

#[test]
fn a_connection_that_speaks_is_kept_while_three_attempts_beside_it_hang() {
    let mut driven = Driven::up();
    driven.handle(Event::NetworkMoved { online: true });
    for _ in 0..4 {
        driven.wait(4.0);
        driven.receive(1, gone());
        assert_eq!(driven.link.status(), LinkStatus::Up);
    }
    driven.wait(4.0);
    assert_eq!(driven.link.status(), LinkStatus::Down);
}

#[test]
fn a_network_that_moves_brings_the_delays_to_their_beginning() {
    let mut driven = Driven::new();
    for socket in 1..5 {
        driven.handle(Event::Closed(socket));
        driven.now = driven.link.poll_timeout().expect("tried again");
        driven.link.handle_timeout(driven.now);
    }
    driven.handle(Event::NetworkMoved { online: false });
    driven.handle(Event::Reachable);
    driven.handle(Event::Closed(6));
    assert_eq!(driven.link.poll_timeout(), Some(driven.now));
}

#[test]
fn a_network_that_moves_ends_a_connection_whose_server_cannot_be_asked() {
    let mut driven = Driven::new();
    driven.sample_up();
    driven.outputs();
    driven.handle(Event::NetworkMoved { online: false });
    assert_eq!(driven.commands().first(), Some(&Command::Close(1)));
}

#[test]
fn a_network_that_moves_has_a_connection_made_at_once() {
    let mut driven = Driven::up();
    driven.handle(Event::NetworkMoved { online: true });
    assert!(driven.commands().contains(&Command::Connect(2)));
}

#[test]
fn while_a_way_is_looked_for_no_connection_is_made_without_one() {
    let mut driven = Driven::up();
    driven.handle(Event::NetworkMoved { online: true });
    driven.handle(Event::Closed(2));
    driven.wait(1.0);
    assert!(!driven.commands().contains(&Command::Connect(3)));
    driven.handle(Event::Reachable);
    assert!(driven.commands().contains(&Command::Connect(3)));
}

#[test]
fn the_end_of_a_connection_that_was_given_up_means_nothing() {
    let mut driven = Driven::up();
    driven.handle(Event::NetworkMoved { online: true });
    driven.receive(2, id());
    driven.receive(
        2,
        ServerMessage::Resumed {
            acked: 0,
            person: None,
        },
    );
    driven.outputs();
    driven.handle(Event::Closed(1));
    assert!(is_silent(&mut driven));
}

#[test]
fn chat_carries_the_id_of_its_session() {
    let mut driven = Driven::new();
    driven.send(1.0);
    driven.receive(1, id());
    driven.receive(1, presence(0));
    let transmitted = driven.transmitted();
    let first = Some(ConnectionId::Text("first".into()));
    assert!(
        matches!(transmitted.last(), Some(ClientMessage::Text { id, .. }) if *id == first),
        "{transmitted:?}"
    );
}

#[test]
fn the_first_connection_to_open_takes_the_place_of_the_old_one() {
    let mut driven = Driven::up();
    driven.handle(Event::NetworkMoved { online: true });
    driven.outputs();
    driven.receive(2, id());
    assert_eq!(driven.commands().first(), Some(&Command::Close(1)));
    assert!(!driven.link.owns(1) && driven.link.owns(2));
}

#[test]
fn what_was_said_in_a_call_is_not_said_again_in_another_session() {
    let mut link = Driven::up();
    let signal = || {
        Event::Send(ClientMessage::Signal(Signal {
            name: None,
            target: Some("Bob".into()),
            from: None,
            to: None,
            body: SignalBody::Ringing,
            tag: None,
        }))
    };
    link.handle(signal());
    link.send(1.0);
    link.handle(Event::Closed(1));
    // Said while nobody listens.
    link.handle(signal());
    link.send(2.0);
    link.wait(1.0);
    link.receive(2, id());
    link.outputs();
    link.receive(2, session_over());
    link.receive(2, presence(0));
    let said = link.transmitted();
    let is_signal = |message: &ClientMessage| matches!(message, ClientMessage::Signal(_));
    assert!(!said.iter().any(is_signal), "{said:?}");
    let mut dates = Vec::new();
    for message in said {
        if let ClientMessage::Text { date, .. } = message {
            dates.extend(date);
        }
    }
    assert_eq!(dates, [1.0, 2.0]);
}

#[test]
fn what_has_come_is_acknowledged_with_the_next_question_at_the_latest() {
    let mut link = Driven::up();
    link.receive(1, gone());
    link.outputs();
    link.wait(6.0);
    let acked = |said: Vec<ClientMessage>| {
        let is_ack = |message: &ClientMessage| matches!(message, ClientMessage::Ack { acked: 1 });
        said.iter().filter(|message| is_ack(message)).count()
    };
    assert_eq!(acked(link.transmitted()), 1);
    link.receive(1, ServerMessage::Ack { acked: 0 });
    link.wait(6.0);
    assert_eq!(acked(link.transmitted()), 0, "and once");
}
