//! Networks to lose: Linux network namespaces, joined by a routed core. Needs root and iproute2.
//!
//! `hub` routes and holds the server; each person has two interfaces, `wifi` and `cell`, of which
//! `wifi` is preferred. An address of either interface is routed out through it, whatever the
//! preferred one is.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream, UnixListener, UnixStream},
    time::sleep,
};

/// The server's address, inside the hub.
pub const SERVER: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::new(10, 77, 9, 1)), 6503);

/// Addresses for TURN servers, inside the hub.
pub const TURN: [Ipv4Addr; 2] = [Ipv4Addr::new(10, 77, 9, 2), Ipv4Addr::new(10, 77, 9, 3)];

/// The device that packets of people are routed through by [`Net::route_through_delay`].
pub const DELAY: &str = "hf-delay";

/// Which of a person's two interfaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uplink {
    /// The preferred one.
    Wifi,
    /// The other one.
    Cell,
}

impl Uplink {
    const ALL: [Self; 2] = [Self::Wifi, Self::Cell];

    fn name(self) -> &'static str {
        match self {
            Self::Wifi => "wifi",
            Self::Cell => "cell",
        }
    }
}

/// The namespaces; they go when this is dropped.
pub struct Net {
    people: Vec<String>,
}

/// Whether this machine lets us make namespaces: Linux, root, iproute2.
#[must_use]
pub fn namespaces_work() -> bool {
    let made = ip("netns add hf-probe");
    let works = made && ip("-n hf-probe link set lo up");
    if made {
        ip("netns del hf-probe");
    }
    works
}

impl Net {
    /// Makes the hub, and a namespace for each name.
    ///
    /// # Panics
    /// Where that is not allowed; ask [`namespaces_work`] first.
    #[must_use]
    pub fn new(people: &[&str]) -> Self {
        let net = Self {
            people: people.iter().map(|name| namespace(name)).collect(),
        };
        net.remove();
        net.add("hf-hub");
        netns("hf-hub", "sysctl -qw net.ipv4.ip_forward=1");
        let turn = TURN.map(std::net::IpAddr::V4);
        for address in [SERVER.ip()].into_iter().chain(turn) {
            must(&format!("-n hf-hub addr add {address}/32 dev lo"));
        }
        for (n, person) in net.people.iter().enumerate() {
            net.add(person);
            for link in Uplink::ALL {
                let (near, far) = (link.name(), far(n, link));
                must(&format!("link add {far} type veth peer name hf{n}{near}"));
                must(&format!("link set {far} netns hf-hub"));
                must(&format!("link set hf{n}{near} netns {person}"));
                must(&format!("-n {person} link set hf{n}{near} name {near}"));
                let subnet = net.subnet(n, link);
                must(&format!("-n hf-hub addr add 10.77.{subnet}.1/24 dev {far}"));
                must(&format!("-n hf-hub link set {far} up"));
            }
            netns(person, "sysctl -qw net.ipv4.conf.all.rp_filter=0");
            net.up(n, Uplink::Wifi);
        }
        net
    }

    /// Routes what people send through [`DELAY`], a TUN device in the hub, once that is there. What the program
    /// behind it writes goes on to where it was sent.
    ///
    /// # Panics
    /// When there is no such device within five seconds.
    pub async fn route_through_delay(&self) {
        let up = format!("-n hf-hub link set {DELAY} up");
        for _ in 0..100 {
            if ip(&up) {
                break;
            }
            sleep(Duration::from_millis(50)).await;
        }
        must(&up);
        let (loose, local) = (
            format!("net.ipv4.conf.{DELAY}.rp_filter=0"),
            format!("net.ipv4.conf.{DELAY}.accept_local=1"),
        );
        // The kernel would look for the socket of a packet first, and drop it if there is one.
        let direct = "net.ipv4.ip_early_demux=0";
        netns("hf-hub", &format!("sysctl -qw {loose} {local} {direct}"));
        // The hub's own addresses are looked for first of all, unless told otherwise.
        must("-n hf-hub rule add pref 1000 lookup local");
        must("-n hf-hub rule del pref 0");
        must(&format!(
            "-n hf-hub route add default dev {DELAY} table 200"
        ));
        for person in 0..self.people.len() {
            for link in Uplink::ALL {
                let (far, subnet) = (far(person, link), self.subnet(person, link));
                // It is asked for by ARP.
                must(&format!(
                    "-n hf-hub route add local 10.77.{subnet}.1 dev {far} table 200"
                ));
                must(&format!("-n hf-hub rule add pref 100 iif {far} lookup 200"));
            }
        }
    }

