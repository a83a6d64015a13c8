//! WebSockets.

mod connection;
mod socket;
mod upgrade;

pub(crate) use connection::{ECHOES, run, turn_away};
pub(crate) use upgrade::Upgrade;
