//! What a connection tells of itself, and what is made of it.

use holdfast::rtc::{Cause, Grade, Quality, Report, Room};
use js_sys::JSON;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

fn read(stats: &str) -> Report {
    let list: js_sys::Array = JSON::parse(stats).expect("JSON").into();
    let map = js_sys::Map::new();
    for (nth, stats) in list.iter().enumerate() {
        map.set(&(nth as u32).into(), &stats);
    }
    Report::read(&map)
}

#[wasm_bindgen_test]
fn a_report_is_read_over_all_its_streams() {
    let report = read(
        r#"[{"type":"inbound-rtp","kind":"audio","packetsReceived":90,"packetsLost":5,"jitter":0.03},
            {"type":"inbound-rtp","kind":"video","packetsReceived":10,"packetsLost":1,"jitter":0.2,
             "totalFreezesDuration":0.5},
            {"type":"outbound-rtp","qualityLimitationReason":"none"},
            {"type":"outbound-rtp","qualityLimitationReason":"cpu"},
            {"type":"remote-inbound-rtp","kind":"video","fractionLost":0.01,"roundTripTime":0.034},
            {"type":"remote-inbound-rtp","fractionLost":0.04},
            {"type":"candidate-pair","packetsReceived":7},
            {"type":"candidate-pair","availableOutgoingBitrate":80000}]"#,
    );
    let expected = Report {
        received: 100.0,
        lost: 6.0,
        frozen: 0.5,
        jitter: 0.03,
        room: Some(80_000.0),
        sent_lost: 0.04,
        pictures_lost: 0.01,
        round_trip: Some(0.034),
        narrow: false,
        busy: true,
    };
    assert_eq!(report, expected);
}

#[wasm_bindgen_test]
fn the_worst_is_to_blame() {
    let before = Report {
        received: 1000.0,
        ..Report::default()
    };
    let now = Report {
        received: 1100.0,
        round_trip: Some(0.034),
        ..before
    };
    let since = |now: Report| {
        let Quality { grade, cause, .. } = now.since(&before);
        (grade, cause)
    };
    let good = now.since(&before);
    assert_eq!(
        (good.grade, good.cause, good.round_trip),
        (Grade::Good, None, Some(34))
    );
    let cases = [
        (
            Report {
                sent_lost: 0.03,
                ..now
            },
            Grade::Fair,
            Cause::OurNetwork,
        ),
        (
            Report {
                sent_lost: 0.1,
                busy: true,
                ..now
            },
            Grade::Bad,
            Cause::OurNetwork,
        ),
        (
            Report {
                narrow: true,
                ..now
            },
            Grade::Fair,
            Cause::OurNetwork,
        ),
        (
            Report { lost: 3.0, ..now },
            Grade::Fair,
            Cause::TheirNetwork,
        ),
        (
            Report {
                lost: 10.0,
                narrow: true,
                ..now
            },
            Grade::Bad,
            Cause::TheirNetwork,
        ),
        (
            Report { frozen: 1.5, ..now },
            Grade::Bad,
            Cause::TheirNetwork,
        ),
        (
            Report {
                jitter: 0.07,
                ..now
            },
            Grade::Fair,
            Cause::TheirNetwork,
        ),
        (
            Report { busy: true, ..now },
            Grade::Fair,
            Cause::OurComputer,
        ),
        (
            Report {
                round_trip: Some(0.5),
                ..now
            },
            Grade::Fair,
            Cause::Distance,
        ),
        (
            Report {
                round_trip: Some(1.0),
                ..now
            },
            Grade::Bad,
            Cause::Distance,
        ),
    ];
    for (now, grade, cause) in cases {
        assert_eq!(since(now), (grade, Some(cause)), "{now:?}");
    }
    // Another leg counts from the beginning.
    assert_eq!(
        since(Report {
            received: 20.0,
            ..now
        }),
        (Grade::Good, None)
    );
    assert_eq!(
        since(Report {
            received: 0.0,
            lost: 0.0,
            ..now
        }),
        (Grade::Good, None)
    );
}

/// For how many looks at that report in a row pictures are sent, or are not.
fn looks(room: &mut Room, report: Report, sends: bool) -> u32 {
    let mut count = 0;
    while count < 1_000 && room.look(&report) == sends {
        count += 1;
    }
    count
}

#[wasm_bindgen_test]
fn where_there_is_no_room_sound_goes_alone_and_pictures_are_tried_again() {
    let good = Report {
        room: Some(300_000.0),
        ..Report::default()
    };
    let narrow = Report {
        room: Some(60_000.0),
        ..good
    };
    let lossy = Report {
        pictures_lost: 0.3,
        ..Report::default()
    };
    let mut room = Room::default();
    // What grows will be enough.
    for nth in 0..8 {
        let grows = 40_000.0 * 1.1_f64.powi(nth);
        assert!(room.look(&Report {
            room: Some(grows),
            ..good
        }));
    }
    assert_eq!(looks(&mut room, good, true), 1_000);
    // A moment of it is none.
    assert!(room.look(&narrow) && room.look(&lossy) && room.look(&good));
    // Each count leaves out the look that ends it.
    assert_eq!(looks(&mut room, narrow, true), 2);
    assert_eq!(looks(&mut room, good, false), 5);
    assert_eq!(looks(&mut room, lossy, true), 1);
    assert_eq!(looks(&mut room, lossy, false), 11);
    for longer in [23, 29, 29] {
        // The first look after a pause has nothing to compare with.
        assert_eq!(looks(&mut room, narrow, true), 2);
        assert_eq!(looks(&mut room, narrow, false), longer);
    }
    // After a minute in which all is well, it begins anew.
    assert_eq!(looks(&mut room, good, true), 1_000);
    assert_eq!(looks(&mut room, narrow, true), 2);
    assert_eq!(looks(&mut room, narrow, false), 5);
    // A browser that does not say how much room there is sends pictures.
    assert_eq!(looks(&mut room, Report::default(), true), 1_000);
}
