//! Servers that lose what they say to each other, come and go, and know in the end who is where.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde_json::json;
use tokio::time::Instant;
use tungstenite::Message as Frame;

use super::world::World;
use crate::hub::{Guest, Node};

const NAMES: [&str; 6] = ["Ann", "Bob", "Cat", "Dan", "Eve", "Fay"];
const ROOMS: [&str; 3] = ["", "red", "blue"];

/// As repeatable as a fuzzer's corpus (splitmix64).
#[derive(Clone)]
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed >> 33) as usize % limit
    }

    fn of<'a, T>(&mut self, some: &'a [T]) -> &'a T {
        &some[self.below(some.len())]
    }
}

/// Somebody with a page.
struct Person {
    node: Node,
    guest: Guest,
    secret: String,
    room: &'static str,
    name: &'static str,
}

impl Person {
    fn enter(world: &mut World, node: Node, name: &'static str, room: &'static str) -> Self {
        let guest = Guest::come(world.hub(node)).expect("randomness");
        let secret = secret(&guest);
        let mut person = Self {
            node,
            guest,
            secret,
            room,
            name,
        };
        person.say_name(world);
        person
    }

    /// Comes in, once it is known who is there.
    fn say_name(&mut self, world: &mut World) {
        let hello = json!({ "type": "username", "name": self.name, "room": self.room }).to_string();
        let is_waiting = |person: &mut Self, world: &World| {
            let hub = world.hub(person.node);
            person.guest.say_at(hub, &hello, world.now).is_err()
        };
        while is_waiting(self, world) {
            world.settle();
        }
    }

    /// Goes on at a server, as a page does.
    fn come_back(&mut self, world: &mut World, node: Node) {
        if world.nodes().contains(&self.node) {
            // Its connection there is gone, which nobody else may hear of.
            let before = world.hub(self.node);
            before.disconnect(self.guest.at, false, world.now);
        }
        let hub = world.hub(node);
        let mut guest = Guest::come(hub).expect("randomness");
        let fresh = secret(&guest);
        let resume = json!({ "type": "resume", "id": self.secret, "heard": 0 });
        guest.say(hub, &resume.to_string());
        (self.node, self.guest) = (node, guest);
        if said(&self.guest)
            .iter()
            .all(|said| said["type"] != "resumed")
        {
            self.say_name(world);
            self.secret = fresh;
        }
    }
}

fn said(guest: &Guest) -> Vec<serde_json::Value> {
    let frames = std::iter::from_fn(|| guest.next()).filter(Frame::is_text);
    let texts = frames.map(|frame| frame.into_text().expect("UTF-8"));
    texts
        .map(|text| serde_json::from_str(&text).expect("JSON"))
        .collect()
}

fn secret(guest: &Guest) -> String {
    let said = said(guest);
    let id = said.iter().find(|said| said["type"] == "id");
    id.expect("the first message")["id"]
        .as_str()
        .expect("a secret")
        .to_owned()
}

/// What happens to some people on some servers.
struct Story {
    world: World,
    people: Vec<Person>,
    random: Random,
}

impl Story {
    fn new(seed: u64) -> Self {
        let mut world = World::new(2);
        for _ in 0..3 {
            world.start(4).expect("randomness");
        }
        let mut order = Random(seed ^ 1);
        world.picks = Box::new(move |ways| order.below(ways));
        Self {
            world,
            people: Vec::new(),
            random: Random(seed),
        }
    }

    fn lose(&mut self, one_in: Option<usize>) {
        let mut random = self.random.clone();
        self.world.loses = match one_in {
            Some(one_in) => Box::new(move || random.below(one_in) == 0),
            None => Box::new(|| false),
        };
    }

    fn step(&mut self) {
        let nodes = self.world.nodes();
        let node = *self.random.of(&nodes);
        let person = self.random.below(self.people.len().max(1));
        let has_room = self.people.len() < 12;
        match (self.random.below(10), self.people.get_mut(person)) {
            (0..=2, _) if has_room => {
                let (name, room) = (*self.random.of(&NAMES), *self.random.of(&ROOMS));
                let person = Person::enter(&mut self.world, node, name, room);
                self.people.push(person);
            }
            (3, Some(leaves)) => {
                let (hub, at) = (self.world.hub(leaves.node), leaves.guest.at);
                hub.disconnect(at, true, self.world.now);
                self.people.remove(person);
            }
            (4 | 5, Some(person)) => person.come_back(&mut self.world, node),
            (6, Some(person)) => {
                let hub = self.world.hub(person.node);
                let text = json!({ "type": "message", "text": "hello" }).to_string();
                person.guest.say(hub, &text);
            }
            (7, _) if nodes.len() > 1 && self.random.below(4) == 0 => self.kill(node),
            (8, _) if nodes.len() < 4 => drop(self.world.start(4)),
            (9, _) => match self.random.below(12) {
                0 => self.world.is_cut = true,
                1 if self.world.is_cut => self.world.reconnect(),
                2 => self.world.wait(Duration::from_secs(15)),
                _ => self.world.tick(),
            },
            _ => self.world.settle(),
        }
        for person in &self.people {
            said(&person.guest);
        }
    }

