//! Drives signaling servers, each as a process of its own, and measures them in one run.
//! `cargo xtask bench signaling` gets the servers and runs it.

#![allow(clippy::print_stdout, reason = "a program for developers")]

mod back;
mod client;
mod cluster;
mod echo;
mod faults;
mod proc;
mod relay;
mod throughput;

use std::{
    net::TcpListener,
    path::PathBuf,
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use clap::{Parser, ValueEnum};
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::{
    net::TcpStream,
    process::{Child, Command},
    sync::mpsc,
    task::{JoinHandle, JoinSet},
    time::{MissedTickBehavior, interval, sleep, timeout},
};

use client::{Client, Dialect, Received};
use faults::{Fault, Noticed};

#[derive(Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Args {
    #[command(subcommand)]
    role: Option<Role>,
    /// The folder with node_modules: peer, socket.io and ws
    #[arg(long, default_value = ".")]
    npm: PathBuf,
    /// Only these servers: holdfast, echo, relay, peerjs, socketio, ws, matchbox
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Only this
    #[arg(long, value_enum, value_delimiter = ',')]
    measure: Vec<Measure>,
    /// How often each server routes, the servers in turn, or a fault is committed; medians are given
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// For how long messages are routed, in seconds
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// How many people are in the room; with the other servers, only the first is tried
    #[arg(long, value_delimiter = ',', default_value = "100,1000,10000")]
    people: Vec<usize>,
    /// Messages a second, all pairs together
    #[arg(long, default_value_t = 4000)]
    rate: u32,
    /// Commit faults against our server, in place of everything else; all of them if none is named
    #[arg(long, value_enum, num_args = 0.., value_delimiter = ',')]
    faults: Option<Vec<Fault>>,
    /// People on 20 servers
    #[arg(long, default_value_t = 1_000_000)]
    on_servers: usize,
    /// Send when it is time, whether or not what was sent before has arrived; waiting counts from then (routing)
    #[arg(long)]
    open_loop: bool,
    /// Strangers run as everybody else does, and not only while a core has nothing else to do (faults)
    #[arg(long)]
    loud: bool,
    /// People who come back
    #[arg(long, default_value_t = 15_000)]
    returning: usize,
    /// Idle connections
    #[arg(long, default_value_t = 5000)]
    idle: usize,
}

