//! The latest call that each page began, so that an older one's offer cannot ring any more.

use std::collections::VecDeque;

use holdfast_protocol::CallId;

/// How many pages are remembered.
const PAGES: usize = 64;

/// By who says that they are of that page: anybody can say so.
#[derive(Debug, Default)]
pub(crate) struct KnownCalls(VecDeque<(String, CallId)>);

impl KnownCalls {
    /// Whether no later call of the same page is known from that person; then this one is.
    pub(crate) fn is_latest(&mut self, from: &str, call: &CallId) -> bool {
        let mut known = self.0.iter_mut();
        match known.find(|(name, known)| name == from && known.page == call.page) {
            Some((_, known)) if known.nth >= call.nth => false,
            Some((_, known)) => {
                known.nth = call.nth;
                true
            }
            None => {
                self.0.truncate(PAGES - 1);
                self.0.push_front((from.to_owned(), call.clone()));
                true
            }
        }
    }
}
