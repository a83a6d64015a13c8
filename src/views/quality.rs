//! One mark for how well the call gets through; in words at a press.

use std::cell::RefCell;

use gloo_timers::callback::Interval;

use super::bind::{attribute, effect, flag, hidden, press, text};
use crate::{
    live::Live,
    session::{Action, CallState, Cause, Dispatch, Grade, Model, Quality, Report, Room},
    text,
};

/// How often the connection is asked, ms.
const EVERY: u32 = 2_000;

/// Gives whether sound goes alone, for want of room.
pub(super) fn bind(model: Model, dispatch: Dispatch) -> Live<bool> {
    let narrow = Live::new(false);
    let send_pictures = move |sends: bool| {
        if sends == narrow.get_untracked() {
            narrow.set(!sends);
            dispatch.dispatch(Action::SendPictures(sends));
        }
    };
    let quality = Live::<Option<Quality>>::new(None);
    let asking = RefCell::new(None);
    let mut was_connected = false;
    let mut of = None;
    // How many calls there have been, and how often one of them was connected.
    let calls = Live::new((0, 0));
    look(model, quality, calls, send_pictures);
    effect(move || {
        let call = model.call.read();
        let is_connected = matches!(call.state, CallState::Connected { .. });
        // A network that was too narrow before an interruption still is.
        let with = Some(call.peer.clone()).filter(|_| call.state.is_under_way());
        if std::mem::replace(&mut of, with.clone()) != with {
            send_pictures(true);
            calls.update(|calls| calls.0 += 1);
        }
        if std::mem::replace(&mut was_connected, is_connected) != is_connected {
            quality.set(None);
            calls.update(|calls| calls.1 += 1);
            let ask = move || dispatch.dispatch(Action::Measure);
            *asking.borrow_mut() = is_connected.then(|| Interval::new(EVERY, ask));
        }
    });
    show(model, quality);
    let is_open = Live::new(false);
    press("quality-mark", move || {
        is_open.set(!is_open.get_untracked())
    });
    attribute("quality-mark", "aria-expanded", move || {
        is_open.get().to_string()
    });
    flag("quality-mark", "data-open", move || is_open.get());
    narrow
}

/// Looks at each report: how good it is, and whether there is room for pictures.
fn look(
    model: Model,
    quality: Live<Option<Quality>>,
    calls: Live<(u32, u32)>,
    send_pictures: impl Fn(bool) + 'static,
) {
    let mut before: Option<Report> = None;
    let mut last: Option<Quality> = None;
    let mut room = Room::default();
    let mut of_call = (0, 0);
    effect(move || {
        let Some(mut report) = Option::as_ref(&model.report.read()).map(Report::read) else {
            return;
        };
        // A screen that stands still is no fault.
        if model.remote_screen.read_untracked().is_some() {
            report.frozen = 0.0;
        }
        let now = calls.get_untracked();
        if now != of_call {
            (before, last) = (None, None);
        }
        if now.0 != of_call.0 || !wants_pictures(model) {
            room = Room::default();
        }
        of_call = now;
        let has_room = !wants_pictures(model) || room.look(&report);
        send_pictures(has_room);
        let mut now = before.replace(report).map(|before| report.since(&before));
        // Sound alone gets through well: that is no good call yet.
        if let Some(now) = now.as_mut().filter(|_| !has_room) {
            (now.grade, now.cause) = (Grade::Bad, Some(Cause::OurNetwork));
        }
        // A single bad moment is none of the call's.
        let is_settled = now.map(|now| now.grade) == last.map(|last| last.grade);
        last = now;
        if is_settled && now.is_some() {
            quality.set(now);
        }
    });
}

/// Whether the camera's pictures are wanted; a screen is what the call is about, and stays.
fn wants_pictures(model: Model) -> bool {
    let call = model.call.read_untracked();
    let media = call.peer_media.as_ref();
    let are_wanted = media.is_some_and(|media| media.limit != Some(0));
    let is_shared = model.sharing.read_untracked().is_some();
    are_wanted && !is_shared && model.local_view.read_untracked().has_video
}

fn show(model: Model, quality: Live<Option<Quality>>) {
    hidden("quality-mark", move || quality.read().is_none());
    attribute("quality-mark", "data-grade", move || {
        let grade = Option::as_ref(&quality.read()).map(|quality| quality.grade as u8);
        grade.map_or_else(String::new, |grade| {
            ["good", "fair", "bad"][usize::from(grade)].into()
        })
    });
    let words = move || {
        let call = model.call.read();
        let words =
            Option::as_ref(&quality.read()).map(|quality| text::quality(quality, &call.peer));
        words.unwrap_or_default()
    };
    text("quality-label", words);
}
