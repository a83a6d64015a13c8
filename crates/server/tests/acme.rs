//! A certificate that the server orders by itself, of Pebble, a real ACME server.

mod client;

use std::{ffi::OsStr, net::SocketAddr, path::Path, process::Stdio, sync::Arc, time::Duration};

use client::TestServer;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    process::{Child, Command},
    time::{Instant, sleep, timeout},
};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring::default_provider,
        pki_types::{CertificateDer, pem::PemObject},
    },
};

/// How long an order may take: the crate waits in whole seconds.
const LIMIT: Duration = Duration::from_secs(60);

const DOMAIN: &str = "call.example.org";

/// An authority, and whoever tells it where names lead: here.
struct Authority {
    acme: SocketAddr,
    management: SocketAddr,
    _processes: [Child; 2],
}

async fn free() -> SocketAddr {
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    free.local_addr().expect("bound")
}

impl Authority {
    /// One that looks whether names are ours at that port. Its own certificate is of `root.pem`, in the folder.
    async fn start(folder: &Path, tls_port: u16) -> Self {
        let [acme, management, dns] = [free().await, free().await, free().await];
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root_key = KeyPair::generate().expect("a key");
        let root = params.self_signed(&root_key).expect("a root");
        let issuer = Issuer::new(params, root_key);
        let key = KeyPair::generate().expect("a key");
        let own = CertificateParams::new(["127.0.0.1".to_owned()]).expect("an address");
        let own = own.signed_by(&key, &issuer).expect("signed");
        for (name, pem) in [
            ("root.pem", root.pem()),
            ("own.pem", own.pem()),
            ("own.key", key.serialize_pem()),
        ] {
            std::fs::write(folder.join(name), pem).expect("written");
        }
        let config = json!({ "pebble": {
            "listenAddress": acme.to_string(),
            "managementListenAddress": management.to_string(),
            "certificate": folder.join("own.pem"),
            "privateKey": folder.join("own.key"),
            "httpPort": 1,
            "tlsPort": tls_port,
        }});
        let file = folder.join("pebble.json");
        std::fs::write(&file, config.to_string()).expect("written");
        let spawn = |command: &mut Command| {
            let command = command.stdout(Stdio::null()).stderr(Stdio::null());
            command
                .kill_on_drop(true)
                .spawn()
                .expect("Debian has it: apt install pebble")
        };
        let names = spawn(Command::new("pebble-challtestsrv").args([
            "-dns01",
            &dns.to_string(),
            "-defaultIPv4",
            "127.0.0.1",
            "-defaultIPv6",
            "",
            "-http01",
            "",
            "-https01",
            "",
            "-tlsalpn01",
            "",
            "-management",
            &free().await.to_string(),
        ]));
        let pebble = spawn(
            Command::new("pebble")
                .arg("-config")
                .arg(file)
                .args(["-dnsserver", &dns.to_string()])
                .env("PEBBLE_VA_NOSLEEP", "1")
                // The crate does not try again by itself, where a nonce is refused for the sake of it.
                .env("PEBBLE_WFE_NONCEREJECT", "0"),
        );
        let due = Instant::now() + LIMIT;
        while TcpStream::connect(management).await.is_err() {
            assert!(Instant::now() < due, "it does not start");
            sleep(Duration::from_millis(20)).await;
        }
        Self {
            acme,
            management,
            _processes: [names, pebble],
        }
    }

    /// The root of the certificates that it gives, which is another at each of its starts.
    async fn root(&self, folder: &Path) -> CertificateDer<'static> {
        let own = CertificateDer::from_pem_file(folder.join("root.pem")).expect("a root");
        let answer = ask(self.management, "127.0.0.1", own, "/roots/0").await;
        CertificateDer::from_pem_slice(answer.expect("it answers").as_bytes()).expect("a root")
    }
}

/// The answer to a GET by TLS, from who shows a certificate of that root for that name; or why there is none.
async fn ask(
    at: SocketAddr,
    name: &str,
    root: CertificateDer<'static>,
    path: &str,
) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(root).expect("a certificate");
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(at).await?;
    let to = name.to_owned().try_into().expect("a name");
    let mut stream = TlsConnector::from(Arc::new(config))
        .connect(to, stream)
        .await?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: {name}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

