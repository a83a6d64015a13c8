//! The page as an app: kept by the browser, there without a network, made new while a call goes on.

use std::{fs, path::Path};

use Kind::{Chromium, Firefox};
use e2e::{
    Kind, Person, free_address, holdfast_server, holdfast_server_at, holdfast_server_with,
    site_with, stage,
};
use holdfast_server::Options;
use serde_json::json;

/// Whether the service worker has all of the page.
const KEPT: &str = "const [done] = arguments;
    navigator.serviceWorker.ready.then(async ({ installing, waiting }) =>
        done(installing || waiting ? 0 : (await caches.keys()).length))";

async fn is_kept(person: &Person, versions: usize) {
    loop {
        if person.run_async(KEPT).await == json!(versions) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

fn opens_offline(kind: Kind) {
    stage(async |stage| {
        let address = free_address();
        // Without a server, pages from this machine would find each other as tabs.
        let site = site_with(&format!(r#"{{"signaling":"ws://{address}/ws"}}"#));
        let serve = |options| Options {
            site: site.clone(),
            ..options
        };
        let (stop, served) = holdfast_server_at(address, serve).await;
        let ann = stage.person(kind, "Ann").await;
        let url = format!("http://localhost:{}/", address.port());
        ann.open(&url).await;
        is_kept(&ann, 1).await;
        // A page that is under its worker from the beginning. (What Firefox's driver calls a refresh asks no worker.)
        ann.open("about:blank").await;
        ann.open(&url).await;
        ann.shows("#name").await;
        drop(stop);
        served.await.expect("the server ends");
        ann.open("about:blank").await;
        ann.open(&url).await;
        ann.shows("#name").await;
        let there = "return document.querySelector('#quality').options.length > 0";
        ann.until("all of it is there", there, json!([])).await;
        // Without a server it can still be called by codes; and it says what is missing.
        ann.shows("#manual").await;
        ann.type_into("#name", "Ann").await;
        ann.click("button[name=login]").await;
        ann.reads("#link", "Can't reach the server").await;
        let (_stop, _) = holdfast_server_at(address, serve).await;
        ann.reads("#me", "Ann").await;
    });
}

#[test]
fn the_page_opens_without_a_network_and_goes_on_with_it_in_chromium() {
    opens_offline(Chromium);
}

#[test]
fn the_page_opens_without_a_network_and_goes_on_with_it_in_firefox() {
    opens_offline(Firefox);
}

/// Another version of the page.
fn change(site: &Path) {
    let worker = fs::read_to_string(site.join("service-worker.js")).expect("it is there");
    let is_version = |word: &&str| word.len() > 11 && word.bytes().all(|b| b.is_ascii_hexdigit());
    let version = worker.split('"').find(is_version).expect("a version");
    for (file, from, to) in [
        ("index.html", "<title>Holdfast", "<title>Holdfast anew"),
        ("service-worker.js", version, "another"),
    ] {
        let path = site.join(file);
        let text = fs::read_to_string(&path).expect("it is there");
        assert!(text.contains(from), "{file} is another");
        fs::write(&path, text.replacen(from, to, 1)).expect("written");
        for compressed in ["br", "gz"] {
            let _ = fs::remove_file(site.join(format!("{file}.{compressed}")));
        }
    }
}

#[test]
fn a_new_version_comes_while_a_call_goes_on_and_is_there_at_the_next_load() {
    stage(async |stage| {
        let site = site_with("{}");
        let served = site.clone();
        let address = holdfast_server_with(|options| Options {
            site: served,
            ..options
        })
        .await;
        let url = format!("http://localhost:{}/", address.port());
        let people = [(Chromium, "Ann"), (Chromium, "Bob")];
        let [ann, bob] = stage.people_at(&url, people).await;
        ann.call("Bob").await;
        bob.accept().await;
        ann.sees_the_other_side().await;
        is_kept(&ann, 1).await;
        change(&site);
        let update = "const [done] = arguments;
            navigator.serviceWorker.ready.then(worker => worker.update()).then(() => done(1))";
        ann.run_async(update).await;
        is_kept(&ann, 2).await;
        ann.sees_the_other_side().await;
        bob.sees_the_other_side().await;
        assert_eq!(
            ann.run("return document.title", json!([])).await,
            "Holdfast"
        );
        let page = ann.browser().await;
        page.refresh().await.expect("the page loads");
        ann.sees_the_other_side().await;
        bob.sees_the_other_side().await;
        assert_eq!(
            ann.run("return document.title", json!([])).await,
            "Holdfast anew"
        );
    });
}

#[test]
fn it_can_be_installed_and_opened_for_a_new_room_or_a_link_that_was_shared() {
    stage(async |stage| {
        let url = format!("http://localhost:{}/", holdfast_server().await.port());
        let ann = stage.person(Chromium, "Ann").await;
        ann.open(&url).await;
        is_kept(&ann, 1).await;
        let page = ann.browser().await;
        page.refresh().await.expect("the page loads");
        ann.shows("#name").await;
        let found = ann.cdp("Page.getInstallabilityErrors", json!({})).await;
        assert_eq!(found["installabilityErrors"], json!([]));
        let icons = "const [done] = arguments;
            const load = src => new Promise((there, not) => {
                const image = Object.assign(new Image(), { src });
                image.onload = () => there(image.naturalWidth);
                image.onerror = () => there(0);
            });
            fetch('manifest.webmanifest').then(file => file.json())
                .then(({ icons }) => Promise.all(icons.map(({ src }) => load(src)))).then(done)";
        let widths = ann.run_async(icons).await;
        assert_eq!(widths[1], json!(512), "{widths}");
        assert!(widths[0].as_u64() > Some(0), "{widths}");
        // Nothing has moved while the page came.
        let shifts = "return performance.getEntriesByType('layout-shift')
            .reduce((sum, { value }) => sum + value, 0)";
        assert_eq!(ann.run(shifts, json!([])).await, json!(0));
        ann.open("about:blank").await;
        ann.open(&format!("{url}#new")).await;
        ann.reads("#welcome", "private room").await;
        let token = "return location.hash.match(/^#r=([0-9a-f]{32})$/)?.length";
        assert_eq!(ann.run(token, json!([])).await, json!(2));
        let shared = format!("{url}?text=Come: {url}%23r=mum%26c=Bob");
        ann.open(&shared).await;
        ann.reads("#welcome", "Bob invites you").await;
        let at = ann.run("return location.href", json!([])).await;
        assert_eq!(at, json!(format!("{url}#r=mum&c=Bob")));
        // A link to another site is none.
        ann.open(&format!("{url}?text=https://elsewhere.example/%23r=mum"))
            .await;
        ann.reads("#welcome", "Private video calls").await;
    });
}