/// The other programs that this one starts itself as.
#[derive(clap::Subcommand)]
enum Role {
    /// The echo server
    #[command(hide = true)]
    Echo { port: u16 },
    /// The server that passes on what it does not read
    #[command(hide = true)]
    Relay { port: u16 },
    /// People who commit a fault
    #[command(hide = true)]
    Strangers(faults::Strangers),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Measure {
    /// Messages from one to another
    Routing,
    /// Memory of connections that say nothing
    Idle,
    /// People who come in
    Joining,
    /// What the hub alone passes on, on one core and on more
    Throughput,
    /// People who come back after the server was killed; only when asked for
    Return,
    /// What servers that are one say to each other, without sockets; only when asked for
    Cluster,
}

/// How many pairs talk.
const PAIRS: usize = 50;

/// How many people come in one by one.
const JOINS: usize = 20;

/// How late a timer here may be.
const TIMER: Duration = Duration::from_millis(2);

/// How long a server may take for anything.
const LIMIT: Duration = Duration::from_secs(60);

const SERVERS: [(&str, Dialect); 7] = [
    ("holdfast", Dialect::Holdfast),
    ("echo", Dialect::Echo),
    ("relay", Dialect::Relay),
    ("peerjs", Dialect::PeerJs),
    ("socketio", Dialect::SocketIo),
    ("ws", Dialect::Ws),
    ("matchbox", Dialect::Matchbox),
];

/// First names, as people have them.
const NAMES: [&str; 40] = [
    "Ann", "Bob", "Maria", "Ivan", "Chloe", "Noah", "Emma", "Liam", "Olga", "Hugo", "Aisha",
    "Omar", "Yuki", "Kenji", "Lena", "Paul", "Sofia", "Luca", "Nina", "Max", "Priya", "Arjun",
    "Fatima", "Ali", "Eva", "Jonas", "Clara", "Felix", "Ines", "Tom", "Zoe", "Karl", "Rosa", "Ben",
    "Mei", "Chen", "Anton", "Vera", "Leo", "Ida",
];

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    rlimit::increase_nofile_limit(u64::MAX)?;
    match args.role {
        Some(Role::Echo { port }) => return echo::serve(port).await,
        Some(Role::Relay { port }) => return relay::serve(port).await,
        Some(Role::Strangers(strangers)) => return strangers.act().await,
        None => {}
    }
    if let Some(faults) = &args.faults {
        return commit(faults, args.rounds, args.loud).await;
    }
    let chosen = |name: &str| args.only.is_empty() || args.only.iter().any(|only| only == name);
    let servers: Vec<_> = SERVERS.iter().filter(|(name, _)| chosen(name)).collect();
    let wanted = |measure| args.measure.is_empty() || args.measure.contains(&measure);
    if wanted(Measure::Routing) {
        routing(&args, &servers).await?;
    }
    if wanted(Measure::Idle) {
        println!(
            "\nMemory of a connection that says nothing, after {}:\n",
            args.idle
        );
        println!("| server | kB |\n|---|---|");
        for (name, dialect) in &servers {
            let memory = idle(&args, *dialect).await;
            let memory = memory.with_context(|| (*name).to_owned())?;
            println!("| {name} | {memory:.1} |");
        }
        if chosen("holdfast") {
            let memory = called(&args).await?;
            println!("| holdfast, after a call | {memory:.1} |");
        }
    }
    if wanted(Measure::Joining) {
        joining(&args, &servers).await?;
    }
    if wanted(Measure::Throughput) && chosen("holdfast") {
        throughput::measure(args.rounds, Duration::from_secs(args.seconds))?;
    }
    if args.measure.contains(&Measure::Return) {
        back::measure(args.returning, args.rounds).await?;
    }
    if args.measure.contains(&Measure::Cluster) {
        cluster::measure(args.on_servers)?;
    }
    Ok(())
}

async fn routing(args: &Args, servers: &[&(&str, Dialect)]) -> Result<()> {
    let rate = args.rate;
    println!("Routing a candidate, {rate} a second among {PAIRS} pairs:\n");
    println!("| server | people | CPU µs a message | p50 µs | p99 µs |\n|---|---|---|---|---|");
    let mut rows = Vec::new();
    for (name, dialect) in servers {
        if args.open_loop && *dialect == Dialect::Echo {
            // It has no other side.
            continue;
        }
        let many = match *dialect == Dialect::Holdfast {
            true => args.people.len(),
            false => 1,
        };
        let crowds = args.people.iter().take(many);
        rows.extend(crowds.map(|crowd| (*name, *dialect, *crowd)));
    }
    let mut rounds = vec![Vec::new(); rows.len()];
    // In turn, so that a slow minute of the machine is a slow one for all.
    for _ in 0..args.rounds {
        for ((name, dialect, crowd), routed) in rows.iter().zip(&mut rounds) {
            let once = route(args, *dialect, *crowd).await;
            routed.push(once.with_context(|| format!("{name} with {crowd} people"))?);
        }
    }
    for ((name, _, crowd), routed) in rows.iter().zip(&rounds) {
        let cpu = median(routed.iter().map(|routed| routed.cpu));
        let p50 = median(routed.iter().map(|routed| routed.times.p50 as f64));
        let p99 = median(routed.iter().map(|routed| routed.times.p99 as f64));
        println!("| {name} | {crowd} | {cpu:.1} | {p50:.0} | {p99:.0} |");
    }
    Ok(())
}

fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

