//! The link to the others.

use crate::signaling::LinkView;

/// How the link to the others is; nothing while it is good.
#[must_use]
pub fn link(link: &LinkView) -> Option<String> {
    match link {
        LinkView::Off | LinkView::Up | LinkView::Manual => None,
        LinkView::Connecting => Some("Connecting…".into()),
        LinkView::Down(url) => Some(format!(
            "Can't reach the server ({url}). Trying again. A call under way is not affected."
        )),
        LinkView::Tabs => Some(
            "No signaling server here: this connects the tabs of this one browser. Open the page \
             in another tab to call it."
                .into(),
        ),
    }
}
