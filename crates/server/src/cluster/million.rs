//! What a cluster costs with so many people: the hub and what it says to others are those of the program, pages
//! and sockets there are none.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    io,
    time::{Duration, Instant},
};

use holdfast_protocol::Kind;
use serde_json::json;

use super::world::{Traffic, World};
use crate::hub::{Guest, Node};

/// People in one room: enough for a call.
const PEOPLE_IN_A_ROOM: usize = 2;

/// One in so many is in a large room, with so many others.
const ONE_IN: usize = 10;
const PEOPLE_IN_A_HALL: usize = 10_000;

/// How many come between two batches of news.
const AT_ONCE: usize = 20_000;

/// How the people of a room find a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placed {
    /// All at one, as a load balancer does that knows the room; but for halls, who are everywhere.
    ByRoom,
    /// Each at any.
    Anywhere,
}

/// What something took.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cost {
    /// Messages to other servers that a server said, on average.
    pub said: f64,
    /// Messages that a server heard, on average, its own among them.
    pub heard: f64,
    /// The same, of whichever heard the most.
    pub heard_most: u64,
    /// Bytes that a server said and heard, on average.
    pub bytes: f64,
    /// Processor time of a server, in seconds, on average.
    pub seconds: f64,
}

/// What was measured.
#[derive(Debug, Clone, Copy)]
pub struct Figures {
    /// Everybody comes.
    pub join: Cost,
    /// Everybody is here, and two minutes pass.
    pub quiet: Cost,
    /// Every room is looked over, as after NATS was away.
    pub reconnect: Cost,
    /// A server is gone; its people go on at others.
    pub lost: Cost,
    /// Rooms that a server subscribes to, on average.
    pub rooms: f64,
    /// Memory of the process when everybody is here, in bytes.
    pub memory: usize,
    /// How many people are not known where they should be, or known twice.
    pub wrong: usize,
}

/// Somebody with a page.
struct Person {
    node: Node,
    guest: Guest,
    room: String,
    name: String,
    secret: String,
}

/// So many people on so many servers.
///
/// # Errors
/// When there is no randomness.
pub fn million(
    people: usize,
    servers: usize,
    placed: Placed,
    memory: impl Fn() -> usize,
) -> io::Result<Figures> {
    let mut world = World::new(crate::PARTS);
    let nodes = (0..servers).map(|_| world.start(usize::MAX >> 4));
    let nodes = nodes.collect::<io::Result<Vec<_>>>()?;
    let mut here = Vec::with_capacity(people);
    let join = cost(&mut world, |world| {
        for n in (0..people).step_by(AT_ONCE) {
            let some = n..people.min(n + AT_ONCE);
            let some = some.map(|n| come(world, &nodes, placed, n));
            here.extend(some.collect::<io::Result<Vec<_>>>()?);
            enter(world, &mut here[n..]);
            settle(world, &here);
        }
        Ok(())
    })?;
    let memory = memory();
    let rooms = world.servers().map(|server| server.traffic.subscribed);
    let rooms = rooms.sum::<u64>() as f64 / servers as f64;
    let quiet = cost(&mut world, |world| {
        world.wait(Duration::from_secs(120));
        Ok(())
    })?;
    let reconnect = cost(&mut world, |world| {
        world.reconnect();
        world.wait(Duration::from_secs(20));
        Ok(())
    })?;
    let lost = cost(&mut world, |world| {
        world.kill(nodes[0]);
        let left = &nodes[1..];
        let is_gone = |person: &Person| person.node == nodes[0];
        let (mut gone, still) = here.drain(..).partition::<Vec<_>, _>(is_gone);
        for (n, person) in gone.iter_mut().enumerate() {
            resume(world, left, placed, n, person)?;
        }
        enter(world, &mut gone);
        here.extend(gone.into_iter().chain(still));
        settle(world, &here);
        Ok(())
    })?;
    Ok(Figures {
        join,
        quiet,
        reconnect,
        lost,
        rooms,
        memory,
        wrong: wrong(&world, &here),
    })
}

fn hash(of: impl Hash) -> usize {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish() as usize
}

