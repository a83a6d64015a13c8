//! The path under a call: legs are raced and kept as the recovery policy says.

use std::time::Duration;

use holdfast_clock::Instant;
use holdfast_protocol::{ChannelMessage, HangUpReason, Paths, SignalBody, StandbyPath};

use crate::{
    command::{Carries, Command, LegId},
    event::{ConnectionState, IceConnectionState, LegEvent},
    leg::{Leg, LegOutput},
    legs::Legs,
    recovery::{Cause, READ_STATS_EVERY, Recovery, Step},
    standby::{Live, Standby, StandbyStep},
    timer::{Limits, Policy, TRACKS_LIMIT, Timer, TimerTable},
    view::{CallState, EndReason},
};

/// The browser's word that a leg is there.
const CONNECTED: LegEvent = LegEvent::Connection(ConnectionState::Connected);

/// After how long without a packet a picture counts as frozen.
const FROZEN: Duration = Duration::from_millis(500);

/// How many refused descriptions a call that was never connected gets over. One that was has the
/// time that it may be without a path.
const REFUSED: u32 = 4;

/// How long a call that was never connected waits where the browser has found no way for others to reach
/// us: another network may come, or a relay's new password.
const NO_CANDIDATES: Duration = Duration::from_secs(8);

/// After how long without a packet no pictures are sent. When it is over, the first is a whole one, and none from
/// before is asked for again: with that it took a second or two until one was shown (Chromium 156).
const NOTHING_GETS_THROUGH: Duration = Duration::from_millis(700);

/// After so long without a packet, a fresh leg that is under way goes on, though the old one carries again: over that,
/// a browser may begin with next to nothing (Chromium 156: 30 kbit/s).
const LONG_OUTAGE: Duration = Duration::from_secs(2);

/// How long the person is told that the call is back.
const TELL_BACK: Duration = Duration::from_secs(4);

/// The legs of a call, and what is done when the path under them is in doubt.
#[derive(Debug)]
pub(crate) struct Connectivity {
    legs: Legs,
    recovery: Recovery,
    standby: Standby,
    /// The call's own leg has last been seen to go through a relay.
    relayed: bool,
    /// The legs that are listened to: the call's own, and the one that is kept warm.
    watched: Option<(LegId, Option<LegId>)>,
    limits: Limits,
    flow: Flow,
    /// The other side is one of ours, and so knows of legs above the first.
    peer_knows_legs: bool,
    /// Descriptions that the browser refused since media last flowed.
    refused: u32,
    /// When a path that has never been found is given up.
    give_up: Instant,
    /// The browser has found no way for others to reach us.
    no_candidates: bool,
    /// Nothing goes over the path yet, though there may be one.
    held: bool,
    timers: TimerTable,
    out: Vec<PathOutput>,
}

/// How far the path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    /// Nobody has agreed to the call yet.
    Idle {
        /// Our network has moved meanwhile, or what was found is none any more.
        moved: bool,
        /// A path has been found all the same.
        connected: bool,
    },
    /// A path is being found.
    Setup,
    /// Media flows.
    Flowing {
        /// Since when, interruptions aside.
        first: Instant,
        /// It was interrupted for so long, and is back since a moment ago.
        back_after: Option<Duration>,
    },
    /// It did.
    Interrupted {
        since: Instant,
        first: Instant,
        /// Our page was loaded anew, and has not found the path again.
        reloaded: bool,
    },
}

/// An output of the path, for its call.
#[derive(Debug)]
pub(crate) enum PathOutput {
    /// Something for the driver.
    Command(Command),
    /// Something for the other side, about that leg.
    Send(LegId, SignalBody),
    /// Media flows, or flows again.
    Connected,
    /// The call cannot go on: what to tell the other side, and the person.
    GiveUp(HangUpReason, EndReason),
}

impl Connectivity {
    /// No path yet, and nobody has agreed to look for one.
    pub(crate) fn new(polite: bool, seed: u32, limits: Limits) -> Self {
        Self::with_legs(
            Legs::first(polite),
            Recovery::new(polite, seed),
            Standby::new(polite),
            limits,
            Flow::Idle {
                moved: false,
                connected: false,
            },
        )
    }