async fn joining(args: &Args, servers: &[&(&str, Dialect)]) -> Result<()> {
    println!("\nComing in, one after the other and all at once; for each who comes in:\n");
    println!(
        "| server | people | kB sent | CPU ms | kB sent, at once | CPU ms, at once |\n|---|---|---|---|---|---|"
    );
    for (name, dialect) in servers {
        // The others tell nobody of anybody.
        if !matches!(dialect, Dialect::Holdfast | Dialect::SocketIo | Dialect::Ws) {
            continue;
        }
        for people in [100, 1000, 5000] {
            if people == 5000 && *dialect != Dialect::Holdfast {
                // Each would send some 50 kB to each.
                continue;
            }
            let joined = join(args, *dialect, people).await;
            let [(bytes, cpu), (burst_bytes, burst_cpu)] =
                joined.with_context(|| format!("{name} with {people} people"))?;
            println!(
                "| {name} | {people} | {bytes:.1} | {cpu:.2} | {burst_bytes:.1} | {burst_cpu:.2} |"
            );
        }
    }
    Ok(())
}

/// Commits faults, and says what innocent people noticed.
async fn commit(faults: &[Fault], rounds: usize, loud: bool) -> Result<()> {
    println!("A hundred innocent people, while strangers do that; medians of {rounds}:\n");
    println!("| fault | times | p99 before, µs | p99, µs | ratio |\n|---|---|---|---|---|");
    for fault in Fault::value_variants() {
        if !faults.is_empty() && !faults.contains(fault) {
            continue;
        }
        let mut noticed = Vec::new();
        for _ in 0..rounds {
            let once = faults::commit(*fault, loud).await;
            noticed.push(once.with_context(|| format!("{fault:?}"))?);
        }
        let of = |figure: fn(&Noticed) -> f64| median(noticed.iter().map(figure));
        println!(
            "| {fault:?} | {} | {} | {} | {:.2} |",
            of(|noticed| noticed.times as f64),
            of(|noticed| noticed.p99_before as f64),
            of(|noticed| noticed.p99 as f64),
            of(|noticed| noticed.p99 as f64 / noticed.p99_before as f64)
        );
    }
    Ok(())
}

/// A server under test; ends with us.
struct Server {
    process: Child,
    port: u16,
}

impl Server {
    async fn start(args: &Args, dialect: Dialect) -> Result<Self> {
        let port = free_port()?;
        let here = std::env::current_exe()?;
        let modules = args.npm.join("node_modules");
        let node = |script: PathBuf| {
            let mut node = Command::new("node");
            node.arg(script);
            node
        };
        let mut command = match dialect {
            Dialect::Holdfast => {
                return Self::holdfast(&[
                    "--max-connections",
                    "100000",
                    "--max-per-address",
                    "100000",
                    "--messages-per-second",
                    "100000",
                ])
                .await;
            }
            Dialect::Echo => {
                let mut echo = Command::new(&here);
                echo.args(["echo", &port.to_string()]);
                echo
            }
            Dialect::Relay => {
                let mut relay = Command::new(&here);
                relay.args(["relay", &port.to_string()]);
                relay
            }
            Dialect::PeerJs => {
                let mut peer = node(modules.join("peer/dist/bin/peerjs.js"));
                peer.args(["--port", &port.to_string(), "--host", "127.0.0.1"]);
                peer.args(["--path", "/", "--concurrent_limit", "100000"]);
                peer
            }
            Dialect::SocketIo => {
                let mut server = node(args.npm.join("socketio.mjs"));
                server.arg(port.to_string());
                server
            }
            Dialect::Ws => {
                let mut server = node(args.npm.join("ws.mjs"));
                server.arg(port.to_string());
                server
            }
            Dialect::Matchbox => {
                let mut server = Command::new("matchbox_server");
                server.arg(format!("127.0.0.1:{port}"));
                server
            }
        };
        Self::run(&mut command, port).await
    }

    /// Ours, with those options besides.
    async fn holdfast(options: &[&str]) -> Result<Self> {
        Self::holdfast_at(free_port()?, options).await
    }

    async fn holdfast_at(port: u16, options: &[&str]) -> Result<Self> {
        let here = std::env::current_exe()?;
        let beside = here.parent().context("a folder")?;
        let mut server = Command::new(beside.join("holdfast-server"));
        server.args(["--listen", &format!("127.0.0.1:{port}"), "--log", "off"]);
        Self::run(server.args(options), port).await
    }

