//! Files that do not come, or are not what they should be; and what breaks later.

use std::{fs, path::Path};

use Kind::Chromium;
use e2e::{Kind, Person, Stage, holdfast_server, host_that_says, site_with, stage, waiting_host};
use serde_json::json;

/// A browser keeps none of it.
const NOTHING_KEPT: (&str, &str) = ("cache-control", "no-store");

/// Ann at a page of that folder.
async fn ann_at(stage: &Stage, site: &Path) -> Person {
    let (name, value) = NOTHING_KEPT;
    let url = host_that_says(site, name, value).await;
    let ann = stage.person(Chromium, "Ann").await;
    ann.open(&url).await;
    ann
}

/// The one file of the page whose name ends so, and does not end in that.
fn file(site: &Path, end: &str, not: &str) -> std::path::PathBuf {
    let files = fs::read_dir(site).expect("a folder");
    let mut files = files.map(|entry| entry.expect("readable").path());
    let is_it = |path: &std::path::PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("holdfast-") && name.ends_with(end) && !name.ends_with(not)
    };
    files.find(is_it).expect("it is there")
}

/// With that change to a file the page says so; when all is as before, its button mends it.
fn is_said(end: &str, change: fn(&Path)) {
    stage(async |stage| {
        let site = site_with("{}");
        let file = file(&site, end, "-later.wasm");
        let whole = fs::read(&file).expect("readable");
        change(&file);
        let ann = ann_at(stage, &site).await;
        ann.reads("#fatal", "Holdfast could not be loaded").await;
        fs::write(&file, whole).expect("written");
        ann.click("#reload-button").await;
        ann.join().await;
    });
}

fn gone(file: &Path) {
    fs::remove_file(file).expect("it was there");
}

/// What many hosts answer with for what they do not have.
fn page(file: &Path) {
    fs::copy(file.with_file_name("index.html"), file).expect("copied");
}

#[test]
fn webassembly_that_is_missing_is_said_and_loaded_again() {
    is_said("_bg.wasm", gone);
}

#[test]
fn a_page_in_place_of_webassembly_is_said_and_loaded_again() {
    is_said("_bg.wasm", page);
}

#[test]
fn a_script_that_is_missing_is_said_and_loaded_again() {
    is_said(".js", gone);
}

#[test]
fn what_throws_is_said_and_the_call_survives_the_load() {
    stage(async |stage| {
        let [ann, bob] = stage.people([(Chromium, "Ann"), (Chromium, "Bob")]).await;
        ann.call("Bob").await;
        bob.accept().await;
        ann.sees_the_other_side().await;
        // What the browser refuses and nobody waits for is no fault of the page's.
        ann.run("Promise.reject(new TypeError('not ours'))", json!([]))
            .await;
        let quiet = "return document.querySelector('#fatal').textContent";
        assert_eq!(ann.run(quiet, json!([])).await, "");
        // As a browser that lacks something.
        let lacks = "Document.prototype.getElementById = () => { throw new TypeError('lacking') };
            document.querySelector('#page').click()";
        ann.run(lacks, json!([])).await;
        ann.reads("#fatal", "Something went wrong in this page")
            .await;
        ann.click("#reload-button").await;
        ann.sees_the_other_side().await;
        bob.sees_the_other_side().await;
    });
}

#[test]
fn without_a_configuration_everything_is_as_by_default() {
    stage(async |stage| {
        let site = site_with("{}");
        fs::remove_file(site.join("config.json")).expect("it was there");
        let ann = ann_at(stage, &site).await;
        ann.join().await;
        ann.reads("#link", "No signaling server here").await;
    });
}

#[test]
fn a_configuration_that_never_comes_is_said_in_time() {
    stage(async |stage| {
        let ann = stage.person(Chromium, "Ann").await;
        ann.open(&waiting_host().await).await;
        ann.reads("#fatal", "cannot be loaded (TimeoutError").await;
    });
}

#[test]
fn a_configuration_is_the_hosts_at_each_load_and_what_is_mended_is_used_without_one() {
    stage(async |stage| {
        let site = site_with(r#"{"noPathLimitSeconds":5}"#);
        let url = host_that_says(&site, "cache-control", "max-age=3600").await;
        let ann = stage.person(Chromium, "Ann").await;
        ann.open(&url).await;
        let wrong = "`noPathLimitSeconds` must be a number of seconds from 10 to 3600. It is 5.";
        ann.reads("#fatal", wrong).await;
        // A press that comes too early waits.
        ann.type_into("#name", "Ann").await;
        ann.click("button[name=login]").await;
        let config = site.join("config.json");
        fs::write(&config, "{}").expect("written");
        ann.reads("#me", "Ann").await;
        let gone = "return document.querySelector('#fatal').textContent === ''";
        ann.until("it is mended", gone, json!([])).await;
        fs::write(&config, r#"{"bundlePolicy":["any"]}"#).expect("written");
        ann.open("about:blank").await;
        ann.open(&url).await;
        ann.reads("#fatal", "`bundlePolicy`").await;
        ann.reads("#fatal", r#"It is ["any"]."#).await;
    });
}

#[test]
fn a_site_that_forbids_camera_or_microphone_to_itself_is_named_and_nobody_declined() {
    for (policy, can_talk) in [("camera=()", true), ("camera=(), microphone=()", false)] {
        stage(async |stage| {
            let server = holdfast_server().await;
            let site = site_with(&json!({ "signaling": format!("ws://{server}/") }).to_string());
            let url = host_that_says(&site, "permissions-policy", policy).await;
            let ann = stage.person(Chromium, "Ann").await;
            ann.open(&url).await;
            ann.join().await;
            let bob = stage.person(Chromium, "Bob").await;
            bob.open(&format!("http://{server}/")).await;
            bob.join().await;
            bob.call("Ann").await;
            ann.accept().await;
            ann.reads(".notice", "does not let its pages use camera or microphone")
                .await;
            ann.sees_the_other_side().await;
            if can_talk {
                bob.hears_the_other_side().await;
            }
            bob.reads(".state", "In a call with Ann").await;
            bob.hang_up().await;
        });
    }
}
