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
#[cfg(any(test, feature = "bench"))]
mod world;

#[cfg(feature = "bench")]
pub use million::{Cost, Figures, Placed, million};
pub(crate) use nats::run;
