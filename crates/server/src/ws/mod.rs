//! WebSockets.

mod connection;
mod socket;
mod upgrade;

pub(crate) use connection::{run, turn_away};
pub use socket::Socket;
pub use upgrade::{Refused, Upgrade};
