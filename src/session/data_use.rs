//! How much data calls may take, by the person's wish.

use crate::platform::storage::Place;

/// Under which it is kept.
const KEPT: &str = "holdfast-data";

/// The highest rate of pictures that is wanted, kbit/s, as the menu has it: empty for as high as can be, 0 for sound
/// alone.
#[derive(Debug, Clone, Default)]
pub(super) struct DataUse(pub(super) String);

impl DataUse {
    pub(super) fn load() -> Self {
        Self(Place::Browser.load(KEPT).unwrap_or_default())
    }

    pub(super) fn keep(&self) {
        Place::Browser.keep(KEPT, Some(&*self.0).filter(|limit| !limit.is_empty()));
    }

    /// The rate; none if as high as can be.
    pub(super) fn limit(&self) -> Option<u32> {
        self.0.parse().ok()
    }
}
