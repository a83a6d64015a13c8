//! The path under a call: legs are raced and kept as the recovery policy says.

use holdfast_protocol::HangUpReason;

use crate::{
    Moment,
    call::Call,
    command::{Command, LegId},
    event::{ConnectionState, IceConnectionState, LegEvent},
    leg::LegOutput,
    recovery::{Cause, LOOK_EVERY, Step},
    talk::Phase,
    timer::{AWAY_LIMIT, Policy, Timer},
    view::EndReason,
};

/// After how long without a packet a picture counts as frozen.
const FROZEN: Moment = Moment::from_millis(500);

/// How long after its last word a page that closes may still be heard.
const LAST_PACKETS: Moment = Moment::from_secs(1);

/// How many refused descriptions a call that was never connected gets over. One that was has the
/// time that it may be without a path.
const BROKEN: u32 = 4;

/// How long the person is told that the call is back.
const TELL_BACK: Moment = Moment::from_secs(4);

impl Call {
    pub(crate) fn leg_event(&mut self, id: LegId, event: LegEvent, now: Moment) {
        let Some(talk) = &mut self.talk else { return };
        let is_current = talk.legs.current().is_some_and(|leg| leg.id() == id);
        match event {
            LegEvent::Received(bytes) => {
                if talk.legs.live() == Some(id) {
                    let heard_before = talk.recovery.heard_at();
                    let step = talk.recovery.counted(bytes, now);
                    if talk.recovery.heard_at() > heard_before {
                        self.connected(now);
                    }
                    self.step(step, now);
                }
            }
            LegEvent::Connection(ConnectionState::Connected) if is_current => {
                // Once a leg has carried media, packets tell: Firefox 153 says `connected` again as
                // soon as the answer to a restart is there, whether the new path leads anywhere.
                if !talk.legs.carried() || self.limits.policy != Policy::Race {
                    talk.recovery.found(now);
                    let out = talk.legs.connected();
                    self.connected(now);
                    self.step(Some(Step::CallOff), now);
                    self.obey(out, now);
                }
            }
            LegEvent::Carries => {
                let out = talk.legs.carries(id);
                if !out.is_empty() {
                    talk.recovery.found(now);
                    self.obey(out, now);
                    self.connected(now);
                }
            }
            LegEvent::Connection(ConnectionState::Disconnected)
            | LegEvent::IceConnection(IceConnectionState::Disconnected) => {
                if talk.legs.live() == Some(id) {
                    self.silent(now);
                }
            }
            LegEvent::Connection(ConnectionState::Failed)
            | LegEvent::IceConnection(IceConnectionState::Failed) => {
                if is_current {
                    let is_ice = matches!(event, LegEvent::IceConnection(_));
                    self.failed(id, is_ice, now);
                }
            }
            LegEvent::RemoteTracksGone => {
                if talk.legs.live() == Some(id) {
                    self.give_up(HangUpReason::HungUp, EndReason::TracksGone);
                }
            }
            LegEvent::ChannelOpen => self.say_again(),
            LegEvent::Connection(
                ConnectionState::Connected | ConnectionState::Connecting | ConnectionState::Closed,
            )
            | LegEvent::IceConnection(
                IceConnectionState::Checking
                | IceConnectionState::Connected
                | IceConnectionState::Closed,
            ) => {}
            event @ (LegEvent::NegotiationNeeded
            | LegEvent::LocalDescriptionSet(_)
            | LegEvent::RemoteDescriptionSet
            | LegEvent::DescriptionRefused(_)
            | LegEvent::CandidateAdded
            | LegEvent::CandidateRefused(_)
            | LegEvent::Candidate(_)) => {
                let out = talk.legs.handle(id, event);
                self.obey(out, now);
            }
        }
    }

    /// The browser says that nothing comes.
    fn silent(&mut self, now: Moment) {
        if self.limits.policy == Policy::Sample {
            return self.give_up(HangUpReason::HungUp, EndReason::NoPath);
        }
        self.interrupted(now);
        if let (Some(talk), Policy::Race) = (&mut self.talk, self.limits.policy) {
            talk.recovery.silent(now);
        }
    }

    /// The browser has given a path up.
    fn failed(&mut self, id: LegId, is_ice: bool, now: Moment) {
        self.interrupted(now);
        let Some(talk) = &mut self.talk else { return };
        match self.limits.policy {
            Policy::Race | Policy::RestartOnMove => talk.recovery.failed(now),
            Policy::Textbook if is_ice => self.commands.push_back(Command::RestartIce(id)),
            Policy::Textbook | Policy::Sample => {}
        }
    }

    pub(crate) fn network_moved(&mut self, now: Moment) {
        let Some(talk) = &mut self.talk else { return };
        match self.limits.policy {
            Policy::Race | Policy::RestartOnMove => {}
            Policy::Textbook | Policy::Sample => return,
        }
        if talk.phase.is_agreed() {
            talk.recovery.moved(now);
        } else {
            talk.moved_early = true;
        }
    }

    /// The signaling server can be reached.
    pub(crate) fn link_up(&mut self, anew: bool, now: Moment) {
        let was_lost = std::mem::take(&mut self.link_lost);
        self.probing = false;
        if was_lost || anew {
            self.inbox.restart_gaps(now);
            self.watch_gaps();
        }
        let Some(talk) = &mut self.talk else { return };
        // What we said may have gone down with the old session; it is said again once the server
        // lists the other side.
        talk.peer_link_lost |= anew;
        if was_lost && talk.away.is_some() {
            // The other side's page could not say that it is back.
            self.timers.set(Timer::Away, now + AWAY_LIMIT);
        }
        let step = talk.recovery.answered(now);
        self.step(step, now);
    }

