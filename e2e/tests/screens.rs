//! What people see, hear and press.

use std::time::Duration;

use Kind::{Chromium, Firefox};
use e2e::{Guest, Kind, Look, Person, Stage, free_address, holdfast_server_at, kill, stage};
use serde_json::{Value, json};
use tempfile::tempdir;
use tokio::time::sleep;

/// Presses that key where the focus is.
async fn press(person: &Person, key: &str) {
    let browser = person.browser().await;
    let focused = browser
        .active_element()
        .await
        .expect("something has the focus");
    focused.send_keys(key).await.expect("it takes keys");
}

const ENTER: &str = "\u{e007}";

async fn focused(person: &Person) -> Value {
    person
        .run("return document.activeElement.id", json!([]))
        .await
}

#[test]
fn a_ring_takes_the_keyboard_from_nobody_and_space_answers_nothing_in_chromium() {
    takes_the_keyboard([Chromium, Chromium]);
}

#[test]
fn a_ring_takes_the_keyboard_from_nobody_and_space_answers_nothing_in_firefox() {
    takes_the_keyboard([Chromium, Firefox]);
}

fn takes_the_keyboard(kinds: [Kind; 2]) {
    stage(async |stage| {
        let [ann, bob] = stage.people([(kinds[0], "Ann"), (kinds[1], "Bob")]).await;
        // Whoever writes goes on writing.
        bob.click("#text").await;
        ann.call("Bob").await;
        bob.shows("#ring").await;
        assert_eq!(focused(&bob).await, "text");
        bob.type_into("#text", "one moment").await;
        ann.hang_up().await;
        bob.is_idle().await;
        // For all others the next key is about the ring, and answers nothing.
        let elsewhere = "document.querySelector('.userlistbox button').focus()";
        bob.run(elsewhere, json!([])).await;
        ann.call("Bob").await;
        bob.shows("#ring").await;
        assert_eq!(focused(&bob).await, "ring");
        for key in [" ", ENTER] {
            press(&bob, key).await;
        }
        bob.reads("#ring-title", "Ann is calling").await;
        // The next stop of the keyboard is the answer.
        press(&bob, "\u{e004}").await;
        assert_eq!(focused(&bob).await, "accept-button");
        press(&bob, ENTER).await;
        bob.sees_the_other_side().await;
        // And it goes on from there.
        assert_eq!(focused(&bob).await, "state");
        // Where nothing new comes, it goes on where it was.
        ann.hang_up().await;
        bob.is_idle().await;
        bob.run(elsewhere, json!([])).await;
        ann.call("Bob").await;
        bob.shows("#ring").await;
        ann.hang_up().await;
        let back = "return document.activeElement?.closest('.userlistbox') !== null";
        bob.until("the focus is back", back, json!([])).await;
    });
}

/// Waits until that is what the system shows of the page: what it says, and the answers.
async fn is_notified(person: &Person, wanted: Value) {
    let shown = "const [done] = arguments;
        navigator.serviceWorker.ready.then(worker => worker.getNotifications()).then(all =>
            done(all.flatMap(({ title, actions }) => [title, ...actions.map(({ title }) => title)])))";
    // Whoever asks while one is being shown makes Chromium 156 forget it at times.
    for _ in 0..10 {
        sleep(Duration::from_secs(1)).await;
        if person.run_async(shown).await == wanted {
            return;
        }
    }
    panic!("{wanted} is not what the system shows");
}

/// Presses that answer in a notification: by the worker's own script, because no driver presses those of the system.
async fn answers_in_a_notification(person: &Person, action: &str) {
    let worker = include_str!("../../style/service-worker.js");
    let press = format!(
        "const [action, done] = arguments;
        const client = {{
            focus: async () => window.focused = true,
            postMessage: data => navigator.serviceWorker.dispatchEvent(new MessageEvent('message', {{ data }})),
        }};
        const clients = {{ get: async id => id === 'of this page' && client }};
        const registration = {{ scope: '' }}, heard = {{}};
        const addEventListener = (name, listener) => heard[name] = listener;
        {worker}
        const notification = {{ tag: 'of this page', close() {{}} }};
        heard.notificationclick({{ action, notification, waitUntil: answered => answered.then(() => done()) }});"
    );
    let press = &press;
    person.run_async_with(press, json!([action])).await;
}

