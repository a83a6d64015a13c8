//! A stage for one test: servers, browsers, and an orderly end.

use std::{
    cell::RefCell,
    panic::{AssertUnwindSafe, resume_unwind},
    path::Path,
};

use fantoccini::Client;
use futures_util::FutureExt;
use tokio::runtime::Builder;

use crate::{
    Person,
    browser::{Driver, Kind, Look},
    hosts::holdfast_server,
    net::namespace,
};

/// Where a test plays.
#[derive(Default)]
pub struct Stage {
    chromium: RefCell<Option<Driver>>,
    firefox: RefCell<Option<Driver>>,
    /// Those inside network namespaces, and those of browsers that have profiles.
    inside: RefCell<Vec<Driver>>,
    browsers: RefCell<Vec<(String, Client)>>,
}

/// Runs a test, then closes its browsers, whatever became of it. A test that failed leaves a
/// picture of each page in `target/e2e/`.
pub fn stage(test: impl AsyncFnOnce(&Stage)) {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let runtime = runtime.expect("a runtime");
    runtime.block_on(async {
        let stage = Stage::default();
        let outcome = AssertUnwindSafe(test(&stage)).catch_unwind().await;
        for (name, browser) in stage.browsers.take() {
            if outcome.is_err() {
                keep_picture(&name, &browser).await;
            }
            // A browser that has already gone needs no closing.
            let _ = browser.close().await;
        }
        if let Err(panic) = outcome {
            resume_unwind(panic);
        }
    });
}

impl Stage {
    /// Our server with the page on it, and a person for each name, in a browser of that kind, who
    /// has joined and sees all the others.
    pub async fn people<const N: usize>(&self, people: [(Kind, &str); N]) -> [Person; N] {
        let url = format!("http://localhost:{}/", holdfast_server().await.port());
        self.people_at(&url, people).await
    }

    /// The same, at that page.
    pub async fn people_at<const N: usize>(
        &self,
        url: &str,
        people: [(Kind, &str); N],
    ) -> [Person; N] {
        let mut joined = Vec::new();
        for (kind, name) in people {
            let person = self.person(kind, name).await;
            person.open(url).await;
            person.join().await;
            joined.push(person);
        }
        for person in &joined {
            for (_, other) in people {
                person.sees(other).await;
            }
        }
        joined.try_into().ok().expect("as many as asked for")
    }

    /// A person with an empty browser.
    pub async fn person(&self, kind: Kind, name: &str) -> Person {
        self.person_with(kind, name, &Look::default()).await
    }

    /// A person with a browser that is unlike the usual one.
    pub async fn person_with(&self, kind: Kind, name: &str, look: &Look) -> Person {
        let slot = match kind {
            Kind::Chromium => &self.chromium,
            Kind::Firefox => &self.firefox,
        };
        // Of a browser that is killed, the driver hears nothing.
        let is_shared = look.profile.is_none();
        let known = if is_shared { slot.take() } else { None };
        let driver = match known {
            Some(driver) => driver,
            None => Driver::start(kind, None, &[]).await,
        };
        let browser = driver.browser(look).await;
        match is_shared {
            true => drop(slot.replace(Some(driver))),
            false => self.inside.borrow_mut().push(driver),
        }
        self.browsers
            .borrow_mut()
            .push((name.to_owned(), browser.clone()));
        Person::new(name, browser)
    }

    /// A person whose device is in the network namespace of that name, see [`crate::net::Net`].
    pub async fn person_in_net(&self, kind: Kind, name: &str, look: &Look) -> Person {
        let driver = Driver::start(kind, Some(&namespace(name)), &look.environment).await;
        let browser = driver.browser(look).await;
        self.inside.borrow_mut().push(driver);
        self.browsers
            .borrow_mut()
            .push((name.to_owned(), browser.clone()));
        Person::new(name, browser)
    }
}

async fn keep_picture(name: &str, browser: &Client) {
    let Ok(picture) = browser.screenshot().await else {
        return;
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/e2e");
    let test = std::thread::current()
        .name()
        .unwrap_or("test")
        .replace("::", "-");
    let file = folder.join(format!("{test}-{name}.png"));
    let kept = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&file, picture));
    if kept.is_ok() {
        eprintln!("{name}'s page: {}", file.display());
    }
}
