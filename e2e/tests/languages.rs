//! The page in languages other than English: by the browser's own, and by the person's choice.

use Kind::Chromium;
use e2e::{Kind, Look, Person, holdfast_server, stage};
use serde_json::json;

/// What is still said in English, though this language has words for it.
const ENGLISH: &str = "const found = [];
    const look = root => {
        const nodes = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
        while (nodes.nextNode()) {
            const node = nodes.currentNode;
            if (node.content) look(node.content);
            const said = [node.data, node.getAttribute?.('aria-label'), node.getAttribute?.('placeholder')];
            found.push(...said.map(text => text?.trim()).filter(text => messages[text] && messages[text] !== text));
        }
    };
    look(document.body);
    return found";

/// Nothing is, and no value is left open.
async fn is_translated(person: &Person, state: &str) {
    assert_eq!(person.run(ENGLISH, json!([])).await, json!([]), "{state}");
    let open = "return document.body.innerText.match(/[{}]/)";
    assert_eq!(person.run(open, json!([])).await, json!(null), "{state}");
}

#[test]
fn a_call_in_the_language_of_the_browser_and_in_one_that_is_chosen() {
    for (tag, join, calling, hung_up) in [
        ("--accept-lang=ko-KR,en", "들어가기", "통화 중", "끊었어요"),
        (
            "--accept-lang=de",
            "Beitreten",
            "Im Gespräch mit Bob",
            "aufgelegt",
        ),
        (
            "--accept-lang=fr,es-MX",
            "Entrar",
            "En llamada con Bob",
            "colgó",
        ),
        ("--accept-lang=ar", "انضمام", "في مكالمة مع", "أنهى"),
    ] {
        stage(async |stage| {
            let look = Look {
                args: vec![tag],
                ..Look::default()
            };
            let url = format!("http://localhost:{}/", holdfast_server().await.port());
            let ann = stage.person_with(Chromium, "Ann", &look).await;
            let bob = stage.person(Chromium, "Bob").await;
            ann.open(&url).await;
            ann.reads("#login", join).await;
            is_translated(&ann, "coming in").await;
            let right_to_left = "return getComputedStyle(document.body).direction === 'rtl'";
            let is_arabic = json!(tag.ends_with("=ar"));
            assert_eq!(ann.run(right_to_left, json!([])).await, is_arabic);
            bob.open(&url).await;
            for person in [&ann, &bob] {
                person.join().await;
            }
            ann.sees("Bob").await;
            is_translated(&ann, "together").await;
            bob.call("Ann").await;
            ann.shows("#accept-button").await;
            is_translated(&ann, "a ring").await;
            ann.accept().await;
            ann.sees_the_other_side().await;
            ann.reads("#state", calling).await;
            ann.click(".settings summary").await;
            is_translated(&ann, "in a call").await;
            // Another language is another load of the page, and the call goes on.
            ann.choose("#language-choice", "English").await;
            ann.reads("#camera-button", "Stop camera").await;
            ann.sees_the_other_side().await;
            ann.click(".settings summary").await;
            let first = "const select = document.querySelector('#language-choice');
                select.selectedIndex = 0; select.dispatchEvent(new Event('change'))";
            ann.run(first, json!([])).await;
            let is_back = "return document.readyState === 'complete' && document.documentElement.lang === arguments[0]";
            let lang = match tag {
                tag if tag.contains("es-") => "es",
                tag => &tag["--accept-lang=".len()..][..2],
            };
            ann.until("its own language again", is_back, json!([lang]))
                .await;
            ann.sees_the_other_side().await;
            bob.hang_up().await;
            ann.reads(".notice", hung_up).await;
            is_translated(&ann, "after a call").await;
        });
    }
}

#[test]
fn a_language_that_cannot_be_had_is_english_and_keeps_nobody_waiting() {
    stage(async |stage| {
        let look = Look {
            args: vec!["--accept-lang=ko"],
            ..Look::default()
        };
        let url = format!("http://localhost:{}/", holdfast_server().await.port());
        let ann = stage.person_with(Chromium, "Ann", &look).await;
        ann.cdp("Network.enable", json!({})).await;
        ann.cdp("Network.setBlockedURLs", json!({ "urls": ["*/ko.json"] }))
            .await;
        ann.open(&url).await;
        ann.reads("#login", "Join").await;
        let lang = "return document.documentElement.lang";
        assert_eq!(ann.run(lang, json!([])).await, "en");
        ann.join().await;
        ann.reads("#alone", "only one here").await;
    });
}