#[test]
fn a_ring_is_answered_in_its_notification() {
    stage(async |stage| {
        let [ann, bob] = stage.people([(Chromium, "Ann"), (Chromium, "Bob")]).await;
        ann.call("Bob").await;
        bob.shows("#ring").await;
        answers_in_a_notification(&bob, "decline 1").await;
        ann.is_idle().await;
        let focused = "return window.focused === true";
        assert_eq!(bob.run(focused, json!([])).await, false);
        ann.call("Bob").await;
        bob.shows("#ring").await;
        // One that was left lying is about a ring that is over.
        answers_in_a_notification(&bob, "decline 1").await;
        answers_in_a_notification(&bob, "accept 1").await;
        sleep(Duration::from_millis(500)).await;
        bob.shows("#ring").await;
        bob.run("window.focused = false", json!([])).await;
        answers_in_a_notification(&bob, "accept 2").await;
        bob.sees_the_other_side().await;
        assert_eq!(bob.run(focused, json!([])).await, true);
    });
}

#[test]
fn a_ring_is_heard_and_a_hidden_page_says_so() {
    stage(async |stage| {
        let [ann, bob] = stage.people([(Chromium, "Ann"), (Chromium, "Bob")]).await;
        let origin = bob.run("return location.origin", json!([])).await;
        let allowed = json!({ "permissions": ["notifications"], "origin": origin });
        bob.cdp("Browser.grantPermissions", allowed).await;
        let granted = "return Notification.permission === 'granted'";
        bob.until("it is allowed", granted, json!([])).await;
        let listen = "window.notes = 0; window.shakes = 0;
            navigator.vibrate = () => shakes += 1;
            const make = AudioContext.prototype.createOscillator;
            AudioContext.prototype.createOscillator = function () { notes += 1; window.rings = this; return make.call(this); };
            window.hide = hidden => {
                Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
                document.dispatchEvent(new Event('visibilitychange'));
            };";
        bob.run(listen, json!([])).await;
        ann.call("Bob").await;
        bob.until("it is heard", "return notes >= 8", json!([]))
            .await;
        is_notified(&bob, json!([])).await;
        bob.run("hide(true)", json!([])).await;
        let ring = json!(["Ann is calling", "Answer", "Decline"]);
        is_notified(&bob, ring).await;
        bob.until("it is felt", "return shakes > 0", json!([]))
            .await;
        assert_eq!(
            bob.run("return document.title", json!([])).await,
            "Ann is calling"
        );
        let icon =
            "return document.querySelector('link[rel=icon]').href.endsWith('/icon-ring.svg')";
        bob.until("it is seen among the tabs", icon, json!([]))
            .await;
        bob.run("hide(false)", json!([])).await;
        let heard = "return rings.state === 'running'";
        bob.until("it is heard", heard, json!([])).await;
        bob.accept().await;
        // What had begun to sound stops as well.
        let silent = "return rings.state === 'suspended'";
        bob.until("it is silent", silent, json!([])).await;
        bob.sees_the_other_side().await;
        let quiet = "return document.title === 'Holdfast'
            && document.querySelector('link[rel=icon]').href.endsWith('/icon.svg')";
        bob.until("it is taken back", quiet, json!([])).await;
        is_notified(&bob, json!([])).await;
        ann.hang_up().await;
        bob.is_idle().await;
        // By one switch, nothing is heard.
        bob.click(".settings summary").await;
        bob.click("#quiet").await;
        bob.run("window.notes = 0", json!([])).await;
        ann.call("Bob").await;
        bob.shows("#ring").await;
        assert_eq!(bob.run("return notes", json!([])).await, 0);
    });
}

#[test]
fn whoever_is_waited_for_is_heard_and_seen_in_the_title_when_they_come() {
    stage(async |stage| {
        let [ann] = stage.people([(Chromium, "Ann")]).await;
        let url = ann.run("return location.href", json!([])).await;
        let url = url.as_str().expect("an address");
        let listen = "window.notes = 0;
            const make = AudioContext.prototype.createOscillator;
            AudioContext.prototype.createOscillator = function () { notes += 1; window.rings = this; return make.call(this); };
            window.hide = hidden => {
                Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
                document.dispatchEvent(new Event('visibilitychange'));
            };";
        ann.run(listen, json!([])).await;
        ann.run("hide(true)", json!([])).await;
        let bob = stage.person(Chromium, "Bob").await;
        bob.open(url).await;
        bob.join().await;
        let title = "return document.title";
        ann.until(
            "it is said",
            &format!("{title}.includes('Bob is here')"),
            json!([]),
        )
        .await;
        ann.until("it is heard", "return notes === 1", json!([]))
            .await;
        let rests = "return rings.state === 'suspended'";
        ann.until("it is silent again", rests, json!([])).await;
        // A ring says who calls, and the page is called as before.
        bob.call("Ann").await;
        ann.until(
            "it rings",
            &format!("{title} === 'Bob is calling'"),
            json!([]),
        )
        .await;
        ann.run("hide(false)", json!([])).await;
        bob.hang_up().await;
        ann.is_idle().await;
        // In the lobby, where one is not alone, nobody is waited for.
        ann.run("window.notes = 0", json!([])).await;
        ann.run("hide(true)", json!([])).await;
        let carl = stage.person(Chromium, "Carl").await;
        carl.open(url).await;
        carl.join().await;
        ann.sees("Carl").await;
        sleep(Duration::from_millis(500)).await;
        assert_eq!(ann.run("return notes", json!([])).await, 0);
        ann.run("hide(false)", json!([])).await;
        assert_eq!(ann.run(title, json!([])).await, "Holdfast");
    });
}

