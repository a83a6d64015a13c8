//! The page, served on the same port.

mod client;

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
};

use client::TestServer;

fn get(address: SocketAddr, path: &str, headers: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).expect("connects");
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).expect("writes");
    let mut response = Vec::new();
    stream.read_to_end(&mut response).expect("reads");
    let response = String::from_utf8_lossy(&response).into_owned();
    let (head, body) = response.split_once("\r\n\r\n").expect("a head");
    (head.to_lowercase(), body.to_owned())
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

    for path in ["/../Cargo.toml", "/%2e%2e/Cargo.toml", "/none"] {
        assert!(
            get(server.address, path, "").0.starts_with("http/1.1 404"),
            "{path}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_built_page_a_sentence_says_what_to_do() {
    let server = TestServer::start().await;
    let (head, body) = get(server.address, "/", "");
    assert!(head.starts_with("http/1.1 404"), "{head}");
    assert!(body.contains("cargo xtask build"), "{body}");
}
