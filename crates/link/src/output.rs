//! Outputs of a link: commands for its driver, and news for the session.

use std::collections::VecDeque;

use holdfast_protocol::{ClientMessage, ServerMessage};

use crate::event::{ProbeId, SocketId};

/// An output of a link; they are in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// For whoever drives it.
    Command(Command),
    /// For whoever uses it.
    News(News),
}

/// Something the driver is to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Make a connection. Answer with `Received` or `Closed`.
    Connect(SocketId),
    /// Close it, but not the session; nothing may be heard of it afterwards.
    Close(SocketId),
    /// Close it and the session: nobody will come back.
    Leave(SocketId),
    /// Send a message over it.
    Transmit(SocketId, ClientMessage),
    /// Ask something of the host that the page came from; answer with `Reachable`, or not at all.
    Probe(ProbeId),
    /// Take that back, if it is still under way.
    CancelProbe(ProbeId),
}

/// News of a link.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// A server has begun a session for us, under the name that it was told.
    Introduced {
        /// It outlives its connections; only our servers have such, and only these know rooms.
        resumable: bool,
    },
    /// Messages get through, since now.
    Up {
        /// The server knows nothing of the session before, if there was one, so that messages may
        /// have been lost.
        anew: bool,
    },
    /// They do not any more; the link is being made anew.
    Lost,
    /// There is no server that could be asked.
    NoServer,
    /// A message for the session.
    Message(ServerMessage),
}

/// Outputs that wait to be drained.
#[derive(Debug, Default)]
pub(crate) struct Outputs(VecDeque<Output>);

impl Outputs {
    pub(crate) fn command(&mut self, command: Command) {
        self.0.push_back(Output::Command(command));
    }

    pub(crate) fn news(&mut self, news: News) {
        self.0.push_back(Output::News(news));
    }

    pub(crate) fn pop(&mut self) -> Option<Output> {
        self.0.pop_front()
    }
}