#[test]
fn of_many_lines_the_oldest_go_and_nothing_is_read_out_twice() {
    stage(async |stage| {
        let [ann, bob] = ann_and_bob(stage).await;
        ann.call("Bob").await;
        bob.accept().await;
        ann.sees_the_other_side().await;
        let writes = "const [from, to] = arguments;
            for (let nth = from; nth < to; nth += 1) {
                document.querySelector('#text').value = `line ${nth}`;
                document.querySelector('#send').click();
            }";
        ann.run(writes, json!([0, 500])).await;
        let lines = "const lines = [...document.querySelectorAll('#chat-lines p span')];
            return lines.length === 500 && lines.at(-1).textContent === arguments[0]";
        bob.until("all are there", lines, json!(["line 499"])).await;
        let counts = "window.added = 0;
            new MutationObserver(changes => changes.forEach(change => added += change.addedNodes.length))
                .observe(document.querySelector('#chat-lines'), { childList: true })";
        bob.run(counts, json!([])).await;
        bob.click("#close-chat").await;
        ann.run(writes, json!([500, 503])).await;
        bob.until("they come", lines, json!(["line 502"])).await;
        assert_eq!(bob.run("return added", json!([])).await, 3);
        bob.reads("#chat-label", "Chat (3)").await;
    });
}

#[test]
fn whoever_is_blocked_rings_no_more() {
    stage(async |stage| {
        let [ann, bob] = stage.people([(Chromium, "Ann"), (Chromium, "Bob")]).await;
        let url = ann.run("return location.href", json!([])).await;
        ann.call("Bob").await;
        bob.shows("#block-button").await;
        bob.click("#block-button").await;
        bob.is_idle().await;
        bob.reads(".userlistbox li:first-child", "blocked").await;
        // Ann learns nothing of it.
        ann.reads(".state", "Calling Bob").await;
        ann.type_into("#text", "Are you there?").await;
        ann.click("#send").await;
        ann.hang_up().await;
        ann.is_idle().await;
        ann.call("Bob").await;
        // Her offer is on its way: what comes after it has come.
        ann.reads(".state", "Calling Bob…").await;
        let zoe = stage.person(Chromium, "Zoe").await;
        zoe.open(url.as_str().expect("an address")).await;
        zoe.join().await;
        bob.sees("Zoe").await;
        assert_eq!(
            bob.run("return document.querySelector('#ring')", json!([]))
                .await,
            Value::Null
        );
        let unread = "return document.querySelector('.chatbox').textContent";
        assert_eq!(bob.run(unread, json!([])).await, "");
        ann.hang_up().await;
        bob.click(".userlistbox li:first-child .block").await;
        bob.reads(".userlistbox li:first-child", "Call").await;
        ann.call("Bob").await;
        bob.shows("#ring").await;
    });
}

#[test]
fn a_ring_ends_when_its_caller_is_killed() {
    stage(async |stage| {
        let [bob] = stage.people([(Chromium, "Bob")]).await;
        let url = bob.run("return location.href", json!([])).await;
        let folder = tempdir().expect("a folder");
        let look = Look {
            profile: Some(folder.path().to_owned()),
            ..Look::default()
        };
        let ann = stage.person_with(Chromium, "Ann", &look).await;
        ann.open(url.as_str().expect("an address")).await;
        ann.join().await;
        ann.call("Bob").await;
        bob.shows("#ring").await;
        kill(folder.path());
        // Before the 45 seconds that a ring lasts: within those that the test waits.
        bob.is_idle().await;
        bob.reads(".notice", "You missed a call from Ann").await;
    });
}

