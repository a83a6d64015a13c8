//! What whoever runs a server expects of it.

mod client;

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::net::UnixDatagram,
    process::{Child, Command, Stdio},
    time::Duration,
};

use client::{TestServer, get};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// How long it may take to tell.
const SOON: Duration = Duration::from_secs(10);

/// A process that goes with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Already ended is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(command: &mut Command) -> Running {
    Running(command.spawn().expect("it starts"))
}

fn server(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_holdfast-server"));
    command.args(["--listen", "127.0.0.1:0"]).args(args);
    command.stderr(Stdio::piped());
    command
}

fn signal(process: &Running, name: &str) {
    let id = process.0.id().to_string();
    let told = Command::new("kill").args([name, &id]).status();
    assert!(told.is_ok_and(|status| status.success()));
}

/// The lines of its log, one after the other.
fn log(process: &mut Child) -> impl Iterator<Item = String> + use<> {
    let stderr = process.stderr.take().expect("piped");
    BufReader::new(stderr)
        .lines()
        .map(|line| line.expect("text"))
}

#[tokio::test]
async fn a_port_that_a_service_manager_has_opened_is_taken() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound");
    // The first of its sockets is number 3 (sd_listen_fds(3)), for the process of that id.
    let script = r#"LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" --listen 192.0.2.1:1 --log error 3<&0"#;
    let mut shell = Command::new("sh");
    shell.args(["-c", script, env!("CARGO_BIN_EXE_holdfast-server")]);
    let _server = start(shell.stdin(Stdio::from(std::os::fd::OwnedFd::from(listener))));
    // It waits there until the server is ready.
    assert!(get(address, "/healthz").await.ends_with("ok\n"));
}

#[test]
fn a_certificate_is_read_again_at_a_signal() {
    let folder = tempfile::tempdir().expect("a folder");
    let [chain, key] = ["chain.pem", "key.pem"].map(|name| folder.path().join(name));
    let made = rcgen::generate_simple_self_signed(["localhost".into()]).expect("made");
    fs::write(&chain, made.cert.pem()).expect("written");
    fs::write(&key, made.signing_key.serialize_pem()).expect("written");
    let (chain_name, key_name) = (chain.to_string_lossy(), key.to_string_lossy());
    let mut process = start(&mut server(&[
        "--tls-cert",
        &chain_name,
        "--tls-key",
        &key_name,
    ]));
    let mut log = log(&mut process.0);
    let mut says = |word: &str| assert!(log.any(|line| line.contains(word)), "{word}");
    says("listening");
    signal(&process, "-HUP");
    says("the certificate is read again");
    fs::remove_file(&key).expect("there");
    signal(&process, "-HUP");
    says("the certificate stays as it is");
    signal(&process, "-TERM");
    says("stopping");
    assert!(process.0.wait().expect("it ends").success());
}

#[test]
fn a_service_manager_is_told_when_it_is_ready_and_when_it_stops() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("notify");
    let manager = UnixDatagram::bind(&path).expect("bound");
    manager.set_read_timeout(Some(SOON)).expect("set");
    let mut process = start(server(&[]).env("NOTIFY_SOCKET", &path));
    let told = || {
        let mut text = [0; 64];
        let length = manager.recv(&mut text).expect("it tells");
        String::from_utf8_lossy(&text[..length]).trim().to_owned()
    };
    assert_eq!(told(), "READY=1");
    signal(&process, "-TERM");
    assert_eq!(told(), "STOPPING=1");
    assert!(process.0.wait().expect("it ends").success());
}

#[test]
fn a_file_names_the_options_and_the_log_may_be_for_programs() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("holdfast.toml");
    fs::write(&file, "log-format = 'json'\nlog = 'info'\n").expect("written");
    let mut process = start(&mut server(&["--config", &file.to_string_lossy()]));
    let lines = log(&mut process.0);
    let mut objects = lines.map(|line| serde_json::from_str::<Value>(&line).expect("an object"));
    assert!(objects.any(|line| line["fields"]["message"] == "listening"));
    signal(&process, "-TERM");
    assert!(process.0.wait().expect("it ends").success());

    fs::write(&file, "max-per-rom = 5\n").expect("written");
    let refused = server(&["--config", &file.to_string_lossy()]).output();
    let refused = refused.expect("it ends");
    assert_eq!(refused.status.code(), Some(2));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("no option `max-per-rom`"), "{said}");
}

#[tokio::test]
async fn what_is_wrong_with_a_request_for_a_websocket_is_said() {
    let server = TestServer::start().await;
    let ask = async |headers: &str| {
        let mut stream = TcpStream::connect(server.address).await.expect("connects");
        let request = format!(
            "GET / HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade, close\r\nupgrade: websocket\r\n{headers}\r\n"
        );
        stream.write_all(request.as_bytes()).await.expect("writes");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("text");
        answer.to_lowercase()
    };
    let key = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let answer = ask(&format!("{key}sec-websocket-version: 8\r\n")).await;
    assert!(answer.starts_with("http/1.1 426"), "{answer}");
    assert!(answer.contains("sec-websocket-version: 13"), "{answer}");
    let answer = ask("sec-websocket-version: 13\r\n").await;
    assert!(answer.starts_with("http/1.1 400"), "{answer}");
    assert!(answer.contains("sec-websocket-key"), "{answer}");
    assert!(
        get(server.address, "/healthz")
            .await
            .starts_with("HTTP/1.1 200")
    );
    server.stop().await;
}
