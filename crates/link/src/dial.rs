//! Dialling: connections made, the first to open kept, and the delays between attempts.

use std::time::Duration;

use holdfast_clock::Instant;

use crate::{
    event::SocketId,
    output::{Command, Outputs},
};

/// How long to wait before each attempt to come back; the last is repeated. The first costs a server
/// that has restarted nothing more than a connection; the others are those of a server that is down.
const BACKOFF: [Duration; 6] = [
    Duration::ZERO,
    Duration::from_millis(300),
    Duration::from_millis(1200),
    Duration::from_millis(2700),
    Duration::from_millis(4800),
    Duration::from_millis(7000),
];

/// How long an attempt may take: on a network that is gone it would take minutes.
const ATTEMPT_LIMIT: Duration = Duration::from_secs(3);

/// How long a connection that has opened may be silent before the server has let us in over it: it
/// can die in between, and nobody would ever say so.
const PROOF_LIMIT: Duration = Duration::from_secs(10);

/// The connection that messages go over, and the one that is to take its place.
#[derive(Debug)]
pub(crate) struct Dial {
    open: Option<Open>,
    attempt: Option<Attempt>,
    /// When to try again.
    retry: Option<Instant>,
    /// Attempts since a connection last proved good.
    attempts: usize,
    /// Connections made in all.
    sockets: SocketId,
    random: u32,
}

#[derive(Debug)]
struct Attempt {
    socket: SocketId,
    /// None where an attempt cannot hang.
    deadline: Option<Instant>,
}

#[derive(Debug)]
struct Open {
    socket: SocketId,
    /// Until the server has let us in over it: by when it must say more.
    deadline: Option<Instant>,
}

impl Dial {
    /// `seed` sets clients apart, so that they do not all come back at the same moment.
    pub(crate) fn new(seed: u32) -> Self {
        Self {
            open: None,
            attempt: None,
            retry: None,
            attempts: 0,
            sockets: 0,
            random: seed | 1,
        }
    }

    /// The connection that messages go over.
    pub(crate) fn open(&self) -> Option<SocketId> {
        self.open.as_ref().map(|open| open.socket)
    }

    /// Whether a connection is being made.
    pub(crate) fn is_dialing(&self) -> bool {
        self.attempt.is_some()
    }

    /// Whether that connection still has something to say.
    pub(crate) fn owns(&self, socket: SocketId) -> bool {
        let attempt = self.attempt.as_ref().map(|attempt| attempt.socket);
        [self.open(), attempt].contains(&Some(socket))
    }

    /// Attempts since a connection last proved good.
    pub(crate) fn attempts(&self) -> usize {
        self.attempts
    }

    /// Makes a connection, in place of an earlier attempt; what is open stays.
    pub(crate) fn start(&mut self, can_hang: bool, now: Instant, out: &mut Outputs) {
        self.retry = None;
        self.stop_attempt(out);
        self.sockets += 1;
        let socket = self.sockets;
        self.attempt = Some(Attempt {
            socket,
            deadline: can_hang.then(|| now + ATTEMPT_LIMIT),
        });
        out.command(Command::Connect(socket));
    }

    /// Something has come over that connection. Whether it has just opened: the first to do so wins.
    pub(crate) fn received(&mut self, socket: SocketId, now: Instant, out: &mut Outputs) -> bool {
        if let Some(open) = self.open.as_mut().filter(|open| open.socket == socket) {
            open.deadline = open.deadline.map(|_| now + PROOF_LIMIT);
        }
        let is_first = |attempt: &mut Attempt| attempt.socket == socket;
        let Some(attempt) = self.attempt.take_if(is_first) else {
            return false;
        };
        self.close(out);
        self.open = Some(Open {
            socket,
            deadline: attempt.deadline.map(|_| now + PROOF_LIMIT),
        });
        self.retry = None;
        true
    }

    /// That connection is gone.
    pub(crate) fn closed(&mut self, socket: SocketId) {
        if self.open.take_if(|open| open.socket == socket).is_none() {
            self.attempt = None;
        }
    }

    /// The open connection is good: nothing else is needed.
    pub(crate) fn settle(&mut self, out: &mut Outputs) {
        if let Some(open) = &mut self.open {
            open.deadline = None;
        }
        self.attempts = 0;
        self.retry = None;
        self.stop_attempt(out);
    }

    /// The open connection has the server at its other end, though that did not let us in.
    pub(crate) fn refused(&mut self) {
        if let Some(open) = &mut self.open {
            open.deadline = None;
        }
    }

    /// Delays begin again.
    pub(crate) fn reset_backoff(&mut self) {
        self.attempts = 0;
    }

    /// Tries again after a delay, up to a quarter longer than the table says.
    pub(crate) fn back_off(&mut self, now: Instant) {
        let wait = BACKOFF[self.attempts.min(BACKOFF.len() - 1)];
        self.attempts += 1;
        self.random ^= self.random << 13;
        self.random ^= self.random >> 17;
        self.random ^= self.random << 5;
        self.retry = Some(now + wait + wait / 4 * (self.random % 256) / 256);
    }

    /// Tries again then.
    pub(crate) fn retry_at(&mut self, due: Instant) {
        self.retry = Some(due);
    }

    /// Gives up what has taken too long: an attempt, or a connection over which we were not let in.
    /// Whether there was any.
    pub(crate) fn expire(&mut self, now: Instant, out: &mut Outputs) -> bool {
        let is_late = |deadline: Option<Instant>| deadline.is_some_and(|due| due <= now);
        let hangs = self.attempt.as_ref().is_some_and(|of| is_late(of.deadline));
        let silent = self.open.as_ref().is_some_and(|of| is_late(of.deadline));
        if hangs {
            self.stop_attempt(out);
            self.attempts += 1;
        }
        if silent {
            self.close(out);
        }
        hangs || silent
    }

    /// Whether it is time to try again.
    pub(crate) fn retries(&mut self, now: Instant) -> bool {
        self.retry.take_if(|due| *due <= now).is_some()
    }

    /// Closes the connection that messages go over.
    pub(crate) fn close(&mut self, out: &mut Outputs) {
        if let Some(open) = self.open.take() {
            out.command(Command::Close(open.socket));
        }
    }

    /// Ends everything, and the session with it.
    pub(crate) fn leave(&mut self, out: &mut Outputs) {
        if let Some(open) = self.open.take() {
            out.command(Command::Leave(open.socket));
        }
        self.retry = None;
        self.stop_attempt(out);
    }

    /// When [`Self::expire`] or [`Self::retries`] will have something to do.
    pub(crate) fn next(&self) -> Option<Instant> {
        let attempt = self.attempt.as_ref().and_then(|attempt| attempt.deadline);
        let open = self.open.as_ref().and_then(|open| open.deadline);
        [attempt, open, self.retry].into_iter().flatten().min()
    }

    fn stop_attempt(&mut self, out: &mut Outputs) {
        if let Some(attempt) = self.attempt.take() {
            out.command(Command::Close(attempt.socket));
        }
    }
}