#[test]
fn whoever_calls_from_elsewhere_during_an_interruption_can_be_answered() {
    stage(async |stage| {
        let [bob] = stage.people([(Chromium, "Bob")]).await;
        let url = bob.run("return location.href", json!([])).await;
        let url = url.as_str().expect("an address");
        let folder = tempdir().expect("a folder");
        let look = Look {
            profile: Some(folder.path().to_owned()),
            ..Look::default()
        };
        let ann = stage.person_with(Chromium, "Ann", &look).await;
        ann.open(url).await;
        ann.join().await;
        ann.call("Bob").await;
        bob.accept().await;
        bob.sees_the_other_side().await;
        kill(folder.path());
        bob.reads(".state", "Ann's connection dropped").await;
        // On another device, with nothing of the call.
        let other = stage.person(Chromium, "Ann B").await;
        other.open(url).await;
        other.join().await;
        other.call("Bob").await;
        bob.reads("#ring-title", "Ann B is calling").await;
        bob.reads("#ring-hint", "Answering ends it").await;
        bob.accept().await;
        other.sees_the_other_side().await;
        bob.sees_the_other_side().await;
        bob.reads(".state", "In a call with Ann B").await;
    });
}

#[test]
fn hang_up_is_in_sight_and_the_picture_large_at_every_size() {
    let place = "const [button, picture] = ['#hangup-button', '#received_video']
            .map(selector => document.querySelector(selector).getBoundingClientRect());
        // As where cameras look two ways, too.
        const turn = document.querySelector('#turn-button');
        const fits = arguments[0].every(hidden => {
            turn.hidden = hidden;
            const stage = document.querySelector('#stage').getBoundingClientRect();
            const bar = [...document.querySelectorAll('.controls > *')]
                .map(part => part.getBoundingClientRect()).filter(({ width }) => width > 0);
            return bar.every(({ left, right, top, bottom }) => left >= 0 && right <= stage.right && top >= 0 && bottom <= innerHeight);
        });
        turn.hidden = true;
        const seen = document.elementFromPoint(button.x + button.width / 2, button.y + button.height / 2);
        return fits && seen?.closest('button')?.id === 'hangup-button'
            && button.right <= innerWidth && button.bottom <= innerHeight
            && button.height >= 44 && button.width >= 44
            && document.documentElement.scrollWidth <= innerWidth
            && picture.height >= innerHeight * 0.9 && picture.width >= innerWidth * 0.6";
    for (kind, width, height) in [
        (Chromium, 320, 640),
        (Chromium, 360, 740),
        (Chromium, 490, 740),
        (Chromium, 844, 390),
        (Chromium, 900, 700),
        // A window of 1440x900 at 200 %.
        (Chromium, 720, 450),
        (Chromium, 1200, 800),
        (Chromium, 1440, 900),
        (Chromium, 1680, 1050),
        (Chromium, 2560, 1440),
        (Firefox, 900, 700),
        (Firefox, 1440, 900),
    ] {
        stage(async |stage| {
            let [bob] = stage.people([(Chromium, "Bob")]).await;
            let url = bob.run("return location.href", json!([])).await;
            let size = Some((width, height)).filter(|_| kind == Chromium);
            let look = Look {
                size,
                ..Look::default()
            };
            let ann = stage.person_with(kind, "Ann", &look).await;
            if kind == Firefox {
                let browser = ann.browser().await;
                let sized = browser.set_window_size(width, height + 90).await;
                sized.expect("a window");
            }
            ann.open(url.as_str().expect("an address")).await;
            ann.join().await;
            bob.call("Ann").await;
            // What has just come takes no presses by a finger.
            sleep(Duration::from_millis(800)).await;
            ann.accept().await;
            ann.sees_the_other_side().await;
            // With the last button that comes.
            ann.shows("#share-button").await;
            let what = format!("Hang up at {width}x{height} in {kind:?}");
            ann.until(&what, place, json!([[true, false]])).await;
        });
    }
}

#[test]
fn whoever_has_the_focus_is_called_and_nobody_who_came_in_between() {
    stage(async |stage| {
        let address = free_address();
        let (_stop, _running) = holdfast_server_at(address, |options| options).await;
        let url = format!("http://{address}/");
        let people = [(Chromium, "Bob"), (Chromium, "Max")];
        let [bob, max] = stage.people_at(&url, people).await;
        let row = "[...document.querySelectorAll('.userlistbox li')]
            .find(li => li.innerText.startsWith('Max')).querySelector('button').focus()";
        bob.run(row, json!([])).await;
        let _ann = Guest::come(address, "Ann").await;
        let _liz = Guest::come(address, "Liz").await;
        bob.sees("Liz").await;
        press(&bob, ENTER).await;
        bob.reads(".state", "Calling Max").await;
        max.shows("#ring").await;
    });
}

#[test]
fn a_line_keeps_its_breaks_and_a_link_leads_out_of_the_page_in_chromium() {
    keeps_breaks_and_links([Chromium, Chromium]);
}

