//! Several servers as one.
//!
//! | file | purpose |
//! |---|---|
//! | `rooms.rs` | which servers have people in which room, and what they know of each other; no I/O |
//! | `nats.rs` | the way to the others |
//! | `world.rs`, `rooms_test.rs`, `million.rs` | servers without sockets: for a test, and for a bench |

#[cfg(feature = "bench")]
mod million;
mod nats;
mod rooms;
#[cfg(test)]
mod rooms_test;
#[cfg(any(test, fuzzing, feature = "bench"))]
#[cfg_attr(
    not(fuzzing),
    allow(unreachable_pub, reason = "the fuzzer is another crate")
)]
mod world;

#[cfg(feature = "bench")]
pub use million::{Cost, Figures, Placed, million};
pub(crate) use nats::run;
#[cfg(fuzzing)]
pub use world::hear;