    fn step(&mut self, step: Option<Step>, now: Moment) {
        let Some(talk) = &mut self.talk else { return };
        match step {
            None => {}
            Some(Step::Probe) => {
                self.probing = true;
                self.commands.push_back(Command::ProbeLink);
            }
            Some(Step::CallOff) => {
                let out = talk.legs.call_off();
                self.obey(out, now);
            }
            Some(Step::Seek) => {
                let moved = talk.recovery.cause() == Some(Cause::Moved);
                if let Some(leg) = talk.legs.current()
                    && leg.is_negotiated()
                {
                    self.commands.push_back(Command::RestartIce(leg.id()));
                }
                self.race(moved, now);
            }
        }
    }

    /// The other side answers over a leg, so the path that is in doubt still carries; a restart would
    /// put that at risk (Firefox 153 gives the old path up with its answer), a fresh leg does not.
    pub(crate) fn peer_answers(&mut self, now: Moment) {
        self.probing = false;
        let Some(talk) = &mut self.talk else { return };
        if !talk.tagged || self.limits.policy != Policy::Race {
            return;
        }
        if talk.recovery.answered(now) == Some(Step::Seek) {
            let moved = talk.recovery.cause() == Some(Cause::Moved);
            self.race(moved, now);
        }
    }

    fn race(&mut self, moved: bool, now: Moment) {
        let Some(talk) = &mut self.talk else { return };
        if talk.tagged && self.limits.policy == Policy::Race {
            let out = talk.legs.race(moved, now);
            self.obey(out, now);
        }
    }

    /// Does what is due about the path, and sets the timers for what will be.
    pub(crate) fn tend(&mut self, now: Moment) {
        while let Some(step) = self.talk.as_mut().and_then(|talk| talk.recovery.due(now)) {
            self.step(Some(step), now);
        }
        let Some(talk) = &mut self.talk else { return };
        let out = talk.legs.expire(now);
        let silence = now.saturating_sub(talk.recovery.heard_at());
        let frozen = talk.recovery.cause().is_some() && silence >= FROZEN;
        let due = [talk.recovery.next(), talk.legs.expires()];
        match due.into_iter().flatten().min() {
            Some(due) => self.timers.set(Timer::Path, due),
            None => self.timers.stop(Timer::Path),
        }
        let watches = talk.phase.was_connected() && self.limits.policy == Policy::Race;
        if watches && !self.timers.is_set(Timer::Look) {
            self.timers.set(Timer::Look, now + LOOK_EVERY);
        }
        self.obey(out, now);
        if frozen {
            self.interrupted(now);
        }
    }

    /// The packet counter is to be read.
    pub(crate) fn look(&mut self) {
        let live = self.talk.as_ref().and_then(|talk| talk.legs.live());
        if let Some(leg) = live {
            self.commands.push_back(Command::ReadStats(leg));
        }
    }

    pub(crate) fn obey(&mut self, outputs: Vec<LegOutput>, now: Moment) {
        for output in outputs {
            match output {
                LegOutput::Command(command) => self.commands.push_back(command),
                LegOutput::Say(leg, body) => self.say_of(leg, body),
                LegOutput::Broken(leg, why) => self.broken(leg, why, now),
            }
        }
    }

    /// The browser refused a description. Another leg may fare better.
    fn broken(&mut self, leg: LegId, why: String, now: Moment) {
        let Some(talk) = &mut self.talk else { return };
        talk.broken += 1;
        let limited = talk.phase.was_connected() || talk.broken < BROKEN;
        let goes_on = talk.tagged && talk.phase.is_agreed() && limited;
        if !goes_on {
            return self.give_up(HangUpReason::Failed, EndReason::Failed(why));
        }
        self.commands.push_back(Command::Log(why));
        if talk.legs.is_racer(leg) {
            let out = talk.legs.drop_racer();
            self.obey(out, now);
        } else {
            talk.recovery.failed(now);
        }
    }

    /// Media flows.
    pub(crate) fn connected(&mut self, now: Moment) {
        let Some(talk) = &mut self.talk else { return };
        self.timers.stop(Timer::Answer);
        self.timers.stop(Timer::NoPath);
        talk.returning = false;
        talk.broken = 0;
        // What was on its way when the page closed comes a moment after.
        if talk.away.is_some_and(|at| now > at + LAST_PACKETS) {
            talk.away = None;
            self.timers.stop(Timer::Away);
        }
        if let Phase::Interrupted { since, .. } = talk.phase {
            talk.back_after = Some(now.saturating_sub(since));
            self.timers.set(Timer::Back, now + TELL_BACK);
        }
        talk.phase = talk.phase.connected(now);
    }

    fn interrupted(&mut self, now: Moment) {
        let Some(talk) = &mut self.talk else { return };
        let since = talk.recovery.heard_at();
        if let Some(phase) = talk.phase.interrupted(since) {
            talk.phase = phase;
            talk.back_after = None;
            self.timers.stop(Timer::Back);
            self.timers.set(Timer::NoPath, now + self.limits.no_path);
        }
    }
}
