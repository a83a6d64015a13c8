//! How long no packet has come, and from when on that puts the path in doubt.

use std::time::Duration;

use holdfast_clock::Instant;

/// After how long without a packet the path is in doubt, where packets come all the time. Sound
/// alone is 50 packets a second; a false alarm costs a race that is called off.
const SILENCE: Duration = Duration::from_millis(400);

/// The same, where no sound is played any more that was played all the time.
const UNHEARD: Duration = Duration::from_millis(150);

/// From somebody who sends neither sound nor picture, packets come only now and then: silence
/// means something once it is this many times as long as the pauses are.
const PAUSES: u32 = 3;

/// The longest pause that can be usual.
const LONGEST_PAUSE: Duration = Duration::from_secs(20);

/// The packets of a path, and the pauses between them.
#[derive(Debug)]
pub(crate) struct Silence {
    /// The counter as it last was, and when it last grew.
    received: u64,
    last_packet: Instant,
    /// Nothing has been heard for a while, and no packet has come since.
    unheard: bool,
    /// The longest pause between packets of late.
    pause: Duration,
}

impl Silence {
    pub(crate) const fn new() -> Self {
        Self {
            received: 0,
            last_packet: Instant::START,
            unheard: false,
            pause: Duration::ZERO,
        }
    }

    /// When the last packet came.
    pub(crate) fn last_packet(&self) -> Instant {
        self.last_packet
    }

    /// Packets are expected from now on.
    pub(crate) fn begin(&mut self, now: Instant) {
        self.last_packet = now;
        self.unheard = false;
    }

    /// Another path is counted from now on; `is_first`: the call had none.
    pub(crate) fn begin_path(&mut self, is_first: bool, now: Instant) {
        // Where nothing at all is sent, silence tells nothing: it must be ever longer to tell again.
        self.pause = match self.received {
            0 if !is_first => (self.pause * 2).clamp(SILENCE, LONGEST_PAUSE),
            _ => Duration::ZERO,
        };
        self.begin(now);
        self.received = 0;
    }

    /// Another leg takes the path's place, over which packets have come already: only what is counted from the
    /// next reading on tells anything.
    pub(crate) fn change_leg(&mut self) {
        self.received = u64::MAX;
    }

    /// Nothing is heard: if packets do not come either, that has the same reason.
    pub(crate) fn unheard(&mut self) {
        self.unheard = true;
    }

    /// The packet counter was read. Whether it has grown.
    pub(crate) fn counted(&mut self, received: u64) -> bool {
        let comes = received > self.received;
        self.received = received;
        comes
    }

    /// A packet came. Gives how long the pause before it was.
    pub(crate) fn packet(&mut self, now: Instant) -> Duration {
        let pause = now.since(self.last_packet);
        self.last_packet = now;
        self.unheard = false;
        pause
    }

    /// A pause of that length is usual.
    pub(crate) fn learn(&mut self, pause: Duration) {
        self.pause = self.pause.max(pause);
    }

    /// The usual pause is forgotten by an eighth.
    pub(crate) fn forget(&mut self) {
        self.pause -= self.pause / 8;
    }

    /// Whether the silence is longer than is usual.
    pub(crate) fn is_doubtful(&self, now: Instant) -> bool {
        let limit = match self.unheard {
            true => UNHEARD.max(self.pause * 3 / 2),
            false => SILENCE.max(self.pause * PAUSES),
        };
        now.since(self.last_packet) >= limit
    }
}
