//! How much data calls may take, by the person's wish: the highest rate of pictures, kbit/s; 0 for sound alone,
//! and none for as much as there is.

use crate::platform::storage::Place;

/// Under which it is kept.
const KEPT: &str = "holdfast-data";

pub(super) fn load() -> Option<u32> {
    Place::Browser.load(KEPT)?.parse().ok()
}

pub(super) fn keep(limit: Option<u32>) {
    let limit = limit.map(|limit| limit.to_string());
    Place::Browser.keep(KEPT, limit.as_deref());
}
