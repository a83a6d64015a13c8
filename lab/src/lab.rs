//! Two people in namespaces of their own, the networks between them, and what is done to those.

use std::{fs, net::Ipv4Addr, path::Path, process::Child, time::Duration};

use e2e::{
    Kind, Look, Person, Stage,
    net::{Net, SERVER, TURN, Uplink},
};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{
    Browsers, Policy, Scenario, Setting,
    ears::Ears,
    page::{self, LOST, Since, now, watch},
    results::Outcome,
};

/// How long a call goes on undisturbed before each fault.
const STEADY: Duration = Duration::from_millis(4500);

/// How long another interface is there, beyond the time that one takes to be up, ms.
const SPARE: u64 = 10_000;

/// How long a fresh network takes to change no more.
const SETTLED: Duration = Duration::from_secs(3);

const NAMES: [&str; 2] = ["Ann", "Bob"];
const ANN: usize = 0;
const BOB: usize = 1;

pub(crate) struct Lab {
    net: Net,
    site: tempfile::TempDir,
    server: Child,
    turn: [Child; 2],
    delay: Option<Child>,
    ears: Option<Ears>,
    /// The pages are to be opened anew: they go through TURN, or cannot be listened to any more.
    stale: bool,
    policy: Policy,
    /// What config.json says unless a scenario needs something else.
    config: Value,
    people: [Person; 2],
    /// Which interface each is on.
    on: [Uplink; 2],
    address: u8,
    port: u16,
}

impl Lab {
    /// With a relay beside the direct path, in every scenario, or without; and with ears or without.
    pub(crate) async fn start(
        stage: &Stage,
        setting: Setting,
        (relay, listen): (bool, bool),
    ) -> Self {
        let site = tempfile::tempdir().expect("a folder");
        let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist");
        for entry in fs::read_dir(dist).expect("cargo xtask build makes dist/") {
            let entry = entry.expect("readable");
            fs::copy(entry.path(), site.path().join(entry.file_name())).expect("copied");
        }
        for packed in ["config.json.br", "config.json.gz"] {
            let _ = fs::remove_file(site.path().join(packed));
        }
        let by_hand = site.path().join("by_hand.html");
        fs::write(by_hand, e2e::setup::BY_HAND).expect("written");
        let net = Net::new(&NAMES);
        let delay = setting.distance.begin(&net).await;
        let server = serve(site.path());
        let turn = TURN.map(relay_at);
        let (one, other) = match setting.browsers {
            Browsers::ChromiumChromium => (Kind::Chromium, Kind::Chromium),
            Browsers::FirefoxChromium => (Kind::Firefox, Kind::Chromium),
            Browsers::ChromiumFirefox => (Kind::Chromium, Kind::Firefox),
        };
        let ears = match listen {
            true => Some(Ears::start(&NAMES).await),
            false => None,
        };
        let look = |name| Look {
            secure: Some(format!("http://{SERVER}")),
            microphone: ears.as_ref().map(Ears::voice),
            environment: (ears.as_ref()).map_or_else(Vec::new, |ears| ears.environment(name)),
            ..Look::default()
        };
        let [ann, bob] = NAMES;
        let ann = stage.person_in_net(one, ann, &look(ann)).await;
        let bob = stage.person_in_net(other, bob, &look(bob)).await;
        let lab = Self {
            net,
            site,
            server,
            turn,
            delay,
            ears,
            stale: false,
            policy: setting.policy,
            config: match relay {
                true => json!({ "iceServers": relays(&TURN[..1]) }),
                false => json!({}),
            },
            people: [ann, bob],
            on: [Uplink::Wifi; 2],
            address: 2,
            port: 20_000,
        };
        // An interface gets its IPv6 address late, and a page that is just being loaded is given up for that.
        sleep(SETTLED).await;
        lab.open(lab.config.clone()).await;
        lab
    }

    /// Both open the page, with that in its config.json, and talk.
    async fn open(&self, mut config: Value) {
        config["recovery"] = json!(format!("{:?}", self.policy).to_lowercase());
        let file = self.site.path().join("config.json");
        fs::write(file, config.to_string()).expect("written");
        for person in &self.people {
            person.open(&format!("http://{SERVER}/")).await;
            if page::asks_for_a_name(person).await {
                person.join().await;
            }
        }
        self.call().await;
    }

    /// Both talk directly, where there is a relay, with a leg that is kept warm through it or without.
    pub(crate) async fn call_beside_a_relay(&mut self, standby: bool) {
        self.hang_up().await;
        self.open(json!({ "iceServers": relays(&TURN[..1]), "standby": standby }))
            .await;
    }

    pub(crate) fn people(&self) -> &[Person; 2] {
        &self.people
    }

