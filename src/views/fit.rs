//! How the other side's picture fits into the window: to its edges, where that cuts off little.

use gloo_events::EventListener;
use leptos::prelude::{request_animation_frame, window};
use web_sys::HtmlVideoElement;

use super::{
    bind::{effect, element, on},
    drawer::Drawer,
};
use crate::session::Model;

/// What share of a picture has to stay in sight.
const SHARE: f64 = 0.75;

pub(super) fn bind(model: Model, drawer: Drawer) {
    on("received_video", "resize", |_| fit());
    EventListener::new(&window(), "resize", |_| fit()).forget();
    effect(move || {
        model.call.track();
        let _ = drawer.name();
        // Once there is the place that it has from now on.
        request_animation_frame(fit);
    });
}

fn fit() {
    let video: HtmlVideoElement = element("received_video");
    let picture = f64::from(video.video_width()) / f64::from(video.video_height());
    // Where it is when it is the large one.
    let Some(stage) = video.parent_element() else {
        return;
    };
    let place = f64::from(stage.client_width()) / f64::from(stage.client_height());
    let share = (picture / place).min(place / picture);
    let _ = video
        .class_list()
        .toggle_with_force("covers", share > SHARE);
}
