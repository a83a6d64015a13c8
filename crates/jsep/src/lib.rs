//! A model of `RTCPeerConnection`'s signaling: descriptions, rollback, ICE credentials, candidates
//! and `negotiationneeded`, as WebRTC 1.0 and JSEP (RFC 9429) have them, without media or network.
//!
//! It stands in for the browser where millions of schedules are tried. `tests/model.rs` of the
//! app plays the same moves on the model and on the browser's own connection, and compares.

use std::fmt;

/// `RTCSignalingState`, less the pranswer states and `closed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignalingState {
    /// No exchange in progress.
    Stable,
    /// Our offer awaits its answer.
    HaveLocalOffer,
    /// Their offer awaits our answer.
    HaveRemoteOffer,
}

/// Offer or answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An offer.
    Offer,
    /// An answer.
    Answer,
}

/// A session description, reduced. Its text form stands where SDP would.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// Offer or answer.
    pub kind: Kind,
    /// The ICE user name fragment of the side that wrote it: new with each restart.
    pub ufrag: String,
    /// How many media sections it has.
    pub sections: u32,
    /// An answer names the offer's ufrag and sections, which lets the model notice a wrong answer.
    pub answers: Option<(String, u32)>,
}

/// Why the model, like a browser, refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// `InvalidStateError`
    InvalidState(&'static str),
    /// `OperationError`
    Operation(&'static str),
}

/// One end of a peer connection.
#[derive(Debug, Clone)]
pub struct PeerConnection {
    label: String,
    gathered: u32,
    state: SignalingState,
    current_local: Option<Description>,
    current_remote: Option<Description>,
    pending_local: Option<Description>,
    pending_remote: Option<Description>,
    /// Sections that this end's own tracks need.
    sections: u32,
    /// `[[LocalIceCredentialsToReplace]]`: the ufrags that restartIce() wants gone.
    to_replace: Vec<String>,
    /// `[[NegotiationNeeded]]`
    negotiation_needed: bool,
    /// Ufrags of remote candidates taken.
    remote_candidates: Vec<String>,
}

impl PeerConnection {
    /// A new connection; `label` starts its ufrags and tells the two ends apart.
    #[must_use]
    pub fn new(label: &str) -> Self {
        Self {
            label: label.to_owned(),
            gathered: 0,
            state: SignalingState::Stable,
            current_local: None,
            current_remote: None,
            pending_local: None,
            pending_remote: None,
            sections: 0,
            to_replace: Vec::new(),
            negotiation_needed: false,
            remote_candidates: Vec::new(),
        }
    }

    /// `signalingState`
    #[must_use]
    pub fn signaling_state(&self) -> SignalingState {
        self.state
    }

    /// The ufrags that a finished negotiation has settled on: ours and theirs.
    #[must_use]
    pub fn settled(&self) -> Option<(&str, &str)> {
        let (local, remote) = (self.current_local.as_ref()?, self.current_remote.as_ref()?);
        Some((&local.ufrag, &remote.ufrag))
    }

    /// The media sections that a finished negotiation has settled on.
    #[must_use]
    pub fn settled_sections(&self) -> u32 {
        self.current_local.as_ref().map_or(0, |d| d.sections)
    }

    /// Whether a candidate of this remote ufrag was taken.
    #[must_use]
    pub fn has_candidate_of(&self, ufrag: &str) -> bool {
        self.remote_candidates.iter().any(|taken| taken == ufrag)
    }

    /// Whether candidates of this ufrag of ours are still being gathered: a description that was
    /// rolled back, or replaced, has none.
    #[must_use]
    pub fn gathers(&self, ufrag: &str) -> bool {
        let latest = self.pending_local.as_ref().or(self.current_local.as_ref());
        latest.is_some_and(|description| description.ufrag == ufrag)
    }

    /// `addTrack()`: one more section is wanted.
    pub fn add_track(&mut self) {
        self.sections += 1;
    }

    /// `restartIce()`: without effect before the first negotiation (4.4.3.2).
    pub fn restart_ice(&mut self) {
        let local = [&self.current_local, &self.pending_local]
            .into_iter()
            .flatten();
        self.to_replace = local.map(|description| description.ufrag.clone()).collect();
    }

    /// Whether `negotiationneeded` fires now. To be asked whenever no operation is under way; says
    /// yes once for each need (4.7.3).
    pub fn fires_negotiation_needed(&mut self) -> bool {
        if self.state != SignalingState::Stable || self.negotiation_needed {
            return false;
        }
        self.negotiation_needed =
            !self.to_replace.is_empty() || self.sections > self.settled_sections();
        self.negotiation_needed
    }

    /// `setLocalDescription()` without argument: an offer, or the answer to the pending offer.
    pub fn set_local_description(&mut self) -> Result<Description, Refusal> {
        let remote = self.pending_remote.take();
        let (answering, kind) = match (self.state, &remote) {
            (SignalingState::HaveRemoteOffer, Some(offer)) => (Some(offer.clone()), Kind::Answer),
            (SignalingState::Stable | SignalingState::HaveLocalOffer, _) => (None, Kind::Offer),
            (SignalingState::HaveRemoteOffer, None) => {
                return Err(Refusal::InvalidState("no remote offer to answer"));
            }
        };
        let their_restart = answering.as_ref().is_some_and(|offer| {
            let known = self.current_remote.as_ref();
            known.is_none_or(|current| current.ufrag != offer.ufrag)
        });
        let fresh = match kind {
            Kind::Offer => !self.to_replace.is_empty(),
            Kind::Answer => their_restart,
        };
        let ufrag = match &self.current_local {
            Some(current) if !fresh => current.ufrag.clone(),
            _ => {
                self.gathered += 1;
                format!("{}{}", self.label, self.gathered)
            }
        };
        let sections = match &answering {
            Some(offer) => offer.sections,
            None => self.sections.max(self.settled_sections()),
        };
        let description = Description {
            kind,
            ufrag,
            sections,
            answers: answering.as_ref().map(|o| (o.ufrag.clone(), o.sections)),
        };
        match answering {
            None => {
                self.pending_local = Some(description.clone());
                self.state = SignalingState::HaveLocalOffer;
            }
            Some(offer) => self.settle(description.clone(), offer),
        }
        Ok(description)
    }

    /// `setRemoteDescription()`. An offer that meets our own rolls ours back (4.4.1.5).
    pub fn set_remote_description(&mut self, description: Description) -> Result<(), Refusal> {
        match description.kind {
            Kind::Offer => {
                self.pending_local = None;
                self.pending_remote = Some(description);
                self.state = SignalingState::HaveRemoteOffer;
            }
            Kind::Answer => {
                let Some(offer) = self.pending_local.take() else {
                    return Err(Refusal::InvalidState("an answer without an offer"));
                };
                if description.answers != Some((offer.ufrag.clone(), offer.sections)) {
                    self.pending_local = Some(offer);
                    return Err(Refusal::Operation("an answer to another offer"));
                }
                self.settle(offer, description);
            }
        }
        Ok(())
    }

    /// `addIceCandidate()` for a candidate of that ufrag.
    pub fn add_ice_candidate(&mut self, ufrag: &str) -> Result<(), Refusal> {
        let known = [&self.pending_remote, &self.current_remote];
        let mut known = known.into_iter().flatten().peekable();
        if known.peek().is_none() {
            return Err(Refusal::InvalidState("no remote description"));
        }
        if !known.any(|description| description.ufrag == ufrag) {
            return Err(Refusal::Operation("a candidate of unknown credentials"));
        }
        self.remote_candidates.push(ufrag.to_owned());
        Ok(())
    }

    fn settle(&mut self, local: Description, remote: Description) {
        if !self.to_replace.contains(&local.ufrag) {
            self.to_replace.clear();
        }
        self.sections = self.sections.max(local.sections);
        self.current_local = Some(local);
        self.current_remote = Some(remote);
        self.state = SignalingState::Stable;
        self.negotiation_needed = false;
    }
}

impl fmt::Display for Description {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.ufrag, self.sections)?;
        match &self.answers {
            Some((ufrag, sections)) => write!(formatter, " {ufrag} {sections}"),
            None => Ok(()),
        }
    }
}

impl Description {
    /// Reads the text form of a description of that kind.
    #[must_use]
    pub fn parse(kind: Kind, text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let ufrag = words.next()?.to_owned();
        let sections = words.next()?.parse().ok()?;
        let answers = match (words.next(), words.next()) {
            (Some(ufrag), Some(sections)) => Some((ufrag.to_owned(), sections.parse().ok()?)),
            _ => None,
        };
        Some(Self {
            kind,
            ufrag,
            sections,
            answers,
        })
    }
}
