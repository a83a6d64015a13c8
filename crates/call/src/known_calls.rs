//! The latest call that each page began, so that an older one's offer cannot ring any more.

use std::collections::VecDeque;

use holdfast_protocol::CallId;

/// How many pages are remembered.
const PAGES: usize = 64;

#[derive(Debug, Default)]
pub(crate) struct KnownCalls(VecDeque<CallId>);

impl KnownCalls {
    /// Whether no later call of the same page is known; then this one is.
    pub(crate) fn is_latest(&mut self, call: &CallId) -> bool {
        match self.0.iter_mut().find(|known| known.page == call.page) {
            Some(known) if known.nth >= call.nth => false,
            Some(known) => {
                known.nth = call.nth;
                true
            }
            None => {
                self.0.truncate(PAGES - 1);
                self.0.push_front(call.clone());
                true
            }
        }
    }
}