    /// A server is gone, and those who were there go on at another.
    fn kill(&mut self, node: Node) {
        self.world.kill(node);
        let nodes = self.world.nodes();
        for person in &mut self.people {
            if person.node == node {
                let next = *self.random.of(&nodes);
                person.come_back(&mut self.world, next);
            }
        }
    }

    /// Wherever somebody looks, the same people are in a room, each once, under a name of their own.
    fn check(&mut self, seed: u64) {
        let mut rooms: BTreeMap<&str, BTreeMap<Node, usize>> = BTreeMap::new();
        for person in &self.people {
            let here = rooms.entry(person.room).or_default();
            *here.entry(person.node).or_default() += 1;
        }
        for room in ROOMS {
            let here = rooms.remove(room).unwrap_or_default();
            let people: usize = here.values().sum();
            let mut seen = BTreeSet::new();
            for node in self.world.nodes() {
                let (names, remote) = self.world.hub(node).names_in(room);
                let Some(local) = here.get(&node) else {
                    assert!(
                        names.is_empty(),
                        "seed {seed}: {names:?} in a room of nobody's"
                    );
                    continue;
                };
                let apart: BTreeSet<&String> = names.iter().collect();
                assert_eq!(
                    apart.len(),
                    names.len(),
                    "seed {seed}: two of one name: {names:?}"
                );
                assert_eq!(
                    names.len(),
                    people,
                    "seed {seed}: {names:?} at {node:?} in “{room}”"
                );
                assert_eq!(names.len() - remote, *local, "seed {seed}");
                seen.insert(names);
            }
            assert!(seen.len() < 2, "seed {seed}: they disagree: {seen:?}");
        }
    }
}

#[test]
fn whatever_is_lost_between_servers_all_of_them_know_in_the_end_who_is_where() {
    for seed in 0..90 {
        let mut story = Story::new(seed);
        let one_in = [None, Some(20), Some(3)][seed as usize % 3];
        for _ in 0..5 {
            story.lose(one_in);
            (0..40).for_each(|_| story.step());
            // Nothing is lost that one does not hear of: the way was gone for a while.
            story.lose(None);
            story.world.reconnect();
            story.world.wait(Duration::from_secs(90));
            story.check(seed);
        }
    }
}

#[test]
fn what_was_lost_without_a_sign_is_found_too() {
    for seed in 1000..1020 {
        let mut story = Story::new(seed);
        story.lose(Some(4));
        (0..80).for_each(|_| story.step());
        story.lose(None);
        // Who cannot be reached for a while hears of it.
        if story.world.is_cut {
            story.world.reconnect();
        }
        story.world.wait(Duration::from_secs(300));
        story.check(seed);
    }
}