    async fn run(command: &mut Command, port: u16) -> Result<Self> {
        command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let process = command.spawn().context("the server does not start")?;
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            ensure!(began.elapsed() < LIMIT, "the server does not answer");
            sleep(Duration::from_millis(20)).await;
        }
        // What is done at the start is no part of what is measured.
        sleep(Duration::from_millis(500)).await;
        Ok(Self { process, port })
    }

    fn is_running(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }

    fn pid(&self) -> Result<u32> {
        self.process.id().context("the server has ended")
    }

    fn cpu(&self) -> Result<Duration> {
        proc::cpu(self.pid()?)
    }
}

#[derive(Clone)]
struct Routed {
    /// Microseconds of the server's processor time for each message.
    cpu: f64,
    times: Times,
}

/// Pairs that talk, in a room with so many people.
async fn route(args: &Args, dialect: Dialect, people: usize) -> Result<Routed> {
    let server = Server::start(args, dialect).await?;
    let received = Received::default();
    let mut crowd = Crowd::default();
    crowd
        .come(&server, dialect, 2 * PAIRS..people, "bench", &received)
        .await?;
    let mut pairs = Vec::new();
    for n in 0..PAIRS {
        let names = [format!("one{n}"), format!("two{n}")];
        let mut pair = Vec::new();
        for (own, other) in [(0, 1), (1, 0)] {
            let (own, other) = (&names[own], &names[other]);
            let mut client =
                Client::connect(dialect, server.port, own, other, None, &received).await?;
            client.enter("bench").await?;
            pair.push(client);
        }
        pairs.push(pair);
    }
    // Matchbox tells only the earlier of the later. Only once all are in: in a large room it takes a
    // second each until our server tells who is there, and who says nothing for 30 s is gone.
    for pair in &mut pairs {
        pair[0].meet().await?;
    }
    settle(&received).await;
    let before = server.cpu()?;
    let time = Duration::from_secs(args.seconds);
    let times = match args.open_loop {
        true => talk_on_time(pairs, args.rate, time).await?,
        false => talk(pairs, dialect, args.rate, time).await?.1,
    };
    let cpu = server.cpu()? - before;
    Ok(Routed {
        cpu: cpu.as_secs_f64() * 1e6 / times.messages as f64,
        times,
    })
}

/// How long messages took, in microseconds.
#[derive(Clone)]
struct Times {
    messages: usize,
    p50: u128,
    p99: u128,
}

impl Times {
    fn of(mut times: Vec<u128>) -> Self {
        times.sort_unstable();
        let at = |share: f64| times[(times.len() as f64 * share) as usize];
        Self {
            messages: times.len(),
            p50: at(0.5),
            p99: at(0.99),
        }
    }
}

/// Lets pairs talk, each in turn, so many messages a second all together.
async fn talk(
    pairs: Vec<Vec<Client>>,
    dialect: Dialect,
    rate: u32,
    time: Duration,
) -> Result<(Vec<Vec<Client>>, Times)> {
    let many = u32::try_from(pairs.len())?;
    let every = Duration::from_secs(1) * many / rate;
    let end = Instant::now() + time;
    let mut talks = JoinSet::new();
    for (n, mut pair) in (0..many).zip(pairs) {
        talks.spawn(async move {
            // Not all pairs at the same moment.
            sleep(every * n / many).await;
            let mut tick = interval(every);
            tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut times = Vec::new();
            let (mut from, mut to) = (0, usize::from(dialect != Dialect::Echo));
            while Instant::now() < end {
                tick.tick().await;
                let sent = Instant::now();
                pair[from].send_candidate().await?;
                timeout(LIMIT, candidate_of(&mut pair, from, to))
                    .await
                    .context("a message is lost")??;
                times.push(sent.elapsed().as_micros());
                // Matchbox has told only one of the two who the other is.
                if dialect != Dialect::Matchbox {
                    std::mem::swap(&mut from, &mut to);
                }
            }
            Ok::<_, anyhow::Error>((pair, times))
        });
    }
    let (mut pairs, mut times) = (Vec::new(), Vec::new());
    while let Some(done) = talks.join_next().await {
        let (pair, took) = done??;
        pairs.push(pair);
        times.extend(took);
    }
    Ok((pairs, Times::of(times)))
}

