//! One peer connection's negotiation: perfect negotiation (WebRTC 1.0, 10.7), serialised.
//!
//! One description is being set at a time, and those that arrive meanwhile wait in line.
//! That takes the place of `makingOffer` and `isSettingRemoteAnswerPending`: whether an offer
//! collides is asked only when the last operation is over, so the signaling state alone tells.

use std::collections::VecDeque;

use holdfast_protocol::{Candidate, Description, SdpType, SignalBody, StandbyPath};

use crate::{
    command::{Carries, Command, LegId, Purpose},
    event::LegEvent,
};

/// How many remote messages wait for their turn at most: offers, answers, candidates.
const WAITING: usize = 512;

/// The negotiation of one leg.
#[derive(Debug)]
pub(crate) struct Leg {
    id: LegId,
    purpose: Purpose,
    /// What it would be made for, if it had to be made again.
    anew: Purpose,
    carries: Carries,
    polite: bool,
    /// The first offer is this side's, and has not been yielded.
    ours: bool,
    open: bool,
    signaling: Signaling,
    operation: Option<Operation>,
    /// `negotiationneeded` fired, and no offer has been made since.
    needs_offer: bool,
    /// The last remote offer was ignored; its candidates cannot fit and are not missed.
    ignoring_offer: bool,
    /// Candidates that came before any description they could belong to.
    early: Vec<Candidate>,
    waiting: VecDeque<Remote>,
}

/// `RTCSignalingState`, as operations that have succeeded left it. `have-remote-offer` is never
/// rested in: the answer is the next operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signaling {
    New,
    Stable,
    HaveLocalOffer { first: bool },
}

/// An operation of the browser that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    LocalOffer,
    RemoteOffer,
    LocalAnswer,
    RemoteAnswer,
}

/// A message that waits for its turn.
#[derive(Debug)]
enum Remote {
    Description(Description),
    Candidate(Candidate),
}

/// An output of a leg, for its call.
#[derive(Debug)]
pub(crate) enum LegOutput {
    /// Something for the browser.
    Command(Command),
    /// Something for the other side, about that leg.
    Send(LegId, SignalBody),
    /// The browser refused a description: the leg cannot go on.
    Broken(LegId, String),
}

impl Leg {
    pub(crate) fn new(id: LegId, polite: bool, ours: bool) -> Self {
        Self {
            id,
            purpose: Purpose::Call,
            anew: Purpose::Call,
            carries: Carries::All,
            polite,
            ours,
            open: false,
            signaling: Signaling::New,
            operation: None,
            needs_offer: false,
            ignoring_offer: false,
            early: Vec::new(),
            waiting: VecDeque::new(),
        }
    }

    /// One that is to be kept warm.
    pub(crate) fn standby(id: LegId, polite: bool, ours: bool, path: StandbyPath) -> Self {
        Self {
            purpose: Purpose::Standby(path),
            anew: Purpose::Standby(path),
            carries: Carries::Sound,
            ..Self::new(id, polite, ours)
        }
    }

    pub(crate) fn id(&self) -> LegId {
        self.id
    }

    /// Which way it was made to go, if it was made to be kept warm.
    pub(crate) fn path(&self) -> Option<StandbyPath> {
        match self.purpose {
            Purpose::Call => None,
            Purpose::Standby(path) => Some(path),
        }
    }

    /// From now on it is made to go that way, if it has to be made again.
    pub(crate) fn goes(&mut self, path: StandbyPath) {
        self.anew = Purpose::Standby(path);
    }

    /// From now on it is made as the call's own are, if it has to be made again.
    pub(crate) fn races(&mut self) {
        self.anew = Purpose::Call;
    }

    /// Sends so much over it, once there is a peer connection.
    pub(crate) fn carry(&mut self, carries: Carries, out: &mut Vec<LegOutput>) {
        if self.open && self.carries != carries {
            self.carries = carries;
            out.push(LegOutput::Command(Command::Carry(self.id, carries)));
        }
    }

