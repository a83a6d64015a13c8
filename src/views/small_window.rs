//! The call in a small window over all others, with the buttons that matter.

use std::{cell::RefCell, rc::Rc};

use gloo_events::EventListener;
use js_sys::Object;
use leptos::prelude::document;
use wasm_bindgen::JsCast;
use web_sys::{Document, Element, HtmlElement, HtmlVideoElement, Node};

use super::{
    bind::{effect, element, hidden, press},
    stage,
};
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
        match small.take() {
            Some(open) => open.close(),
            None => task::spawn(furnish(windows, model, small.clone())),
        }
    });
    effect(move || {
        model.remote.track();
        model.remote_screen.track();
        model.remote_has_video.track();
        model.local_view.track();
        if !in_call() {
            open.take().into_iter().for_each(Small::close);
        } else if let Some(small) = &*open.borrow() {
            small.follow(model);
        }
    });
}

/// Opens a window at once, and furnishes it when it is there.
fn furnish(
    windows: &JsObject,
    model: Model,
    place: Rc<RefCell<Option<Small>>>,
) -> impl Future<Output = ()> + use<> {
    let size = JsObject(Object::new().into());
    size.set("width", &SIZE[0].into());
    size.set("height", &SIZE[1].into());
    let asked = windows.ask("requestWindow", &[&size.0]);
    async move {
        let Some(window) = asked.await else { return };
        let (closed, id) = (place.clone(), window.0.clone());
        let small = Small::new(window.clone(), move || {
            // There may be a later one, which took its place.
            let is_shown = |small: &Small| small.window.0 == id;
            if closed.borrow().as_ref().is_some_and(is_shown) {
                drop(closed.take());
            }
        });
        match small.filter(|_| model.call.read_untracked().state.is_under_way()) {
            Some(small) => {
                small.follow(model);
                place.replace(Some(small));
            }
            None => drop(window.call("close", &[])),
        }
    }
}

/// The window.
struct Small {
    window: JsObject,
    video: HtmlVideoElement,
    /// Buttons of the page, and what stands for them here.
    buttons: Vec<(HtmlElement, Element)>,
    _pressed: Vec<EventListener>,
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
            ("link[rel=stylesheet], head style", small.head()?.into()),
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
        let copies = BUTTONS.into_iter().filter_map(|id| {
            let original: HtmlElement = element(id);
            let copy = original.clone_node_with_deep(true).ok()?;
            controls.append_child(&copy).ok()?;
            Some((original, copy.unchecked_into::<Element>()))
        });
        let buttons: Vec<(HtmlElement, Element)> = copies.collect();
        let press = |(original, copy): &(HtmlElement, Element)| {
            let original: HtmlElement = Clone::clone(original);
            EventListener::new(copy, "click", move |_| original.click())
        };
        let pressed = buttons.iter().map(press).collect();
        let pagehide = window.0.clone().unchecked_into();
        let closed = EventListener::once(&pagehide, "pagehide", move |_| closed());
        Some(Self {
            window,
            video,
            buttons,
            _pressed: pressed,
            _closed: closed,
        })
    }

    /// Shows what the page does.
    fn follow(&self, model: Model) {
        let screen = model.remote_screen.get_untracked();
        let has_picture = screen.is_some() || stage::has_picture(model);
        let stream = screen.or(model.remote.get_untracked());
        if self.video.src_object() != stream {
            self.video.set_src_object(stream.as_ref());
        }
        let _ = self
            .video
            .toggle_attribute_with_force("hidden", !has_picture);
        for (original, copy) in &self.buttons {
            copy.set_class_name(&original.class_name());
            copy.set_inner_html(&original.inner_html());
        }
    }

    fn close(self) {
        let _ = self.window.call("close", &[]);
    }
}
