//! The calls of a page: the one that it is in, and one that may ring beside it.

use holdfast_clock::Instant;

use crate::call::Call;

/// None, one or two calls.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    pub(crate) current: Option<Call>,
    /// Somebody who calls while the call is interrupted: it may be the other side, with nothing left
    /// of the call.
    pub(crate) waiting: Option<Call>,
}

impl Calls {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Call> {
        self.current.iter().chain(&self.waiting)
    }

    pub(crate) fn each(&mut self, act: impl FnMut(&mut Call)) {
        self.current
            .iter_mut()
            .chain(&mut self.waiting)
            .for_each(act);
    }

    pub(crate) fn find(&mut self, is_it: impl Fn(&Call) -> bool) -> Option<&mut Call> {
        let mut calls = self.current.iter_mut().chain(&mut self.waiting);
        calls.find(|call| is_it(call))
    }

    /// When one of them has something to do next.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.iter().filter_map(Call::poll_timeout).min()
    }
}
