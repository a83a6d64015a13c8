//! A person at a page: what they do, and what they see.

use std::time::{Duration, Instant};

use axum::http::Method;
use fantoccini::{
    Client, Locator,
    error::CmdError,
    wd::{WebDriverCompatibleCommand, WindowHandle},
};
use serde_json::{Value, json};
use tokio::time::sleep;
use url::Url;

/// How long anything may take before a test fails.
const LIMIT: Duration = Duration::from_secs(30);

/// How long a script may wait: less than the driver's own limit, ms.
const PAGE_LIMIT_MS: u32 = 25_000;

/// How often a page is asked.
const ASK_EVERY: Duration = Duration::from_millis(30);

/// How many frames must be decoded before a picture counts as moving.
const FRAMES: u32 = 5;

/// A person at a page.
pub struct Person {
    /// Their name.
    pub name: String,
    browser: Client,
    /// The window, if the browser has several.
    window: Option<WindowHandle>,
}

impl Person {
    pub(crate) fn new(name: &str, browser: Client) -> Self {
        Self {
            name: name.to_owned(),
            browser,
            window: None,
        }
    }

    /// Another person, in another window of the same browser.
    pub async fn beside(&mut self, name: &str) -> Self {
        let own = self.browser.window().await.expect("this window");
        let other = self
            .browser
            .new_window(false)
            .await
            .expect("another window");
        self.window = Some(own);
        Self {
            name: name.to_owned(),
            browser: self.browser.clone(),
            window: Some(other.handle),
        }
    }

    /// The browser, at this person's window.
    pub async fn browser(&self) -> &Client {
        if let Some(window) = &self.window {
            let switched = self.browser.switch_to_window(window.clone()).await;
            switched.expect("the window is open");
        }
        &self.browser
    }

    /// Goes to a page. Its peer connections can be looked at in `peers` from then on.
    pub async fn open(&self, url: &str) {
        self.browser()
            .await
            .goto(url)
            .await
            .expect("the page loads");
        // A page that is not ours (the sample's) keeps its handlers: there only `peers` counts.
        let script = "window.peers = [];
            window.taken = [];
            window.listeners = 0;
            const devices = navigator.mediaDevices;
            if (devices) {
                const ask = devices.getUserMedia.bind(devices);
                devices.getUserMedia = async (...args) => {
                    const stream = await ask(...args);
                    taken.push(...stream.getTracks());
                    return stream;
                };
            }
            const watch = realm => {
                const native = realm.RTCPeerConnection;
                realm.RTCPeerConnection = class extends native {
                    constructor(...args) { super(...args); peers.push(this); }
                    addEventListener(...args) { listeners += 1; super.addEventListener(...args); }
                    removeEventListener(...args) { listeners -= 1; super.removeEventListener(...args); }
                };
            };
            watch(window);
            const frame = Object.getOwnPropertyDescriptor(HTMLIFrameElement.prototype, 'contentWindow');
            Object.defineProperty(HTMLIFrameElement.prototype, 'contentWindow', { get() {
                const realm = frame.get.call(this);
                if (realm && !realm.watched) { realm.watched = true; watch(realm); }
                return realm;
            } });";
        self.run(script, json!([])).await;
    }

    /// Types the name and joins.
    pub async fn join(&self) {
        self.shows("#name").await;
        self.type_into("#name", &self.name).await;
        self.click("button[name=login]").await;
        self.shows(".userlistbox li").await;
    }

    /// Waits until somebody is in the list.
    pub async fn sees(&self, name: &str) {
        let script = "return [...document.querySelectorAll('ul.userlistbox li')]
            .some(li => li.innerText.startsWith(arguments[0]))";
        self.until(&format!("{name} is in the list"), script, json!([name]))
            .await;
    }

    /// Waits until somebody is not in the list.
    pub async fn misses(&self, name: &str) {
        let script = "return ![...document.querySelectorAll('ul.userlistbox li')]
            .some(li => li.innerText.startsWith(arguments[0]))";
        self.until(&format!("{name} is not in the list"), script, json!([name]))
            .await;
    }