    /// The interface gets its address, and a route by it.
    pub fn up(&self, person: usize, link: Uplink) {
        self.up_as(person, link, 2);
    }

    /// The same, with another address of the subnet: its last number.
    pub fn up_as(&self, person: usize, link: Uplink, host: u8) {
        let (space, near, subnet) = (&self.people[person], link.name(), self.subnet(person, link));
        let (address, gateway) = (
            format!("10.77.{subnet}.{host}"),
            format!("10.77.{subnet}.1"),
        );
        let (metric, table) = match link {
            Uplink::Wifi => (100, 101),
            Uplink::Cell => (200, 102),
        };
        ip(&format!("-n {space} addr flush dev {near}"));
        must(&format!("-n {space} addr add {address}/24 dev {near}"));
        must(&format!("-n {space} link set {near} up"));
        must(&format!(
            "-n {space} route replace default via {gateway} dev {near} metric {metric}"
        ));
        must(&format!(
            "-n {space} route replace default via {gateway} dev {near} table {table}"
        ));
        ip(&format!("-n {space} rule del table {table}"));
        must(&format!("-n {space} rule add from {address} table {table}"));
    }

    /// The interface goes, and its address with it.
    pub fn down(&self, person: usize, link: Uplink) {
        let (space, near) = (&self.people[person], link.name());
        must(&format!("-n {space} addr flush dev {near}"));
        must(&format!("-n {space} link set {near} down"));
    }

    /// Drops everything that comes from or goes to that interface, in the core: the device sees
    /// nothing of it.
    pub fn drop_all(&self, person: usize, link: Uplink) {
        self.filter(person, link, "");
    }

    /// Drops what is not TCP: media, not signaling.
    pub fn drop_media(&self, person: usize, link: Uplink) {
        self.filter(person, link, "ip protocol udp");
    }

    /// Drops what is not TCP between the people; what goes through the hub's own servers is not.
    pub fn drop_direct(&self) {
        nft(
            "table ip lab {\nchain forward {\ntype filter hook forward priority 0\n\
             ip saddr != 10.77.9.0/24 ip daddr != 10.77.9.0/24 ip protocol udp drop\n}\n}",
        );
    }

    /// Drops the media that is more than so many kilobytes a second, of what comes from that interface and of what goes to
    /// it; what goes by the hub's own servers counts by itself.
    pub fn narrow(&self, person: usize, link: Uplink, kilobytes: u32) {
        let what =
            format!("ip protocol udp limit rate over {kilobytes} kbytes/second burst 4 kbytes");
        self.filter(person, link, &what);
    }

    /// Drops nothing any more.
    pub fn drop_nothing(&self) {
        netns("hf-hub", "nft flush ruleset");
    }

    /// Writes addresses of that interface over (NAT), from now on with other ports each time this is
    /// called: what was known from outside leads nowhere any more.
    pub fn rebind(&self, person: usize, link: Uplink, first_port: u16) {
        let subnet = self.subnet(person, link);
        let last_port = first_port + 999;
        let other = 10 + subnet;
        ip(&format!("-n hf-hub addr add 10.77.{other}.1/32 dev lo"));
        let rules = format!(
            "flush ruleset\ntable ip nat {{\nchain out {{\ntype nat hook postrouting priority srcnat\n\
             ip saddr 10.77.{subnet}.0/24 ip protocol udp snat to 10.77.{other}.1:{first_port}-{last_port}\n}}\n\
             chain again {{\ntype filter hook prerouting priority raw\niifname \"{DELAY}\" notrack\n}}\n}}"
        );
        nft(&rules);
        // The flows that are known go on as before unless they are forgotten.
        netns("hf-hub", "conntrack -F");
    }

