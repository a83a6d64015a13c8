//! Rooms, sessions and other servers, under whatever clients do.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|moves: &[u8]| holdfast_server::play(moves));