fn place(nodes: &[Node], placed: Placed, n: usize, room: &str) -> Node {
    let by_room = placed == Placed::ByRoom && !room.starts_with("hall");
    nodes[match by_room {
        true => hash(room),
        false => hash(n),
    } % nodes.len()]
}

/// Somebody is connected, where they are going to be.
fn come(world: &World, nodes: &[Node], placed: Placed, n: usize) -> io::Result<Person> {
    let room = match n % ONE_IN {
        0 => format!("hall{}", n / ONE_IN / PEOPLE_IN_A_HALL),
        _ => format!("room{}", n / PEOPLE_IN_A_ROOM),
    };
    let node = place(nodes, placed, n, &room);
    let guest = Guest::come(world.hub(node))?;
    Ok(Person {
        node,
        secret: secret(&guest),
        guest,
        room,
        name: format!("P{n}"),
    })
}

/// They come into their rooms, once it is known there who is in them.
fn enter(world: &mut World, some: &mut [Person]) {
    let say = |world: &World, person: &mut Person| {
        let (name, room) = (&person.name, &person.room);
        let hello = json!({ "type": Kind::Username.as_str(), "name": name, "room": room });
        let (hub, hello) = (world.hub(person.node), hello.to_string());
        person.guest.say_at(hub, &hello, world.now).is_err()
    };
    let waiting = some
        .iter_mut()
        .filter_map(|person| say(world, person).then_some(person));
    let waiting: Vec<&mut Person> = waiting.collect();
    world.settle();
    for person in waiting {
        say(world, person);
    }
}

/// A page asks another server to go on with its session.
fn resume(
    world: &World,
    nodes: &[Node],
    placed: Placed,
    n: usize,
    person: &mut Person,
) -> io::Result<()> {
    person.node = place(nodes, placed, n, &person.room);
    let hub = world.hub(person.node);
    person.guest = Guest::come(hub)?;
    let fresh = secret(&person.guest);
    let resume = json!({ "type": Kind::Resume.as_str(), "id": person.secret, "heard": 0 });
    person.guest.say(hub, &resume.to_string());
    person.secret = fresh;
    Ok(())
}

fn secret(guest: &Guest) -> String {
    let first = guest.next().and_then(|frame| frame.into_text().ok());
    let said = first.and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok());
    let id = said.and_then(|said| Some(said["id"].as_str()?.to_owned()));
    id.unwrap_or_default()
}

/// Everybody is told what is new, and reads it.
fn settle(world: &mut World, here: &[Person]) {
    world.settle();
    for person in here {
        while person.guest.next().is_some() {}
    }
}

/// What each server said and heard meanwhile, and how long it took.
fn cost(world: &mut World, act: impl FnOnce(&mut World) -> io::Result<()>) -> io::Result<Cost> {
    world
        .servers()
        .for_each(|server| server.traffic = Traffic::default());
    let began = Instant::now();
    act(world)?;
    let seconds = began.elapsed().as_secs_f64();
    let traffic: Vec<Traffic> = world.servers().map(|server| server.traffic).collect();
    let servers = traffic.len() as f64;
    let mean = |of: fn(&Traffic) -> u64| traffic.iter().map(of).sum::<u64>() as f64 / servers;
    Ok(Cost {
        said: mean(|traffic| traffic.said),
        heard: mean(|traffic| traffic.heard),
        heard_most: traffic
            .iter()
            .map(|traffic| traffic.heard)
            .max()
            .unwrap_or(0),
        bytes: mean(|traffic| traffic.bytes),
        // One thread does the work of all of them.
        seconds: seconds / servers,
    })
}

/// How many people are missing, or too many, in all rooms at all servers that have somebody in them.
fn wrong(world: &World, here: &[Person]) -> usize {
    let mut rooms: HashMap<&str, (usize, Vec<Node>)> = HashMap::new();
    for person in here {
        let (people, nodes) = rooms.entry(&person.room).or_default();
        *people += 1;
        if !nodes.contains(&person.node) {
            nodes.push(person.node);
        }
    }
    let looks = rooms.iter().flat_map(|(room, (people, nodes))| {
        let seen = nodes
            .iter()
            .map(|node| world.hub(*node).names_in(room).0.len());
        seen.map(|seen| seen.abs_diff(*people))
    });
    looks.sum()
}