    /// Runs a program in the hub.
    #[must_use]
    pub fn in_hub(program: &str, args: &[&str]) -> Child {
        spawn("hf-hub", program, args, &[])
    }

    fn filter(&self, person: usize, link: Uplink, what: &str) {
        let far = far(person, link);
        let chain = |hook: &str, rules: &str| {
            format!("chain {hook} {{\ntype filter hook {hook} priority 0\n{rules}}}\n")
        };
        let from = format!("iifname \"{far}\" {what} drop\n");
        let to = format!("oifname \"{far}\" {what} drop\n");
        nft(&format!(
            "table ip lab {{\n{}{}{}}}",
            chain("forward", &format!("{from}{to}")),
            chain("input", &from),
            chain("output", &to),
        ));
    }

    fn subnet(&self, person: usize, link: Uplink) -> usize {
        1 + 2 * person + usize::from(link == Uplink::Cell)
    }

    fn add(&self, space: &str) {
        must(&format!("netns add {space}"));
        must(&format!("-n {space} link set lo up"));
    }

    fn remove(&self) {
        for space in self.people.iter().map(String::as_str).chain(["hf-hub"]) {
            ip(&format!("netns del {space}"));
        }
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        self.remove();
    }
}

/// The processes that run in the namespace of that person.
#[must_use]
pub fn processes(name: &str) -> Vec<u32> {
    let mut list = Command::new("ip");
    let list = list.args(["netns", "pids", &namespace(name)]).output();
    let list = list.map(|list| String::from_utf8_lossy(&list.stdout).into_owned());
    let list = list.unwrap_or_default();
    list.lines().filter_map(|line| line.parse().ok()).collect()
}

/// The namespace of that person.
pub(crate) fn namespace(name: &str) -> String {
    format!("hf-{}", name.to_lowercase())
}

/// The hub's end of an interface.
fn far(person: usize, link: Uplink) -> String {
    format!("p{person}{}", link.name())
}

/// A way to a port inside a namespace: the same port outside leads there, for geckodriver minds by
/// which port it is asked. What goes in between is a Unix socket, which network namespaces do not
/// part; `relay` is its other half.
pub(crate) async fn reach_into(space: &str, port: u16) -> Child {
    let path = std::env::temp_dir().join(format!("{space}-{port}.socket"));
    let _ = std::fs::remove_file(&path);
    let own = std::env::current_exe().expect("we run");
    let relay = spawn(
        space,
        &own.to_string_lossy(),
        &["relay", &path.to_string_lossy(), &port.to_string()],
        &[],
    );
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .expect("a port that was free a moment ago");
    while !path.exists() {
        sleep(Duration::from_millis(10)).await;
    }
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let path = path.clone();
            tokio::spawn(async move {
                if let Ok(mut far) = UnixStream::connect(&path).await {
                    let _ = copy_bidirectional(&mut near, &mut far).await;
                }
            });
        }
    });
    relay
}

/// The half of `reach_into` that runs inside the namespace.
pub async fn relay(path: PathBuf, port: u16) {
    let listener = UnixListener::bind(path).expect("the path is free");
    while let Ok((mut near, _)) = listener.accept().await {
        tokio::spawn(async move {
            if let Ok(mut far) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await {
                let _ = copy_bidirectional(&mut near, &mut far).await;
            }
        });
    }
}

/// Starts a program inside a namespace.
pub(crate) fn spawn(
    space: &str,
    program: &str,
    args: &[&str],
    environment: &[(&'static str, String)],
) -> Child {
    Command::new("ip")
        .args(["netns", "exec", space, program])
        .args(args)
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("ip runs")
}

fn must(args: &str) {
    assert!(ip(args), "`ip {args}` failed");
}

fn ip(args: &str) -> bool {
    run(Command::new("ip").args(args.split(' ')))
}

fn netns(space: &str, command: &str) -> bool {
    run(Command::new("ip")
        .args(["netns", "exec", space])
        .args(command.split(' ')))
}

fn nft(rules: &str) {
    let nft = ["netns", "exec", "hf-hub", "nft", rules];
    assert!(run(Command::new("ip").args(nft)), "nft refuses: {rules}");
}

fn run(command: &mut Command) -> bool {
    let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}
