//! Several servers as one.

mod nats;

pub(crate) use nats::run;
