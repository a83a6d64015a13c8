//! The fault lab: real browsers in network namespaces lose a path and are given another; how long
//! the pictures stand still is measured at both ends. `cargo xtask faults` runs it.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a program for developers"
)]

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Child,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use clap::{Parser, ValueEnum};
use e2e::{
    Kind, Look, Person, Stage,
    net::{self, Link, Net, SERVER},
    stage,
};
use serde_json::{Value, json};
use tokio::time::sleep;

/// After how long without a picture a call counts as lost, ms.
const LOST: f64 = 25_000.0;

/// Pictures that come further apart than this have paused, ms.
const PAUSE: f64 = 300.0;

/// How long a call goes on undisturbed before each fault.
const STEADY: Duration = Duration::from_millis(4500);

const ANN: usize = 0;
const BOB: usize = 1;

#[derive(Parser)]
struct Args {
    /// How often each scenario is played
    #[arg(long, default_value_t = 1)]
    repeat: usize,
    /// Only these scenarios; all if none is named
    #[arg(long)]
    scenario: Vec<Scenario>,
    /// Who is at which browser
    #[arg(long, value_delimiter = ',', default_value = "chromium-chromium")]
    browsers: Vec<Browsers>,
    /// What is done about a path in doubt
    #[arg(long, value_delimiter = ',', default_value = "race")]
    policy: Vec<Policy>,
    /// The most telling scenarios, once each
    #[arg(long)]
    short: bool,
    /// Where the results go
    #[arg(long, default_value = "target/faults")]
    out: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, ValueEnum)]
enum Policy {
    /// Restart at once, and race a fresh leg
    Race,
    /// Restart when the network moved
    Restart,
    /// Restart when ICE says `failed`
    Textbook,
    /// End on `disconnected`
    Sample,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, ValueEnum)]
enum Browsers {
    ChromiumChromium,
    FirefoxChromium,
    ChromiumFirefox,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, ValueEnum)]
enum Scenario {
    /// Wi-Fi goes with its address, cellular comes a second later
    Switch,
    /// Cellular comes, then Wi-Fi goes
    MakeBeforeBreak,
    /// The interface is down for 3 s, and comes back with the same address
    Outage3,
    /// The same for 20 s
    Outage20,
    /// The same for 60 s
    Outage60,
    /// Another address on the same interface, a second later
    NewAddress,
    /// The NAT forgets its ports
    Rebinding,
    /// Media is dropped on the interface in use; signaling is not, and a second interface is there
    BlackHole,
    /// Everything is dropped for 8 s, and the device sees nothing of it
    Dropped,
    /// Both sides switch in the same second
    Both,
    /// Five times off and on in 20 s
    Flapping,
    /// The signaling server is killed, and back 2 s later
    ServerRestart,
    /// The signaling server is killed, the network switches, the server is back 5 s later
    ServerGone,
    /// The network switches while it rings
    Ringing,
    /// The network switches as the call is accepted
    Negotiation,
    /// The network switches in the second in which the camera goes off and on
    Renegotiation,
    /// The caller's page is loaded anew
    ReloadCaller,
    /// The callee's page is loaded anew
    ReloadCallee,
}

/// What a fault did.
struct Outcome {
    /// At Ann, and at Bob: from the moment the new path was there to the first new picture, ms; the
    /// longest pause of pictures where there always was a path.
    gaps: [f64; 2],
    /// Somebody saw an end, or no picture came.
    lost: bool,
    /// The fingerprints of both sides are what they were.
    same_call: bool,
}

/// How a gap is measured.
#[derive(Clone, Copy)]
enum Since {
    /// From that moment, when a path was there again, to the first picture after the last pause.
    Path(f64),
    /// The longest pause from that moment on: there always was a path.
    Fault(f64),
}

fn main() {
    let mut words = std::env::args().skip(1);
    if words.next().as_deref() == Some("relay") {
        let (path, port) = (words.next().expect("a path"), words.next().expect("a port"));
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        return runtime.block_on(net::relay(path.into(), port.parse().expect("a number")));
    }
    let args = Args::parse();
    if !net::namespaces_work() {
        println!(
            "Network namespaces cannot be made here (Linux, root and iproute2 are needed): the fault lab did not run."
        );
        return;
    }
    fs::create_dir_all(&args.out).expect("a folder");
    let mut results = Results::default();
    for policy in &args.policy {
        for browsers in &args.browsers {
            stage(async |stage| {
                let mut lab = Lab::start(stage, *policy, *browsers).await;
                for round in 0..args.repeat {
                    for scenario in args.chosen() {
                        let outcome = lab.play(scenario).await;
                        println!(
                            "{round} {policy:?} {browsers:?} {scenario:?}: Ann {:.0} ms, Bob {:.0} ms{}{}",
                            outcome.gaps[0],
                            outcome.gaps[1],
                            if outcome.lost { ", LOST" } else { "" },
                            if outcome.same_call {
                                ""
                            } else {
                                ", another fingerprint"
                            }
                        );
                        results.add(*policy, *browsers, scenario, &outcome);
                        lab.restore().await;
                    }
                }
            });
        }
    }
    let table = results.table();
    println!("\n{table}");
    fs::write(args.out.join("faults.md"), &table).expect("written");
    fs::write(args.out.join("faults.json"), results.json().to_string()).expect("written");
    fs::write(args.out.join("faults.svg"), results.svg()).expect("written");
    assert!(!args.short || results.lost() == 0, "calls were lost");
}