/// The arguments of a server whose certificate is of that authority.
fn args(folder: &Path, acme: SocketAddr) -> Vec<String> {
    vec![
        format!("--domain={DOMAIN}"),
        format!("--acme=https://{acme}/dir"),
        format!("--acme-root={}", folder.join("root.pem").display()),
        format!("--acme-folder={}", folder.join("kept").display()),
    ]
}

async fn serve(at: SocketAddr, args: &[String]) -> TestServer {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    TestServer::process(Some(at), &args).await
}

#[tokio::test]
async fn a_certificate_is_ordered_and_kept_for_the_next_process() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let at = free().await;
    let authority = Authority::start(folder, at.port()).await;
    let root = authority.root(folder).await;
    let args = args(folder, authority.acme);
    let server = serve(at, &args).await;
    let due = Instant::now() + LIMIT;
    let answer = loop {
        match ask(at, DOMAIN, root.clone(), "/healthz").await {
            Ok(answer) => break answer,
            Err(error) => assert!(Instant::now() < due, "{error}"),
        }
        sleep(Duration::from_millis(100)).await;
    };
    assert!(answer.ends_with("ok\n"), "{answer}");
    // It is kept a moment after it is shown.
    let files = loop {
        let files = std::fs::read_dir(folder.join("kept")).expect("made");
        let files: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
        let is_kept = |ending| {
            files
                .iter()
                .any(|file| file.extension() == Some(OsStr::new(ending)))
        };
        if is_kept("pem") && is_kept("der") && !is_kept("new") {
            break files;
        }
        assert!(Instant::now() < due, "{files:?}");
        sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(files.len(), 2, "{files:?}");
    for file in files {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&file)
            .expect("there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "there is a key in {file:?}");
    }
    server.kill().await;
    // Without an authority to ask.
    drop(authority);
    let server = serve(at, &args).await;
    let due = Instant::now() + LIMIT;
    while ask(at, DOMAIN, root.clone(), "/healthz").await.is_err() {
        assert!(Instant::now() < due, "it was kept");
        sleep(Duration::from_millis(20)).await;
    }
    server.stop().await;
}

#[tokio::test]
async fn what_is_wrong_with_an_order_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    std::fs::write(&file, "no certificate").expect("written");
    let file = file.display();
    let kept = format!("--acme-folder={}", folder.path().join("kept").display());
    let domain = format!("--domain={DOMAIN}");
    let in_file = format!("--acme-folder={file}/in-it");
    let root = format!("--acme-root={file}");
    for (args, word) in [
        (vec!["--domain=https://call.example.org"], "a name alone"),
        (vec!["--domain=192.0.2.1"], "a name alone"),
        (vec!["--domain=localhost"], "a name alone"),
        (vec![&domain, "--tls=self-signed"], "cannot be used with"),
        (vec![&domain, &in_file], "nothing can be kept in"),
        (vec![&domain, &kept, &root], "there is no certificate in it"),
    ] {
        let said = Command::new(env!("CARGO_BIN_EXE_holdfast-server"))
            .arg("--listen=127.0.0.1:0")
            .args(&args)
            .output();
        let said = said.await.expect("it ends");
        assert!(!said.status.success(), "{args:?}");
        let said = String::from_utf8_lossy(&said.stderr).into_owned();
        assert!(said.contains(word), "{args:?}: {said}");
    }
    // Where nobody answers, it serves all the same, and says why there is no certificate.
    let nobody = format!("--acme=https://{}/dir", free().await);
    let mut process = Command::new(env!("CARGO_BIN_EXE_holdfast-server"))
        .args(["--listen=127.0.0.1:0", &domain, &kept, &nobody])
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(process.stderr.take().expect("piped")).lines();
    let said = timeout(LIMIT, async {
        loop {
            let line = lines.next_line().await.expect("text").expect("it runs");
            if line.contains("no certificate for") {
                break line;
            }
        }
    });
    let said = said.await.expect("it says why");
    assert!(
        said.contains(DOMAIN) && said.contains(&nobody[7..]),
        "{said}"
    );
    assert!(process.try_wait().expect("a process").is_none());
}
