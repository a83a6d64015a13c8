//! What servers that are one say to each other, and what is made of it.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|said: &[u8]| holdfast_server::hear(said));