/// Waits for what the one has said to the other. Both read meanwhile, as pages do: a server does not listen to who
/// reads nothing.
async fn candidate_of(pair: &mut [Client], from: usize, to: usize) -> Result<()> {
    let [one, two] = pair else {
        return pair[to].candidate().await;
    };
    if from == to {
        return one.candidate().await;
    }
    let (from, to) = match to {
        0 => (two, one),
        _ => (one, two),
    };
    tokio::select! {
        heard = to.candidate() => heard,
        gone = from.listen() => gone,
    }
}

/// Lets one of each pair talk to the other, when it is time and not when the last message has arrived: so a moment in
/// which nothing moves counts for all that should have been said in it.
async fn talk_on_time(pairs: Vec<Vec<Client>>, rate: u32, time: Duration) -> Result<Times> {
    let many = u32::try_from(pairs.len())?;
    let every = Duration::from_secs(1) * many / rate;
    let begin = tokio::time::Instant::now() + every;
    let (mut talks, mut hears) = (JoinSet::new(), JoinSet::new());
    for (n, pair) in (0..many).zip(pairs) {
        let Ok([mut from, mut to]) = <[Client; 2]>::try_from(pair) else {
            bail!("a pair is two");
        };
        let (said, mut due) = mpsc::unbounded_channel();
        talks.spawn(async move {
            let mut next = begin + every * n / many;
            while next < begin + time {
                from.read_until(next).await?;
                let now = tokio::time::Instant::now();
                // How late the timer is by itself is not the server's.
                said.send(if now < next + TIMER { now } else { next })?;
                from.send_candidate().await?;
                next += every;
            }
            // What is on its way arrives.
            drop(said);
            from.drain().await;
            anyhow::Ok(())
        });
        hears.spawn(async move {
            let mut times = Vec::new();
            while let Some(due) = due.recv().await {
                let heard = timeout(LIMIT, to.candidate()).await;
                heard.context("a message is lost")??;
                times.push(due.elapsed().as_micros());
            }
            anyhow::Ok(times)
        });
    }
    let mut times = Vec::new();
    while let Some(heard) = hears.join_next().await {
        times.extend(heard??);
    }
    talks.abort_all();
    Ok(Times::of(times))
}

/// kB for each of many idle connections, in rooms of two.
async fn idle(args: &Args, dialect: Dialect) -> Result<f64> {
    let server = Server::start(args, dialect).await?;
    let received = Received::default();
    let before = proc::anonymous_memory(server.pid()?)?;
    let mut crowd = Crowd::default();
    for pair in 0..args.idle / 2 {
        // The others have one room, and would tell everybody of everybody.
        let room = match dialect {
            Dialect::Ws | Dialect::SocketIo => String::new(),
            Dialect::Holdfast
            | Dialect::Echo
            | Dialect::Relay
            | Dialect::PeerJs
            | Dialect::Matchbox => {
                format!("room{pair}")
            }
        };
        let people = 2 * pair..2 * pair + 2;
        crowd
            .come(&server, dialect, people, &room, &received)
            .await?;
    }
    settle(&received).await;
    let after = proc::anonymous_memory(server.pid()?)?;
    Ok(after.saturating_sub(before) as f64 / 1000.0 / args.idle as f64)
}

