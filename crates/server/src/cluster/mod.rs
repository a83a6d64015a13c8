//! Several servers as one.

mod nats;
mod reach;

pub(crate) use nats::run;
pub(crate) use reach::{Reach, Reached};
