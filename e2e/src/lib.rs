//! Real browsers against the whole system: what the tests in `tests/` stand on.

#![allow(
    clippy::expect_used,
    reason = "a test that cannot go on says why and stops"
)]

mod browser;
mod guest;
mod hosts;
pub mod net;
mod person;
mod portrait;
mod sample;
pub mod setup;
mod stage;

pub use browser::{Kind, Look, free_address, kill};
pub use guest::Guest;
pub use hosts::{
    holdfast_server, holdfast_server_at, holdfast_server_with, host_that_says, page_host,
    site_with, static_host, waiting_host,
};
pub use person::Person;
pub use portrait::Portrait;
pub use sample::{sample_page, sample_server};
pub use stage::{Stage, stage};
