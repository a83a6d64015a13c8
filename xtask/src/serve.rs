//! `cargo xtask serve`: the page and the signaling server, on one address.

use std::{
    net::{SocketAddr, TcpStream},
    process::{Child, Command},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use crate::{
    build,
    run::{self, cargo, command, root, target},
    tools::Tools,
};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:6503")]
    listen: SocketAddr,

    /// Rebuild and reload at each change (`trunk serve`, with the server behind its proxy)
    #[arg(long)]
    dev: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let tools = Tools::for_building()?;
    if !args.dev {
        build::page(&tools)?;
    }
    run::run(&mut cargo(&[
        "build",
        "--quiet",
        "--package",
        "holdfast-server",
    ]))?;
    let mut server = Running(start_server(args)?);
    if args.dev {
        let proxy = format!("--proxy-backend=ws://{}/ws", args.listen);
        let mut trunk = command(
            "trunk",
            &["serve", &proxy, "--proxy-ws", "--proxy-rewrite=/ws"],
        );
        return run::run(tools.apply(&mut trunk).env_remove("NO_COLOR"));
    }
    println!("Holdfast is at http://localhost:{}/", args.listen.port());
    let status = server.0.wait()?;
    if !status.success() {
        bail!("the server ended ({status})");
    }
    Ok(())
}

fn start_server(args: &Args) -> Result<Child> {
    let mut server = Command::new(target().join("debug").join("holdfast-server"));
    server.arg("--listen").arg(args.listen.to_string());
    server.arg("--site").arg(root().join("dist"));
    server.arg("--key").arg(target().join("holdfast.key"));
    if args.dev {
        // Trunk's server has the page.
        server.args(["--origin", "http://localhost:8080,http://127.0.0.1:8080"]);
    }
    let mut server = server.spawn().context("the server cannot be started")?;
    let due = Instant::now() + Duration::from_secs(10);
    while TcpStream::connect(args.listen).is_err() {
        if let Some(status) = server.try_wait()? {
            bail!(
                "the server did not start ({status}); is port {} in use?",
                args.listen.port()
            );
        }
        if Instant::now() > due {
            bail!("the server does not answer at {}", args.listen);
        }
        sleep(Duration::from_millis(20));
    }
    // Somebody answers; is it our server, or one that already held the port?
    sleep(Duration::from_millis(200));
    if server.try_wait()?.is_some() {
        bail!("port {} is in use by another program", args.listen.port());
    }
    Ok(server)
}

/// Ends with us.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Already ended is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