#[test]
fn a_line_keeps_its_breaks_and_a_link_leads_out_of_the_page_in_firefox() {
    keeps_breaks_and_links([Chromium, Firefox]);
}

fn keeps_breaks_and_links(kinds: [Kind; 2]) {
    stage(async |stage| {
        let [ann, bob] = stage.people([(kinds[0], "Ann"), (kinds[1], "Bob")]).await;
        let text = "document.querySelector('#text').value = arguments[0]";
        let said = "See\nhttps://example.org/a?b=c. Not javascript:alert(1)";
        ann.run(text, json!([said])).await;
        ann.click("#send").await;
        bob.reads(
            ".chatbox",
            "See\nhttps://example.org/a?b=c. Not javascript:alert(1)",
        )
        .await;
        let links = "return [...document.querySelectorAll('.chatbox a')]
            .map(link => [link.href, link.target, link.rel])";
        let link = ["https://example.org/a?b=c", "_blank", "noopener noreferrer"];
        assert_eq!(bob.run(links, json!([])).await, json!([link]));
    });
}

#[test]
fn what_is_written_in_a_call_is_for_the_other_side() {
    stage(async |stage| {
        let people = [(Chromium, "Ann"), (Chromium, "Bob"), (Chromium, "Zoe")];
        let [ann, bob, zoe] = stage.people(people).await;
        ann.call("Bob").await;
        bob.accept().await;
        ann.sees_the_other_side().await;
        bob.sees_the_other_side().await;
        ann.type_into("#text", "My door code is 4711").await;
        ann.click("#send").await;
        bob.reads(".chatbox", "4711").await;
        ann.hang_up().await;
        ann.is_idle().await;
        ann.type_into("#text", "Hello all").await;
        ann.click("#send").await;
        zoe.reads(".chatbox", "Hello all").await;
        let all = zoe
            .run(
                "return document.querySelector('.chatbox').textContent",
                json!([]),
            )
            .await;
        assert!(!all.to_string().contains("4711"), "{all}");
    });
}

async fn ann_and_bob(stage: &Stage) -> [Person; 2] {
    stage.people([(Chromium, "Ann"), (Chromium, "Bob")]).await
}

#[test]
fn the_picture_plays_on_and_where_it_may_not_there_is_a_button() {
    stage(async |stage| {
        let [ann, bob] = ann_and_bob(stage).await;
        let rule = "window.play = HTMLMediaElement.prototype.play;
            HTMLMediaElement.prototype.play = async function () {
                if (this.id !== 'received_video') return play.call(this);
                this.pause();
                throw new DOMException('press something first', 'NotAllowedError');
            }";
        bob.run(rule, json!([])).await;
        ann.call("Bob").await;
        bob.accept().await;
        ann.sees_the_other_side().await;
        bob.shows("#play-button").await;
        bob.run("HTMLMediaElement.prototype.play = play", json!([]))
            .await;
        bob.click("#play-button").await;
        bob.sees_the_other_side().await;
        let gone = "return document.querySelector('#play-button').hidden";
        bob.until("the button goes", gone, json!([])).await;
        // As by a media key.
        ann.run(
            "document.querySelector('#received_video').pause()",
            json!([]),
        )
        .await;
        ann.sees_the_other_side().await;
    });
}

#[test]
fn where_firefox_lets_nothing_be_heard_without_a_press_there_is_a_button() {
    stage(async |stage| {
        let [bob] = stage.people([(Chromium, "Bob")]).await;
        let look = Look {
            asks_before_sound: true,
            ..Look::default()
        };
        let ann = stage.person_with(Firefox, "Ann", &look).await;
        let url = bob.run("return location.href", json!([])).await;
        let url = url.as_str().expect("an address");
        ann.open(url).await;
        ann.join().await;
        // Whoever only watches; a camera that is open would be reason enough for Firefox.
        ann.click("#camera-button").await;
        ann.click("#microphone-button").await;
        bob.call("Ann").await;
        ann.accept().await;
        ann.sees_the_other_side().await;
        ann.open("about:blank").await;
        ann.open(url).await;
        ann.shows("#play-button").await;
        ann.click("#play-button").await;
        ann.sees_the_other_side().await;
        let gone = "return document.querySelector('#play-button').hidden";
        ann.until("the button goes", gone, json!([])).await;
    });
}

