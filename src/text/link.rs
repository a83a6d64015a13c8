//! The link to the others.

use super::say::{fill, say};
use crate::signaling::LinkView;

/// How the link to the others is; nothing while it is good.
#[must_use]
pub fn link(link: &LinkView) -> Option<String> {
    Some(match link {
        LinkView::Off | LinkView::Up | LinkView::Manual => return None,
        LinkView::Connecting => say("Connecting…"),
        LinkView::Down(url) => fill(
            "Can't reach the server ({url}). Trying again. A call under way is not affected.",
            &[("url", url)],
        ),
        LinkView::Tabs => say(
            "No signaling server here: this connects the tabs of this one browser. Open the page \
             in another tab to call it.",
        ),
    })
}
