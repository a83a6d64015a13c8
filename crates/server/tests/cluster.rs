//! Several servers as one, through a real nats-server.

mod client;

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use client::{Client, TestServer, get};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    process::{Child, Command},
    task::JoinSet,
    time::{Instant, sleep},
};

/// A nats-server; ends when it is dropped.
struct Nats {
    url: String,
    _process: Child,
}

impl Nats {
    async fn start() -> Self {
        let free = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = free.local_addr().expect("bound");
        drop(free);
        Self::start_at(address).await
    }

    async fn start_at(address: SocketAddr) -> Self {
        let process = Command::new("nats-server")
            .args(["-a", "127.0.0.1", "-p", &address.port().to_string()])
            .stderr(std::process::Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("nats-server is installed");
        while TcpStream::connect(address).await.is_err() {
            sleep(Duration::from_millis(10)).await;
        }
        Self {
            url: format!("nats://{address}"),
            _process: process,
        }
    }

    /// Says something to all servers of a house who have people in room `r`, as one of them would.
    async fn say_in_room(&self, house: &str, said: &Value) {
        let address = self.url.trim_start_matches("nats://");
        let mut wire = TcpStream::connect(address).await.expect("NATS is there");
        let said = said.to_string();
        let digest = ring::digest::digest(&ring::digest::SHA256, b"r");
        let digits = digest.as_ref()[..8].iter();
        let digits: String = digits.map(|byte| format!("{byte:02x}")).collect();
        let lines = format!(
            "CONNECT {{}}\r\nPUB {house}.room.{digits} {}\r\n{said}\r\nPING\r\n",
            said.len()
        );
        wire.write_all(lines.as_bytes()).await.expect("written");
        let mut answer = Vec::new();
        while !answer.ends_with(b"PONG\r\n") {
            let read = wire.read_buf(&mut answer).await;
            assert!(read.expect("read") > 0, "NATS has closed: {answer:?}");
        }
    }

    async fn server(&self) -> TestServer {
        self.server_with(&[]).await
    }

    async fn server_with(&self, more: &[&str]) -> TestServer {
        let limits = ["--max-per-address", "5000"];
        let args = [&["--nats", &self.url][..], &limits, more].concat();
        TestServer::process(None, &args).await
    }
}

fn text(text: &str, target: &str) -> Value {
    json!({"type": "message", "text": text, "date": 0, "target": target})
}

/// Waits until somebody has been told that all of these are here.
async fn until_all_are_here(client: &mut Client, known: Value, names: &[&str]) {
    let mut here: Vec<String> = Vec::new();
    let mut news = known;
    loop {
        let list = |key: &str| {
            let names = news[key].as_array().into_iter().flatten();
            names
                .filter_map(|name| Some(name.as_str()?.to_owned()))
                .collect::<Vec<_>>()
        };
        here.extend([list("free"), list("busy"), list("+")].concat());
        here.retain(|name| !list("-").contains(name));
        if names
            .iter()
            .all(|name| here.iter().any(|here| here == name))
        {
            return;
        }
        news = client.next_of("").await;
    }
}

/// Waits until somebody has been told of that change for both.
async fn until_both_are(client: &mut Client, change: &str, names: [&str; 2]) {
    let mut left = names.to_vec();
    while !left.is_empty() {
        let news = client.next_of("").await;
        let told = news[change].as_array().into_iter().flatten();
        told.for_each(|name| left.retain(|one| *one != name));
    }
}

/// Comes in; gives who is known to be here too.
async fn enter(server: &TestServer, name: &str) -> (Client, Value) {
    let mut client = server.connect(Some("holdfast")).await.expect("connects");
    let id = client.next_of("id").await["id"].clone();
    let hello = json!({"type": "username", "name": name, "id": id, "date": 0, "room": "r"});
    client.send(&hello).await;
    client.id = id;
    let people = client.next_of("people").await;
    (client, people)
}

/// Asks another server to go on with a session, and comes in there when it says that it cannot.
async fn come_back(server: &TestServer, id: &Value, name: &str) -> (Client, Vec<Value>) {
    let mut client = server.connect(Some("holdfast")).await.expect("connects");
    let fresh = client.next_of("id").await["id"].clone();
    client
        .send(&json!({"type": "resume", "id": id, "heard": 0, "people": 1}))
        .await;
    assert_eq!(client.next_of("error").await["code"], "session-over");
    client
        .send(&json!({"type": "username", "name": name, "id": fresh, "date": 0, "room": "r"}))
        .await;
    client.id = fresh;
    let mut told = vec![client.next().await];
    while told
        .last()
        .is_some_and(|message| message["type"] != "people")
    {
        told.push(client.next().await);
    }
    // What it gets its name back with is told to everybody who comes in.
    told.retain(|message| message["type"] != "named");
    (client, told)
}

#[tokio::test]
async fn people_on_different_servers_see_and_reach_each_other() {
    let nats = Nats::start().await;
    let (one, other) = (nats.server().await, nats.server().await);
    let (mut ann, known) = enter(&one, "Ann").await;
    let (mut bob, bob_knows) = enter(&other, "Bob").await;
    until_all_are_here(&mut ann, known, &["Ann", "Bob"]).await;
    until_all_are_here(&mut bob, bob_knows, &["Ann", "Bob"]).await;
    // Who comes later is told all at once.
    let (mut zoe, known) = enter(&other, "Zoe").await;
    until_all_are_here(&mut zoe, known, &["Ann", "Bob", "Zoe"]).await;
    ann.send(&text("across", "Bob")).await;
    let heard = bob.next_of("message").await;
    assert_eq!(
        (&heard["text"], &heard["name"]),
        (&json!("across"), &json!("Ann"))
    );
    ann.next_of("").await;
    bob.send(&json!({"type": "message", "text": "to all", "date": 0}))
        .await;
    for client in [&mut ann, &mut bob, &mut zoe] {
        assert_eq!(client.next_of("message").await["text"], "to all");
    }
    // A call across makes both busy, for everybody.
    ann.send(&json!({"type": "video-offer", "target": "Bob", "sdp": {}}))
        .await;
    bob.next_of("video-offer").await;
    bob.send(&json!({"type": "video-answer", "target": "Ann", "sdp": {}}))
        .await;
    for client in [&mut ann, &mut zoe] {
        assert_eq!(client.next_of("").await, json!({"busy": ["Ann", "Bob"]}));
    }
    // Its end by the loss of one end is told to the other.
    ann.leave().await;
    assert_eq!(bob.next_of("peer-gone").await["name"], "Ann");
    assert_eq!(zoe.next_of("").await, json!({"+": ["Bob"], "-": ["Ann"]}));
}

#[tokio::test]
async fn a_server_that_comes_later_learns_who_is_there() {
    let nats = Nats::start().await;
    let one = nats.server().await;
    let (mut ann, _) = enter(&one, "Ann").await;
    let other = nats.server().await;
    let (mut bob, known) = enter(&other, "Bob").await;
    until_all_are_here(&mut bob, known, &["Ann", "Bob"]).await;
    bob.send(&text("hello", "Ann")).await;
    assert_eq!(ann.next_of("message").await["name"], "Bob");
}

#[tokio::test]
async fn servers_of_another_prefix_are_another_house() {
    let nats = Nats::start().await;
    let one = nats.server().await;
    let other = nats
        .server_with(&["--nats-prefix", "staging.holdfast"])
        .await;
    let third = nats.server().await;
    let (_ann, _) = enter(&one, "Ann").await;
    let (_zoe, _) = enter(&other, "Zoe").await;
    let (mut bob, known) = enter(&third, "Bob").await;
    until_all_are_here(&mut bob, known, &["Ann", "Bob"]).await;
    bob.send(&text("hello", "Zoe")).await;
    assert_eq!(bob.next_of("error").await["code"], "no-such-user");
}

#[tokio::test]
async fn what_a_server_of_another_version_says_is_not_understood() {
    let nats = Nats::start().await;
    let server = nats.server_with(&["--nats-prefix", "house"]).await;
    let (mut ann, known) = enter(&server, "Ann").await;
    // It is heard of the room once somebody in it knows who is there.
    until_all_are_here(&mut ann, known, &["Ann"]).await;
    for (version, name) in [(1, "Zed"), (3, "Yan"), (2, "Bob")] {
        let here = json!([{
            "key": 1, "name": name, "busy": false, "away": false, "since": 1,
            "person": name, "proof": [1, version],
        }]);
        let said = json!({
            "version": version, "node": version, "room": "r", "count": 1,
            "word": { "changes": { "here": here, "gone": [] } },
        });
        nats.say_in_room("house", &said).await;
    }
    until_all_are_here(&mut ann, json!({}), &["Bob"]).await;
    let (_cat, known) = enter(&server, "Cat").await;
    assert_eq!(known["free"], json!(["Ann", "Bob", "Cat"]));
}

#[tokio::test]
async fn a_server_says_whether_the_others_can_be_reached() {
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = free.local_addr().expect("bound");
    drop(free);
    let url = format!("nats://{address}");
    let server = TestServer::process(None, &["--nats", &url]).await;
    let until = async |status: &str, word: &str| {
        let due = Instant::now() + Duration::from_secs(20);
        loop {
            let answer = get(server.address, "/readyz").await;
            if answer.starts_with(&format!("HTTP/1.1 {status}")) && answer.contains(word) {
                return;
            }
            assert!(Instant::now() < due, "“{answer}” and not {status}");
            sleep(Duration::from_millis(50)).await;
        }
    };
    until("503", "cannot be reached yet").await;
    let nats = Nats::start_at(address).await;
    until("200", "ok\n").await;
    drop(nats);
    // Whoever is here can call each other all the same.
    until("200", "ok, but NATS cannot be reached").await;
}

#[tokio::test]
async fn no_call_ends_while_nats_is_away_and_then_everybody_is_known() {
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = free.local_addr().expect("bound");
    drop(free);
    let nats = Nats::start_at(address).await;
    let (one, two, three) = (
        nats.server().await,
        nats.server().await,
        nats.server().await,
    );
    let (mut ann, known) = enter(&one, "Ann").await;
    let (mut bob, bob_knows) = enter(&two, "Bob").await;
    let (cat, _) = enter(&three, "Cat").await;
    until_all_are_here(&mut ann, known, &["Ann", "Bob", "Cat"]).await;
    until_all_are_here(&mut bob, bob_knows, &["Ann", "Bob", "Cat"]).await;
    ann.send(&json!({"type": "video-offer", "target": "Bob", "sdp": {}}))
        .await;
    bob.next_of("video-offer").await;
    bob.send(&json!({"type": "video-answer", "target": "Ann", "sdp": {}}))
        .await;
    until_both_are(&mut bob, "busy", ["Ann", "Bob"]).await;
    drop(nats);
    // Longer than a server may say nothing.
    sleep(Duration::from_secs(12)).await;
    cat.leave().await;
    let (_dan, _) = enter(&one, "Dan").await;
    bob.assert_nothing_waits().await;
    let _nats = Nats::start_at(address).await;
    let began = Instant::now();
    let (mut is_here, mut is_gone) = (false, false);
    while !(is_here && is_gone) {
        let news = bob.next().await;
        assert_ne!(news["type"], "peer-gone", "the call goes on");
        let has = |key: &str, name: &str| {
            let names = news[key].as_array().into_iter().flatten();
            names.filter(|one| *one == name).count() > 0
        };
        assert!(!has("-", "Ann") && !has("+", "Ann"), "{news}");
        is_here |= has("+", "Dan");
        is_gone |= has("-", "Cat");
    }
    assert!(began.elapsed() < Duration::from_secs(5));
    ann.send(&text("still here?", "Bob")).await;
    assert_eq!(bob.next_of("message").await["text"], "still here?");
}

#[tokio::test]
async fn a_name_is_one_persons_on_all_servers() {
    let nats = Nats::start().await;
    let (one, other) = (nats.server().await, nats.server().await);
    // She is on a third, which may hear of the two in any order.
    let third = nats.server().await;
    let (mut zoe, mut known) = enter(&third, "Zoe").await;
    for round in 0..10 {
        // At the same moment, so that neither server can know.
        let (first, second) = tokio::join!(enter(&one, "Ann"), enter(&other, "Ann"));
        until_all_are_here(&mut zoe, known, &["Ann", "Ann2"]).await;
        zoe.send(&text("who are you?", "Ann")).await;
        zoe.send(&text("who are you?", "Ann2")).await;
        let (mut first, mut second) = (first.0, second.0);
        let (one_heard, other_heard) =
            tokio::join!(first.next_of("message"), second.next_of("message"));
        assert_eq!(one_heard["text"], other_heard["text"], "round {round}");
        first.leave().await;
        second.leave().await;
        let mut gone = Vec::new();
        while gone.len() < 2 {
            let change = zoe.next_of("").await;
            gone.extend(change["-"].as_array().cloned().unwrap_or_default());
        }
        known = json!({});
    }
}

#[tokio::test]
async fn a_session_goes_on_at_another_server_and_nobody_sees_it() {
    let nats = Nats::start().await;
    let (one, other, third) = (
        nats.server().await,
        nats.server().await,
        nats.server().await,
    );
    let (mut ann, known) = enter(&one, "Ann").await;
    let (mut bob, bob_knows) = enter(&third, "Bob").await;
    until_all_are_here(&mut ann, known, &["Bob"]).await;
    until_all_are_here(&mut bob, bob_knows, &["Ann"]).await;
    ann.send(&json!({"type": "video-offer", "target": "Bob", "sdp": {}}))
        .await;
    bob.next_of("video-offer").await;
    bob.send(&json!({"type": "video-answer", "target": "Ann", "sdp": {}}))
        .await;
    bob.next_of("").await;
    // A guess is nobody's session.
    let (mut thief, _) = come_back(&other, &json!("0123456789abcdef0123456789abcdef"), "Ann").await;
    until_all_are_here(&mut bob, json!({}), &["Ann2"]).await;
    thief.send(&text("I am", "Bob")).await;
    assert_eq!(bob.next_of("message").await["name"], "Ann2");
    thief.leave().await;
    while bob.next_of("").await != json!({"-": ["Ann2"]}) {}
    bob.assert_nothing_waits().await;
    // The first server is alive, and Ann's connection to it was open.
    let id = ann.id.clone();
    let (mut ann_again, told) = come_back(&other, &id, "Ann").await;
    assert_eq!(told.len(), 1, "no other name: {told:?}");
    let close = ann.closed().await.expect("a close frame");
    assert!(close.reason.contains("another connection"), "{close:?}");
    ann_again.send(&text("still Ann", "Bob")).await;
    let heard = bob.next().await;
    assert_eq!(
        (&heard["text"], &heard["name"]),
        (&json!("still Ann"), &json!("Ann")),
        "{heard}"
    );
    bob.send(&text("still Bob", "Ann")).await;
    assert_eq!(ann_again.next_of("message").await["text"], "still Bob");
    // And once more, from the second to the first.
    let id = ann_again.id.clone();
    let (mut ann, _) = come_back(&one, &id, "Ann").await;
    bob.send(&text("and now?", "Ann")).await;
    assert_eq!(ann.next_of("message").await["text"], "and now?");
    bob.assert_nothing_waits().await;
}

#[tokio::test]
async fn whoever_is_in_goes_on_at_another_server_though_the_pass_is_over() {
    const SECRET: &str = "a-secret-of-thirty-two-bytes-or-so";
    let nats = Nats::start().await;
    let with = ["--pass-secret", SECRET];
    let (one, other) = (nats.server_with(&with).await, nats.server_with(&with).await);
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    // A minute's difference of clocks is allowed for.
    let until = now.expect("after 1970").as_secs() - 57;
    let claims = json!({"room": "den", "name": "Ann", "exp": until});
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    let pass = encode(&Header::new(Algorithm::HS256), &claims, &key).expect("signs");
    let mut ann = one.connect(Some("holdfast")).await.expect("connects");
    let id = ann.next_of("id").await["id"].clone();
    let hello = json!({"type": "username", "name": "Ann", "id": id, "date": 0, "pass": pass});
    ann.send(&hello).await;
    ann.next_of("people").await;
    sleep(Duration::from_secs(5)).await;
    // Somebody who was not in does not come in so late.
    for (resumed, code) in [(json!("made up"), Some("no-pass")), (id, None)] {
        let mut again = other.connect(Some("holdfast")).await.expect("connects");
        let fresh = again.next_of("id").await["id"].clone();
        again
            .send(&json!({"type": "resume", "id": resumed, "heard": 0}))
            .await;
        assert_eq!(again.next_of("error").await["code"], "session-over");
        let hello =
            json!({"type": "username", "name": "Ann", "id": fresh, "date": 0, "pass": pass});
        again.send(&hello).await;
        match code {
            Some(code) => assert_eq!(again.next_of("error").await["code"], code),
            None => assert_eq!(again.next_of("people").await["free"], json!(["Ann"])),
        }
    }
}

#[tokio::test]
async fn people_who_moved_during_a_call_are_free_when_it_is_over() {
    let nats = Nats::start().await;
    let (one, other) = (nats.server().await, nats.server().await);
    let (mut cat, known) = enter(&other, "Cat").await;
    let (mut ann, _) = enter(&one, "Ann").await;
    let (mut bob, _) = enter(&one, "Bob").await;
    until_all_are_here(&mut cat, known, &["Ann", "Bob"]).await;
    ann.send(&json!({"type": "video-offer", "target": "Bob", "sdp": {}}))
        .await;
    bob.next_of("video-offer").await;
    bob.send(&json!({"type": "video-answer", "target": "Ann", "sdp": {}}))
        .await;
    until_both_are(&mut cat, "busy", ["Ann", "Bob"]).await;
    let (mut ann, _) = come_back(&other, &ann.id, "Ann").await;
    let (_bob, _) = come_back(&other, &bob.id, "Bob").await;
    ann.send(&json!({"type": "hang-up", "target": "Bob"})).await;
    until_both_are(&mut cat, "+", ["Ann", "Bob"]).await;
    cat.assert_nothing_waits().await;
}

#[tokio::test]
async fn a_killed_servers_people_are_back_on_another_within_five_seconds() {
    const PEOPLE: usize = 300;
    let nats = Nats::start().await;
    let (one, other, third) = (
        nats.server().await,
        nats.server().await,
        nats.server().await,
    );
    let (mut bob, _) = enter(&third, "Bob").await;
    let mut people = Vec::new();
    for n in 0..PEOPLE {
        people.push((format!("P{n}"), enter(&one, &format!("P{n}")).await.0));
    }
    let (mut last, _) = enter(&one, "Last").await;
    until_all_are_here(&mut bob, json!({}), &["Last"]).await;
    last.send(&json!({"type": "video-offer", "target": "Bob", "sdp": {}}))
        .await;
    bob.next_of("video-offer").await;
    bob.send(&json!({"type": "video-answer", "target": "Last", "sdp": {}}))
        .await;
    one.kill().await;
    let began = Instant::now();
    people.push(("Last".to_owned(), last));
    let other = Arc::new(other);
    let mut coming = JoinSet::new();
    for (name, client) in people {
        let other = other.clone();
        coming.spawn(async move {
            let (client, told) = come_back(&other, &client.id, &name).await;
            assert_eq!(told.len(), 1, "no other name: {told:?}");
            (name, client)
        });
    }
    let mut here: HashMap<_, _> = coming.join_all().await.into_iter().collect();
    let took = began.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
    // Nobody has seen anything but the call's beginning; and in ten seconds, when the dead server
    // is taken to be gone, nobody does.
    sleep(Duration::from_secs(12)).await;
    bob.send(&json!({"type": "message", "text": "echo", "date": 0}))
        .await;
    loop {
        let seen = bob.next().await;
        assert!(seen.get("-").is_none(), "{seen}");
        if seen["text"] == "echo" {
            break;
        }
    }
    bob.send(&text("all there?", "P7")).await;
    let p7 = here.get_mut("P7").expect("back");
    while p7.next_of("message").await["text"] != "all there?" {}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_sends_its_people_to_others_one_after_the_other() {
    let nats = Nats::start().await;
    let (one, other) = (nats.server().await, Arc::new(nats.server().await));
    let (mut witness, known) = enter(&other, "Witness").await;
    let names: Vec<String> = (0..50).map(|n| format!("P{n}")).collect();
    let mut moving = JoinSet::new();
    for name in &names {
        let (mut client, _) = enter(&one, name).await;
        let (name, other) = (name.clone(), other.clone());
        moving.spawn(async move {
            let close = client.closed().await.expect("a close frame");
            assert_eq!(u16::from(close.code), 1001, "{close:?}");
            let told = Instant::now();
            let (client, news) = come_back(&other, &client.id, &name).await;
            assert_eq!(news.len(), 1, "no other name: {news:?}");
            (told, client)
        });
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    until_all_are_here(&mut witness, known, &names).await;
    let began = Instant::now();
    one.terminate().await;
    let moved = moving.join_all().await;
    for second in 0..4 {
        let within = |told: &Instant| (*told - began).as_secs() == second;
        let many = moved.iter().filter(|(told, _)| within(told)).count();
        assert!((5..=15).contains(&many), "{many} in second {second}");
    }
    sleep(Duration::from_secs(11)).await;
    witness.assert_nothing_waits().await;
}

#[tokio::test]
async fn whoever_was_away_and_comes_back_at_another_server_is_away_no_more() {
    let nats = Nats::start().await;
    let (one, other) = (nats.server().await, nats.server().await);
    let (mut bob, knows) = enter(&other, "Bob").await;
    let (ann, _) = enter(&one, "Ann").await;
    until_all_are_here(&mut bob, knows, &["Ann"]).await;
    let id = ann.id.clone();
    ann.vanish();
    while bob.next_of("").await["away"] != json!(["Ann"]) {}
    let (_ann, _) = come_back(&other, &id, "Ann").await;
    while bob.next_of("").await["+"] != json!(["Ann"]) {}
    one.stop().await;
    other.stop().await;
}
