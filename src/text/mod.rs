//! Every word that people read and that changes: what happened, each with a way out where there is one, and labels.

mod call;
mod config;
pub mod labels;
mod link;
mod media;
mod name;
mod notice;
mod quality;
mod say;

pub use call::{answers, call_state, end_reason, ends_interrupted, has_come, is_calling, lasting};
pub use config::config_error;
pub use link::link;
pub use media::media_error;
pub use name::initial;
pub use notice::notice;
pub use quality::quality;
pub use say::Word;
