//! Somebody else at the same server, who has all that it ever saw, and gets hold of names.

use holdfast_protocol::{CallId, Candidate, HangUpReason, Signal, SignalBody, StandbyPath, Tag};

/// What she does to one side of a call, in the other side's place where she can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attack {
    /// Has the other side's name as soon as its session is over.
    TakeName,
    /// Says something again that was said, by whomever; of all that, this one.
    Replay(usize),
    /// Ends the call.
    HangUp,
    /// Ends it as somebody would who has never heard of it.
    UnknownCall,
    /// Wants to be the next leg, with camera and microphone.
    NextLeg,
    /// Wants to be the leg there is.
    SameLeg,
    /// Answers whatever has been offered.
    Answer,
    /// Keeps one leg, so that the other is closed.
    KeepLeg(u32),
    /// Announces a leg that is to be kept warm, and offers it.
    Standby,
    /// Plays that leg.
    TakeOver(u32),
    /// Comes back as a page loaded anew.
    Rejoin,
    /// Says that the page is being closed.
    Away,
    /// Says where the other side is: where she is.
    Here,
    /// Adds an address of hers.
    Candidate,
    /// Calls, as a client of the sample does.
    PlainOffer,
    /// Hangs up, as a client of the sample does.
    PlainHangUp,
    /// Calls anew, with a token of her own.
    Call,
    /// Names so many calls that the real one might be forgotten.
    Flood,
}

/// The fingerprint of her certificate.
pub(crate) const EVES: &str = "a=fingerprint:sha-256 EVE";

/// How the tokens of her own calls begin.
pub(super) const PAGE: &str = "eve";

/// Her state.
#[derive(Debug, Default)]
pub(crate) struct Eve {
    /// The name that she has; she has one of her own in the beginning.
    pub(crate) name: Option<String>,
    /// The side whose name she waits for.
    pub(crate) waits_for: Option<usize>,
    /// Everything that has gone through the server.
    pub(crate) overheard: Vec<Signal>,
    /// What the server has given her.
    pub(crate) received: Vec<Signal>,
    calls: u32,
}

impl Eve {
    /// Her session, by its public name.
    pub(crate) const PERSON: &str = "Eve's";

    /// Her name.
    pub(crate) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or("Eve")
    }

    /// What she sends to somebody of that name.
    pub(crate) fn forge(&mut self, attack: Attack, victim: &str) -> Vec<Signal> {
        let bodies = match attack {
            Attack::TakeName => vec![],
            Attack::Replay(nth) => {
                let said = self.overheard.len().max(1);
                let again = self.overheard.get(nth % said).cloned();
                return again
                    .into_iter()
                    .map(|signal| self.say(signal, victim))
                    .collect();
            }
            Attack::HangUp => vec![SignalBody::HangUp(HangUpReason::HungUp)],
            Attack::UnknownCall => vec![SignalBody::HangUp(HangUpReason::UnknownCall)],
            Attack::NextLeg | Attack::SameLeg => {
                vec![SignalBody::Offer(self.sdp()), SignalBody::Offer(self.sdp())]
            }
            Attack::Answer => vec![SignalBody::Answer(self.sdp())],
            Attack::KeepLeg(_) => vec![SignalBody::KeepLeg],
            Attack::Standby => {
                let path = StandbyPath::Relay;
                vec![SignalBody::Standby(path), SignalBody::Offer(self.sdp())]
            }
            Attack::TakeOver(_) => vec![SignalBody::TakeOver],
            Attack::Rejoin => vec![SignalBody::Rejoin, SignalBody::Offer(self.sdp())],
            Attack::Away => vec![SignalBody::Away],
            Attack::Here => vec![SignalBody::Here {
                person: Self::PERSON.into(),
                asks: true,
            }],
            Attack::Candidate => vec![SignalBody::Candidate(Candidate {
                candidate: "candidate:eve".into(),
                sdp_mid: Some("0".into()),
                sdp_m_line_index: None,
                username_fragment: None,
            })],
            Attack::PlainOffer | Attack::Call => vec![SignalBody::Offer(self.sdp())],
            Attack::PlainHangUp => vec![SignalBody::HangUp(HangUpReason::HungUp)],
            Attack::Flood => vec![SignalBody::Ringing; 100],
        };
        let signals = bodies.into_iter().enumerate().map(|(n, body)| Signal {
            name: None,
            target: None,
            from: None,
            to: None,
            body,
            tag: self.tag(attack, u32::try_from(n).unwrap_or_default()),
        });
        let signals: Vec<_> = signals.collect();
        signals
            .into_iter()
            .map(|signal| self.say(signal, victim))
            .collect()
    }

    /// The server says who says it.
    fn say(&self, signal: Signal, victim: &str) -> Signal {
        Signal {
            name: Some(self.name().to_owned()),
            target: Some(victim.to_owned()),
            from: Some(Self::PERSON.into()),
            to: None,
            ..signal
        }
    }

    fn sdp(&self) -> String {
        format!("x1 {}\n{EVES}", self.calls)
    }

    /// A tag as the other side's last one, or later; with its proof.
    fn tag(&mut self, attack: Attack, nth: u32) -> Option<Tag> {
        if matches!(attack, Attack::PlainOffer | Attack::PlainHangUp) {
            return None;
        }
        self.calls += 1;
        let own = CallId {
            page: format!("{PAGE} {}", self.calls),
            nth: 0,
        };
        let known = self.overheard.iter().rev();
        let mut tag = known.filter_map(|signal| signal.tag.clone()).next()?;
        match attack {
            Attack::Call | Attack::Flood => {
                let begins = (attack == Attack::Call).then_some(0);
                return Some(Tag {
                    call: own,
                    leg: 0,
                    seq: begins.unwrap_or(nth + 1),
                    acked: 0,
                    epoch: 0,
                    peer_epoch: 0,
                    proof: None,
                });
            }
            Attack::NextLeg | Attack::Standby => tag.leg += 1,
            Attack::KeepLeg(leg) | Attack::TakeOver(leg) => tag.leg = leg,
            Attack::Rejoin => {
                (tag.epoch, tag.seq) = (tag.epoch + 1, 0);
            }
            _ => {}
        }
        tag.seq += 1 + nth;
        Some(tag)
    }
}
