//! The signaling server: a relay that knows rooms and names, and serves the page on the same port.
//!
//! | where | purpose |
//! |---|---|
//! | `options.rs`, `options_file.rs` | what can be set from the command line, the environment, and a file |
//! | `serve.rs` | a server's life, from its first connection to its last |
//! | `http/` | connections, and the answers to requests; the built page |
//! | `ws/` | one WebSocket, from upgrade to close |
//! | `cluster/` | several servers as one, through NATS |
//! | `state.rs` | what every part of a running server shares |
//! | `hub/` | who is connected, in which room, and who gets which message: no I/O |
//! | `queue.rs` | what waits to be sent over one connection |
//! | `limits/` | how much one subnet, and one connection, may ask for |
//! | `log.rs` | the log, which nobody waits for |
//! | `meter.rs` | what comes and goes over a connection, below HTTP and WebSockets |
//! | `metrics.rs` | what Prometheus asks for |
//! | `pass.rs` | passes that a site's own login signs |
//! | `turn/` | a TURN server in this process |
//! | `reach.rs` | whether the other servers can be reached |
//! | `sync.rs` | locks |
//! | `wire.rs`, `random.rs`, `digest.rs` | messages as frames; randomness; hashes |
//!
//! Each names only what is below it.

mod cluster;
mod digest;
mod http;
mod hub;
mod key;
mod limits;
pub mod log;
mod meter;
mod metrics;
mod options;
mod options_file;
mod pass;
mod queue;
mod random;
mod reach;
mod serve;
mod state;
mod sync;
mod turn;
mod wire;
mod ws;

#[cfg(fuzzing)]
pub use cluster::hear;
#[cfg(feature = "bench")]
pub use cluster::{Cost, Figures, Placed, million};
pub use http::{inherited, listen};
#[cfg(fuzzing)]
pub use hub::play;
#[cfg(feature = "bench")]
pub use hub::throughput;
pub use options::{LogFormat, Options, Tls};
pub use options_file::read_options;
#[cfg(feature = "bench")]
pub use serve::PARTS;
pub use serve::serve;