#[test]
fn nobody_is_hurried_while_the_browser_asks_for_the_camera() {
    stage(async |stage| {
        let [ann, bob] = ann_and_bob(stage).await;
        let asks = "const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
            const read = new Promise(resolve => window.allow = resolve);
            navigator.mediaDevices.getUserMedia = async wanted => { await read; return ask(wanted); }";
        bob.run(asks, json!([])).await;
        ann.call("Bob").await;
        bob.accept().await;
        bob.reads(".state", "waiting for your camera and microphone")
            .await;
        ann.reads(".state", "Bob is answering. Their browser may be asking")
            .await;
        // In doubt after four seconds, as every call is that has begun to look for a path.
        sleep(Duration::from_secs(6)).await;
        assert_eq!(ann.run("return peers.length", json!([])).await, 1);
        bob.run("allow()", json!([])).await;
        ann.sees_the_other_side().await;
        bob.sees_the_other_side().await;
    });
}

#[test]
fn a_name_of_forty_letters_fits_a_phone() {
    stage(async |stage| {
        let name = "W".repeat(40);
        let [long] = stage.people([(Chromium, &*name)]).await;
        let url = long.run("return location.href", json!([])).await;
        let look = Look {
            size: Some((360, 740)),
            ..Look::default()
        };
        let ann = stage.person_with(Chromium, "Ann", &look).await;
        ann.open(url.as_str().expect("an address")).await;
        ann.join().await;
        ann.sees(&name).await;
        let fits = "return document.documentElement.scrollWidth <= 360
            && [...document.querySelectorAll('#ring, .state, #told, .userlistbox li')]
                .every(part => part.getBoundingClientRect().right <= 360)";
        ann.until("the list fits", fits, json!([])).await;
        long.call("Ann").await;
        ann.shows("#ring").await;
        ann.until("the ring fits", fits, json!([])).await;
        sleep(Duration::from_millis(800)).await;
        ann.accept().await;
        ann.sees_the_other_side().await;
        ann.until("the call fits", fits, json!([])).await;
        long.hang_up().await;
        ann.reads("#notice", "hung up").await;
        ann.until("the notice fits", fits, json!([])).await;
    });
}

#[test]
fn whoever_was_missed_is_listed_through_a_reload_and_called_back_in_chromium() {
    lists_who_was_missed([Chromium, Chromium]);
}

#[test]
fn whoever_was_missed_is_listed_through_a_reload_and_called_back_in_firefox() {
    lists_who_was_missed([Firefox, Chromium]);
}

fn lists_who_was_missed(kinds: [Kind; 2]) {
    stage(async |stage| {
        let [ann, bob] = stage.people([(kinds[0], "Ann"), (kinds[1], "Bob")]).await;
        bob.call("Ann").await;
        ann.shows("#accept-button").await;
        bob.hang_up().await;
        ann.reads("#missed", "Bob").await;
        let page = ann.browser().await;
        page.refresh().await.expect("the page loads");
        ann.join().await;
        ann.sees("Bob").await;
        ann.reads("#missed", "Call back").await;
        // What has just come takes no presses by a finger.
        sleep(Duration::from_millis(800)).await;
        ann.click("#missed button").await;
        bob.accept().await;
        ann.sees_the_other_side().await;
        ann.hang_up().await;
        let gone = "return document.querySelector('#missed-box').hidden";
        ann.until("nobody is missed", gone, json!([])).await;
    });
}

