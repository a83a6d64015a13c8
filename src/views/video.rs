//! A video element that shows a stream.

use leptos::{html, prelude::*};
use web_sys::MediaStream;

use super::boxed::{Flag, effect};
use crate::session::Shown;

#[component]
pub(super) fn Video(
    id: &'static str,
    label: &'static str,
    stream: Shown<Option<MediaStream>, LocalStorage>,
    empty: Flag,
) -> impl IntoView {
    let element = NodeRef::<html::Video>::new();
    // Keeps the element at what the signal holds, and so clears it when that is none.
    effect(move || {
        if let Some(element) = element.get() {
            // One's own voice, heard late, is an echo.
            element.set_muted(id == "local_video");
            element.set_src_object(stream.get().as_ref());
        }
    });
    view! {
        <video id=id node_ref=element autoplay playsinline aria-label=label class:empty=empty></video>
    }
}
