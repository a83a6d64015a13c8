//! The session: what outlives a connection, where the server counts; and what waits to be sent.

use holdfast_protocol::{ClientMessage, ConnectionId, Sequence};

/// How many messages are kept for the server at most; one more is dropped.
const KEPT: usize = 256;

/// A session with a server, from connection to connection.
#[derive(Debug, Default)]
pub(crate) struct ServerSession {
    state: State,
    /// Said before we are in.
    pending: Vec<ClientMessage>,
    /// We have been in this session.
    entered: bool,
    /// We were in another before it, and have not been in this one.
    anew: bool,
}

#[derive(Debug, Default)]
enum State {
    /// No server has spoken to us.
    #[default]
    Fresh,
    /// The sample's server: with each connection we come in anew.
    Uncounted(Identity),
    Counted(Counted),
}

/// A session with a server that counts its messages.
#[derive(Debug)]
struct Counted {
    /// The id that the server gave to the first connection.
    id: String,
    /// The session's public name.
    person: Option<String>,
    log: Sequence<ClientMessage>,
    /// How many of the server's messages have been acknowledged.
    acked: u32,
    /// The version of presence that we know.
    presence: Option<u32>,
    phase: Phase,
}

/// What a server says of a connection, and of the session that begins with it.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) id: ConnectionId,
    /// The public name of the session, where there are such.
    pub(crate) person: Option<String>,
}

/// `offered` is who we are for the server if it does not go on with the session, which it has been
/// asked to; none if it has not been asked.
#[derive(Debug)]
enum Phase {
    /// The server was told our name, and has not listed us: what we say is no part of the session
    /// yet.
    Entering { offered: Option<Identity> },
    /// We are in.
    Member,
    /// We were in: what we say meanwhile goes after what the server has not received.
    Resuming { offered: Identity },
    /// In a page that was loaded anew, and has forgotten the counts.
    Reloaded { offered: Option<Identity> },
}

/// The handling that a message to be sent needs.
#[derive(Debug, PartialEq)]
pub(crate) enum Sending {
    /// It goes out now, if there is a connection; what keeps it is the session's log.
    Now(ClientMessage),
    /// It waits for its turn, or there are too many.
    Later,
}

impl ServerSession {
    /// The session of a page that was loaded anew.
    pub(crate) fn reloaded(id: String) -> Self {
        Self {
            state: State::Counted(Counted {
                id,
                person: None,
                log: Sequence::new(),
                acked: 0,
                presence: None,
                phase: Phase::Reloaded { offered: None },
            }),
            entered: true,
            ..Self::default()
        }
    }

    /// The id that chat carries: that of the session's first connection.
    pub(crate) fn id(&self) -> Option<ConnectionId> {
        match &self.state {
            State::Fresh => None,
            State::Uncounted(Identity { id, .. }) => Some(id.clone()),
            State::Counted(counted) => Some(ConnectionId::Text(counted.id.clone())),
        }
    }

    /// The id of a session that another connection can go on with.
    pub(crate) fn resumable_id(&self) -> Option<&str> {
        self.counted().map(|counted| counted.id.as_str())
    }

    /// The session's public name, where the server gives such.
    pub(crate) fn person(&self) -> Option<&str> {
        match &self.state {
            State::Fresh => None,
            State::Uncounted(identity) => identity.person.as_deref(),
            State::Counted(counted) => counted.person.as_deref(),
        }
    }

    pub(crate) fn is_counted(&self) -> bool {
        self.counted().is_some()
    }

    /// A server has said who a connection is. What asks it to go on with the session, if it can; else
    /// the session begins anew.
    pub(crate) fn identified(&mut self, identity: Identity, counts: bool) -> Option<ClientMessage> {
        if let (State::Counted(counted), true) = (&mut self.state, counts) {
            return Some(counted.resume(identity));
        }
        self.begin(identity, counts);
        None
    }

    /// The server does not have the session: it has restarted, or we were away for too long. False
    /// if it was not asked.
    pub(crate) fn over(&mut self) -> bool {
        let State::Counted(Counted {
            phase:
                Phase::Resuming { offered }
                | Phase::Entering {
                    offered: Some(offered),
                }
                | Phase::Reloaded {
                    offered: Some(offered),
                },
            ..
        }) = &self.state
        else {
            return false;
        };
        let offered = offered.clone();
        self.begin(offered, true);
        true
    }

    /// The server goes on with the session, of which it has received so many messages. Gives what is
    /// to be sent again.
    pub(crate) fn resumed(&mut self, acked: u32, person: Option<String>) -> Vec<ClientMessage> {
        let State::Counted(counted) = &mut self.state else {
            return Vec::new();
        };
        counted.person = person;
        counted.log.acked(acked, drop);
        counted.log.unacked().cloned().collect()
    }

