//! How well a call gets through, and what stands in its way.

use js_sys::Map;
use wasm_bindgen::{JsCast, JsValue};

use crate::platform::JsObject;

/// What share of packets may be lost, 0 to 1: some is hidden from ear and eye, more is not.
const FAIR_LOSS: f64 = 0.02;
const BAD_LOSS: f64 = 0.06;

/// How long a round trip may take, s: people begin to talk at the same time (ITU-T G.114: 150 ms one way are
/// good, 400 ms the limit).
const FAIR_TRIP: f64 = 0.3;
const BAD_TRIP: f64 = 0.8;

/// How unevenly sound may come, s: what is evened out arrives later (ITU-T Y.1541, class 0: 50 ms).
const FAIR_JITTER: f64 = 0.05;
const BAD_JITTER: f64 = 0.1;

/// With less room than that there are no pictures that one would look at, and sound stutters beside them, bit/s; and
/// what share of packets may be lost, 0 to 1.
const LEAST_ROOM: f64 = 100_000.0;
const MOST_LOST: f64 = 0.2;

/// In how many looks, each two seconds after the one before, and in how many where it has been so before; and by what factor it grows from look to look while the
/// browser finds out that there is more (draft-ietf-rmcat-gcc-02, 5.5: by 8 % a second).
const LOOKS: [u32; 2] = [3, 2];
const GROWTH: f64 = 1.04;

/// After how many looks pictures are tried again: at first, and at most; and in how many all has to be well before
/// that begins anew.
const FIRST_PAUSE: u32 = 6;
const LONGEST_PAUSE: u32 = 30;
const WELL: u32 = 30;

/// How long the picture may stand between two reports, s.
const FAIR_FREEZE: f64 = 0.3;
const BAD_FREEZE: f64 = 1.0;

/// What a connection had sent and received, and how, by one report of its.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Report {
    /// Packets that have come, and those that have not.
    pub received: f64,
    /// See `received`.
    pub lost: f64,
    /// How long the picture has stood, s.
    pub frozen: f64,
    /// How unevenly sound comes, s.
    pub jitter: f64,
    /// How much may be sent, as the browser reckons, bit/s; none where it does not say, as Firefox 153.
    pub room: Option<f64>,
    /// What share of ours the other side has not had lately, 0 to 1.
    pub sent_lost: f64,
    /// The same of our pictures alone.
    pub pictures_lost: f64,
    /// The latest round trip, s; none before the first is known.
    pub round_trip: Option<f64>,
    /// Our picture is made smaller because of the network, or of this computer.
    pub narrow: bool,
    /// See `narrow`.
    pub busy: bool,
}

/// How well the call gets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// Nothing is wrong.
    Good,
    /// It can be noticed.
    Fair,
    /// It disturbs.
    Bad,
}

/// What stands in the way. Ours and theirs are a guess from the direction: what goes up is mostly narrower than
/// what comes down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// What we send gets lost, or has no room.
    OurNetwork,
    /// What they send gets lost, or stands still.
    TheirNetwork,
    /// This computer makes no larger picture.
    OurComputer,
    /// It is only far.
    Distance,
}

/// The quality between two reports.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quality {
    /// How well.
    pub grade: Grade,
    /// What is to blame for it; nothing is for what is good.
    pub cause: Option<Cause>,
    /// The round trip, ms.
    pub round_trip: Option<u32>,
}

impl Report {
    /// Reads an `RTCStatsReport` (webrtc-stats). What a browser does not tell counts as good.
    #[must_use]
    pub fn read(report: &JsValue) -> Self {
        let mut read = Self::default();
        let report: &Map = report.unchecked_ref();
        report.for_each(&mut |stats, _| read.add(&JsObject(stats)));
        read
    }

