//! What nobody needs at once: fetched once the page is there.

#[cfg(not(feature = "split"))]
use std::convert::Infallible;

use gloo_timers::future::TimeoutFuture;

use super::{
    arrivals, chat, dialog, drawer::Drawer, fit, idle, invitation, keys, level, manual, media_keys,
    missed, permission, playing, quality, room, self_view, settings, small_window, speaker, window,
};
use crate::{
    live::Live,
    session::{Dispatch, Model},
};

/// When it is tried again, ms: twice as late each time, and not later than that.
const AGAIN: u32 = 2_000;
const LATEST: u32 = 60_000;

/// Brings that to life: as soon as it can be had.
pub(super) async fn bind(model: Model, dispatch: Dispatch, drawer: Drawer, came: Live<String>) {
    let mut again = AGAIN;
    while part(model, dispatch, drawer, came).await.is_err() {
        TimeoutFuture::new(again).await;
        again = LATEST.min(again * 2);
    }
}

#[cfg(feature = "split")]
#[wasm_split_helpers::wasm_split(later, fallible)]
fn part(
    model: Model,
    dispatch: Dispatch,
    drawer: Drawer,
    came: Live<String>,
) -> Result<(), wasm_split_helpers::SplitLoaderError> {
    all(model, dispatch, drawer, came);
    Ok(())
}

#[cfg(not(feature = "split"))]
async fn part(
    model: Model,
    dispatch: Dispatch,
    drawer: Drawer,
    came: Live<String>,
) -> Result<(), Infallible> {
    all(model, dispatch, drawer, came);
    Ok(())
}

fn all(model: Model, dispatch: Dispatch, drawer: Drawer, came: Live<String>) {
    settings::bind(model, dispatch);
    chat::bind(model, dispatch, drawer);
    manual::bind(model, dispatch);
    window::bind(model);
    small_window::bind(model);
    self_view::bind(model, dispatch);
    idle::bind(model);
    media_keys::bind(model, dispatch);
    playing::bind(model);
    keys::bind();
    dialog::give_way(model);
    permission::bind(model, dispatch);
    let narrow = quality::bind(model, dispatch);
    arrivals::bind(model, dispatch, came);
    missed::bind(model, dispatch);
    level::bind(model, narrow);
    speaker::bind(model);
    let calls_us = room::bind(model, dispatch);
    invitation::bind(model, dispatch, calls_us);
    fit::bind(model, drawer);
}