    /// In a page that comes back into a call whose legs had numbers up to `highest`.
    pub(crate) fn reloaded(
        polite: bool,
        seed: u32,
        limits: Limits,
        highest: LegId,
        now: Instant,
    ) -> Self {
        let mut recovery = Recovery::new(polite, seed);
        recovery.begin(now);
        let flow = Flow::Interrupted {
            since: now,
            first: now,
            reloaded: true,
        };
        let legs = Legs::none(polite, highest);
        let mut path = Self::with_legs(legs, recovery, Standby::new(polite), limits, flow);
        path.peer_knows_legs = true;
        path.timers.set(Timer::NoPath, now + limits.no_path);
        path
    }

    fn with_legs(
        legs: Legs,
        recovery: Recovery,
        standby: Standby,
        limits: Limits,
        flow: Flow,
    ) -> Self {
        Self {
            legs,
            recovery,
            standby,
            relayed: false,
            watched: None,
            limits,
            flow,
            peer_knows_legs: false,
            refused: 0,
            give_up: Instant::START,
            no_candidates: false,
            held: false,
            timers: TimerTable::default(),
            out: Vec::new(),
        }
    }

    /// Outputs since this was last asked.
    pub(crate) fn take_outputs(&mut self) -> Vec<PathOutput> {
        std::mem::take(&mut self.out)
    }

    // What is asked of it.

    pub(crate) fn legs(&self) -> &Legs {
        &self.legs
    }

    /// Why the path is in doubt, if it is.
    pub(crate) fn cause(&self) -> Option<Cause> {
        self.recovery.cause()
    }

    /// How far a call is that both want.
    pub(crate) fn state(&self) -> CallState {
        match self.flow {
            Flow::Idle { .. } | Flow::Setup => CallState::Connecting,
            Flow::Flowing { first, .. } => CallState::Connected { since: first },
            Flow::Interrupted { since, .. } => CallState::Interrupted { since },
        }
    }

    /// When media first flowed, if it has.
    pub(crate) fn first_connected(&self) -> Option<Instant> {
        match self.flow {
            Flow::Idle { .. } | Flow::Setup => None,
            Flow::Flowing { first, .. } | Flow::Interrupted { first, .. } => Some(first),
        }
    }

    pub(crate) fn is_interrupted(&self) -> bool {
        matches!(self.flow, Flow::Interrupted { .. })
    }

    /// Whether our page was loaded anew, and has not found the path again.
    pub(crate) fn is_reloaded(&self) -> bool {
        matches!(self.flow, Flow::Interrupted { reloaded: true, .. })
    }

    pub(crate) fn back_after(&self) -> Option<Duration> {
        match self.flow {
            Flow::Flowing { back_after, .. } => back_after,
            Flow::Idle { .. } | Flow::Setup | Flow::Interrupted { .. } => None,
        }
    }

    // What happens.

    pub(crate) fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// The other side is one of ours.
    pub(crate) fn peer_knows_legs(&mut self) {
        self.peer_knows_legs = true;
    }

    /// Whether a path is looked for, or has been found.
    pub(crate) fn has_begun(&self) -> bool {
        !matches!(self.flow, Flow::Idle { .. })
    }

    /// A path is looked for from now on.
    pub(crate) fn begin(&mut self, now: Instant) {
        let (moved, connected) = match self.flow {
            Flow::Idle { moved, connected } => (moved, connected),
            Flow::Setup | Flow::Flowing { .. } | Flow::Interrupted { .. } => (false, false),
        };
        self.flow = Flow::Setup;
        self.recovery.begin(now);
        if moved {
            self.recovery.moved(now);
        }
        self.give_up = now + self.limits.no_path;
        self.limit_setup(now);
        if connected {
            self.leg_connected(now);
        }
    }

    /// Nothing is to go over the path until both want the call.
    pub(crate) fn hold(&mut self) {
        self.held = true;
    }

    /// Whether there is a path already, though nobody has looked for one.
    pub(crate) fn is_found(&self) -> bool {
        matches!(
            self.flow,
            Flow::Idle {
                connected: true,
                ..
            }
        )
    }

    /// Whether nothing goes over the path yet, though there may be one.
    pub(crate) fn is_held(&self) -> bool {
        self.held
    }

    /// Both do.
    pub(crate) fn release(&mut self) {
        self.held = false;
    }

    /// Camera and microphone are there.
    pub(crate) fn open_legs(&mut self, now: Instant) {
        let out = self.legs.open();
        self.take(out, now);
    }