#[test]
fn whatever_others_say_the_hub_stays_whole() {
    let person = |key: u64, name: &str, before: &str| {
        format!(
            r#"{{"key":{key},"name":"{name}","busy":true,"away":false,"since":1,"person":"p{key}","proof":[{key},1],"before":{before}}}"#
        )
    };
    let say = |count: u64, word: &str| {
        format!(r#"{{"version":2,"node":9,"room":"red","count":{count},"word":{word}}}"#)
    };
    let changes = |here: &str| format!(r#"{{"changes":{{"here":[{here}],"gone":[1]}}}}"#);
    let people = |here: &str| format!(r#"{{"people":{{"people":[{here}],"part":0,"last":true}}}}"#);
    let words = [
        say(1, &changes(&person(1, "Ann", "null"))),
        say(2, &changes(&person(2, "Ann2", "[1,1]"))),
        say(2, &changes(&person(1, "Ann2", "[2,1]"))),
        say(1, &people(&person(3, "", "[3,1]"))),
        say(0, &people("")),
        say(7, r#"{"text":{"from":1,"to":1,"text":"{}"}}"#),
        say(
            7,
            r#"{"text-to-all":{"from":2,"text":"{\"type\":\"hang-up\"}"}}"#,
        ),
        say(7, r#"{"here":{"known":{"1":5}}}"#),
        say(7, r#"{"busy":{"key":3}}"#),
        say(7, "\"leave\""),
        say(7, "\"ask\""),
        "not JSON".to_owned(),
    ];
    let mut random = Random(3);
    for _ in 0..300 {
        let said: Vec<&str> = (0..12).map(|_| random.of(&words).as_str()).collect();
        super::world::hear(said.join("\n").as_bytes());
    }
}

/// Ann and Bob at two servers, who know each other, and a third.
fn two_people() -> (World, [Node; 3], Person, Person) {
    let mut world = World::new(2);
    let nodes = [(); 3].map(|()| world.start(1000).expect("randomness"));
    let ann = Person::enter(&mut world, nodes[0], "Ann", "red");
    let bob = Person::enter(&mut world, nodes[1], "Bob", "red");
    world.settle();
    (world, nodes, ann, bob)
}

fn texts(person: &Person) -> Vec<String> {
    let said = said(&person.guest).into_iter();
    let texts = said.filter_map(|said| Some(said["text"].as_str()?.to_owned()));
    texts.collect()
}

#[test]
fn what_is_said_to_somebody_arrives_though_they_are_elsewhere_by_now() {
    let (mut world, nodes, mut ann, mut bob) = two_people();
    // Bob's server has not heard of it yet.
    ann.come_back(&mut world, nodes[2]);
    let hello = json!({ "type": "message", "text": "hello", "target": "Ann" }).to_string();
    bob.guest.say(world.hub(bob.node), &hello);
    // It is on its way to where she was when that server hears that she is not any more.
    world.picks = Box::new(|ways| ways - 1);
    world.settle();
    assert_eq!(texts(&ann), ["hello"]);
}

#[test]
fn what_somebody_says_is_heard_though_news_of_them_come_later() {
    for seed in 0..20 {
        let (mut world, nodes, _, bob) = two_people();
        let mut order = Random(seed);
        world.picks = Box::new(move |ways| order.below(ways));
        let mut cat = Person::enter(&mut world, nodes[2], "Cat", "red");
        let hello = json!({ "type": "message", "text": "hello", "target": "Bob" }).to_string();
        cat.guest.say(world.hub(cat.node), &hello);
        world.settle();
        assert_eq!(texts(&bob), ["hello"], "seed {seed}");
    }
}

#[test]
fn a_session_that_goes_on_keeps_its_name_though_the_others_answer_late() {
    let (mut world, nodes, mut ann, _bob) = two_people();
    let (hub, at) = (world.hub(ann.node), ann.guest.at);
    hub.disconnect(at, false, world.now);
    // Nobody answers while she waits.
    world.is_cut = true;
    ann.come_back(&mut world, nodes[2]);
    assert_eq!(world.hub(nodes[2]).names_in("red").0, ["Ann"]);
    world.reconnect();
    world.wait(Duration::from_secs(3));
    for node in nodes.into_iter().skip(1) {
        assert_eq!(world.hub(node).names_in("red").0, ["Ann", "Bob"]);
    }
    assert!(
        said(&ann.guest)
            .iter()
            .all(|said| said["type"] != "reject-username")
    );
}

#[test]
fn a_server_that_was_slow_for_a_while_is_known_again_at_once() {
    let (mut world, nodes, _ann, _bob) = two_people();
    world.silence(nodes[1], true);
    world.wait(Duration::from_secs(15));
    assert_eq!(world.hub(nodes[0]).names_in("red").0, ["Ann"]);
    world.silence(nodes[1], false);
    world.wait(Duration::from_secs(5));
    for node in &nodes[..2] {
        assert_eq!(world.hub(*node).names_in("red").0, ["Ann", "Bob"]);
    }
}

#[test]
fn who_is_in_no_room_of_ones_own_is_not_heard_of() {
    let mut world = World::new(2);
    let nodes: Vec<Node> = (0..3)
        .map(|_| world.start(1000).expect("randomness"))
        .collect();
    let ann = Person::enter(&mut world, nodes[0], "Ann", "red");
    let bob = Person::enter(&mut world, nodes[1], "Bob", "red");
    world.settle();
    let before: Vec<u64> = world.servers().map(|server| server.traffic.heard).collect();
    for _ in 0..10 {
        let cat = Person::enter(&mut world, nodes[2], "Cat", "blue");
        world.settle();
        let hub = world.hub(nodes[2]);
        hub.disconnect(cat.guest.at, true, Instant::now());
        world.settle();
    }
    let heard: Vec<u64> = world.servers().map(|server| server.traffic.heard).collect();
    let more: u64 = heard.iter().sum::<u64>() - before.iter().sum::<u64>();
    // What the third says of its room it hears itself, while it is in it: three messages each time.
    assert_eq!(more, 30);
    for (node, person) in [(nodes[0], &ann), (nodes[1], &bob)] {
        assert_eq!(
            world.hub(node).names_in("red").0,
            ["Ann", "Bob"],
            "{}",
            person.name
        );
    }
    assert!(world.hub(nodes[2]).names_in("red").0.is_empty());
}
