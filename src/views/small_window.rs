//! The call in a small window over all others, with the buttons that matter.

use std::{cell::RefCell, rc::Rc};

use gloo_events::EventListener;
use js_sys::Object;
use leptos::prelude::document;
use wasm_bindgen::JsCast;
use web_sys::{Document, Element, HtmlElement, HtmlVideoElement, Node};

use super::bind::{effect, element, hidden, press};
use crate::{
    platform::{JsObject, property, task},
    session::Model,
};

/// How large it begins, px.
const SIZE: [u32; 2] = [360, 270];

/// Buttons of the page that it has as well.
const BUTTONS: [&str; 3] = ["microphone-button", "camera-button", "hangup-button"];

pub(super) fn bind(model: Model) {
    let windows = JsObject(js_sys::global().into()).object("documentPictureInPicture");
    let video: HtmlVideoElement = element("received_video");
    let of_video = JsObject(video.into());
    // Safari has the second alone.
    let can = windows.is_some() || of_video.can("requestPictureInPicture");
    let in_call = move || model.call.read().state.is_under_way();
    hidden("pip-button", move || !can || !in_call());
    let open: Rc<RefCell<Option<Small>>> = Rc::default();
    let small = open.clone();
    press("pip-button", move || {
        let Some(windows) = &windows else {
            return of_video.attempt("requestPictureInPicture", &[]);
        };
        if let Some(open) = small.take() {
            return open.close();
        }
        let size = JsObject(Object::new().into());
        size.set("width", &SIZE[0].into());
        size.set("height", &SIZE[1].into());
        let (asked, small) = (windows.ask("requestWindow", &[&size.0]), small.clone());
        task::spawn(async move {
            if let Some(window) = asked.await {
                let closed = small.clone();
                let open = Small::new(window, move || drop(closed.take()));
                *small.borrow_mut() = open;
                follow(model, &small);
            }
        });
    });
    effect(move || {
        model.remote.track();
        model.local_view.track();
        if in_call() {
            follow(model, &open);
        } else if let Some(open) = open.take() {
            open.close();
        }
    });
}

fn follow(model: Model, small: &RefCell<Option<Small>>) {
    if let Some(small) = &*small.borrow() {
        small.follow(model);
    }
}

/// The window.
struct Small {
    window: JsObject,
    video: HtmlVideoElement,
    controls: Element,
    pressed: RefCell<Vec<EventListener>>,
    _closed: EventListener,
}

impl Small {
    /// Furnishes a window that is open; calls back when somebody closes it.
    fn new(window: JsObject, closed: impl Fn() + 'static) -> Option<Self> {
        let page = document();
        // Of another realm, where `instanceof` says no.
        let small: Document = property(&window.0, "document").unchecked_into();
        // Its style, and the icons.
        for (wanted, place) in [
            ("link[rel=stylesheet]", small.head()?.into()),
            ("body > svg", small.body()?.into()),
        ] {
            let place: Node = place;
            let copy = page
                .query_selector(wanted)
                .ok()??
                .clone_node_with_deep(true)
                .ok()?;
            place.append_child(&copy).ok()?;
        }
        let body = small.body()?;
        body.set_class_name("small");
        let video: HtmlVideoElement = small.create_element("video").ok()?.unchecked_into();
        // Heard from the page itself.
        video.set_muted(true);
        video.set_autoplay(true);
        let controls = small.create_element("div").ok()?;
        controls.set_class_name("controls");
        body.append_child(&video).ok()?;
        body.append_child(&controls).ok()?;
        let pagehide = window.0.clone().unchecked_into();
        let closed = EventListener::once(&pagehide, "pagehide", move |_| closed());
        Some(Self {
            window,
            video,
            controls,
            pressed: RefCell::default(),
            _closed: closed,
        })
    }

    /// Shows what the page does.
    fn follow(&self, model: Model) {
        let stream = model.remote.get_untracked();
        if self.video.src_object() != stream {
            self.video.set_src_object(stream.as_ref());
        }
        self.controls.set_text_content(None);
        let copied = BUTTONS.into_iter().filter_map(|id| {
            let original: HtmlElement = element(id);
            let copy = original.clone_node_with_deep(true).ok()?;
            self.controls.append_child(&copy).ok()?;
            Some(EventListener::new(&copy, "click", move |_| {
                original.click()
            }))
        });
        self.pressed.replace(copied.collect());
    }

    fn close(self) {
        let _ = self.window.call("close", &[]);
    }
}