impl Args {
    fn chosen(&self) -> Vec<Scenario> {
        use Scenario::*;
        match (self.short, self.scenario.is_empty()) {
            (true, _) => vec![
                Switch,
                BlackHole,
                Both,
                ServerRestart,
                ServerGone,
                ReloadCallee,
            ],
            (false, true) => Scenario::value_variants().to_vec(),
            (false, false) => self.scenario.clone(),
        }
    }
}

struct Lab {
    net: Net,
    site: tempfile::TempDir,
    server: Child,
    people: [Person; 2],
    /// Which interface each is on.
    on: [Link; 2],
    address: u8,
    port: u16,
}

impl Lab {
    async fn start(stage: &Stage, policy: Policy, browsers: Browsers) -> Self {
        let site = tempfile::tempdir().expect("a folder");
        let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist");
        for entry in fs::read_dir(dist).expect("cargo xtask build makes dist/") {
            let entry = entry.expect("readable");
            fs::copy(entry.path(), site.path().join(entry.file_name())).expect("copied");
        }
        let config = json!({ "recovery": format!("{policy:?}").to_lowercase() });
        fs::write(site.path().join("config.json"), config.to_string()).expect("written");
        for packed in ["config.json.br", "config.json.gz"] {
            let _ = fs::remove_file(site.path().join(packed));
        }
        let net = Net::new(&["Ann", "Bob"]);
        let server = serve(site.path());
        sleep(Duration::from_millis(500)).await;
        let (one, other) = match browsers {
            Browsers::ChromiumChromium => (Kind::Chromium, Kind::Chromium),
            Browsers::FirefoxChromium => (Kind::Firefox, Kind::Chromium),
            Browsers::ChromiumFirefox => (Kind::Chromium, Kind::Firefox),
        };
        let look = Look {
            secure: Some(format!("http://{SERVER}")),
            ..Look::default()
        };
        let ann = stage.person_in_net(one, "Ann", &look).await;
        let bob = stage.person_in_net(other, "Bob", &look).await;
        let lab = Self {
            net,
            site,
            server,
            people: [ann, bob],
            on: [Link::Wifi; 2],
            address: 2,
            port: 20_000,
        };
        for person in &lab.people {
            person.open(&format!("http://{SERVER}/")).await;
            person.join().await;
        }
        lab.call().await;
        lab
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
    async fn play(&mut self, scenario: Scenario) -> Outcome {
        sleep(STEADY).await;
        let before = self.fingerprints().await;
        for person in &self.people {
            watch(person).await;
        }
        let since = self.fault(scenario).await;
        let mut gaps = [LOST; 2];
        let due = now() + LOST;
        loop {
            sleep(Duration::from_millis(300)).await;
            let enough = match since {
                Since::Path(_) => true,
                Since::Fault(at) => now() > at + 8000.0,
            };
            for (n, person) in self.people.iter().enumerate() {
                gaps[n] = gap(person, since).await.unwrap_or(LOST);
            }
            if now() > due || enough && gaps.iter().all(|gap| *gap < LOST) {
                break;
            }
        }
        sleep(Duration::from_secs(1)).await;
        let mut lost = gaps.iter().any(|gap| *gap >= LOST);
        for person in &self.people {
            let script = "return window.lab?.ended === true
                || document.querySelector('#hangup-button').disabled";
            lost |= person.run(script, json!([])).await == json!(true);
        }
        if lost {
            for person in &self.people {
                println!(
                    "{} sees: {}",
                    person.name,
                    person.run(SEEN, json!([])).await
                );
            }
        }
        let reloads = matches!(scenario, Scenario::ReloadCaller | Scenario::ReloadCallee);
        let anew = matches!(scenario, Scenario::Ringing | Scenario::Negotiation);
        let same_call = reloads || anew || lost || self.fingerprints().await == before;
        Outcome {
            gaps,
            lost,
            same_call,
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
                self.stop_server();
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
                self.stop_server();
                self.switch(&[ANN], 1000).await;
                wait(5000).await;
                self.server = serve(self.site.path());
                Since::Path(now())
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

    /// Everything as it was, and a call again if there is none.
    async fn restore(&mut self) {
        self.net.drop_nothing();
        for person in [ANN, BOB] {
            let rest = other(self.on[person]);
            self.net.down(person, rest);
        }
        wait(500).await;
        let mut talks = true;
        for person in &self.people {
            let script = "return !document.querySelector('#hangup-button')?.disabled";
            talks &= person.run(script, json!([])).await == json!(true);
        }
        if !talks {
            self.hang_up().await;
            self.call().await;
        }
    }

    async fn hang_up(&self) {
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

    async fn both_up(&self, person: usize) -> (Link, Link) {
        let from = self.on[person];
        let to = other(from);
        self.net.up(person, to);
        wait(5000).await;
        (from, to)
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
        watch(reloading).await;
        let script = "const [load] = performance.getEntriesByType('navigation');
            return performance.timeOrigin + load.loadEventEnd";
        let loaded = reloading.run(script, json!([])).await;
        Since::Path(loaded.as_f64().unwrap_or_default())
    }

    fn stop_server(&mut self) {
        // `ip netns exec` has become the server itself.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }

    /// What each side sees of the other's certificate.
    async fn fingerprints(&self) -> Vec<Value> {
        let mut seen = Vec::new();
        for person in &self.people {
            // In Firefox, a connection whose frame has gone throws at every question.
            let script = "const found = (window.peers ?? []).map(peer => {
                    try {
                        const { connectionState, remoteDescription } = peer;
                        return connectionState !== 'closed'
                            && remoteDescription?.sdp.match(/a=fingerprint:(.*)/)?.[1];
                    } catch { return null; }
                });
                return found.findLast(Boolean) ?? null";
            seen.push(person.run(script, json!([])).await);
        }
        seen
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.stop_server();
    }
}

fn serve(site: &Path) -> Child {
    let own = std::env::current_exe().expect("we run");
    let server = own.with_file_name("holdfast-server");
    let (listen, site) = (SERVER.to_string(), site.to_string_lossy());
    let args = ["--listen", &listen, "--site", &site];
    Net::in_hub(&server.to_string_lossy(), &args)
}

fn other(link: Link) -> Link {
    match link {
        Link::Wifi => Link::Cell,
        Link::Cell => Link::Wifi,
    }
}

async fn wait(millis: u64) {
    sleep(Duration::from_millis(millis)).await;
}

/// Milliseconds since 1970, as `Date.now()` has them.
fn now() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("after 1970").as_secs_f64() * 1000.0
}

/// What a page shows, and how its connections are.
const SEEN: &str = "return [
    document.querySelector('.state')?.innerText, document.querySelector('.notices')?.innerText,
    ...(window.peers ?? []).map(peer => {
        try {
            return [peer.signalingState, peer.iceConnectionState, peer.connectionState].join(' ');
        } catch { return 'gone'; }
    }),
].join(' | ')";

/// Notes when pictures are decoded, and whether the call is shown as ended.
async fn watch(person: &Person) {
    let script = "
        if (window.lab) { lab.frames = lab.frames.slice(-1); lab.ended = false; return; }
        window.lab = { frames: [], ended: false };
        const video = document.querySelector('#received_video');
        const count = () => { lab.frames.push(Date.now()); video.requestVideoFrameCallback(count); };
        video.requestVideoFrameCallback(count);
        let talks = false;
        new MutationObserver(() => {
            const idle = document.querySelector('#hangup-button').disabled;
            if (talks && idle) lab.ended = true;
            talks = !idle;
        }).observe(document.body, { subtree: true, attributes: true });";
    person.run(script, json!([])).await;
}

/// How long the pictures stood still; none while they do.
async fn gap(person: &Person, since: Since) -> Option<f64> {
    let frames = person
        .run("return window.lab?.frames ?? []", json!([]))
        .await;
    let frames: Vec<f64> = serde_json::from_value(frames).ok()?;
    match since {
        Since::Path(path) => {
            let first = *frames.iter().find(|frame| **frame > path)?;
            // What came first may have been on its way before; the last pause counts.
            frames.last().filter(|last| **last > first + 1500.0)?;
            let pairs = frames.iter().zip(frames.iter().skip(1));
            let pauses = pairs.filter(|(one, next)| **next > path && *next - *one > PAUSE);
            let end = pauses.map(|(_, next)| *next).fold(first, f64::max);
            Some(end - path)
        }
        Since::Fault(at) => {
            let last = frames.last().filter(|last| now() - **last < 1000.0)?;
            let after = frames.iter().filter(|frame| **frame > at - 300.0);
            let pauses = after
                .clone()
                .zip(after.skip(1))
                .map(|(one, next)| next - one);
            last.is_finite().then(|| pauses.fold(0.0, f64::max))
        }
    }
}

/// The gaps of each scenario, of both sides.
#[derive(Default)]
struct Results {
    rows: BTreeMap<(Policy, Browsers, Scenario), Row>,
}

#[derive(Default)]
struct Row {
    faults: usize,
    lost: usize,
    changed: usize,
    ann: Vec<f64>,
    bob: Vec<f64>,
}

impl Results {
    fn add(&mut self, policy: Policy, browsers: Browsers, scenario: Scenario, outcome: &Outcome) {
        let row = self.rows.entry((policy, browsers, scenario)).or_default();
        row.faults += 1;
        row.lost += usize::from(outcome.lost);
        row.changed += usize::from(!outcome.same_call);
        row.ann.push(outcome.gaps[ANN]);
        row.bob.push(outcome.gaps[BOB]);
    }

