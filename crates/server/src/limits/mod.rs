//! How much one subnet, and one connection, may ask for.

mod bans;
mod bucket;
mod connections;
mod memory;
mod rate_limiter;
mod shares;
mod sizes;
mod subnet;

pub(crate) use bans::{Bans, is_one_house};
pub(crate) use connections::{ConnectionLimits, Permit};
pub(crate) use memory::{Memory, Taken};
pub(crate) use rate_limiter::RateLimiter;
pub(crate) use shares::{Full, Room, Sender, Shares};
pub(crate) use sizes::{
    MAX_BYTES_IN_ALL, MAX_BYTES_TO_ALL, MAX_CANDIDATES, MAX_FRAME_BYTES, MAX_ROOM_CHARS,
};