#[test]
fn a_room_is_shared_and_its_code_leads_there_and_calls() {
    stage(async |stage| {
        let ann = stage.person(Chromium, "Ann").await;
        let share =
            json!({ "source": "navigator.share = async what => { window.shared = what.url; }" });
        ann.cdp("Page.addScriptToEvaluateOnNewDocument", share)
            .await;
        let url = format!("http://localhost:{}/", e2e::holdfast_server().await.port());
        ann.open(&url).await;
        ann.join().await;
        ann.click("#new-room").await;
        ann.until("a room", "return location.hash.length > 20", json!([]))
            .await;
        let link = ann.run("return location.href + '&c=Ann'", json!([])).await;
        ann.click("#share-link").await;
        assert_eq!(ann.run("return shared", json!([])).await, link);
        // The same for who is to choose whom to call, in one press as well.
        ann.click("#calls-me").await;
        ann.click("#share-link").await;
        let place = ann.run("return location.href", json!([])).await;
        assert_eq!(ann.run("return shared", json!([])).await, place);
        ann.click("#copy-link").await;
        ann.reads("#copy-label", "Copied").await;
        // What is copied is that link, and no other.
        ann.click("#calls-me").await;
        ann.until(
            "it is not copied yet",
            "return document.querySelector('#copy-label').textContent === 'Copy link'",
            json!([]),
        )
        .await;
        // Where a browser lets nothing be copied, it does not say so: the link can be selected.
        let refuses = "navigator.clipboard.writeText = async () => { throw new Error('no'); }";
        ann.run(refuses, json!([])).await;
        ann.click("#copy-link").await;
        ann.reads("#code-link", "&c=Ann").await;
        ann.reads("#copy-label", "Copy link").await;
        ann.click("#close-code").await;
        ann.click("#code-button").await;
        ann.shows("#code-path").await;
        // Painted as the page does, each module four pixels wide.
        let pixels = "const [,, size] = document.querySelector('#code-image').getAttribute('viewBox').split(' ').map(Number);
            const context = new OffscreenCanvas(size * 4, size * 4).getContext('2d');
            context.fillStyle = 'white';
            context.fillRect(0, 0, size * 4, size * 4);
            context.setTransform(4, 0, 0, 4, 16, 16);
            context.fillStyle = 'black';
            context.fill(new Path2D(document.querySelector('#code-path').getAttribute('d')));
            const { data } = context.getImageData(0, 0, size * 4, size * 4);
            return [...data].filter((_, nth) => nth % 4 === 0)";
        let pixels = ann.run(pixels, json!([])).await;
        let pixels: Vec<u8> = serde_json::from_value(pixels).expect("pixels");
        let width = pixels.len().isqrt();
        let mut image =
            rqrr::PreparedImage::prepare_from_greyscale(width, width, |x, y| pixels[y * width + x]);
        let codes = image.detect_grids();
        let (_, read) = codes
            .first()
            .expect("a code")
            .decode()
            .expect("that can be read");
        assert_eq!(json!(read), link);
        let bob = stage.person(Chromium, "Bob").await;
        bob.open(&read).await;
        bob.reads("#welcome", "Ann invites you").await;
        bob.reads("#login", "Call Ann").await;
        bob.type_into("#name", "Bob").await;
        bob.click("#login").await;
        // The code makes way for who calls by it.
        ann.accept().await;
        bob.sees_the_other_side().await;
        bob.hang_up().await;
        // Once is enough, whatever becomes of the page.
        let gone = "return !location.hash.includes('c=') && location.hash.length > 20";
        assert_eq!(bob.run(gone, json!([])).await, true);
        let page = bob.browser().await;
        page.refresh().await.expect("the page loads");
        bob.join().await;
        bob.sees("Ann").await;
        sleep(Duration::from_secs(1)).await;
        bob.is_idle().await;
        // Who comes first waits for the other.
        let carl = stage.person(Chromium, "Carl").await;
        carl.open(&read.replace("c=Ann", "c=D%C3%B6rte")).await;
        carl.type_into("#name", "Carl").await;
        carl.click("#login").await;
        carl.reads("#awaited", "is not here yet").await;
        let dora = stage.person(Chromium, "Dörte").await;
        dora.open(read.split('&').next().expect("a link")).await;
        dora.join().await;
        dora.accept().await;
        carl.sees_the_other_side().await;
    });
}

/// A finger touches that place.
async fn tap(person: &Person, (x, y): (f64, f64)) {
    let at = json!({ "type": "touchStart", "touchPoints": [{ "x": x, "y": y }] });
    person.cdp("Input.dispatchTouchEvent", at).await;
    let off = json!({ "type": "touchEnd", "touchPoints": [] });
    person.cdp("Input.dispatchTouchEvent", off).await;
}

/// Where the middle of an element is.
async fn middle(person: &Person, selector: &str) -> (f64, f64) {
    let script = "const { x, y, width, height } = document.querySelector(arguments[0]).getBoundingClientRect();
        return [x + width / 2, y + height / 2]";
    let place = person.run(script, json!([selector])).await;
    let number = |nth: usize| place[nth].as_f64().expect("a number");
    (number(0), number(1))
}

/// What has just come under a finger takes no press, and does a moment later.
#[test]
fn what_moves_under_a_finger_does_nothing() {
    stage(async |stage| {
        let address = free_address();
        let (_stop, _running) = holdfast_server_at(address, |options| options).await;
        let url = format!("http://{address}/");
        let look = Look {
            size: Some((360, 740)),
            ..Look::default()
        };
        let ann = stage.person_with(Chromium, "Ann", &look).await;
        ann.open(&url).await;
        ann.join().await;
        let _zoe = Guest::come(address, "Zoe").await;
        ann.sees("Zoe").await;
        let row = middle(&ann, "li[data-name=Zoe] button").await;
        sleep(Duration::from_millis(800)).await;
        // Somebody comes in above her.
        let _max = Guest::come(address, "Max").await;
        ann.sees("Max").await;
        tap(&ann, row).await;
        let idle = "return document.querySelector('#hangup-button').disabled";
        assert_eq!(ann.run(idle, json!([])).await, true, "nobody is called");
        sleep(Duration::from_millis(800)).await;
        tap(&ann, row).await;
        ann.reads(".state", "Calling Max").await;
    });
}

