//! What is heard of the call's leg, and of one that is kept warm, look by look.

use std::time::Duration;

use holdfast_call::{LegEvent, Watch};
use holdfast_clock::Instant;

const OTHER_HEARD: LegEvent = LegEvent::Unheard {
    standby_heard: true,
};
const NEITHER_HEARD: LegEvent = LegEvent::Unheard {
    standby_heard: false,
};

/// What is played of two legs, or of one.
struct Ears {
    watch: Watch,
    every: u64,
    now: Instant,
    live: f64,
    standby: f64,
}

impl Ears {
    fn of(has_standby: bool) -> Self {
        let now = Instant::START;
        let every = Watch::every(has_standby).as_millis();
        let mut ears = Self {
            watch: Watch::new(now),
            every: every.try_into().expect("not so long"),
            now,
            live: 0.0,
            standby: 0.0,
        };
        assert_eq!(ears.hear(1000, true, has_standby), None);
        ears
    }

    /// So many milliseconds pass, in which each is played or not; what is told first of that, and when.
    fn hear(&mut self, millis: u64, live: bool, standby: bool) -> Option<(u64, LegEvent)> {
        self.look_each(self.every, millis, live, standby)
    }

    fn look_each(
        &mut self,
        step: u64,
        millis: u64,
        live: bool,
        standby: bool,
    ) -> Option<(u64, LegEvent)> {
        (1..=millis / step).find_map(|nth| {
            self.now += Duration::from_millis(step);
            self.live += f64::from(u8::from(live));
            self.standby += f64::from(u8::from(standby));
            let [live, standby] =
                [self.live, self.standby].map(|played| (played > 0.0).then_some(played));
            let told = self.watch.look(live, standby, self.now);
            told.map(|event| (nth * step, event))
        })
    }
}

#[test]
fn sixty_milliseconds_of_silence_are_enough_where_another_is_heard() {
    let mut ears = Ears::of(true);
    assert_eq!(ears.hear(500, false, true), Some((60, OTHER_HEARD)));
    // Where there was a pause that is not usual, it takes longer, for half a minute.
    let mut ears = Ears::of(true);
    assert_eq!(ears.hear(40, false, true), None);
    assert_eq!(ears.hear(500, true, true), None);
    assert_eq!(ears.hear(500, false, true), Some((100, OTHER_HEARD)));
    assert_eq!(ears.hear(29_900, true, true), None);
    assert_eq!(ears.hear(500, false, true), Some((100, OTHER_HEARD)));
    assert_eq!(ears.hear(30_500, true, true), None);
    assert_eq!(ears.hear(500, false, true), Some((60, OTHER_HEARD)));
}

#[test]
fn what_is_still_played_of_a_leg_that_died_as_well_tells_nothing() {
    // Its packets wait for longer before they are played.
    let mut ears = Ears::of(true);
    assert_eq!(ears.hear(40, false, true), None);
    assert_eq!(ears.hear(500, false, false), Some((140, NEITHER_HEARD)));
    let mut ears = Ears::of(true);
    assert_eq!(ears.hear(60, false, true), Some((60, OTHER_HEARD)));
    assert_eq!(ears.hear(500, false, false), Some((120, NEITHER_HEARD)));
}

#[test]
fn where_no_other_is_heard_it_takes_two_hundred_milliseconds_and_is_told_once() {
    let mut ears = Ears::of(false);
    for _ in 0..2 {
        assert_eq!(ears.hear(500, false, false), Some((200, NEITHER_HEARD)));
        assert_eq!(ears.hear(2000, false, false), None);
        assert_eq!(ears.hear(2000, true, false), None);
    }
}

#[test]
fn of_a_leg_that_is_not_heard_to_go_on_silence_tells_nothing() {
    let mut ears = Ears::of(true);
    ears.watch = Watch::new(ears.now);
    // What was played last, before the watch began, is still known.
    assert_eq!(ears.hear(2000, false, true), None);
    ears.watch = Watch::new(ears.now);
    ears.live = 0.0;
    assert_eq!(ears.hear(2000, false, true), None);
}

#[test]
fn late_looks_are_not_believed() {
    // The page was busy: both have played since, but only one has been seen to.
    let mut ears = Ears::of(true);
    assert_eq!(ears.look_each(200, 400, false, true), None);
    assert_eq!(ears.hear(200, true, true), None);
    assert_eq!(ears.look_each(200, 600, false, false), None);
}