    /// Clicks a name.
    pub async fn call(&self, name: &str) {
        self.sees(name).await;
        let script = "[...document.querySelectorAll('ul.userlistbox li')]
            .find(li => li.innerText.startsWith(arguments[0])).setAttribute('data-callee', '')";
        self.run(script, json!([name])).await;
        let clicked = self
            .click_if_there("[data-callee] button, li[data-callee]")
            .await;
        clicked.expect("the name can be clicked");
        let script = "document.querySelector('[data-callee]')?.removeAttribute('data-callee')";
        self.run(script, json!([])).await;
    }

    /// Calls somebody, who accepts; both see each other, and the caller hangs up.
    pub async fn talks_with(&self, callee: &Self) {
        self.call(&callee.name).await;
        callee.accept().await;
        self.sees_the_other_side().await;
        callee.sees_the_other_side().await;
        self.hang_up().await;
        self.is_idle().await;
        callee.is_idle().await;
    }

    /// Waits for the ring, and accepts.
    pub async fn accept(&self) {
        self.shows("#accept-button").await;
        self.click("#accept-button").await;
    }

    /// Waits for the ring, and declines.
    pub async fn decline(&self) {
        self.shows("#decline-button").await;
        self.click("#decline-button").await;
    }

    /// Hangs up.
    pub async fn hang_up(&self) {
        self.click("#hangup-button").await;
    }

