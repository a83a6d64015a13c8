//! Messages as a code that people carry by hand, in whatever way they have: no server at all.

use std::{cell::RefCell, rc::Rc};

use gloo_timers::callback::Timeout;
use holdfast_protocol::{ClientMessage, ConnectionId, ServerMessage, Signal, SignalBody};

use super::transport::{Transport, TransportEvent};
use crate::{
    platform::base64,
    wire::{decode, encode},
};

/// How long nothing more must have been said before a code is made of it, ms: candidates come one
/// by one.
const GATHERING: u32 = 1000;

/// How many messages a code has at most.
const MAX_SIGNALS: usize = 256;

/// A code that is none, or not whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotACode;

/// A way by hand to one person. It plays the server's part for itself.
pub(super) struct Manual {
    peer: String,
    emit: Rc<dyn Fn(TransportEvent)>,
    gathered: Rc<RefCell<Vec<Signal>>>,
    /// Until what was said is all there.
    gathering: RefCell<Option<Timeout>>,
}

impl Manual {
    /// `id` must be this page's alone.
    pub(super) fn open(id: String, peer: String, emit: impl Fn(TransportEvent) + 'static) -> Self {
        let emit: Rc<dyn Fn(_)> = Rc::new(emit);
        let id = ConnectionId::Text(id);
        emit(TransportEvent::Received(ServerMessage::Id {
            id,
            acked: None,
            person: None,
        }));
        Self {
            peer,
            emit,
            gathered: Rc::default(),
            gathering: RefCell::default(),
        }
    }

    fn gather(&self, signal: Signal) {
        if self.gathered.borrow().len() < MAX_SIGNALS {
            self.gathered.borrow_mut().push(signal);
        }
        let (gathered, emit) = (self.gathered.clone(), self.emit.clone());
        let done = move || {
            if let Some(code) = write(&gathered.borrow()) {
                emit(TransportEvent::Code(code));
            }
        };
        *self.gathering.borrow_mut() = Some(Timeout::new(GATHERING, done));
    }
}

impl Transport for Manual {
    fn send(&self, message: ClientMessage) {
        match message {
            ClientMessage::Username { name, .. } => {
                let users = vec![name, self.peer.clone()];
                (self.emit)(TransportEvent::Received(ServerMessage::UserList { users }));
            }
            ClientMessage::Signal(signal) => self.gather(signal),
            ClientMessage::Text { .. }
            | ClientMessage::Resume { .. }
            | ClientMessage::Ack { .. }
            | ClientMessage::Ping => {}
        }
    }
}

/// Writes messages as one code, once there is a description among them: letters, digits, `+`, `/`
/// and `=`, so that no way to carry it changes it. All that has been said is in it: what has been
/// carried already is not acted on twice.
fn write(signals: &[Signal]) -> Option<String> {
    let describes =
        |signal: &Signal| matches!(signal.body, SignalBody::Offer(_) | SignalBody::Answer(_));
    signals.iter().any(describes).then(|| {
        let lines: Vec<String> = signals.iter().map(|signal| encode(signal)).collect();
        base64::encode(&lines.join("\n"))
    })
}

/// Reads the messages of a call in a code.
///
/// # Errors
/// When it is none, or not whole.
pub fn read(code: &str) -> Result<Vec<Signal>, NotACode> {
    let lines = base64::decode(code.trim()).ok_or(NotACode)?;
    let signals: Option<Vec<Signal>> = lines
        .lines()
        .map(|line| match decode(line) {
            Ok(ServerMessage::Signal(signal)) => Some(signal),
            Ok(_) | Err(_) => None,
        })
        .collect();
    signals
        .filter(|signals| !signals.is_empty())
        .ok_or(NotACode)
}
