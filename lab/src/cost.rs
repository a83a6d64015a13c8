//! What a leg that is kept warm costs: what two pages send, and the processor's time of their browsers, in calls
//! with one and without, by turns.

use std::{fs, time::Duration};

use e2e::{Person, Stage, net};
use tokio::time::sleep;

use crate::{
    Browsers, Policy, Setting,
    delay::Distance,
    lab::Lab,
    results::{part, sorted},
};

/// How long a call goes on until a leg is warm, and how long it is measured.
const SETTLE: Duration = Duration::from_secs(9);
const MEASURED: Duration = Duration::from_secs(10);

/// The processor's clock ticks in a second, as `/proc` counts (proc(5); 100 on Linux).
const TICKS: f64 = 100.0;

/// What one call costs.
#[derive(Default)]
struct Cost {
    /// What each page sends, kbit/s.
    kilobits: Vec<f64>,
    /// Of one processor, both browsers together, per cent.
    processor: Vec<f64>,
}

/// Measures so many calls of each kind.
pub(crate) async fn measure(stage: &Stage, calls: usize) {
    let setting = Setting {
        policy: Policy::Race,
        browsers: Browsers::ChromiumChromium,
        distance: Distance::default(),
    };
    let mut lab = Lab::start(stage, setting, (true, false)).await;
    let mut costs = [Cost::default(), Cost::default()];
    for _ in 0..calls {
        for (cost, standby) in costs.iter_mut().zip([false, true]) {
            lab.call_beside_a_relay(standby).await;
            sleep(SETTLE).await;
            let before = (sent(lab.people()).await, ticks(lab.people()));
            sleep(MEASURED).await;
            let after = (sent(lab.people()).await, ticks(lab.people()));
            let seconds = MEASURED.as_secs_f64();
            let pages = lab.people().len() as f64;
            cost.kilobits
                .push((after.0 - before.0) * 8.0 / 1000.0 / seconds / pages);
            cost.processor
                .push((after.1 - before.1) / TICKS / seconds * 100.0);
        }
    }
    println!("| call | kbit/s, each page | processor, both browsers |\n|---|---|---|");
    for (cost, name) in costs.iter().zip(["alone", "with a leg kept warm"]) {
        println!(
            "| {name} | {:.0} | {:.0} % |",
            part(&sorted(&cost.kilobits), 0.5),
            part(&sorted(&cost.processor), 0.5)
        );
    }
}

/// Bytes that both pages have sent over all their connections.
async fn sent(people: &[Person]) -> f64 {
    let script = "const [done] = arguments;
        (async () => {
            let sent = 0;
            for (const peer of window.peers ?? []) {
                for (const stats of (await peer.getStats()).values()) {
                    if (stats.type === 'candidate-pair') sent += stats.bytesSent;
                }
            }
            return sent;
        })().then(done);";
    let mut sum = 0.0;
    for person in people {
        let sent = person.run_async(script).await;
        sum += sent.as_f64().unwrap_or_default();
    }
    sum
}

/// The processor's time that the browsers of these people have taken, in ticks.
fn ticks(people: &[Person]) -> f64 {
    let of = |process: u32| {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        // Behind the name in brackets; the 14th and 15th of all (proc(5)).
        let (_, fields) = stat.rsplit_once(')')?;
        let mut times = fields.split_whitespace().skip(11);
        let (user, system): (f64, f64) = (times.next()?.parse().ok()?, times.next()?.parse().ok()?);
        Some(user + system)
    };
    let processes = people
        .iter()
        .flat_map(|person| net::processes(&person.name));
    processes.filter_map(of).sum()
}