    /// It rings, and the other side is known.
    pub(crate) fn open_early(&mut self, now: Instant) {
        let out = self.legs.open_early();
        self.take(out, now);
    }

    /// A description or candidate of the other side, for that leg.
    pub(crate) fn receive(&mut self, leg: LegId, body: SignalBody, now: Instant) {
        let out = self.legs.receive(leg, body, now);
        self.take(out, now);
    }

    /// The other side says which leg it keeps.
    pub(crate) fn keep(&mut self, leg: LegId, now: Instant) {
        let is_racer = self.legs.is_racer(leg);
        let out = self.legs.keep(leg);
        if is_racer {
            // Media flows over it there, and so it does here.
            self.recovery.found(now);
            self.standby.unsettled();
            self.connected(now);
        }
        self.take(out, now);
    }

    /// Which ways this side has besides.
    pub(crate) fn set_paths(&mut self, paths: Paths) {
        if self.standby.set_paths(paths) {
            self.tell_paths();
        }
    }

    /// Tells the other side of them, over its channels: a leg is kept warm only between two that know such.
    pub(crate) fn tell_paths(&mut self) {
        if let Some(paths) = self.standby.paths() {
            self.command(Command::SendDirect(ChannelMessage::Paths(paths)));
        }
    }

    /// Which ones the other side has.
    pub(crate) fn peer_paths(&mut self, paths: Paths) {
        self.standby.set_peer_paths(paths);
    }

    /// The other side makes a leg that is to be kept warm.
    pub(crate) fn announced(&mut self, leg: LegId, path: StandbyPath, now: Instant) {
        if let Some(out) = self.legs.announce(leg, path) {
            self.standby.building(now);
            self.take(out, now);
        }
    }

    /// The other side plays that leg.
    pub(crate) fn peer_takes_over(&mut self, leg: LegId, now: Instant) {
        self.legs.peer_takes_over(leg, now);
    }

    /// The other side's page was loaded anew: the path leads nowhere any more.
    pub(crate) fn peer_reloaded(&mut self, now: Instant) {
        self.recovery.lost(now);
        let mut out = self.legs.drop_racer();
        out.append(&mut self.legs.drop_standby());
        self.take(out, now);
    }

    /// The network of this device is another than before, or may be.
    pub(crate) fn network_moved(&mut self, now: Instant) {
        if self.standby.moved() {
            self.tell_paths();
        }
        match self.limits.policy {
            Policy::Race | Policy::RestartOnMove => {}
            Policy::Textbook | Policy::Sample => return,
        }
        match &mut self.flow {
            Flow::Idle { moved, .. } => *moved = true,
            Flow::Setup | Flow::Flowing { .. } | Flow::Interrupted { .. } => {
                self.recovery.moved(now);
            }
        }
    }

    /// The signaling server can be reached.
    pub(crate) fn server_answers(&mut self, now: Instant) {
        let step = self.recovery.answered(now);
        self.step(step, now);
    }

    /// The other side answers over a leg, so the path that is in doubt still carries; a restart would
    /// put that at risk (Firefox 153 gives the old path up with its answer), a fresh leg does not.
    pub(crate) fn peer_answers(&mut self, now: Instant) {
        if self.races() && self.recovery.answered(now) == Some(Step::Seek) {
            self.race(now);
        }
    }

    /// Sets when a path that has never been found is given up.
    fn limit_setup(&mut self, now: Instant) {
        let due = match self.no_candidates {
            true => self.give_up.min(now + NO_CANDIDATES),
            false => self.give_up,
        };
        self.timers.set(Timer::NoPath, due);
    }

    /// The browser has looked for ways to reach us, and has found some, or none.
    fn gathered(&mut self, none: bool, now: Instant) {
        let is_news = std::mem::replace(&mut self.no_candidates, none) != none;
        if is_news && self.flow == Flow::Setup {
            self.limit_setup(now);
        }
    }

