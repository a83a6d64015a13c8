//! How much one subnet, and one connection, may ask for.

mod bucket;
mod connections;
mod rate_limiter;
mod subnet;

pub(crate) use connections::{ConnectionLimits, Permit};
pub(crate) use rate_limiter::RateLimiter;
