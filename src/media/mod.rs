//! Media that we send, camera, microphone and screen, and what is heard while it rings.

mod acquire;
mod capture;
mod device;
mod error;
mod facing;
mod level;
mod permission;
mod preference;
mod ringer;
mod screen;
mod senders;
mod source_state;
mod speaker;

pub use acquire::{Acquired, acquire, can_isolate};
pub use capture::{Capture, CaptureEvent, Chosen, LocalMediaView};
pub use device::{Device, devices};
pub use error::MediaError;
pub use facing::Facing;
pub use level::Level;
pub use permission::on_granted;
pub use preference::{Sound, Source, SourcePreference};
pub use ringer::{Ringer, Tone};
pub use screen::{ScreenEvent, SharedScreen, can_share};
pub use senders::{Senders, Sending};
pub use speaker::Speakers;
