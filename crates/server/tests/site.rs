//! The page, served on the same port.

mod client;

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::{SystemTime, UNIX_EPOCH},
};

use client::TestServer;
use serde_json::{Value, json};

/// The head of an answer, as it is.
fn head(address: SocketAddr, path: &str, headers: &str) -> String {
    answer(address, path, headers).0
}

fn get(address: SocketAddr, path: &str, headers: &str) -> (String, String) {
    let (head, body) = answer(address, path, headers);
    (head.to_lowercase(), body)
}

fn answer(address: SocketAddr, path: &str, headers: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).expect("connects");
    let request =
        format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).expect("writes");
    let mut response = Vec::new();
    stream.read_to_end(&mut response).expect("reads");
    let response = String::from_utf8_lossy(&response).into_owned();
    let (head, body) = response.split_once("\r\n\r\n").expect("a head");
    (head.to_owned(), body.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_served_compressed_where_the_build_left_them_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("writes");
    write("index.html", "<!doctype html>");
    write("app-0123456789abcdef.wasm", "plain");
    write("app-0123456789abcdef.wasm.br", "small");
    let server = TestServer::with_site(folder.path().to_owned()).await;

    let (head, body) = get(server.address, "/", "");
    assert!(
        head.starts_with("http/1.1 200") && head.contains("text/html"),
        "{head}"
    );
    assert!(head.contains("cache-control: no-cache"), "{head}");
    for strict in [
        "content-security-policy: frame-ancestors 'none'",
        "x-content-type-options: nosniff",
        "referrer-policy: no-referrer",
    ] {
        assert!(head.contains(strict), "{strict} is not in {head}");
    }
    assert_eq!(body, "<!doctype html>");

    let path = "/app-0123456789abcdef.wasm";
    let (head, body) = get(server.address, path, "accept-encoding: br\r\n");
    assert!(
        head.contains("application/wasm") && head.contains("content-encoding: br"),
        "{head}"
    );
    assert!(head.contains("immutable"), "{head}");
    assert_eq!(body, "small");
    assert_eq!(get(server.address, path, "").1, "plain");

    assert!(head.contains("vary: accept-encoding"), "{head}");

    let (head, _) = get(server.address, "/none", "");
    assert!(head.starts_with("http/1.1 404"), "{head}");
    // What is wrong today may be right tomorrow.
    for (path, headers, status) in [
        (path, "range: bytes=99-\r\n", "416"),
        ("/app-abcdef0123456789.wasm", "", "404"),
    ] {
        let (head, _) = get(server.address, path, headers);
        assert!(head.starts_with(&format!("http/1.1 {status}")), "{head}");
        assert!(!head.contains("immutable"), "{head}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_outside_the_sites_folder_is_served() {
    let folder = tempfile::tempdir().expect("a folder");
    let site = folder.path().join("site");
    fs::create_dir(&site).expect("made");
    fs::write(site.join("index.html"), "<!doctype html>").expect("written");
    fs::write(folder.path().join("secret.txt"), "outside").expect("written");
    let server = TestServer::with_site(site.clone()).await;
    assert!(
        site.join("../secret.txt").is_file(),
        "there is something to find"
    );
    for path in [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e%2fsecret.txt",
        "/x/../../secret.txt",
        "//../secret.txt",
        "/..\\secret.txt",
    ] {
        let (head, body) = get(server.address, path, "");
        assert!(!body.contains("outside"), "{path}");
        assert!(!head.starts_with("http/1.1 200"), "{path}: {head}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_built_page_a_sentence_says_what_to_do() {
    let server = TestServer::start().await;
    let (head, body) = get(server.address, "/", "");
    assert!(head.starts_with("http/1.1 404"), "{head}");
    assert!(body.contains("cargo xtask build"), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ice_servers_come_with_passwords_that_end() {
    let server = TestServer::with(|options| {
        let urls = [
            "stun:stun.example.org",
            "turn:turn.example.org?transport=udp",
        ];
        options.turn_urls = urls.map(Into::into).into();
        options.turn_secret = Some("shared".into());
    })
    .await;
    let (head, body) = get(server.address, "/ice", "");
    assert!(head.contains("cache-control: no-store"), "{head}");
    let body: Value = serde_json::from_str(&body).expect("JSON");
    let [stun, turn] = [0, 1].map(|n| &body["iceServers"][n]);
    assert_eq!(stun, &json!({"urls": ["stun:stun.example.org"]}));
    assert_eq!(turn["urls"], json!(["turn:turn.example.org?transport=udp"]));
    let username = turn["username"].as_str().expect("a name");
    let end: u64 = username
        .split(':')
        .next()
        .map(str::parse)
        .expect("a time")
        .expect("a number");
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_secs();
    assert!((3600..=24 * 3600 + 1).contains(&(end - now)), "{username}");
    // What coturn computes: base64(HMAC-SHA1(secret, username)).
    assert_eq!(turn["credential"].as_str().map(str::len), Some(28));

    let server = TestServer::start().await;
    assert_eq!(get(server.address, "/ice", "").1, r#"{"iceServers":[]}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_browser_has_is_not_sent_again_until_it_changes() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("writes");
    write("index.html", "<!doctype html>");
    write("index.html.br", "small");
    let server = TestServer::with_site(folder.path().to_owned()).await;
    let tag_of = |head: &str| {
        let line = head.lines().find(|line| line.starts_with("etag: "));
        line.map(|line| line.trim_start_matches("etag: ").to_owned())
    };
    let tag = tag_of(&head(server.address, "/index.html", "")).expect("a tag");
    let known = format!("if-none-match: \"other\", {tag}\r\n");
    let same = head(server.address, "/index.html", &known);
    assert!(same.starts_with("HTTP/1.1 304"), "{same}");
    assert_eq!(tag_of(&same).as_ref(), Some(&tag));
    for known in [
        "if-none-match: *\r\n",
        &format!("range: bytes=0-1\r\n{known}"),
    ] {
        let same = head(server.address, "/index.html", known);
        assert!(same.starts_with("HTTP/1.1 304"), "{same}");
    }
    let part = head(server.address, "/index.html", "range: bytes=0-1\r\n");
    assert!(part.starts_with("HTTP/1.1 206"), "{part}");
    assert_eq!(tag_of(&part), None);
    let compressed = format!("{known}accept-encoding: br\r\n");
    let other = head(server.address, "/index.html", &compressed);
    assert!(other.starts_with("HTTP/1.1 200"), "{other}");
    // A date that would say that nothing has changed is not looked at.
    write("index.html", "<!doctype html> anew");
    let known = format!("{known}if-modified-since: Fri, 01 Jan 2100 00:00:00 GMT\r\n");
    let anew = head(server.address, "/index.html", &known);
    assert!(anew.starts_with("HTTP/1.1 200"), "{anew}");
}
