//! Every word that people read: what happened, each with a way out where there is one, and labels.

mod call;
mod config;
pub mod labels;
mod link;
mod media;
mod notice;

pub use call::{call_state, end_reason, has_reason, waited};
pub use config::config_error;
pub use link::link;
pub use media::media_error;
pub use notice::notice;