    /// Waits until there is no call, and nothing of one is left: no picture, no track that is on, no
    /// connection that is open or listens.
    pub async fn is_idle(&self) {
        let script = "const gone = peer => {
                try { return peer.signalingState === 'closed'; }
                catch { return true; /* its frame has gone with it */ }
            };
            return document.querySelector('#hangup-button').disabled
            && !document.querySelector('#accept-button')
            && !document.querySelector('#received_video').srcObject
            && !document.querySelector('#local_video').srcObject
            && (window.taken ?? []).every(track => track.readyState === 'ended')
            && (window.peers ?? []).every(gone)
            && (window.listeners ?? 0) === 0";
        self.until("there is no call", script, json!([])).await;
    }

    /// Waits until frames of the other side are decoded, one after the other.
    pub async fn sees_the_other_side(&self) {
        self.frames("#received_video").await;
    }

    /// Waits until frames of that video element are decoded.
    pub async fn frames(&self, selector: &str) {
        let script = "const [selector, wanted, limit, done] = arguments;
            const video = document.querySelector(selector);
            let seen = 0;
            const count = () => ++seen >= wanted ? done(seen) : video.requestVideoFrameCallback(count);
            video.requestVideoFrameCallback(count);
            setTimeout(() => done(seen), limit);";
        let args = vec![json!(selector), json!(FRAMES), json!(PAGE_LIMIT_MS)];
        let seen = self
            .browser()
            .await
            .execute_async(script, args)
            .await
            .expect("the script runs");
        let seen = seen.as_u64().unwrap_or_default();
        assert!(
            seen >= u64::from(FRAMES),
            "{} sees {seen} frames in {selector}",
            self.name
        );
    }

    /// Waits until sound of the other side is decoded, and is not silence.
    pub async fn hears_the_other_side(&self) {
        let script = "const [limit, done] = arguments;
            const due = Date.now() + limit;
            const listen = async () => {
                const reports = await Promise.all(peers.map(peer => peer.getStats()));
                const audio = reports.flatMap(report => [...report.values()])
                    .filter(stats => stats.type === 'inbound-rtp' && stats.kind === 'audio');
                if (audio.some(stats => stats.audioLevel > 0.001)) done(true);
                else if (Date.now() > due) done(audio);
                else setTimeout(listen, 20);
            };
            listen();";
        let args = vec![json!(PAGE_LIMIT_MS)];
        let page = self.browser().await;
        let heard = page
            .execute_async(script, args)
            .await
            .expect("the script runs");
        assert_eq!(heard, true, "{} hears nothing", self.name);
    }

    /// Waits until something on the page says so.
    pub async fn reads(&self, selector: &str, text: &str) {
        let script = "return [...document.querySelectorAll(arguments[0])]
            .some(element => element.innerText.includes(arguments[1]))";
        let what = format!("{selector} says “{text}”");
        self.until(&what, script, json!([selector, text])).await;
    }

    /// Waits until an element can be seen.
    pub async fn shows(&self, selector: &str) {
        let script = "return document.querySelector(arguments[0])?.checkVisibility() ?? false";
        self.until(&format!("{selector} shows"), script, json!([selector]))
            .await;
    }

    /// Clicks an element.
    pub async fn click(&self, selector: &str) {
        // Whoever presses something has moved the mouse there.
        let moves = "document.dispatchEvent(new PointerEvent('pointermove'))";
        self.run(moves, json!([])).await;
        let clicked = self.click_if_there(selector).await;
        clicked.expect("the element can be clicked");
    }

    /// Types into a field.
    pub async fn type_into(&self, selector: &str, text: &str) {
        let field = self
            .browser()
            .await
            .find(Locator::Css(selector))
            .await
            .expect("the field is there");
        field.send_keys(text).await.expect("the field takes keys");
    }

    /// Chooses from a list, by what the option says.
    pub async fn choose(&self, selector: &str, option: &str) {
        let list = self.browser().await.find(Locator::Css(selector)).await;
        let chosen = list
            .expect("the list is there")
            .select_by_label(option)
            .await;
        chosen.expect("the option is there");
    }

    /// Runs a script in the page and gives what it returns.
    pub async fn run(&self, script: &str, args: Value) -> Value {
        let args = args.as_array().cloned().unwrap_or_default();
        self.browser()
            .await
            .execute(script, args)
            .await
            .expect("the script runs")
    }

    /// Runs a script that says by its last argument that it is done, and with what.
    pub async fn run_async(&self, script: &str) -> Value {
        self.run_async_with(script, json!([])).await
    }

    /// The same, with arguments before that one.
    pub async fn run_async_with(&self, script: &str, args: Value) -> Value {
        let args = args.as_array().cloned().unwrap_or_default();
        let done = self.browser().await.execute_async(script, args).await;
        done.expect("the script runs")
    }

    /// Asks Chromium itself, by the Chrome DevTools Protocol.
    pub async fn cdp(&self, method: &'static str, params: Value) -> Value {
        let body = json!({ "cmd": method, "params": params });
        self.tell_driver("goog/cdp/execute", body).await
    }

    /// Runs a script in Firefox itself, with all its rights; `actor` is what the page's side of its own settings
    /// listens to, and `id` the window's.
    pub async fn in_firefox(&self, script: &str) {
        let context = async |context| {
            let body = json!({ "context": context });
            self.tell_driver("moz/context", body).await
        };
        let script = format!(
            "const {{ gBrowser }} = Services.wm.getMostRecentWindow('navigator:browser');
            const global = gBrowser.selectedBrowser.browsingContext.currentWindowGlobal;
            const actor = global.getActor('WebRTC'), id = String(global.innerWindowId);
            {script}"
        );
        context("chrome").await;
        self.run(&script, json!([])).await;
        context("content").await;
    }

    async fn tell_driver(&self, path: &'static str, body: Value) -> Value {
        let command = OfDriver { path, body };
        let answer = self.browser().await.issue_cmd(command).await;
        answer.expect("the browser answers")
    }

    /// Waits until a script returns true.
    pub async fn until(&self, what: &str, script: &str, args: Value) {
        let due = Instant::now() + LIMIT;
        while self.run(script, args.clone()).await != json!(true) {
            assert!(Instant::now() < due, "{} waits in vain: {what}", self.name);
            sleep(ASK_EVERY).await;
        }
    }

    async fn click_if_there(&self, selector: &str) -> Result<(), CmdError> {
        self.browser()
            .await
            .find(Locator::Css(selector))
            .await?
            .click()
            .await
    }
}

/// A command that one driver knows, and WebDriver does not.
#[derive(Debug)]
struct OfDriver {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for OfDriver {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, url::ParseError> {
        let (session, path) = (session.unwrap_or_default(), self.path);
        base.join(&format!("session/{session}/{path}"))
    }

    fn method_and_body(&self, _request: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}
