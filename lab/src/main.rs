//! The fault lab: real browsers in network namespaces lose a path and are given another; how long
//! the pictures stand still, and the sound, is measured at both ends. `cargo xtask faults` runs it.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a program for developers"
)]

mod cost;
mod delay;
mod ears;
mod lab;
mod page;
mod results;
mod setup;

use std::{fmt, fs, path::PathBuf};

use clap::{Parser, ValueEnum};
use delay::Distance;
use e2e::{net, stage};
use lab::Lab;
use results::Results;

#[derive(Parser)]
struct Args {
    /// How often each scenario is played
    #[arg(long, default_value_t = 1)]
    repeat: usize,
    /// Only these scenarios; all if none is named
    #[arg(long)]
    scenario: Vec<Scenario>,
    /// The browsers of the two sides
    #[arg(long, value_delimiter = ',', default_value = "chromium-chromium")]
    browsers: Vec<Browsers>,
    /// The policy for a path in doubt
    #[arg(long, value_delimiter = ',', default_value = "race")]
    policy: Vec<Policy>,
    /// How far apart the two sides are, and each and the server: there and back, ms
    #[arg(long, value_delimiter = ',', default_value = "0")]
    rtt: Vec<u32>,
    /// By how much a packet may be late beyond that, ms
    #[arg(long, default_value_t = 0)]
    jitter: u32,
    /// How many packets are lost each way, per cent
    #[arg(long, default_value_t = 0)]
    loss: u32,
    /// A TURN server is there beside the direct path, in every scenario
    #[arg(long)]
    relay: bool,
    /// What is heard is recorded, and its silences measured, by PulseAudio
    #[arg(long)]
    listen: bool,
    /// In place of faults: what a leg that is kept warm costs, in so many calls of each kind
    #[arg(long, value_name = "CALLS")]
    cost: Option<usize>,
    /// In place of faults: how long it takes from Accept to the first picture, in so many calls of each kind
    #[arg(long, value_name = "CALLS")]
    setup: Option<usize>,
    /// The most telling scenarios, once each
    #[arg(long)]
    short: bool,
    /// Where the results go; those that are there already stay, so that several runs make one table
    #[arg(long, default_value = "target/faults")]
    out: PathBuf,
}

/// What scenarios are played with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Setting {
    policy: Policy,
    browsers: Browsers,
    distance: Distance,
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
    /// Firefox moves
    FirefoxChromium,
    /// Chromium moves, in a call with Firefox
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
    /// For 25 s, no more than 80 kbit/s of media get through, each way
    Narrow,
    /// Both sides switch in the same second
    Both,
    /// Five times off and on in 20 s
    Flapping,
    /// The signaling server is killed, and back 2 s later
    ServerRestart,
    /// The signaling server is killed, the network switches, the server is back 5 s later
    ServerGone,
    /// Media goes through TURN servers, and the caller's is killed; there is another
    Relay,
    /// Media between the two is dropped, but for what goes through a TURN server; nobody is told
    Direct,
    /// The same, five times for 3 s
    DirectFlapping,
    /// Cellular has been there beside Wi-Fi for 15 s; Wi-Fi goes, and nobody is told
    Spare,
    /// The same; media is dropped on Wi-Fi
    SpareHole,
    /// The same; Wi-Fi goes five times for 3 s
    SpareFlapping,
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

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["relay", path, port] => {
            return runtime().block_on(net::relay(path.into(), port.parse().expect("a number")));
        }
        ["delay", rtt, jitter, loss] => {
            let [rtt, jitter, loss] =
                [rtt, jitter, loss].map(|word| word.parse().expect("a number"));
            return runtime().block_on(Distance { rtt, jitter, loss }.keep());
        }
        _ => {}
    }
    let args = Args::parse();
    if !net::namespaces_work() {
        println!(
            "Network namespaces cannot be made here (Linux, root and iproute2 are needed): the fault lab did not run."
        );
        return;
    }
    if let Some(calls) = args.cost {
        return stage(async |stage| cost::measure(stage, calls).await);
    }
    if let Some(calls) = args.setup {
        for setting in args.settings() {
            stage(async |stage| setup::measure(stage, setting, calls).await);
        }
        return;
    }
    fs::create_dir_all(&args.out).expect("a folder");
    let mut results = Results::load(&args.out);
    let mut beyond = Vec::new();
    for setting in args.settings() {
        stage(async |stage| {
            let mut lab = Lab::start(stage, setting, (args.relay, args.listen)).await;
            for round in 0..args.repeat {
                for scenario in args.chosen() {
                    let outcome = lab.play(scenario).await;
                    if !outcome.is_within(scenario.bound()) {
                        beyond.push(format!("{scenario:?}: {outcome}"));
                    }
                    println!("{round} {setting} {scenario:?}: {outcome}");
                    results.add(setting, scenario, &outcome);
                    results.save(&args.out);
                    lab.restore().await;
                }
            }
        });
    }
    println!("\n{}", results.table());
    assert!(
        !args.short || beyond.is_empty(),
        "lost, another call, or a gap beyond its bound: {beyond:#?}"
    );
}

impl Scenario {
    /// The longest gap of the pictures that the short form lets pass, ms: five times the 95th
    /// percentile of docs/recovery.md and more, because machines that run tests are shared.
    fn bound(self) -> f64 {
        match self {
            Self::Switch | Self::NewAddress | Self::Both => 2500.0,
            Self::ServerRestart => 1000.0,
            Self::BlackHole | Self::MakeBeforeBreak | Self::Relay => 5000.0,
            Self::Direct
            | Self::DirectFlapping
            | Self::Spare
            | Self::SpareHole
            | Self::SpareFlapping => 1500.0,
            Self::ReloadCaller | Self::ReloadCallee => 6000.0,
            Self::ServerGone => 10_000.0,
            Self::Outage3
            | Self::Outage20
            | Self::Outage60
            | Self::Rebinding
            | Self::Dropped
            | Self::Narrow
            | Self::Flapping
            | Self::Ringing
            | Self::Negotiation
            | Self::Renegotiation => page::LOST,
        }
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            policy,
            browsers,
            distance,
        } = self;
        write!(f, "{policy:?} {browsers:?} {distance}")
    }
}

impl Args {
    fn settings(&self) -> Vec<Setting> {
        let (jitter, loss) = (self.jitter, self.loss);
        let mut settings = Vec::new();
        for policy in &self.policy {
            for browsers in &self.browsers {
                settings.extend(self.rtt.iter().map(|rtt| Setting {
                    policy: *policy,
                    browsers: *browsers,
                    distance: Distance {
                        rtt: *rtt,
                        jitter,
                        loss,
                    },
                }));
            }
        }
        settings
    }

    fn chosen(&self) -> Vec<Scenario> {
        use Scenario::*;
        match (self.short, self.scenario.is_empty()) {
            (true, _) => vec![
                Switch,
                BlackHole,
                Direct,
                Spare,
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

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Runtime::new().expect("a runtime")
}