    /// The server knows us. Gives whether it knows nothing of a session that we were in before; and
    /// what has waited for that.
    pub(crate) fn entered(&mut self) -> (bool, Vec<ClientMessage>) {
        if let State::Counted(counted) = &mut self.state {
            counted.phase = Phase::Member;
        }
        self.entered = true;
        let anew = std::mem::take(&mut self.anew);
        (anew, std::mem::take(&mut self.pending))
    }

    /// Takes a message in; `up`: the server knows us.
    pub(crate) fn send(&mut self, message: ClientMessage, up: bool) -> Sending {
        match &mut self.state {
            State::Counted(Counted {
                phase: Phase::Member,
                log,
                ..
            }) => {
                if log.unacked_count() == KEPT {
                    return Sending::Later;
                }
                log.sent(message.clone());
                return Sending::Now(message);
            }
            State::Uncounted(_) if up => return Sending::Now(message),
            State::Fresh | State::Uncounted(_) | State::Counted(_) => {}
        }
        if self.pending.len() < KEPT {
            self.pending.push(message);
        }
        Sending::Later
    }

    /// The server has received so many of our messages.
    pub(crate) fn acked(&mut self, acked: u32) {
        if let State::Counted(counted) = &mut self.state {
            counted.log.acked(acked, drop);
        }
    }

    /// A message of the session has come; gives the count when it is time to acknowledge it.
    pub(crate) fn received(&mut self) -> Option<u32> {
        match &mut self.state {
            State::Counted(counted) if !matches!(counted.phase, Phase::Reloaded { .. }) => {
                let due = counted.log.received();
                counted.acked = due.unwrap_or(counted.acked);
                due
            }
            State::Fresh | State::Uncounted(_) | State::Counted(_) => None,
        }
    }

    /// The count, if any have come that are not acknowledged: the server keeps those, and takes no
    /// more of a sender's than it can.
    pub(crate) fn due_ack(&mut self) -> Option<u32> {
        let State::Counted(counted) = &mut self.state else {
            return None;
        };
        let received = counted.log.received_count();
        let acked = std::mem::replace(&mut counted.acked, received);
        (acked != received).then_some(received)
    }

    /// Presence as a whole, in that version.
    pub(crate) fn presence_is(&mut self, version: u32) {
        if let State::Counted(counted) = &mut self.state {
            counted.presence = Some(version);
        }
    }

    /// A change of presence: the next version.
    pub(crate) fn presence_changed(&mut self) {
        if let State::Counted(counted) = &mut self.state {
            counted.presence = counted.presence.map(|version| version.wrapping_add(1));
        }
    }

    /// A new session. What the old one's server has not received is sent in it, but for messages of
    /// calls: whoever has the other side's name by now may be somebody else, and a call knows itself
    /// what to say again.
    fn begin(&mut self, Identity { id, person }: Identity, counts: bool) {
        self.anew |= std::mem::take(&mut self.entered);
        let next = match id {
            ConnectionId::Text(id) if counts => State::Counted(Counted {
                id,
                person,
                log: Sequence::new(),
                acked: 0,
                presence: None,
                phase: Phase::Entering { offered: None },
            }),
            id @ (ConnectionId::Text(_) | ConnectionId::Number(_)) => {
                State::Uncounted(Identity { id, person })
            }
        };
        if let State::Counted(before) = std::mem::replace(&mut self.state, next) {
            self.pending.splice(0..0, before.log.into_unacked());
        }
        if self.anew {
            let is_of_a_call =
                |message: &ClientMessage| matches!(message, ClientMessage::Signal(_));
            self.pending.retain(|message| !is_of_a_call(message));
        }
    }

    fn counted(&self) -> Option<&Counted> {
        match &self.state {
            State::Counted(counted) => Some(counted),
            State::Fresh | State::Uncounted(_) => None,
        }
    }
}

impl Counted {
    fn resume(&mut self, offered: Identity) -> ClientMessage {
        let is_reloaded = matches!(self.phase, Phase::Reloaded { .. });
        self.phase = match self.phase {
            Phase::Entering { .. } => Phase::Entering {
                offered: Some(offered),
            },
            Phase::Member | Phase::Resuming { .. } => Phase::Resuming { offered },
            Phase::Reloaded { .. } => Phase::Reloaded {
                offered: Some(offered),
            },
        };
        ClientMessage::Resume {
            id: self.id.clone(),
            acked: (!is_reloaded).then(|| self.log.received_count()),
            presence: self.presence.filter(|_| !is_reloaded),
        }
    }
}
