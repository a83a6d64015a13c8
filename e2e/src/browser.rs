//! Browsers with a fake camera and microphone, driven over WebDriver.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use fantoccini::{Client, ClientBuilder, wd::Capabilities};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::sleep,
};

use crate::net;

/// Which browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Debian's Chromium.
    Chromium,
    /// Debian's Firefox ESR.
    Firefox,
}

/// How a browser differs from the usual one; most are for Chromium alone.
#[derive(Debug, Default)]
pub struct Look {
    /// Where it keeps what it knows, so that another may go on with it.
    pub profile: Option<PathBuf>,
    /// Its person refuses camera and microphone.
    pub refuses_media: bool,
    /// What the camera shows, as a Y4M file.
    pub camera: Option<PathBuf>,
    /// What the microphone hears, as a WAV file.
    pub microphone: Option<PathBuf>,
    /// What it finds in its environment, where it has a network of its own; in Firefox too.
    pub environment: Vec<(&'static str, String)>,
    /// More arguments.
    pub args: Vec<&'static str>,
    /// A plain http origin that counts as secure, so that its pages get camera and microphone.
    pub secure: Option<String>,
    /// Another size of the page, in CSS pixels.
    pub size: Option<(u32, u32)>,
    /// Firefox: nothing is heard before somebody has pressed something, as where nobody has changed it.
    pub asks_before_sound: bool,
}

/// A running ChromeDriver or geckodriver. Ends with us.
pub(crate) struct Driver {
    kind: Kind,
    address: SocketAddr,
    process: Child,
    /// The way in, if it runs in a network namespace.
    relay: Option<Child>,
}

impl Driver {
    /// In that network namespace and environment, if one is named.
    pub(crate) async fn start(
        kind: Kind,
        space: Option<&str>,
        environment: &[(&'static str, String)],
    ) -> Self {
        let address = free_address();
        let port = address.port().to_string();
        let (program, args): (_, &[&str]) = match kind {
            Kind::Chromium => ("chromedriver", &[&format!("--port={port}")]),
            Kind::Firefox => (
                "geckodriver",
                // Some tests do what people do in its own menus.
                &["--port", &port, "--log", "error", "--allow-system-access"],
            ),
        };
        let process = match space {
            Some(space) => net::spawn(space, program, args, environment),
            None => Command::new(program)
                .args(args)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("the driver is on the PATH: cargo xtask test puts it there"),
        };
        let relay = match space {
            Some(space) => Some(net::reach_into(space, address.port()).await),
            None => None,
        };
        let driver = Self {
            kind,
            address,
            process,
            relay,
        };
        let due = Instant::now() + Duration::from_secs(20);
        while !answers(address).await {
            assert!(
                Instant::now() < due,
                "the driver of {kind:?} does not answer"
            );
            sleep(Duration::from_millis(20)).await;
        }
        driver
    }

    /// A browser with a profile of its own.
    pub(crate) async fn browser(&self, look: &Look) -> Client {
        let capabilities = match self.kind {
            Kind::Chromium => chromium(look),
            Kind::Firefox => firefox(look),
        };
        let mut capabilities: Capabilities =
            serde_json::from_value(capabilities).expect("an object");
        // As a person does who believes a certificate that the server made up.
        capabilities.insert("acceptInsecureCerts".into(), true.into());
        ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://{}", self.address))
            .await
            .expect("the browser starts")
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Already ended is as good.
        for process in [&mut self.process].into_iter().chain(&mut self.relay) {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

fn chromium(look: &Look) -> Value {
    let mut args = vec![
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--window-size=1440,900",
    ];
    args.push(match look.camera {
        // The second fake camera is a depth camera, whose picture cannot be sent.
        None => "--use-fake-device-for-media-stream=device-count=3",
        // A file is one camera.
        Some(_) => "--use-fake-device-for-media-stream",
    });
    args.push(match look.refuses_media {
        true => "--deny-permission-prompts",
        false => "--use-fake-ui-for-media-stream",
    });
    args.extend(&look.args);
    let profile = look.profile.as_ref();
    let profile = profile.map(|folder| format!("--user-data-dir={}", folder.display()));
    args.extend(profile.as_deref());
    let camera = look.camera.as_ref();
    let camera = camera.map(|file| format!("--use-file-for-fake-video-capture={}", file.display()));
    args.extend(camera.as_deref());
    let microphone = look.microphone.as_ref();
    let microphone =
        microphone.map(|file| format!("--use-file-for-fake-audio-capture={}", file.display()));
    args.extend(microphone.as_deref());
    let secure = look.secure.as_ref();
    let secure =
        secure.map(|origin| format!("--unsafely-treat-insecure-origin-as-secure={origin}"));
    args.extend(secure.as_deref());
    let mut options = json!({ "args": args });
    if let Some((width, height)) = look.size {
        let metrics = json!({ "width": width, "height": height, "pixelRatio": 1 });
        options["mobileEmulation"] = json!({ "deviceMetrics": metrics });
    }
    json!({ "goog:chromeOptions": options })
}

fn firefox(look: &Look) -> Value {
    let mut args = vec!["-headless", "-width=1440", "-height=900"];
    let profile = look.profile.as_ref();
    let profile = profile.map(|folder| folder.display().to_string());
    if let Some(folder) = &profile {
        args.extend(["-profile", folder]);
    }
    json!({ "moz:firefoxOptions": {
        "args": args,
        "prefs": {
            "media.navigator.streams.fake": true,
            // TURN servers of tests are on this machine.
            "media.peerconnection.ice.loopback": true,
            "media.navigator.permission.disabled": true,
            // Two browsers of one machine reach each other by its addresses, not by mDNS.
            "media.peerconnection.ice.obfuscate_host_addresses": false,
            // Addresses of the fault lab are not localhost.
            "media.devices.insecure.enabled": true,
            "media.getusermedia.insecure.enabled": true,
            "media.autoplay.default": u8::from(look.asks_before_sound),
            "app.update.enabled": false,
            "datareporting.policy.dataSubmissionEnabled": false,
            "network.captive-portal-service.enabled": false,
            "network.connectivity-service.enabled": false,
        },
    } })
}

/// Kills the browser that has that profile, as a system does that runs out of memory.
pub fn kill(profile: &Path) {
    let profile = profile.display().to_string();
    let processes = fs::read_dir("/proc").expect("Linux");
    for process in processes.flatten() {
        let command = fs::read_to_string(process.path().join("cmdline")).unwrap_or_default();
        let is_browser = command.contains(&profile) && !command.contains("driver");
        if let (true, Ok(pid)) = (is_browser, process.file_name().into_string()) {
            // Those that it has started may have gone with it.
            let _ = Command::new("kill").args(["-9", &pid]).status();
        }
    }
}

/// Whether a driver is there, and not only the way to it.
async fn answers(address: SocketAddr) -> bool {
    let asked = async {
        let mut stream = TcpStream::connect(address).await?;
        let question = format!("GET /status HTTP/1.1\r\nHost: {address}\r\n\r\n");
        stream.write_all(question.as_bytes()).await?;
        stream.read(&mut [0]).await
    };
    asked.await.is_ok_and(|read| read > 0)
}

/// A port that was free a moment ago.
pub fn free_address() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("bound")
}
