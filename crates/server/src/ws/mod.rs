//! WebSockets.

mod connection;

pub use connection::with_frame_limits;
pub(crate) use connection::{run, turn_away};