    /// Ann calls Bob, and they talk.
    async fn call(&self) {
        let [ann, bob] = &self.people;
        ann.call("Bob").await;
        bob.accept().await;
        for person in &self.people {
            person.sees_the_other_side().await;
            watch(person).await;
        }
    }

    /// Plays a scenario on a call that goes well, and measures.
    pub(crate) async fn play(&mut self, scenario: Scenario) -> Outcome {
        sleep(STEADY).await;
        let is_beside = matches!(scenario, Scenario::Direct | Scenario::DirectFlapping);
        if is_beside || scenario == Scenario::Relay {
            self.stale = true;
            self.hang_up().await;
            self.open(match is_beside {
                true => json!({ "iceServers": relays(&TURN[..1]) }),
                false => json!({ "iceServers": relays(&TURN), "iceTransportPolicy": "relay" }),
            })
            .await;
            // Until a leg is kept warm, and has been for long enough.
            sleep(2 * STEADY).await;
        }
        self.stale |= matches!(scenario, Scenario::ReloadCaller | Scenario::ReloadCallee);
        let before = self.fingerprints().await;
        for person in &self.people {
            watch(person).await;
        }
        let since = self.fault(scenario).await;
        let (mut pictures, mut sounds) = ([LOST; 2], [LOST; 2]);
        let due = now() + LOST;
        loop {
            sleep(Duration::from_millis(300)).await;
            let enough = match since {
                Since::Path(_) => true,
                Since::Fault(at) => now() > at + 8000.0,
            };
            for (n, person) in self.people.iter().enumerate() {
                let seen = page::seen(person).await;
                pictures[n] = seen.picture_gap(since).unwrap_or(LOST);
                sounds[n] = seen.sound_gap(since).unwrap_or(LOST);
            }
            let back = !pictures.iter().chain(&sounds).any(|gap| *gap >= LOST);
            if now() > due || enough && back {
                break;
            }
        }
        sleep(Duration::from_secs(1)).await;
        let mut lost = pictures.iter().chain(&sounds).any(|gap| *gap >= LOST);
        for person in &self.people {
            lost |= page::is_over(person).await;
        }
        if lost {
            for person in &self.people {
                println!("{} sees: {}", person.name, page::state(person).await);
            }
        }
        // Another page has another certificate.
        let anew = matches!(
            scenario,
            Scenario::ReloadCaller
                | Scenario::ReloadCallee
                | Scenario::Ringing
                | Scenario::Negotiation
        );
        let (Since::Path(at) | Since::Fault(at)) = since;
        Outcome {
            pictures,
            sounds,
            heard: self.ears.as_ref().map(|ears| ears.since(at)),
            lost,
            same_call: anew || lost || self.fingerprints().await == before,
        }
    }