    /// Whether the first offer is this side's.
    pub(crate) fn is_ours(&self) -> bool {
        self.ours
    }

    /// Whether an offer has ever been answered.
    pub(crate) fn is_negotiated(&self) -> bool {
        match self.signaling {
            Signaling::New | Signaling::HaveLocalOffer { first: true } => false,
            Signaling::Stable | Signaling::HaveLocalOffer { first: false } => true,
        }
    }

    /// Whether there is a peer connection.
    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    /// Makes the peer connection, and starts on what has come in since.
    pub(crate) fn open(&mut self) -> Vec<LegOutput> {
        if std::mem::replace(&mut self.open, true) {
            return Vec::new();
        }
        self.ours = self.waiting.is_empty();
        let mut out = vec![LegOutput::Command(Command::OpenLeg {
            leg: self.id,
            offers: self.ours,
            purpose: self.purpose,
        })];
        out.append(&mut self.advance());
        out
    }

    /// A description or candidate of the other side. Anything else is not for a leg.
    pub(crate) fn receive(&mut self, body: SignalBody) -> Vec<LegOutput> {
        let remote = match body {
            SignalBody::Offer(sdp) => Remote::Description(Description {
                kind: SdpType::Offer,
                sdp,
            }),
            SignalBody::Answer(sdp) => Remote::Description(Description {
                kind: SdpType::Answer,
                sdp,
            }),
            SignalBody::Candidate(candidate) => Remote::Candidate(candidate),
            SignalBody::Ringing
            | SignalBody::Contact
            | SignalBody::Accepted
            | SignalBody::HangUp(_)
            | SignalBody::KeepLeg
            | SignalBody::Standby(_)
            | SignalBody::TakeOver
            | SignalBody::Away
            | SignalBody::Rejoin
            | SignalBody::Here { .. } => return Vec::new(),
        };
        if self.waiting.len() < WAITING {
            self.waiting.push_back(remote);
        }
        self.advance()
    }

    /// News from the browser.
    pub(crate) fn handle(&mut self, event: LegEvent) -> Vec<LegOutput> {
        let mut out = Vec::new();
        match event {
            LegEvent::NegotiationNeeded => self.needs_offer = true,
            LegEvent::Candidate(candidate) => {
                out.push(LegOutput::Send(self.id, SignalBody::Candidate(candidate)));
            }
            LegEvent::LocalDescriptionSet(description) => {
                let body = self.local_description_set(description);
                out.push(LegOutput::Send(self.id, body));
            }
            LegEvent::RemoteDescriptionSet => match self.operation.take() {
                Some(Operation::RemoteOffer) => {
                    self.operation = Some(Operation::LocalAnswer);
                    out.push(LegOutput::Command(Command::SetLocalDescription(self.id)));
                }
                _ => self.settled(),
            },
            LegEvent::DescriptionRefused(why) => {
                self.operation = None;
                out.push(LegOutput::Broken(self.id, why));
                return out;
            }
            LegEvent::IceConnection(_)
            | LegEvent::Connection(_)
            | LegEvent::MediaFlowing
            | LegEvent::Unheard { .. }
            | LegEvent::ChannelOpen
            | LegEvent::Traffic { .. }
            | LegEvent::Certificate(_)
            | LegEvent::NoCandidates
            | LegEvent::RemoteTracksGone
            | LegEvent::RemoteTrack => {}
        }
        out.append(&mut self.advance());
        out
    }

