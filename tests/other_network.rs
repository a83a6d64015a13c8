//! Which networks this device is in, and how a connection is kept off one of them.

mod common;

use holdfast::rtc::{Pinned, addresses, is_other, is_same, without_candidates};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const WIFI: &str = "candidate:1 1 udp 2122260223 192.0.2.7 5000 typ host generation 0 ufrag a network-id 1 network-cost 10";
const CELL: &str = "candidate:2 1 udp 2122194687 198.51.100.7 5001 typ host generation 0 ufrag a network-id 2 network-cost 50";
const CELL_6: &str =
    "candidate:3 1 udp 2122194687 2001:db8:1:2::7 5001 typ host generation 0 ufrag a network-id 3";

fn outside(address: &str, kind: &str, priority: u32, network: u32) -> String {
    format!(
        "candidate:4 1 udp {priority} {address} 6000 typ {kind} raddr 0.0.0.0 rport 0 generation 0 ufrag a network-id {network}"
    )
}

#[wasm_bindgen_test]
fn nothing_is_told_of_the_network_that_is_to_be_kept_off() {
    let mut pinned = Pinned::off("192.0.2.7".into());
    assert_eq!(pinned.tells(WIFI), None);
    assert_eq!(pinned.tells(CELL).as_deref(), Some(CELL));
    // It may be the same network.
    assert_eq!(pinned.tells(CELL_6), None);
    let server = |network| outside("203.0.113.7", "srflx", 1_677_729_535, network);
    assert_eq!(pinned.tells(&server(1)), None);
    assert!(pinned.tells(&server(2)).is_some());
    // What is paid for by what it carries is left alone.
    let metered = CELL.replace(
        "network-id 2 network-cost 50",
        "network-id 4 network-cost 900",
    );
    assert_eq!(pinned.tells(&metered), None);
    // So is anything whose network is not known.
    for unknown in ["", "candidate:1 1 udp 1 198.51.100.7 5001 typ host"] {
        assert_eq!(pinned.tells(unknown), None, "{unknown:?}");
    }
}

#[wasm_bindgen_test]
fn what_is_told_comes_before_what_the_other_side_makes_up() {
    // RFC 8445, 5.1.2.1: 126 for an address of one's own, 110 for one that is made up, 100 and 0 by servers.
    let made_up = 110 << 24 | 0xff_ffff;
    let mut pinned = Pinned::off("192.0.2.7".into());
    pinned.tells(CELL);
    let mut told = |kind| -> u32 {
        let candidate = outside("203.0.113.7", kind, 1_234_567, 2);
        let told = pinned.tells(&candidate).expect("it is told");
        let priority = told.split(' ').nth(3).expect("a priority");
        assert_eq!(told, candidate.replace("1234567", priority));
        priority.parse().expect("a number")
    };
    let (by_server, by_relay) = (told("srflx"), told("relay"));
    assert!(made_up < by_relay && by_relay < by_server && by_server < 126 << 24);
}

#[wasm_bindgen_test]
fn networks_are_told_apart_by_addresses_of_one_family() {
    for (one, than) in [
        ("192.0.2.7", "198.51.100.7"),
        ("2001:db8:1:2::7", "2001:db8:1:3::7"),
        ("2001:db8::7", "2001:db8:1::7"),
        ("2001:db8:1:2:a:b:c:d", "2001:db8:1:a:b:c:d:e"),
    ] {
        assert!(
            is_other(one, than) && !is_same(one, than),
            "{one} than {than}"
        );
    }
    for (one, than) in [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2::7", "2001:db8:1:2:a:b:c:d"),
        ("2001:db8::a:b:c:d", "2001:db8::7"),
        ("2001:db8:1:0:a:b:c:d", "2001:db8:1::7"),
    ] {
        assert!(
            is_same(one, than) && !is_other(one, than),
            "{one} than {than}"
        );
    }
    // Of these nothing is known.
    for (one, than) in [
        ("2001:db8:1:2::7", "192.0.2.7"),
        ("192.0.2.7", ""),
        ("0.0.0.0", "192.0.2.7"),
        ("8f1c7b8e-3f5e.local", "192.0.2.7"),
        ("fd00:1:2:3::7", "2001:db8:1:2::7"),
        ("fe80::7", "2001:db8:1:2::7"),
    ] {
        assert!(
            !is_other(one, than) && !is_same(one, than),
            "{one} than {than}"
        );
    }
}

#[wasm_bindgen_test]
fn a_description_names_no_candidate_and_is_otherwise_as_it_was() {
    let sdp = "v=0\r\na=candidate:1 1 udp 1 192.0.2.7 5000 typ host\r\na=end-of-candidates\r\na=mid:0\r\na=candidate:2 1 udp 1 192.0.2.7 9 typ host\r\n";
    assert_eq!(without_candidates(sdp), "v=0\r\na=mid:0\r\n");
}

#[wasm_bindgen_test]
async fn the_addresses_of_this_device_are_those_that_a_browser_gathers() {
    assert!(addresses().await.is_some_and(|found| !found.is_empty()));
}