    async fn fault(&mut self, scenario: Scenario) -> Since {
        match scenario {
            Scenario::Switch => {
                self.switch(&[ANN], 1000).await;
                Since::Path(now())
            }
            Scenario::Both => {
                self.switch(&[ANN, BOB], 1000).await;
                Since::Path(now())
            }
            Scenario::MakeBeforeBreak => {
                let (from, to) = self.both_up(ANN).await;
                let at = now();
                self.net.down(ANN, from);
                self.on[ANN] = to;
                Since::Fault(at)
            }
            Scenario::Outage3 => self.outage(3000).await,
            Scenario::Outage20 => self.outage(20_000).await,
            Scenario::Outage60 => self.outage(60_000).await,
            Scenario::NewAddress => {
                self.net.down(ANN, self.on[ANN]);
                wait(1000).await;
                self.address = if self.address > 200 {
                    2
                } else {
                    self.address + 1
                };
                self.net.up_as(ANN, self.on[ANN], self.address);
                Since::Path(now())
            }
            Scenario::Rebinding => {
                self.rebind();
                wait(9000).await;
                for person in &self.people {
                    watch(person).await;
                }
                let at = now();
                self.rebind();
                Since::Fault(at)
            }
            Scenario::BlackHole => {
                let (from, _) = self.both_up(ANN).await;
                let at = now();
                self.net.drop_media(ANN, from);
                Since::Fault(at)
            }
            Scenario::Dropped => {
                self.net.drop_all(ANN, self.on[ANN]);
                wait(8000).await;
                self.net.drop_nothing();
                Since::Path(now())
            }
            Scenario::Narrow => {
                // Pauses of pictures are longer each time in a call.
                self.stale = true;
                self.net.narrow(ANN, self.on[ANN], 10);
                wait(15_000).await;
                let before = self.sound_made_up().await;
                wait(10_000).await;
                let after = self.sound_made_up().await;
                for (n, person) in self.people.iter().enumerate() {
                    let [made_up, all] = [0, 1].map(|part| after[n][part] - before[n][part]);
                    let share = 100.0 * made_up / all;
                    println!(
                        "{} hears {share:.1} % made up in the last 10 s",
                        person.name
                    );
                }
                self.net.drop_nothing();
                Since::Path(now())
            }
            Scenario::Flapping => {
                for _ in 0..5 {
                    self.net.down(ANN, self.on[ANN]);
                    wait(2000).await;
                    self.net.up(ANN, self.on[ANN]);
                    wait(2000).await;
                }
                Since::Path(now() - 2000.0)
            }
            Scenario::ServerRestart => {
                let at = now();
                end(&mut self.server);
                wait(2000).await;
                self.server = serve(self.site.path());
                let back = now();
                for (person, other) in [(ANN, "Bob"), (BOB, "Ann")] {
                    self.people[person].sees(other).await;
                }
                println!(
                    "both back in the list {:.0} ms after the server",
                    now() - back
                );
                Since::Fault(at)
            }
            Scenario::ServerGone => {
                end(&mut self.server);
                self.switch(&[ANN], 1000).await;
                wait(5000).await;
                self.server = serve(self.site.path());
                Since::Path(now())
            }
            Scenario::Relay => {
                let used = page::relay_in_use(&self.people[ANN]).await;
                let used =
                    used.and_then(|used| TURN.iter().position(|turn| turn.to_string() == used));
                let used = used.expect("media goes through one of the TURN servers");
                let at = now();
                end(&mut self.turn[used]);
                Since::Fault(at)
            }
            Scenario::Direct => {
                let at = now();
                self.net.drop_direct();
                Since::Fault(at)
            }
            Scenario::DirectFlapping => {
                let at = now();
                for _ in 0..5 {
                    self.net.drop_direct();
                    wait(3000).await;
                    self.net.drop_nothing();
                    wait(8000).await;
                }
                Since::Fault(at)
            }
            Scenario::Spare => {
                let (from, to) = self.spare_up(ANN).await;
                let at = now();
                self.net.down(ANN, from);
                self.on[ANN] = to;
                Since::Fault(at)
            }
            Scenario::SpareHole => {
                let (from, _) = self.spare_up(ANN).await;
                let at = now();
                self.net.drop_media(ANN, from);
                Since::Fault(at)
            }
            Scenario::SpareFlapping => {
                let (from, to) = self.spare_up(ANN).await;
                let at = now();
                for _ in 0..5 {
                    self.net.down(ANN, from);
                    wait(3000).await;
                    self.net.up(ANN, from);
                    wait(8000).await;
                }
                self.net.down(ANN, from);
                self.on[ANN] = to;
                Since::Fault(at)
            }
            Scenario::Ringing => {
                self.hang_up().await;
                let [ann, bob] = &self.people;
                ann.call("Bob").await;
                bob.shows("#accept-button").await;
                self.switch(&[ANN], 1000).await;
                let at = now();
                self.people[BOB].accept().await;
                for person in &self.people {
                    watch(person).await;
                }
                Since::Path(at)
            }
            Scenario::Negotiation => {
                self.hang_up().await;
                let [ann, bob] = &self.people;
                ann.call("Bob").await;
                bob.accept().await;
                for person in &self.people {
                    watch(person).await;
                }
                self.switch(&[ANN], 1000).await;
                Since::Path(now())
            }
            Scenario::Renegotiation => {
                self.people[ANN].click("#camera-button").await;
                let from = self.on[ANN];
                self.net.down(ANN, from);
                self.people[ANN].click("#camera-button").await;
                wait(1000).await;
                let to = other(from);
                self.net.up(ANN, to);
                self.on[ANN] = to;
                Since::Path(now())
            }
            Scenario::ReloadCaller => self.reload(ANN).await,
            Scenario::ReloadCallee => self.reload(BOB).await,
        }
    }

    /// For each person, how much of the sound their browser has made up in place of what was lost, and how much there
    /// was in all, samples (webrtc-stats, `concealedSamples`).
    async fn sound_made_up(&self) -> [[f64; 2]; 2] {
        let script = "const [done] = arguments;
            (async () => {
                const sum = [0, 0];
                for (const peer of peers) for (const stats of (await peer.getStats()).values()) {
                    if (stats.type === 'inbound-rtp' && stats.kind === 'audio') {
                        sum[0] += stats.concealedSamples;
                        sum[1] += stats.totalSamplesReceived;
                    }
                }
                return sum;
            })().then(done)";
        let mut made_up = [[0.0; 2]; 2];
        for (n, person) in self.people.iter().enumerate() {
            let sum = person.run_async(script).await;
            made_up[n] = serde_json::from_value(sum).expect("two numbers");
        }
        made_up
    }