    /// News of a leg from the browser.
    pub(crate) fn leg_event(&mut self, id: LegId, event: LegEvent, now: Instant) {
        let is_current = self.legs.current().is_some_and(|leg| leg.id() == id);
        let is_live = self.legs.live() == Some(id);
        if self.legs.is_standby(id) {
            self.standby_event(&event, now);
        } else if self.legs.is_racer(id) && event == CONNECTED {
            self.command(Command::PlayLeg(id));
        }
        if is_current && self.is_early(&event) {
            return;
        }
        match event {
            LegEvent::NoCandidates => self.gathered(true, now),
            LegEvent::Unheard { standby_heard } if is_live && is_current => {
                self.unheard(id, standby_heard, now);
            }
            LegEvent::Traffic {
                received, relayed, ..
            } if is_live => {
                self.traffic(received, relayed, now);
            }
            LegEvent::Connection(ConnectionState::Connected) if is_current => {
                self.leg_connected(now);
            }
            LegEvent::MediaFlowing => self.media_flows(id, now),
            LegEvent::Connection(ConnectionState::Disconnected)
            | LegEvent::IceConnection(IceConnectionState::Disconnected)
                if is_live =>
            {
                self.silent(now);
            }
            LegEvent::Connection(ConnectionState::Failed) if is_current => {
                self.failed(id, false, now);
            }
            LegEvent::IceConnection(IceConnectionState::Failed)
                if is_current && self.has_begun() =>
            {
                self.failed(id, true, now);
            }
            LegEvent::RemoteTracksGone if is_live => {
                self.timers.set(Timer::Tracks, now + TRACKS_LIMIT);
            }
            LegEvent::RemoteTrack => self.timers.stop(Timer::Tracks),
            LegEvent::Traffic { .. }
            | LegEvent::Unheard { .. }
            | LegEvent::Certificate(_)
            | LegEvent::RemoteTracksGone
            | LegEvent::ChannelOpen
            | LegEvent::Connection(_)
            | LegEvent::IceConnection(_) => {}
            event @ (LegEvent::NegotiationNeeded
            | LegEvent::LocalDescriptionSet(_)
            | LegEvent::RemoteDescriptionSet
            | LegEvent::DescriptionRefused(_)
            | LegEvent::Candidate(_)) => {
                self.negotiation(id, event, now);
            }
        }
    }

    /// Whether that is news of a leg that is found while it rings: then nobody looks for another path yet.
    fn is_early(&mut self, event: &LegEvent) -> bool {
        let (Flow::Idle { moved, connected }, LegEvent::Connection(state)) =
            (&mut self.flow, event)
        else {
            return false;
        };
        *connected = *state == ConnectionState::Connected;
        *moved |= *state == ConnectionState::Failed;
        true
    }

    /// A leg can be shown.
    fn media_flows(&mut self, id: LegId, now: Instant) {
        // Of one that has taken over, it may only mean that there is no picture to wait for.
        let is_found = self.legs.is_racer(id);
        let out = self.legs.media_flows(id);
        if is_found {
            self.recovery.found(now);
            self.standby.unsettled();
            self.connected(now);
        }
        self.take(out, now);
    }

    /// News of a leg's negotiation.
    fn negotiation(&mut self, id: LegId, event: LegEvent, now: Instant) {
        if let LegEvent::Candidate(_) = event {
            self.gathered(false, now);
        }
        let out = self.legs.handle(id, event);
        self.take(out, now);
    }

    /// Closes all legs.
    pub(crate) fn close(&mut self) -> impl Iterator<Item = Command> {
        let watched = self.watched.take().map(|_| Command::Watch(None));
        let legs = self.legs.close().into_iter().filter_map(|out| match out {
            LegOutput::Command(command) => Some(command),
            LegOutput::Send(..) | LegOutput::Broken(..) => None,
        });
        watched.into_iter().chain(legs)
    }

    // Time.

    /// Does what is due, and sets the timers for what will be. To be called after everything that
    /// happens.
    pub(crate) fn drive(&mut self, now: Instant) {
        while let Some(step) = self.recovery.due(now) {
            self.step(Some(step), now);
        }
        self.drive_standby(now);
        let expired = self.legs.expire(now);
        let silence = now.since(self.recovery.last_packet());
        let frozen = self.recovery.cause().is_some() && silence >= FROZEN;
        let standby = self.standby.next(self.live());
        let due = [self.recovery.next(), self.legs.expires(), standby];
        match due.into_iter().flatten().min() {
            Some(due) => self.timers.set(Timer::Path, due),
            None => self.timers.stop(Timer::Path),
        }
        let watches = self.was_connected() && self.limits.policy == Policy::Race;
        if watches && !self.timers.is_set(Timer::ReadStats) {
            self.timers.set(Timer::ReadStats, now + READ_STATS_EVERY);
        }
        self.take(expired, now);
        if frozen {
            self.interrupted(now);
        }
    }

