//! Services of the server beside signaling: rooms, passes, STUN and TURN.

use std::{
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use Kind::{Chromium, Firefox};
use e2e::{
    Kind, Person, Stage, free_address, holdfast_server_at, holdfast_server_with, site_with, stage,
};
use holdfast_server::{Options, Tls};
use serde_json::{Value, json};

#[test]
fn a_room_is_for_those_who_have_its_link() {
    stage(async |stage| {
        let [ann, bob, zoe] = stage
            .people([(Chromium, "Ann"), (Chromium, "Bob"), (Chromium, "Zoe")])
            .await;
        ann.click("#new-room").await;
        ann.shows("#copy-link").await;
        ann.sees("Ann").await;
        ann.misses("Bob").await;
        bob.misses("Ann").await;
        ann.click("#copy-link").await;
        ann.reads("#copy-link", "Copied").await;
        let link = ann.run("return location.href", json!([])).await;
        let link = link.as_str().expect("an address");
        let token = link.split_once("#r=").expect("a room").1;
        assert_eq!(token.len(), 32, "{link}");
        // Another address in the same page: the name stays.
        bob.run("location.href = arguments[0]", json!([link])).await;
        bob.sees("Ann").await;
        ann.sees("Bob").await;
        zoe.misses("Bob").await;
        ann.call("Bob").await;
        bob.accept().await;
        ann.sees_the_other_side().await;
        ann.reads(".userlistbox li:last-child", "in a call").await;
        // A link that calls somebody else of this room leads nowhere else.
        bob.run("location.hash += '&c=Zoe'", json!([])).await;
        bob.sees_the_other_side().await;
        ann.reads(".userlistbox li:last-child", "in a call").await;
        let told = "return document.querySelector('.notice').innerText";
        assert_eq!(bob.run(told, json!([])).await, "");
        bob.run("location.href = arguments[0]", json!([link])).await;
        // A call stays in its room.
        bob.run("location.hash = '#r=elsewhere'", json!([])).await;
        bob.reads(".notice", "Hang up first").await;
        bob.until(
            "the address is as before",
            "return location.href === arguments[0]",
            json!([link]),
        )
        .await;
        bob.hang_up().await;
        ann.is_idle().await;
        ann.reads(".userlistbox li:last-child", "Call").await;
        bob.click("#leave-room").await;
        bob.sees("Zoe").await;
        ann.misses("Bob").await;
        bob.talks_with(&zoe).await;
        // And what was in a room is nothing to another.
        ann.reads(".notice", "Bob hung up").await;
        ann.click("#leave-room").await;
        let clear = "return document.querySelector('.notice').innerText === ''";
        ann.until("nothing is said of Bob", clear, json!([])).await;
    });
}

const SECRET: &str = "a-secret-of-thirty-two-bytes-or-so";

// Room `den`, until 2100; signed with it.
const PASS_OF_ANN: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJyb29tIjoiZGVuIiwibmFtZSI6IkFubiIsImV4cCI6NDEwMjQ0NDgwMH0.TuSIh1ANVeIRYvfXYX8HQTd3ZEIWkkMZVEQFUrke9HQ";
const PASS_OF_BOB: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJyb29tIjoiZGVuIiwibmFtZSI6IkJvYiIsImV4cCI6NDEwMjQ0NDgwMH0.ElIg3GoUvRYntDV2bn-Kqpsw-HGpBp2It6t9pJ_evSs";

#[test]
fn a_pass_lets_its_owner_in_under_their_name_and_nobody_else() {
    stage(async |stage| {
        let server = holdfast_server_with(|mut options| {
            options.pass_secret = Some(SECRET.into());
            options
        });
        let url = format!("http://localhost:{}/", server.await.port());
        let people = [("Ann", PASS_OF_ANN), ("Bob", PASS_OF_BOB)];
        let mut inside = Vec::new();
        for (name, pass) in people {
            let person = stage.person(Chromium, name).await;
            person.open(&format!("{url}#p={pass}")).await;
            person.reads("header", &format!("You are {name}")).await;
            inside.push(person);
        }
        inside[0].talks_with(&inside[1]).await;
        let mallory = stage.person(Chromium, "Mallory").await;
        mallory.open(&url).await;
        mallory.type_into("#name", "Ann").await;
        mallory.click("button[name=login]").await;
        mallory.reads(".notice", "pass is needed").await;
        mallory.shows("#name").await;
    });
}

#[test]
fn where_nobody_is_listed_a_private_link_is_the_way() {
    stage(async |stage| {
        let server = holdfast_server_with(|options| Options {
            no_list: true,
            ..options
        });
        let url = format!("http://localhost:{}/", server.await.port());
        let [ann, bob] = [
            stage.person(Chromium, "Ann").await,
            stage.person(Chromium, "Bob").await,
        ];
        for person in [&ann, &bob] {
            person.open(&url).await;
            person.type_into("#name", &person.name).await;
            person.click("button[name=login]").await;
            person.shows("#unlisted").await;
        }
        // There, nobody would be found by a link.
        let offers = "return ['alone', 'copy-link', 'share-link', 'code-button', 'new-room']
            .filter(id => document.getElementById(id).checkVisibility())";
        assert_eq!(ann.run(offers, json!([])).await, json!(["new-room"]));
        ann.click("#new-room").await;
        ann.sees("Ann").await;
        ann.shows("#copy-link").await;
        ann.shows("#alone").await;
        let link = ann.run("return location.href", json!([])).await;
        bob.run("location.href = arguments[0]", json!([link])).await;
        ann.sees("Bob").await;
        ann.talks_with(&bob).await;
    });
}

#[test]
fn a_call_at_a_server_with_a_certificate_of_its_own_making() {
    stage(async |stage| {
        let server = holdfast_server_with(|options| Options {
            tls: Some(Tls::SelfSigned),
            ..options
        });
        let url = format!("https://127.0.0.1:{}/", server.await.port());
        let [ann, bob] = stage
            .people_at(&url, [(Chromium, "Ann"), (Firefox, "Bob")])
            .await;
        ann.talks_with(&bob).await;
    });
}

/// Ann and Bob, whose media may go through relays alone.
async fn behind_relays(
    stage: &Stage,
    kinds: [Kind; 2],
    options: impl FnOnce(&mut Options),
) -> [Person; 2] {
    let config = json!({ "iceTransportPolicy": "relay" });
    two_with(stage, kinds, &config, options).await
}

/// Ann and Bob, with that config.json, and a server with those options.
async fn two_with(
    stage: &Stage,
    kinds: [Kind; 2],
    config: &Value,
    options: impl FnOnce(&mut Options),
) -> [Person; 2] {
    let site = site_with(&config.to_string());
    let server = holdfast_server_with(|mut all| {
        options(&mut all);
        all.site = site;
        all
    });
    let url = format!("http://localhost:{}/", server.await.port());
    stage
        .people_at(&url, [(kinds[0], "Ann"), (kinds[1], "Bob")])
        .await
}

/// A call whose media goes through TURN alone, with what `/ice` gives.
fn relayed_call(kinds: [Kind; 2], options: impl FnOnce(&mut Options)) {
    stage(async |stage| {
        let [ann, bob] = behind_relays(stage, kinds, options).await;
        call_over_a_relay(&ann, &bob).await;
    });
}

async fn call_over_a_relay(ann: &Person, bob: &Person) {
    ann.call("Bob").await;
    bob.accept().await;
    ann.sees_the_other_side().await;
    bob.sees_the_other_side().await;
    for person in [ann, bob] {
        // A picture may be there before a pair is nominated.
        let script = "const done = arguments[0];
            const look = async () => {
                const open = peers.filter(peer => peer.connectionState === 'connected');
                const reports = await Promise.all(open.map(peer => peer.getStats()));
                const all = reports.flatMap(report => [...report.values()]);
                const used = all.filter(pair => pair.type === 'candidate-pair'
                    && pair.state === 'succeeded' && pair.nominated);
                const local = used.map(pair => all.find(one => one.id === pair.localCandidateId));
                if (!local.length) return setTimeout(look, 50);
                done(local.map(candidate => candidate.candidateType).join());
            };
            look();";
        let used = person.run_async(script).await;
        assert_eq!(used, "relay", "{}", person.name);
    }
    ann.hang_up().await;
    bob.is_idle().await;
}

/// Its TURN server has another secret each time it is started.
#[test]
fn a_server_that_was_started_anew_is_asked_for_its_new_passwords() {
    stage(async |stage| {
        let site = site_with(&json!({ "iceTransportPolicy": "relay" }).to_string());
        let turn = SocketAddr::from((Ipv4Addr::LOCALHOST, free_udp_port()));
        let options = |mut all: Options| {
            all.site = site.clone();
            all.turn = Some(turn);
            all
        };
        let address = free_address();
        let (stop, stopped) = holdfast_server_at(address, options).await;
        let url = format!("http://{address}/");
        let [ann, bob] = stage
            .people_at(&url, [(Chromium, "Ann"), (Chromium, "Bob")])
            .await;
        stop.send(()).expect("it runs");
        stopped.await.expect("it stops");
        for person in [&ann, &bob] {
            person.reads(".link", "Can't reach the server").await;
            let listen = "const now = Date.now() / 1000, Native = RTCPeerConnection;
                window.RTCPeerConnection = class extends Native {
                    constructor(configuration) {
                        super(configuration);
                        const until = parseInt(configuration.iceServers.at(-1).username);
                        window.fresh = until > now + 60 * 60 - 5;
                    }
                }";
            person.run(listen, json!([])).await;
        }
        let (_stop, _running) = holdfast_server_at(address, options).await;
        let good = "return document.querySelector('.link').innerText === ''";
        for person in [&ann, &bob] {
            person.until("the link is back", good, json!([])).await;
            person.sees("Ann").await;
            person.sees("Bob").await;
        }
        call_over_a_relay(&ann, &bob).await;
        for person in [&ann, &bob] {
            assert_eq!(person.run("return fresh", json!([])).await, true);
        }
    });
}

fn free_udp_port() -> u16 {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    socket.local_addr().expect("bound").port()
}

fn through_our_turn(kinds: [Kind; 2]) {
    relayed_call(kinds, |options| {
        options.turn = Some(SocketAddr::from((Ipv4Addr::LOCALHOST, free_udp_port())));
    });
}

#[test]
fn a_call_through_the_servers_own_turn_in_chromium() {
    through_our_turn([Chromium, Chromium]);
}

#[test]
fn a_call_through_the_servers_own_turn_from_firefox_to_chromium() {
    through_our_turn([Firefox, Chromium]);
}

/// A call where nothing else than TCP passes: through TURN at the page's own port.
fn through_tcp(kinds: [Kind; 2]) {
    stage(async |stage| {
        let turn = SocketAddr::from((Ipv4Addr::LOCALHOST, free_udp_port()));
        let people = behind_relays(stage, kinds, |options| options.turn = Some(turn)).await;
        for person in &people {
            let script = "const Real = RTCPeerConnection;
                RTCPeerConnection = function (config) {
                    const servers = config.iceServers.filter(server => server.username);
                    for (const server of servers)
                        server.urls = server.urls.filter(url => url.endsWith('=tcp'));
                    return new Real({ ...config, iceServers: servers });
                };
                RTCPeerConnection.prototype = Real.prototype;";
            person.run(script, json!([])).await;
        }
        let [ann, bob] = people;
        call_over_a_relay(&ann, &bob).await;
    });
}

#[test]
fn a_call_through_tcp_alone_in_chromium() {
    through_tcp([Chromium, Chromium]);
}

#[test]
fn a_call_through_tcp_alone_from_firefox_to_chromium() {
    through_tcp([Firefox, Chromium]);
}

/// coturn, with passwords that our server makes; ends when it is dropped.
struct Coturn(Child);

impl Coturn {
    fn start(port: u16) -> Self {
        let port = format!("--listening-port={port}");
        let child = Command::new("turnserver")
            .args([
                "-n",
                &port,
                "--listening-ip=127.0.0.1",
                "--relay-ip=127.0.0.1",
            ])
            .args([
                "--use-auth-secret",
                "--static-auth-secret=a-secret-of-thirty-two-bytes-or-so",
                "--realm=test",
            ])
            .args([
                "--allow-loopback-peers",
                "--no-tls",
                "--no-dtls",
                "--no-cli",
            ])
            .args(["--log-file=stdout", "--pidfile="])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Self(child.expect("coturn is installed"))
    }
}

impl Drop for Coturn {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Ann calls Bob where relays alone may be used and none works: both are told soon, and why.
fn without_a_relay(kinds: [Kind; 2], says: &str, options: impl FnOnce(&mut Options)) {
    stage(async |stage| {
        let [ann, bob] = behind_relays(stage, kinds, options).await;
        ann.call("Bob").await;
        bob.accept().await;
        let accepted = Instant::now();
        for person in [&ann, &bob] {
            person.reads(".notice", "Could not connect").await;
        }
        assert!(accepted.elapsed() < Duration::from_secs(20));
        ann.reads(".notice", says).await;
        ann.is_idle().await;
        bob.is_idle().await;
    });
}

#[test]
fn a_relay_that_cannot_be_reached_is_named_within_twenty_seconds() {
    for kinds in [[Chromium, Chromium], [Firefox, Chromium]] {
        without_a_relay(kinds, "does not answer", |options| {
            let port = free_udp_port();
            options.turn_urls = vec![format!("turn:127.0.0.1:{port}?transport=udp")];
            options.turn_secret = Some(SECRET.into());
        });
    }
}

#[test]
fn a_relay_that_refuses_our_password_is_named_within_twenty_seconds() {
    let port = free_udp_port();
    let _coturn = Coturn::start(port);
    for kinds in [[Chromium, Chromium], [Firefox, Chromium]] {
        without_a_relay(kinds, "refused our password", |options| {
            options.turn_urls = vec![format!("turn:127.0.0.1:{port}?transport=udp")];
            options.turn_secret = Some("another-secret-of-thirty-two-bytes".into());
        });
    }
}

fn through_coturn(kinds: [Kind; 2]) {
    let port = free_udp_port();
    let _coturn = Coturn::start(port);
    relayed_call(kinds, |options| {
        options.turn_urls = vec![format!("turn:127.0.0.1:{port}?transport=udp")];
        options.turn_secret = Some(SECRET.into());
    });
}

#[test]
fn a_call_through_coturn_in_chromium() {
    through_coturn([Chromium, Chromium]);
}

#[test]
fn a_call_through_coturn_from_chromium_to_firefox() {
    through_coturn([Chromium, Firefox]);
}

/// A call that goes directly, on a server that has a relay.
async fn beside_our_turn(stage: &Stage, kinds: [Kind; 2], config: &Value) -> [Person; 2] {
    let [ann, bob] = two_with(stage, kinds, config, |options| {
        options.turn = Some(SocketAddr::from((Ipv4Addr::LOCALHOST, free_udp_port())));
    })
    .await;
    ann.call("Bob").await;
    bob.accept().await;
    ann.sees_the_other_side().await;
    bob.sees_the_other_side().await;
    [ann, bob]
}

/// How many packets of sound, and pictures, a page has sent over its second leg. (Of pictures that are off, Chromium
/// sends padding at first.)
const SENT_OVER_THE_SECOND: &str = "const done = arguments[0];
    const second = peers.filter(peer => peer.connectionState === 'connected')[1];
    second.getStats().then(report => {
        const sent = [...report.values()].filter(one => one.type === 'outbound-rtp');
        const sum = (kind, field) => sent.filter(one => one.kind === kind)
            .reduce((sum, one) => sum + (one[field] ?? 0), 0);
        done([sum('audio', 'packetsSent'), sum('video', 'framesEncoded')]);
    });";

const WARM: &str = "return peers.filter(peer => peer.connectionState === 'connected').length === 2";

/// The picture that is shown is one of the second leg's.
const SHOWS_THE_SECOND: &str =
    "const [shown] = document.querySelector('#received_video').srcObject.getVideoTracks();
    const second = peers.filter(peer => peer.connectionState === 'connected')[1];
    return second.getReceivers().some(receiver => receiver.track === shown)";

/// Bob hears nothing over the first leg any more, and sees nothing; Ann does.
fn a_silent_leg_is_left(kinds: [Kind; 2]) {
    stage(async |stage| {
        let [ann, bob] = beside_our_turn(stage, kinds, &json!({})).await;
        for person in [&ann, &bob] {
            person.until("a leg is kept warm", WARM, json!([])).await;
            let before = person.run_async(SENT_OVER_THE_SECOND).await;
            tokio::time::sleep(Duration::from_millis(2500)).await;
            let after = person.run_async(SENT_OVER_THE_SECOND).await;
            let sound = |sent: &Value| sent[0].as_f64().unwrap_or_default();
            let more = sound(&after) - sound(&before);
            assert!(more > 80.0, "{} has sent {more} packets", person.name);
            assert_eq!(after[1], 0, "{} sends pictures", person.name);
        }
        let mute = "const first = peers.find(peer => peer.connectionState === 'connected');
            for (const sender of first.getSenders()) sender.replaceTrack(null)";
        ann.run(mute, json!([])).await;
        bob.until("Bob leaves it", SHOWS_THE_SECOND, json!([]))
            .await;
        bob.sees_the_other_side().await;
        bob.hears_the_other_side().await;
        ann.sees_the_other_side().await;
        let is_asked = ann.run(SHOWS_THE_SECOND, json!([])).await;
        assert_eq!(is_asked, false, "Ann has no reason to leave it");
        ann.hang_up().await;
        bob.is_idle().await;
        for person in [&ann, &bob] {
            let closed = "return peers.every(peer => peer.connectionState === 'closed')";
            person.until("both are closed", closed, json!([])).await;
        }
    });
}

#[test]
fn a_silent_leg_is_left_for_one_kept_warm_in_chromium() {
    a_silent_leg_is_left([Chromium, Chromium]);
}

#[test]
fn a_silent_leg_is_left_for_one_kept_warm_from_chromium_to_firefox() {
    a_silent_leg_is_left([Chromium, Firefox]);
}

#[test]
fn no_leg_is_kept_warm_where_the_site_wants_none() {
    stage(async |stage| {
        let kinds = [Chromium, Chromium];
        let [ann, bob] = beside_our_turn(stage, kinds, &json!({ "standby": false })).await;
        tokio::time::sleep(Duration::from_secs(6)).await;
        for person in [&ann, &bob] {
            assert_eq!(person.run(WARM, json!([])).await, false, "{}", person.name);
        }
    });
}