    /// Everything as it was, and a call again if there is none.
    pub(crate) async fn restore(&mut self) {
        self.net.drop_nothing();
        for (turn, address) in self.turn.iter_mut().zip(TURN) {
            if matches!(turn.try_wait(), Ok(Some(_))) {
                *turn = relay_at(address);
            }
        }
        if std::mem::take(&mut self.stale) {
            self.hang_up().await;
            self.open(self.config.clone()).await;
        }
        for person in [ANN, BOB] {
            let rest = other(self.on[person]);
            self.net.down(person, rest);
        }
        wait(500).await;
        let mut talks = true;
        for person in &self.people {
            talks &= !page::is_over(person).await;
        }
        if !talks {
            self.hang_up().await;
            self.call().await;
        }
    }

    pub(crate) async fn hang_up(&self) {
        for person in &self.people {
            let script = "document.querySelector('#hangup-button').click()";
            person.run(script, json!([])).await;
            person.is_idle().await;
        }
        let [ann, bob] = &self.people;
        ann.sees("Bob").await;
        bob.sees("Ann").await;
    }

    /// From one interface to the other, with a while without any.
    async fn switch(&mut self, people: &[usize], gap: u64) {
        for person in people {
            self.net.down(*person, self.on[*person]);
        }
        wait(gap).await;
        for person in people {
            self.on[*person] = other(self.on[*person]);
            self.net.up(*person, self.on[*person]);
        }
    }

    async fn both_up(&self, person: usize) -> (Uplink, Uplink) {
        let from = self.on[person];
        let to = other(from);
        self.net.up(person, to);
        wait(5000).await;
        (from, to)
    }

    /// The same, for so long that a leg is warm over the other one.
    async fn spare_up(&self, person: usize) -> (Uplink, Uplink) {
        let both = self.both_up(person).await;
        wait(SPARE).await;
        both
    }

    async fn outage(&self, length: u64) -> Since {
        self.net.down(ANN, self.on[ANN]);
        wait(length).await;
        self.net.up_as(ANN, self.on[ANN], self.address);
        Since::Path(now())
    }

    fn rebind(&mut self) {
        self.port += 1000;
        self.net.rebind(ANN, self.on[ANN], self.port);
    }

    async fn reload(&self, person: usize) -> Since {
        let reloading = &self.people[person];
        reloading
            .browser()
            .await
            .refresh()
            .await
            .expect("the page loads");
        let script = "return document.querySelector('#received_video') !== null";
        reloading
            .until("the page is there", script, json!([]))
            .await;
        watch(reloading).await;
        let script = "const [load] = performance.getEntriesByType('navigation');
            return performance.timeOrigin + load.loadEventEnd";
        let loaded = reloading.run(script, json!([])).await;
        Since::Path(loaded.as_f64().unwrap_or_default())
    }

    /// The other's certificate, as each side sees it.
    async fn fingerprints(&self) -> Vec<Value> {
        let mut seen = Vec::new();
        for person in &self.people {
            seen.push(page::fingerprint(person).await);
        }
        seen
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let others = [&mut self.server].into_iter().chain(&mut self.delay);
        for process in self.turn.iter_mut().chain(others) {
            end(process);
        }
    }
}

/// Ends a process that runs in a namespace: `ip netns exec` has become the process itself.
fn end(process: &mut Child) {
    let _ = process.kill();
    let _ = process.wait();
}

/// Those TURN servers, as config.json has them.
fn relays(at: &[Ipv4Addr]) -> Value {
    let server = |address: &Ipv4Addr| json!({ "urls": format!("turn:{address}"), "username": "lab", "credential": "lab" });
    at.iter().map(server).collect()
}

/// A TURN server at that address of the hub.
fn relay_at(address: Ipv4Addr) -> Child {
    let listen = format!("--listening-ip={address}");
    let relay = format!("--relay-ip={address}");
    let args = [
        "-n",
        &listen,
        &relay,
        "--realm=lab",
        "--user=lab:lab",
        "--lt-cred-mech",
        "--no-tls",
        "--no-dtls",
        "--no-cli",
        "--log-file=stdout",
        "--pidfile=",
    ];
    Net::in_hub("turnserver", &args)
}

fn serve(site: &Path) -> Child {
    let own = std::env::current_exe().expect("we run");
    let server = own.with_file_name("holdfast-server");
    let (listen, site) = (SERVER.to_string(), site.to_string_lossy());
    let args = ["--listen", &listen, "--site", &site];
    Net::in_hub(&server.to_string_lossy(), &args)
}

fn other(link: Uplink) -> Uplink {
    match link {
        Uplink::Wifi => Uplink::Cell,
        Uplink::Cell => Uplink::Wifi,
    }
}

async fn wait(millis: u64) {
    sleep(Duration::from_millis(millis)).await;
}