    /// Acts on the timers that are due.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        while let Some(timer) = self.timers.expire(now) {
            match timer {
                Timer::Tracks => self.give_up(HangUpReason::HungUp, EndReason::TracksGone),
                Timer::NoPath => self.give_up(HangUpReason::NoPath, EndReason::NoPath),
                Timer::Back => {
                    if let Flow::Flowing { back_after, .. } = &mut self.flow {
                        *back_after = None;
                    }
                }
                Timer::ReadStats => {
                    let live = self.legs.live();
                    let command = live.map(Command::ReadStats).map(PathOutput::Command);
                    self.out.extend(command);
                }
                // What is due about the path is done by `drive`; the others are the call's.
                Timer::Path | Timer::Answer | Timer::Away => {}
            }
        }
    }

    /// When [`Self::handle_timeout`] or [`Self::drive`] will have something to do.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// The device slept, and so did the limits.
    pub(crate) fn postpone(&mut self, by: Duration) {
        self.timers.postpone(by);
        self.give_up += by;
    }

    // What follows from it.

    /// Whether the other side knows legs, and the policy races them.
    fn races(&self) -> bool {
        self.peer_knows_legs && self.limits.policy == Policy::Race
    }

    /// Whether media flows, or has.
    pub(crate) fn was_connected(&self) -> bool {
        match self.flow {
            Flow::Idle { .. } | Flow::Setup => false,
            Flow::Flowing { .. } | Flow::Interrupted { .. } => true,
        }
    }

    /// The packet counter of the live leg was read.
    fn traffic(&mut self, bytes: u64, relayed: bool, now: Instant) {
        self.relayed = relayed;
        let before = self.recovery.last_packet();
        let step = self.recovery.counted(bytes, now);
        if self.recovery.last_packet() > before {
            self.connected(now);
        }
        let goes_on = now.since(before) >= LONG_OUTAGE;
        self.step(step.filter(|step| *step != Step::CallOff || !goes_on), now);
    }

    /// The browser says that the call's own leg is connected. Once media has flowed over a leg,
    /// packets tell: Firefox 153 says `connected` again as soon as the answer to a restart is there,
    /// whether the new path leads anywhere.
    fn leg_connected(&mut self, now: Instant) {
        if self.legs.media_flowed() && self.limits.policy == Policy::Race {
            return;
        }
        self.recovery.connected(now);
        let out = self.legs.connected();
        self.connected(now);
        self.step(Some(Step::CallOff), now);
        self.take(out, now);
    }

    /// No sound is played of the call's leg.
    fn unheard(&mut self, id: LegId, standby_heard: bool, now: Instant) {
        if !standby_heard {
            self.recovery.unheard();
            self.command(Command::ReadStats(id));
        } else if self.standby.is_ready(now) {
            self.take_over(false, now);
        }
    }

    /// The browser says that nothing comes.
    fn silent(&mut self, now: Instant) {
        if self.limits.policy == Policy::Sample {
            return self.give_up(HangUpReason::HungUp, EndReason::NoPath);
        }
        self.interrupted(now);
        if self.limits.policy == Policy::Race {
            self.recovery.silent(now);
        }
    }

    /// The browser has given a path up.
    fn failed(&mut self, id: LegId, is_ice: bool, now: Instant) {
        self.interrupted(now);
        match self.limits.policy {
            Policy::Race | Policy::RestartOnMove => self.recovery.failed(now),
            Policy::Textbook if is_ice => self.command(Command::RestartIce(id)),
            Policy::Textbook | Policy::Sample => {}
        }
    }

    fn step(&mut self, step: Option<Step>, now: Instant) {
        match step {
            None => {}
            Some(Step::Probe) => self.command(Command::ProbeLink),
            Some(Step::CallOff) => {
                let out = self.legs.call_off();
                self.take(out, now);
            }
            Some(Step::Seek) => {
                if let Some(leg) = self.legs.current()
                    && leg.is_negotiated()
                {
                    let id = leg.id();
                    self.command(Command::RestartIce(id));
                }
                self.race(now);
            }
        }
    }

    fn race(&mut self, now: Instant) {
        if self.races() {
            let moved = self.recovery.cause() == Some(Cause::Moved);
            let out = self.legs.race(moved, now);
            self.take(out, now);
        }
    }

    fn take(&mut self, outputs: Vec<LegOutput>, now: Instant) {
        for output in outputs {
            match output {
                LegOutput::Command(command) => self.command(command),
                LegOutput::Send(leg, body) => self.out.push(PathOutput::Send(leg, body)),
                LegOutput::Broken(leg, why) => self.description_refused(leg, why, now),
            }
        }
    }

    /// The browser refused a description. Another leg may fare better.
    fn description_refused(&mut self, leg: LegId, why: String, now: Instant) {
        self.refused += 1;
        let is_agreed = !matches!(self.flow, Flow::Idle { .. });
        let limited = self.was_connected() || self.refused < REFUSED;
        if !(self.peer_knows_legs && is_agreed && limited) {
            return self.give_up(HangUpReason::Failed, EndReason::Failed(why));
        }
        self.command(Command::Log(why));
        if self.legs.is_standby(leg) {
            self.standby_failed(false, now);
        } else if self.legs.is_racer(leg) {
            let out = self.legs.drop_racer();
            self.take(out, now);
        } else {
            self.recovery.failed(now);
        }
    }

    // The leg that is kept warm.

    /// How the call's own leg does.
    fn live(&self) -> Live {
        let path = |leg: Option<&Leg>| leg.and_then(Leg::path);
        let current = self.legs.current();
        match (self.recovery.cause(), self.flow) {
            _ if !self.races() => Live::Unsettled,
            (Some(Cause::Silence), _) => Live::Silent,
            (None, Flow::Flowing { .. }) => Live::Steady {
                beside_relay: path(current) == Some(StandbyPath::Relay)
                    && self.legs.live() == current.map(Leg::id),
                // What the other side plays is its own.
                standby: path(self.legs.standby()).filter(|_| !self.legs.peer_plays_standby()),
            },
            (Some(Cause::Moved) | None, _) => Live::Unsettled,
        }
    }

    /// Does what is due about it, and sees that what is sent and listened to is what is wanted.
    fn drive_standby(&mut self, now: Instant) {
        if self.legs.standby().is_none() {
            self.standby.gone();
        }
        while let Some(step) = self.standby.due(self.live(), now) {
            let standby = self.legs.standby().map(Leg::id);
            match (step, standby) {
                (StandbyStep::Make(path), _) => self.seek_standby(path, now),
                (StandbyStep::Tell, _) => self.tell_paths(),
                (StandbyStep::Read, Some(leg)) => self.command(Command::ReadStats(leg)),
                (StandbyStep::Read, None) => {}
                // Nothing comes over it; but the other side may hear well what goes.
                (StandbyStep::Lost, _) if self.legs.peer_plays_standby() => self.standby.kept(now),
                (StandbyStep::Lost, _) => self.standby_failed(false, now),
                (StandbyStep::Failed, _) => self.standby_failed(self.leads_nowhere(), now),
                (StandbyStep::Drop, _) => self.drop_standby(now),
                (StandbyStep::Return, _) => {
                    self.standby.returned(now);
                    self.take_over(true, now);
                }
            }
        }
        let silence = now.since(self.recovery.last_packet());
        let gets_through = self.limits.policy != Policy::Race
            || !self.was_connected()
            || self.recovery.cause().is_none()
            || silence < NOTHING_GETS_THROUGH;
        let wanted = match (self.held, gets_through) {
            (true, _) => Carries::Nothing,
            (false, true) => Carries::All,
            (false, false) => Carries::Sound,
        };
        let out = self.legs.carry(wanted, now);
        self.take(out, now);
        // What listening takes of the page's time, a race needs; in doubt, packets tell. A device that has moved may have
        // lost one of its two networks.
        let flows = matches!(self.flow, Flow::Flowing { .. });
        let path = self.legs.standby().and_then(Leg::path);
        let may_listen = match self.recovery.cause() {
            None => true,
            Some(Cause::Moved) => path == Some(StandbyPath::OtherNetwork),
            Some(Cause::Silence) => false,
        };
        let listens = flows && self.races() && may_listen;
        let current = self.legs.current().map(Leg::id);
        let current = current.filter(|_| listens && self.legs.live() == current);
        let standby = self.legs.standby().filter(|_| self.standby.is_warm());
        let watched = current.map(|current| (current, standby.map(Leg::id)));
        if watched != self.watched {
            self.watched = watched;
            self.command(Command::Watch(watched));
        }
    }

    /// A standby is wanted: none through a relay beside a leg that has found no other way itself.
    fn seek_standby(&mut self, path: StandbyPath, now: Instant) {
        if self.relayed && path == StandbyPath::Relay {
            return self.standby.failed(Some(path), now);
        }
        let out = self.legs.build(path);
        self.take(out, now);
    }

    /// News of the leg that is kept warm, or will be.
    fn standby_event(&mut self, event: &LegEvent, now: Instant) {
        let mut is_lost = *event == LegEvent::Connection(ConnectionState::Failed);
        let mut is_astray = false;
        if *event == CONNECTED && !self.standby.is_warm() {
            self.standby.connected(now);
        } else if let LegEvent::Traffic {
            received,
            relayed,
            astray,
        } = event
        {
            // A direct one may have found nothing but the relay.
            let path = self.legs.standby().and_then(Leg::path);
            let may_go = path != Some(StandbyPath::Relay) && !self.legs.peer_plays_standby();
            is_astray = self.standby.strays(*astray && may_go, now);
            is_lost = is_astray || *relayed && path == Some(StandbyPath::Direct);
            let comes = self.standby.counted(path, *received, now);
            if comes && self.live() == Live::Silent && self.standby.is_ready(now) && !is_lost {
                self.take_over(false, now);
            }
        }
        if is_lost {
            self.standby_failed(is_astray || self.leads_nowhere(), now);
        }
    }

    /// What was kept warm, or was to be, has come to nothing. What was not, for all that the call's own goes well, or is
    /// where it ought not to be, is to blame our other network for.
    fn standby_failed(&mut self, is_to_blame: bool, now: Instant) {
        let standby = self.legs.standby();
        let path = standby.and_then(Leg::path);
        let is_ours = standby.is_some_and(Leg::is_ours);
        let is_pinned = path == Some(StandbyPath::OtherNetwork) && !is_ours;
        if is_pinned && is_to_blame && self.standby.no_other_network(now) {
            self.tell_paths();
        }
        self.standby.failed(path, now);
        self.drop_standby(now);
    }

    /// Whether it is not for want of any path that it is not warm.
    fn leads_nowhere(&self) -> bool {
        matches!(self.live(), Live::Steady { .. }) && !self.standby.is_warm()
    }

    /// What was kept warm is what is played from now on, and what was played is kept warm.
    fn take_over(&mut self, has_picture: bool, now: Instant) {
        let mut out = self.legs.take_over(has_picture);
        if out.is_empty() {
            return;
        }
        self.standby.took_over(now);
        // Where this device has moved, it goes on looking for a way over its new network.
        if self.recovery.cause() == Some(Cause::Silence) {
            out.append(&mut self.legs.call_off());
            self.connected(now);
        }
        self.recovery.took_over(now);
        self.take(out, now);
    }

    fn drop_standby(&mut self, now: Instant) {
        let out = self.legs.drop_standby();
        self.take(out, now);
    }

    /// Media flows.
    fn connected(&mut self, now: Instant) {
        self.timers.stop(Timer::NoPath);
        self.refused = 0;
        self.flow = match self.flow {
            Flow::Idle { .. } | Flow::Setup => Flow::Flowing {
                first: now,
                back_after: None,
            },
            Flow::Interrupted { since, first, .. } => {
                self.timers.set(Timer::Back, now + TELL_BACK);
                Flow::Flowing {
                    first,
                    back_after: Some(now.since(since)),
                }
            }
            flowing @ Flow::Flowing { .. } => flowing,
        };
        self.out.push(PathOutput::Connected);
    }

    /// The path is interrupted, if it was connected.
    fn interrupted(&mut self, now: Instant) {
        if let Flow::Flowing { first, .. } = self.flow {
            self.flow = Flow::Interrupted {
                since: self.recovery.last_packet(),
                first,
                reloaded: false,
            };
            self.timers.stop(Timer::Back);
            self.timers.set(Timer::NoPath, now + self.limits.no_path);
        }
    }

    fn command(&mut self, command: Command) {
        self.out.push(PathOutput::Command(command));
    }

    fn give_up(&mut self, tell: HangUpReason, reason: EndReason) {
        self.out.push(PathOutput::GiveUp(tell, reason));
    }
}