#[test]
fn on_a_phone_unread_lines_are_counted_and_people_are_in_reach() {
    stage(async |stage| {
        let [bob] = stage.people([(Chromium, "Bob")]).await;
        let url = bob.run("return location.href", json!([])).await;
        let look = Look {
            size: Some((360, 740)),
            ..Look::default()
        };
        let ann = stage.person_with(Chromium, "Ann", &look).await;
        ann.open(url.as_str().expect("an address")).await;
        ann.join().await;
        bob.call("Ann").await;
        sleep(Duration::from_millis(800)).await;
        ann.accept().await;
        ann.sees_the_other_side().await;
        bob.type_into("#text", "Can you hear me?").await;
        bob.click("#send").await;
        let count =
            "return getComputedStyle(document.querySelector('#chat-button'), '::after').content
            .includes('1')";
        ann.until("one is unread", count, json!([])).await;
        ann.click("#chat-button").await;
        let none = "return document.querySelector('#chat-button').dataset.unread === ''";
        ann.until("it is read", none, json!([])).await;
        ann.click("#people-button").await;
        ann.shows("li[data-name=Bob]").await;
    });
}

#[test]
fn a_wide_window_is_the_pictures_alone_where_that_is_wanted() {
    stage(async |stage| {
        let [ann, bob] = ann_and_bob(stage).await;
        ann.call("Bob").await;
        bob.accept().await;
        ann.sees_the_other_side().await;
        ann.shows("#text").await;
        ann.click("#close-chat").await;
        let wide = "return document.querySelector('#received_video').clientWidth === innerWidth";
        ann.until("the picture has all of it", wide, json!([]))
            .await;
        bob.type_into("#text", "Hello").await;
        bob.click("#send").await;
        ann.reads("#chat-label", "Chat (1)").await;
        ann.click("#chat-button").await;
        ann.shows("#text").await;
        ann.reads(".chatbox", "Hello").await;
    });
}

#[test]
fn a_picture_that_nearly_fits_goes_to_the_edges_and_others_are_whole() {
    for (size, is_cut) in [((1440, 900), true), ((360, 740), false)] {
        stage(async |stage| {
            let [bob] = stage.people([(Chromium, "Bob")]).await;
            let url = bob.run("return location.href", json!([])).await;
            let look = Look {
                size: Some(size),
                ..Look::default()
            };
            let ann = stage.person_with(Chromium, "Ann", &look).await;
            ann.open(url.as_str().expect("an address")).await;
            ann.join().await;
            bob.call("Ann").await;
            sleep(Duration::from_millis(800)).await;
            ann.accept().await;
            ann.sees_the_other_side().await;
            let fit = "return getComputedStyle(document.querySelector('#received_video')).objectFit === arguments[0]";
            let wanted = if is_cut { "cover" } else { "contain" };
            ann.until(wanted, fit, json!([wanted])).await;
        });
    }
}

#[test]
fn whoever_is_searched_for_is_found_with_accents_or_without() {
    stage(async |stage| {
        let address = free_address();
        let (_stop, _running) = holdfast_server_at(address, |options| options).await;
        let ann = stage.person(Chromium, "Ann").await;
        ann.open(&format!("http://{address}/")).await;
        ann.join().await;
        let mut guests = Vec::new();
        for name in (0..20)
            .map(|n| format!("Somebody {n}"))
            .chain(["Chloé".to_owned()])
        {
            guests.push(Guest::come(address, &name).await);
        }
        ann.shows("#search").await;
        ann.type_into("#search", "CHLOE").await;
        ann.misses("Somebody 1").await;
        ann.sees("Chloé").await;
    });
}

#[test]
fn escape_silences_a_ring_and_leaves_it_to_be_answered() {
    stage(async |stage| {
        let [ann, bob] = ann_and_bob(stage).await;
        let listen = "const make = AudioContext.prototype.createOscillator;
            AudioContext.prototype.createOscillator = function () { window.rings = this; return make.call(this); };
            document.querySelector('.userlistbox button').focus()";
        bob.run(listen, json!([])).await;
        ann.call("Bob").await;
        bob.until(
            "it rings",
            "return window.rings?.state === 'running'",
            json!([]),
        )
        .await;
        press(&bob, "\u{e00c}").await;
        bob.until(
            "it is silent",
            "return rings.state === 'suspended'",
            json!([]),
        )
        .await;
        bob.shows("#ring").await;
        bob.accept().await;
        bob.sees_the_other_side().await;
    });
}
