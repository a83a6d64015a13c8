//! Media that we send: camera and microphone.

mod acquire;
mod capture;
mod device;
mod error;
mod permission;
mod preference;
mod senders;
mod source_state;

pub use acquire::{Acquired, acquire};
pub use capture::{Capture, CaptureEvent, Chosen, LocalMediaView};
pub use device::{Device, devices};
pub use error::MediaError;
pub use preference::{Source, SourcePreference};
pub use senders::{Senders, Sending};