    fn add(&mut self, stats: &JsObject) {
        let number = |field| stats.number(field).unwrap_or_default();
        match stats.string("type").as_deref() {
            Some("inbound-rtp") => {
                self.received += number("packetsReceived");
                self.lost += number("packetsLost");
                self.frozen += number("totalFreezesDuration");
                // Pictures come as unevenly as they are large.
                if stats.string("kind").as_deref() == Some("audio") {
                    self.jitter = self.jitter.max(number("jitter"));
                }
            }
            Some("remote-inbound-rtp") => {
                self.sent_lost = self.sent_lost.max(number("fractionLost"));
                // Until the next report the same is read again; of sound they may be five seconds apart (RFC 3550, 6.2).
                if stats.string("kind").as_deref() == Some("video") {
                    self.pictures_lost = self.pictures_lost.max(number("fractionLost"));
                }
                self.round_trip = stats.number("roundTripTime").or(self.round_trip);
            }
            Some("candidate-pair") => {
                self.room = stats.number("availableOutgoingBitrate").or(self.room);
            }
            Some("outbound-rtp") => match stats.string("qualityLimitationReason").as_deref() {
                Some("bandwidth") => self.narrow = true,
                Some("cpu") => self.busy = true,
                _ => {}
            },
            _ => {}
        }
    }

    /// How it has been since an earlier one. After a change of legs the numbers begin anew.
    #[must_use]
    pub fn since(&self, before: &Self) -> Quality {
        let came = (self.received - before.received).max(0.0);
        let lost = (self.lost - before.lost).max(0.0);
        let share = if lost > 0.0 {
            lost / (lost + came)
        } else {
            0.0
        };
        let frozen = (self.frozen - before.frozen).max(0.0);
        let grade = |value: f64, fair: f64, bad: f64| match value {
            _ if value > bad => Grade::Bad,
            _ if value > fair => Grade::Fair,
            _ => Grade::Good,
        };
        let if_so = |so| if so { Grade::Fair } else { Grade::Good };
        let trip = self.round_trip.unwrap_or_default();
        // Of causes that are as bad as each other, the first.
        let causes = [
            (Cause::OurComputer, if_so(self.busy)),
            (
                Cause::OurNetwork,
                grade(self.sent_lost, FAIR_LOSS, BAD_LOSS).max(if_so(self.narrow)),
            ),
            (
                Cause::TheirNetwork,
                grade(share, FAIR_LOSS, BAD_LOSS)
                    .max(grade(frozen, FAIR_FREEZE, BAD_FREEZE))
                    .max(grade(self.jitter, FAIR_JITTER, BAD_JITTER)),
            ),
            (Cause::Distance, grade(trip, FAIR_TRIP, BAD_TRIP)),
        ];
        let worst = causes
            .iter()
            .fold(causes[0], |worst, cause| match cause.1 > worst.1 {
                true => *cause,
                false => worst,
            });
        Quality {
            grade: worst.1,
            cause: Some(worst.0).filter(|_| worst.1 > Grade::Good),
            round_trip: self.round_trip.map(|trip| (trip * 1000.0) as u32),
        }
    }
}

/// Whether there is room for pictures. Where there is none, sound goes alone for a while; then they are tried again.
#[derive(Debug, Default)]
pub struct Room {
    /// In how many looks there was none, since there last was enough; and in how many one after another there was.
    short: u32,
    well: u32,
    /// How much there was, bit/s.
    before: f64,
    /// How many looks more sound goes alone.
    pause: u32,
    /// How often it has lately.
    pauses: u32,
}

impl Room {
    /// Looks at one report more; gives whether pictures are to be sent.
    pub fn look(&mut self, report: &Report) -> bool {
        if self.pause > 0 {
            self.pause -= 1;
            return self.pause == 0;
        }
        let is_lossy = report.pictures_lost > MOST_LOST;
        let room = report.room.unwrap_or(LEAST_ROOM);
        let before = std::mem::replace(&mut self.before, room);
        (self.short, self.well) = match room < LEAST_ROOM || is_lossy {
            false => (0, self.well + 1),
            // A browser finds out by and by how much there is.
            true if room > before * GROWTH && !is_lossy => (self.short, 0),
            true => (self.short + 1, 0),
        };
        if self.well >= WELL {
            self.pauses = 0;
        }
        if self.short >= LOOKS[usize::from(self.pauses > 0)] {
            self.pause = LONGEST_PAUSE.min(FIRST_PAUSE << self.pauses.min(8));
            (self.short, self.pauses, self.before) = (0, self.pauses + 1, 0.0);
        }
        self.pause == 0
    }
}