    fn lost(&self) -> usize {
        self.rows.values().map(|row| row.lost).sum()
    }

    fn table(&self) -> String {
        let mut table = String::from(
            "| policy | browsers | scenario | faults | lost | median, ms | p95, ms | longest, ms |\n|---|---|---|---|---|---|---|---|\n",
        );
        for ((policy, browsers, scenario), row) in &self.rows {
            let gaps = row.gaps();
            let (median, high, longest) = (part(&gaps, 0.5), part(&gaps, 0.95), part(&gaps, 1.0));
            let _ = writeln!(
                table,
                "| {policy:?} | {browsers:?} | {scenario:?} | {} | {} | {median:.0} | {high:.0} | {longest:.0} |",
                row.faults, row.lost
            );
        }
        table
    }

    fn json(&self) -> Value {
        let row = |((policy, browsers, scenario), row): (&(Policy, Browsers, Scenario), &Row)| {
            json!({
                "policy": format!("{policy:?}"), "browsers": format!("{browsers:?}"),
                "scenario": format!("{scenario:?}"), "faults": row.faults, "lost": row.lost,
                "otherFingerprint": row.changed, "annMs": row.ann, "bobMs": row.bob,
            })
        };
        self.rows.iter().map(row).collect()
    }

    /// Every gap as a dot, on a scale of powers of ten.
    fn svg(&self) -> String {
        let (left, right, line) = (230.0, 900.0, 22.0);
        let height = 50.0 + line * self.rows.len() as f64;
        let across = |gap: f64| {
            let place = (gap.clamp(10.0, 30_000.0) / 10.0).log10() / 3000_f64.log10();
            left + place * (right - left - 20.0)
        };
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {right} {height}\" font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
        );
        for tick in [10.0, 100.0, 300.0, 1000.0, 3000.0, 10_000.0, LOST] {
            let x = across(tick);
            let label = match tick {
                tick if tick >= LOST => "lost".into(),
                tick if tick >= 1000.0 => format!("{} s", tick / 1000.0),
                tick => format!("{tick} ms"),
            };
            let _ = writeln!(
                svg,
                "<line x1=\"{x:.0}\" x2=\"{x:.0}\" y1=\"24\" y2=\"{height}\" stroke=\"#ddd\"/><text x=\"{x:.0}\" y=\"16\" text-anchor=\"middle\">{label}</text>"
            );
        }
        for (n, ((policy, browsers, scenario), row)) in self.rows.iter().enumerate() {
            let y = 44.0 + line * n as f64;
            let side = match browsers {
                Browsers::ChromiumChromium => "",
                Browsers::FirefoxChromium => " (Firefox moves)",
                Browsers::ChromiumFirefox => " (to Firefox)",
            };
            let _ = writeln!(
                svg,
                "<text x=\"4\" y=\"{:.0}\">{scenario:?}, {policy:?}{side}</text>",
                y + 4.0
            );
            for gap in row.gaps() {
                let x = across(gap);
                let _ = writeln!(
                    svg,
                    "<circle cx=\"{x:.1}\" cy=\"{y:.0}\" r=\"4\" fill=\"#1b6ac9\" fill-opacity=\"0.4\"/>"
                );
            }
        }
        svg + "</svg>\n"
    }
}

impl Row {
    fn gaps(&self) -> Vec<f64> {
        let mut gaps = [&self.ann[..], &self.bob[..]].concat();
        gaps.sort_by(f64::total_cmp);
        gaps
    }
}

/// The value below which that part of sorted values lies.
fn part(sorted: &[f64], part: f64) -> f64 {
    let place = (sorted.len() as f64 * part).ceil() as usize;
    sorted
        .get(place.saturating_sub(1))
        .copied()
        .unwrap_or_default()
}
