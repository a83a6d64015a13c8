//! One side: a page, the device it is on, and the connections of its browser.

use std::collections::{BTreeMap, VecDeque};

use holdfast_call::{Carries, Endpoint, LegId, Notice, Purpose, Secret};
use holdfast_clock::Instant;
use holdfast_jsep::PeerConnection;
use holdfast_protocol::{ChannelMessage, Signal};

/// The ground under a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    Network,
    OtherNetwork,
    Relay,
}

/// A peer connection and what lies under it.
pub(crate) struct LegEnd {
    pub(crate) pc: PeerConnection,
    pub(super) id: LegId,
    /// Which of all the connections of this simulation.
    pub(super) serial: u32,
    pub(crate) purpose: Purpose,
    /// This end made the first offer.
    pub(super) offers: bool,
    pub(super) over: Over,
    pub(crate) carries: Carries,
    /// A description is being set.
    pub(super) operating: bool,
    /// When the last operation that the browser was given will be over: it does one after the other.
    pub(super) busy: Instant,
    /// The browser has said that it is connected.
    pub(super) reported: bool,
    pub(super) received: u64,
    /// The address that each set of credentials was gathered on.
    pub(super) gathered: BTreeMap<String, u32>,
    /// Credentials, ours and theirs, that carried once: they go on doing so during a restart.
    pub(super) good: Vec<(String, String)>,
    /// Credentials whose path has failed for good.
    pub(super) dead: Vec<String>,
    /// Counts the times it went dead.
    pub(super) deaths: u32,
    /// The connection at the other end of its data channel, once that has opened; there is no other, even where a
    /// new page's leg has the same number.
    pub(super) channel: Option<u32>,
    /// What is on its way here over it, in order, and whether it has got through; nothing is lost but
    /// with the leg.
    pub(super) incoming: VecDeque<(ChannelMessage, bool)>,
}

/// One person's page, and the device it is on.
pub(crate) struct End {
    pub(crate) endpoint: Endpoint,
    pub(crate) name: String,
    pub(crate) legs: Vec<LegEnd>,
    pub(crate) notices: Vec<Notice>,
    pub(crate) sent: Vec<Signal>,
    /// What was to go over data channels alone, or as well.
    pub(crate) direct: Vec<ChannelMessage>,
    pub(crate) logged: Vec<String>,
    /// What the other side has told to be shown in later calls.
    pub(crate) told: Vec<Secret>,
    pub(crate) commands: Vec<&'static str>,
    /// When each fresh leg was made.
    pub(crate) races: Vec<Instant>,
    /// How many lines this person has written, and those that have come from the other.
    pub(crate) written: u32,
    pub(crate) read: Vec<u32>,
    pub(crate) used: Option<LegId>,
    /// The leg whose sound is played.
    pub(crate) played: Option<LegId>,
    pub(crate) watched: Option<(LegId, Option<LegId>)>,
    pub(super) has_media: bool,
    pub(super) refuses_media: bool,
    pub(super) reads_for: u64,
    pub(super) media_request: u32,
    pub(super) calls_made: u32,
    /// 0 is none.
    pub(super) address: u32,
    /// The address that a connection of the page's own realm believes in, and since when wrongly.
    pub(super) stale: (u32, Instant),
    pub(super) link_broken: bool,
    /// The session's public name.
    pub(crate) person: String,
    /// The server does not know the session any more.
    pub(super) anew: bool,
    pub(super) probing: bool,
    pub(super) page_open: bool,
    pub(super) asleep_until: Instant,
    /// Messages that wait for this side's link: to come in, and to go out.
    pub(super) held: Vec<Signal>,
    pub(super) outbox: Vec<Signal>,
}

impl LegEnd {
    pub(crate) fn leg_id(&self) -> LegId {
        self.id
    }

    /// Whether the browser says that it is connected.
    pub(crate) fn is_reported(&self) -> bool {
        self.reported
    }
}

impl End {
    /// The credentials that have carried carry nothing more.
    pub(super) fn lose_paths(&mut self) {
        for leg in self.legs.iter_mut().filter(|leg| leg.reported) {
            let good = leg.good.iter().map(|(local, _)| local.clone());
            leg.dead.extend(good);
        }
    }
}