/// kB for each of as many connections to our server, in rooms of two that have each had one call.
async fn called(args: &Args) -> Result<f64> {
    let server = Server::start(args, Dialect::Holdfast).await?;
    let received = Received::default();
    let before = proc::anonymous_memory(server.pid()?)?;
    let calls = stream::iter(0..args.idle / 2).map(|pair| call(server.port, pair, &received));
    // Each waits for news of who is here; together they do not.
    let pairs = calls.buffer_unordered(PAIRS);
    let pairs: Vec<[Client; 2]> = pairs.try_collect().await?;
    let listeners = pairs.into_iter().flatten();
    let _crowd = Crowd(
        listeners
            .map(|client| tokio::spawn(client.drain()))
            .collect(),
    );
    settle(&received).await;
    let after = proc::anonymous_memory(server.pid()?)?;
    Ok(after.saturating_sub(before) as f64 / 1000.0 / args.idle as f64)
}

/// Two who come into a room and say what a call takes.
async fn call(port: u16, pair: usize, received: &Received) -> Result<[Client; 2]> {
    let come = async |n: usize| {
        let (own, other) = (name(n), name(n ^ 1));
        let client = Client::connect(Dialect::Holdfast, port, &own, &other, None, received);
        let mut client = client.await?;
        client.enter(&format!("room{pair}")).await?;
        client.meet().await?;
        Ok::<_, anyhow::Error>(client)
    };
    let mut both = [come(2 * pair).await?, come(2 * pair + 1).await?];
    let [ann, bob] = &mut both;
    ann.describe("video-offer").await?;
    bob.candidates().await?;
    bob.describe("video-answer").await?;
    ann.candidates().await?;
    ann.rest().await?;
    bob.rest().await?;
    Ok(both)
}

/// kB and ms of processor time for each who comes in: one after the other where so many are, and so
/// many at once.
async fn join(args: &Args, dialect: Dialect, people: usize) -> Result<[(f64, f64); 2]> {
    let mut costs = [(0.0, 0.0); 2];
    for (cost, at_once) in costs.iter_mut().zip([false, true]) {
        let server = Server::start(args, dialect).await?;
        let received = Received::default();
        let mut crowd = Crowd::default();
        let joins = match at_once {
            true => people,
            false => {
                crowd
                    .come(&server, dialect, 0..people, "bench", &received)
                    .await?;
                JOINS
            }
        };
        let mut waiting = Vec::new();
        for n in 0..joins {
            let name = name(people + n);
            let connected = Client::connect(dialect, server.port, &name, &name, None, &received);
            waiting.push(connected.await?);
        }
        settle(&received).await;
        let (bytes, cpu) = (received.bytes(), server.cpu()?);
        let mut entering = JoinSet::new();
        for mut client in waiting {
            if !at_once {
                sleep(Duration::from_millis(150)).await;
            }
            entering.spawn(async move {
                client.enter("bench").await?;
                client.drain().await;
                Ok::<_, anyhow::Error>(())
            });
        }
        settle(&received).await;
        let kilobytes = (received.bytes() - bytes) as f64 / 1000.0;
        let milliseconds = (server.cpu()? - cpu).as_secs_f64() * 1000.0;
        *cost = (kilobytes / joins as f64, milliseconds / joins as f64);
    }
    Ok(costs)
}

/// People who only listen; gone when it is dropped.
#[derive(Default)]
struct Crowd(Vec<JoinHandle<()>>);

impl Crowd {
    async fn come(
        &mut self,
        server: &Server,
        dialect: Dialect,
        people: std::ops::Range<usize>,
        room: &str,
        received: &Received,
    ) -> Result<()> {
        for n in people {
            let (own, other) = (name(n), name(n ^ 1));
            let mut client =
                Client::connect(dialect, server.port, &own, &other, None, received).await?;
            client.enter(room).await?;
            self.0.push(tokio::spawn(client.drain()));
        }
        Ok(())
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        for listener in &self.0 {
            listener.abort();
        }
    }
}

/// Waits until nothing comes any more. In a large room our server gathers news for up to a second.
async fn settle(received: &Received) {
    let mut before = u64::MAX;
    while received.bytes() != before {
        before = received.bytes();
        sleep(Duration::from_millis(1500)).await;
    }
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn name(n: usize) -> String {
    match n / NAMES.len() {
        0 => NAMES[n].to_owned(),
        round => format!("{}{}", NAMES[n % NAMES.len()], round + 1),
    }
}