    /// Takes what waits, as far as there is a connection, and no description is being set that it has to wait for.
    fn advance(&mut self) -> Vec<LegOutput> {
        let mut out = Vec::new();
        while self.open {
            let is_busy = self.operation.is_some();
            let is_next = |next: &mut Remote| !is_busy || matches!(next, Remote::Candidate(_));
            let command = match self.waiting.pop_front_if(is_next) {
                Some(Remote::Description(description)) => {
                    if self.yields_first_offer(&description) {
                        out.extend(self.reopen().map(LegOutput::Command));
                    }
                    self.remote_description(description)
                }
                Some(Remote::Candidate(candidate)) => self.remote_candidate(candidate),
                None if is_busy => break,
                None if self.needs_offer && !self.awaits_answer() => {
                    self.needs_offer = false;
                    self.operation = Some(Operation::LocalOffer);
                    Some(Command::SetLocalDescription(self.id))
                }
                None => break,
            };
            out.extend(command.map(LegOutput::Command));
        }
        out
    }

    /// Whether this is glare at the very start, and ours to yield.
    fn yields_first_offer(&self, description: &Description) -> bool {
        let first = self.signaling == Signaling::HaveLocalOffer { first: true };
        first && self.polite && description.kind == SdpType::Offer
    }

    /// Starts over with a fresh connection. Rolling a first offer back would do by the
    /// specification, but now and then leaves Chromium 156 gathering for ever without a candidate;
    /// and a connection that has carried nothing yet is no loss.
    fn reopen(&mut self) -> [Command; 2] {
        self.signaling = Signaling::New;
        self.needs_offer = false;
        self.ours = false;
        self.purpose = self.anew;
        let open = Command::OpenLeg {
            leg: self.id,
            offers: false,
            purpose: self.purpose,
        };
        // Made anew, it carries what such a leg does at first.
        self.carries = match self.purpose {
            Purpose::Call => Carries::All,
            Purpose::Standby(_) => Carries::Sound,
        };
        [Command::CloseLeg(self.id), open]
    }

    fn remote_description(&mut self, description: Description) -> Option<Command> {
        self.operation = match description.kind {
            SdpType::Offer if self.awaits_answer() && !self.polite => {
                self.ignoring_offer = true;
                return None;
            }
            // A polite side's own offer is rolled back by the browser, and made again by
            // `negotiationneeded` if it is still needed.
            SdpType::Offer => {
                self.needs_offer = false;
                Some(Operation::RemoteOffer)
            }
            SdpType::Answer if self.awaits_answer() => Some(Operation::RemoteAnswer),
            SdpType::Answer => return None,
        };
        self.ignoring_offer = false;
        for candidate in self.early.drain(..).rev() {
            self.waiting.push_front(Remote::Candidate(candidate));
        }
        Some(Command::SetRemoteDescription(self.id, description))
    }

    /// A candidate goes to the browser at once, which has a line of its own for them and for the descriptions.
    fn remote_candidate(&mut self, candidate: Candidate) -> Option<Command> {
        let is_set = match self.operation {
            // What is set may be refused, and the candidate with it.
            Some(Operation::RemoteOffer | Operation::RemoteAnswer | Operation::LocalAnswer) => true,
            Some(Operation::LocalOffer) | None => self.is_negotiated(),
        };
        match is_set {
            false => {
                if !self.ignoring_offer && self.early.len() < WAITING {
                    self.early.push(candidate);
                }
                None
            }
            true => Some(Command::AddIceCandidate {
                leg: self.id,
                candidate,
                may_be_refused: self.ignoring_offer,
            }),
        }
    }

    fn local_description_set(&mut self, description: Description) -> SignalBody {
        self.operation = None;
        match description.kind {
            SdpType::Offer => {
                self.signaling = Signaling::HaveLocalOffer {
                    first: self.signaling == Signaling::New,
                };
                SignalBody::Offer(description.sdp)
            }
            SdpType::Answer => {
                self.settled();
                SignalBody::Answer(description.sdp)
            }
        }
    }

    /// An exchange is complete.
    fn settled(&mut self) {
        self.signaling = Signaling::Stable;
    }

    fn awaits_answer(&self) -> bool {
        matches!(self.signaling, Signaling::HaveLocalOffer { .. })
    }
}
