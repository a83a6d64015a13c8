//! Calls that nobody answered, each to be called back.

use gloo_events::EventListener;
use holdfast_call::Notice::CalledMeanwhile;
use js_sys::{Array, Date, Object};
use leptos::prelude::document;
use web_sys::Element;

use super::bind::{effect, element, hidden};
use crate::{
    live::Live,
    platform::{JsObject, property, storage::Place},
    session::{Action, CallState, Dispatch, EndReason, HangUpReason, Model, Notice},
    text::labels,
};

/// Under which they are kept by this tab: names and times of day, each on a line.
const KEPT: &str = "holdfast-missed";

/// How many are listed.
const LISTED: usize = 5;

/// Who has called, and when.
type Missed = (String, String);

pub(super) fn bind(model: Model, dispatch: Dispatch) {
    let missed = Live::new(recall());
    hidden("missed-box", move || missed.read().is_empty());
    let mut before = CallState::Idle;
    effect(move || {
        let call = model.call.read();
        let has_rung = std::mem::replace(&mut before, call.state) == CallState::Ringing;
        let ended = call.ended.as_ref().filter(|ended| is_missed(&ended.reason));
        if let Some(ended) = ended.filter(|_| has_rung && call.state == CallState::Idle) {
            miss(missed, &ended.peer);
        }
        if matches!(call.state, CallState::Connected { .. }) {
            keep(missed, without(missed, &call.peer));
        }
    });
    effect(move || {
        if let Some(Notice::Call(CalledMeanwhile { peer })) = &*model.notice.read() {
            miss(missed, peer);
        }
    });
    let mut room = model.room.get_untracked();
    effect(move || {
        // Who has called is in the other room.
        let now = model.room.get();
        if std::mem::replace(&mut room, now.clone()) != now {
            keep(missed, Vec::new());
        }
    });
    let mut _presses = Vec::new();
    effect(move || {
        let list: Element = element("missed");
        list.set_text_content(None);
        let rows = missed.read();
        let rows = rows
            .iter()
            .filter_map(|(name, time)| row(&list, name, time, dispatch));
        _presses = rows.collect();
    });
}

fn is_missed(reason: &EndReason) -> bool {
    matches!(
        reason,
        EndReason::Missed | EndReason::There(HangUpReason::Cancelled | HangUpReason::NoAnswer)
    )
}

fn without(missed: Live<Vec<Missed>>, peer: &str) -> Vec<Missed> {
    let others = missed.read_untracked();
    others
        .iter()
        .filter(|(name, _)| name != peer)
        .cloned()
        .collect()
}

fn miss(missed: Live<Vec<Missed>>, peer: &str) {
    let mut all = without(missed, peer);
    all.insert(0, (peer.to_owned(), now()));
    all.truncate(LISTED);
    keep(missed, all);
}

fn keep(missed: Live<Vec<Missed>>, all: Vec<Missed>) {
    if *missed.read_untracked() != all {
        let lines: Vec<String> = all
            .iter()
            .map(|(name, time)| [name, "\n", time].concat())
            .collect();
        Place::Tab.keep(
            KEPT,
            Some(lines.join("\n"))
                .filter(|text| !text.is_empty())
                .as_deref(),
        );
        // Beside the installed app's icon (Badging API); 0 takes it away.
        let navigator = JsObject(property(&js_sys::global(), "navigator"));
        navigator.attempt("setAppBadge", &[&(all.len() as u32).into()]);
        missed.set(all);
    }
}

fn recall() -> Vec<Missed> {
    let kept = Place::Tab.load(KEPT).unwrap_or_default();
    let lines: Vec<&str> = kept.lines().collect();
    let pairs = lines.chunks_exact(2);
    pairs
        .map(|pair| (pair[0].to_owned(), pair[1].to_owned()))
        .collect()
}

/// The time of day, as people here write it.
fn now() -> String {
    let how = JsObject(Object::new().into());
    how.set("hour", &"numeric".into());
    how.set("minute", &"2-digit".into());
    let time = JsObject(Date::new_0().into()).call("toLocaleTimeString", &[&Array::new(), &how.0]);
    time.and_then(|time| time.as_string()).unwrap_or_default()
}

fn row(list: &Element, name: &str, time: &str, dispatch: Dispatch) -> Option<EventListener> {
    let make = |tag: &str, text: &str| {
        let element = document().create_element(tag).ok()?;
        element.set_text_content(Some(text));
        Some(element)
    };
    let button = make("button", "")?;
    for part in [
        make("bdi", name),
        make("time", time),
        make("strong", &String::from(labels::CALL_BACK)),
    ] {
        let part: Element = part?;
        button.append_child(&part).ok()?;
    }
    let peer = name.to_owned();
    let press = move |_: &web_sys::Event| dispatch.dispatch(Action::Dial(peer.clone()));
    let press = EventListener::new(&button, "click", press);
    let item = make("li", "")?;
    item.append_child(&button).ok()?;
    list.append_child(&item).ok()?;
    Some(press)
}
