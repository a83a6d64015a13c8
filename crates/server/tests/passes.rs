//! Only who has a pass comes in, and only where and as whom it says.

mod client;

use std::time::{SystemTime, UNIX_EPOCH};

use client::{Client, TestServer};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rcgen::{KeyPair, PKCS_ED25519};
use serde_json::{Value, json};

const SECRET: &str = "a-secret-of-thirty-two-bytes-or-so";

fn in_seconds(seconds: i64) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.expect("after 1970").as_secs();
    i64::try_from(now).expect("soon") + seconds
}

fn sign(claims: &Value, secret: &str) -> String {
    let key = EncodingKey::from_secret(secret.as_bytes());
    encode(&Header::new(Algorithm::HS256), claims, &key).expect("signs")
}

/// Says `username` with that pass; gives the answer.
async fn ask(server: &TestServer, pass: Option<&str>) -> (Client, Value) {
    let mut client = server.connect(Some("holdfast")).await.expect("connects");
    let id = client.next_of("id").await["id"].clone();
    let hello = json!({
        "type": "username", "name": "Mallory", "room": "den", "id": id, "date": 0, "pass": pass,
    });
    client.send(&hello).await;
    let answer = client.next().await;
    (client, answer)
}

#[tokio::test]
async fn a_pass_says_who_comes_into_which_room_under_which_name() {
    let server = TestServer::with(|options| options.pass_secret = Some(SECRET.into())).await;
    let pass = sign(
        &json!({"room": "red", "name": "Ann", "exp": in_seconds(60)}),
        SECRET,
    );
    let (mut ann, given) = ask(&server, Some(&pass)).await;
    assert_eq!(
        (&given["type"], &given["name"]),
        (&json!("rejectusername"), &json!("Ann"))
    );
    ann.next_of("people").await;
    let other = sign(
        &json!({"room": "blue", "name": "Bob", "exp": in_seconds(60)}),
        SECRET,
    );
    let (mut bob, _) = ask(&server, Some(&other)).await;
    assert_eq!(bob.next_of("people").await["free"], json!(["Bob"]));
    // Nor can a name be changed to another afterwards.
    ann.send(&json!({"type": "username", "name": "Bob", "room": "blue", "date": 0}))
        .await;
    assert_eq!(ann.next_of("error").await["code"], "no-pass");
    server.stop().await;
}

#[tokio::test]
async fn what_is_no_good_pass_is_refused() {
    let server = TestServer::with(|options| options.pass_secret = Some(SECRET.into())).await;
    let claims = json!({"room": "red", "name": "Ann", "exp": in_seconds(60)});
    let good = sign(&claims, SECRET);
    let (head, rest) = good.split_once('.').expect("three parts");
    let unsigned = format!(
        "eyJhbGciOiJub25lIn0.{}.",
        rest.split('.').next().expect("claims")
    );
    for (why, pass) in [
        ("none", None),
        ("another's", Some(sign(&claims, "south"))),
        (
            "over",
            Some(sign(
                &json!({"room": "r", "name": "A", "exp": in_seconds(-3600)}),
                SECRET,
            )),
        ),
        (
            "without end",
            Some(sign(&json!({"room": "r", "name": "A"}), SECRET)),
        ),
        (
            "an end that is no number",
            Some(sign(
                &json!({"room": "r", "name": "A", "exp": "never"}),
                SECRET,
            )),
        ),
        (
            "without room",
            Some(sign(&json!({"name": "A", "exp": in_seconds(60)}), SECRET)),
        ),
        ("unsigned", Some(unsigned)),
        ("cut", Some(head.to_owned())),
        ("nonsense", Some("x".repeat(50_000))),
    ] {
        let (_, answer) = ask(&server, pass.as_deref()).await;
        assert_eq!(answer["code"], "no-pass", "{why}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_public_key_will_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let public = folder.path().join("public.pem");
    let pair = KeyPair::generate_for(&PKCS_ED25519).expect("a pair");
    std::fs::write(&public, pair.public_key_pem()).expect("written");
    let server = TestServer::with(|options| options.pass_key = Some(public.clone())).await;
    let key = EncodingKey::from_ed_pem(pair.serialize_pem().as_bytes()).expect("a key");
    let claims = json!({"room": "red", "name": "Ann", "exp": in_seconds(60)});
    let pass = encode(&Header::new(Algorithm::EdDSA), &claims, &key).expect("signs");
    let (mut ann, _) = ask(&server, Some(&pass)).await;
    assert_eq!(ann.next_of("people").await["free"], json!(["Ann"]));
    // The public key is no secret, and must not do as one.
    let confused = std::fs::read_to_string(&public).expect("there");
    let (_, answer) = ask(&server, Some(&sign(&claims, &confused))).await;
    assert_eq!(answer["code"], "no-pass");
    server.stop().await;
}

#[tokio::test]
async fn turn_is_for_those_with_a_pass() {
    let server = TestServer::with(|options| {
        options.pass_secret = Some(SECRET.into());
        options.turn_urls = vec!["turn:turn.example.org".into()];
        options.turn_secret = Some("shared".into());
    })
    .await;
    let refused = client::get(server.address, "/ice").await;
    assert!(refused.starts_with("HTTP/1.1 401"), "{refused}");
    let pass = sign(
        &json!({"room": "r", "name": "A", "exp": in_seconds(60)}),
        SECRET,
    );
    let path = format!("/ice HTTP/1.1\r\nauthorization: Bearer {pass}\r\nx: ");
    let given = client::get(server.address, &path).await;
    assert!(given.contains("credential"), "{given}");
    server.stop().await;
}
